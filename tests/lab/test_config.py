from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.build import schema_of
from lab.cli import heron_grammar, kestrel_grammar
from lab.config.args import BadValue, ConfigError, SyntaxProblem, UnknownPort
from lab.config.rules import validate
from lab.config.schema import Schema
from lab.config.tree import Tree
from lab.topology import BUILT_IN, load

ELEMENTS = {element.name: element for element in load(BUILT_IN).elements}
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from([" ", "  "]).map(lambda gap: gap.join(words))
)
NAMES = st.from_regex(r"[A-Za-z0-9_.:@/+-]{1,20}", fullmatch=True)
KBPS = st.integers(64, 1_000_000).map(str)
ADDRESSES = st.ip_addresses(v=4).map(str)


def schema(name: str) -> Schema:
    return schema_of(ELEMENTS[name])


@st.composite
def units(draw: st.DrawFn, ports: list[str]) -> list[tuple[tuple[str, ...], str]]:
    base = ("interfaces", draw(st.sampled_from(ports)), "unit", str(draw(st.integers(1, 4094))))
    leaves = [
        ((*base, "service-name"), draw(NAMES)),
        ((*base, "rate-limit", "down"), draw(KBPS)),
        ((*base, "rate-limit", "up"), draw(KBPS)),
    ]
    optional = {
        ("description",): TEXTS,
        ("address",): ADDRESSES.map(lambda address: f"{address}/30"),
        ("address6",): st.ip_addresses(v=6).map(lambda address: f"{address}/64"),
        ("subscriber",): NAMES,
        ("class",): st.sampled_from(["best-effort", "business", "realtime"]),
        ("suspend",): st.just(""),
    }
    for words, values in optional.items():
        if draw(st.booleans()):
            leaves.append(((*base, *words), draw(values)))
    return leaves


@st.composite
def trees(draw: st.DrawFn, name: str) -> Tree:
    spec = ELEMENTS[name]
    ports = [port.name for port in spec.ports]
    leaves = [leaf for unit in draw(st.lists(units(ports), max_size=5)) for leaf in unit]
    leaves += [(("interfaces", port, "disable"), "") for port in draw(st.lists(st.sampled_from(ports)))]
    leaves += [
        (("interfaces", port, "description"), text)
        for port, text in draw(st.dictionaries(st.sampled_from(ports), TEXTS, max_size=4)).items()
    ]
    leaves += [(("system", "ntp-server", address), "") for address in draw(st.lists(ADDRESSES, max_size=2))]
    leaves += [
        (("routing-options", "static", "route", f"{prefix}/32", "next-hop"), hop)
        for prefix, hop in draw(st.dictionaries(ADDRESSES, ADDRESSES, max_size=2)).items()
    ]
    for words in (("location",), ("contact",), ("banner",)):
        if draw(st.booleans()):
            leaves.append((("system", *words), draw(TEXTS)))
    if spec.role == "voice-gateway":
        numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
        for number in draw(st.lists(numbers, max_size=3)):
            leaves.append((("voice", "line", number, "channels"), str(draw(st.integers(1, 1000)))))
            leaves.append((("voice", "line", number, "name"), draw(TEXTS)))
            leaves.append((("voice", "line", number, "block"), ""))
    return Tree(leaves)


@settings(max_examples=25, deadline=None)
@given(trees("olt1-pam"))
def test_kestrel_reads_what_it_writes(tree: Tree) -> None:
    assert kestrel_grammar.parse(kestrel_grammar.render(tree).splitlines(), schema("olt1-pam")) == tree


@settings(max_examples=25, deadline=None)
@given(trees("asw1-pam"))
def test_heron_reads_what_it_writes(tree: Tree) -> None:
    assert heron_grammar.parse(heron_grammar.render(tree).split("\n"), schema("asw1-pam")) == tree


@settings(max_examples=15, deadline=None)
@given(trees("sbc1-pam"))
def test_the_gateway_reads_what_it_writes(tree: Tree) -> None:
    assert heron_grammar.parse(heron_grammar.render(tree).split("\n"), schema("sbc1-pam")) == tree


@settings(max_examples=25, deadline=None)
@given(trees("olt1-pam"), trees("olt1-pam"))
def test_a_kestrel_comparison_turns_one_into_the_other(old: Tree, new: Tree) -> None:
    removed, added = kestrel_grammar.compare(old, new)
    changed = old.copy()
    for line in removed:
        changed.delete(schema("olt1-pam").statement(kestrel_grammar.tokens(line)[1:])[0])
    kestrel_grammar.edit(changed, added, schema("olt1-pam"))
    assert changed == new


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_no_line_breaks_the_parsers(line: str) -> None:
    for grammar, name in ((kestrel_grammar, "olt1-pam"), (heron_grammar, "asw1-pam")):
        with contextlib.suppress(ConfigError):
            grammar.parse([line], schema(name))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("set interfaces ge-9/9/9 disable", UnknownPort),
        ("set interfaces ge-0/1/5 unit 4095 suspend", BadValue),
        ("set interfaces ge-0/1/5 unit 1 rate-limit down fast", BadValue),
        ("set interfaces ge-0/1/5 unit 1 address 10.0.0.1", BadValue),
        ("set interfaces ge-0/1/5 unit 1", SyntaxProblem),
        ("set interfaces ge-0/1/5 unit 1 suspend now", SyntaxProblem),
        ("set voice line +33261910101 channels 2", SyntaxProblem),  # no voice on an access element
        ('set system location "open', SyntaxProblem),
    ],
)
def test_bad_kestrel_lines_are_refused(line: str, error: type[ConfigError]) -> None:
    with pytest.raises(error):
        kestrel_grammar.parse([line], schema("olt1-pam"))


def test_a_heron_line_of_an_outer_mode_leaves_the_inner_one() -> None:
    text = """
    interface Ethernet1/1
       service A vlan 10
          rate-limit down 1000
          rate-limit up 1000
       shutdown
       description after the service
    hostname renamed
    """
    tree = heron_grammar.parse(text.split("\n"), schema("asw1-pam"))
    assert tree.get(("interfaces", "Ethernet1/1", "description")) == "after the service"
    assert ("interfaces", "Ethernet1/1", "disable") in tree
    assert tree.get(("system", "host-name")) == "renamed"


def test_heron_removes_with_no() -> None:
    lines = [
        "interface Ethernet1/1", "service A vlan 10", "rate-limit down 1000", "description d", "subscriber u",
        "suspend", "no suspend", "no description", "no subscriber", "no rate-limit down 1000",
        "interface Ethernet1/2", "service B vlan 20", "suspend", "interface Ethernet1/2", "no service B",
        "no service never-there", "ip route 10.0.0.0/8 10.1.1.1", "no ip route 10.0.0.0/8",
    ]  # fmt: skip
    tree = heron_grammar.parse(lines, schema("asw1-pam"))
    assert tree.leaves() == [(("interfaces", "Ethernet1/1", "unit", "10", "service-name"), "A")]


def test_the_rules_name_the_statement() -> None:
    lines = [
        "set interfaces ge-0/1/5 unit 110 service-name A",
        "set interfaces ge-0/1/5 unit 110 rate-limit down 2000000",
        "set interfaces ge-0/1/6 unit 7 service-name A",
        "set interfaces ge-0/1/6 unit 7 rate-limit down 64",
        "set interfaces ge-0/1/6 unit 7 rate-limit up 64",
        "set interfaces xe-0/0/0 unit 1 suspend",
    ]
    problems = validate(kestrel_grammar.parse(lines, schema("olt1-pam")), schema("olt1-pam"))
    told = [(problem.path[1], problem.why) for problem in problems]
    assert ("ge-0/1/5", "missing mandatory statement 'rate-limit up'") in told
    assert ("ge-0/1/5", "rate-limit down 2000000 exceeds the port's 1000000 kbit/s") in told
    assert ("ge-0/1/6", "service-name A is already used on ge-0/1/5 unit 110") in told
    assert ("xe-0/0/0", "no customer service on a network port") in told


def test_a_heron_difference_shows_its_context() -> None:
    old = heron_grammar.parse(["interface Ethernet1/1", "description a", "shutdown"], schema("asw1-pam"))
    new = heron_grammar.parse(["interface Ethernet1/1", "description b", "shutdown"], schema("asw1-pam"))
    removed, added, text = heron_grammar.diff(old, new)
    assert removed == ["interface Ethernet1/1 / description a"]
    assert added == ["interface Ethernet1/1 / description b"]
    assert text == " interface Ethernet1/1\n-   description a\n+   description b"


def test_every_bundled_topology_loads() -> None:
    for path in Path(BUILT_IN).parent.glob("*.json"):
        assert load(path).elements
