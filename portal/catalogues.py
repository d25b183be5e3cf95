"""Translations without GNU gettext: texts are read from the source, translations from one fragment per app.

A fragment is `locale/<language>/fragments/<app>.po`, so that several people translate at once without meeting in
one file. The fragments are the source; `django.mo` is made from them. What the kernel's fragment translates is not
repeated in the others.
"""

import ast
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

AREAS = ("oss", "bss", "service_mgmt")
SOURCES = ("kernel", *AREAS, "portal", "templates")
SHARED = "kernel"
# Position of context, singular and plural among the arguments.
PYTHON_CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
CALLS = {
    **PYTHON_CALLS,
    **{f"{name}_lazy": shape for name, shape in PYTHON_CALLS.items()},
    "gettext_noop": (None, 0, None),
}
TEMPLATE_KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# A percent sign followed by a space, in prose.
PERCENT = re.compile(r"(?<!%)% ")
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural};\\n"

"""


@dataclass(frozen=True, order=True)
class Key:
    """What a translation is looked up by."""

    singular: str
    plural: str = ""
    context: str = ""

    @property
    def ids(self) -> str | tuple[str, str]:
        return (self.singular, self.plural) if self.plural else self.singular

    @classmethod
    def of(cls, message: Message) -> "Key":
        ids = (message.id, "") if isinstance(message.id, str) else tuple(message.id)
        return cls(ids[0], ids[1], message.context or "")


@dataclass(frozen=True, order=True)
class Place:
    """Where a text stands in the source."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


Texts = dict[Key, list[Place]]


class NotLiteral(Exception):
    """A text that is put together at run time can never be found in a catalogue."""


def owner(path: Path, apps: frozenset[str]) -> str:
    """The fragment a file's texts belong to: its app's label, or the name of its top folder.

    A page in templates/ belongs to the app that its folders name (templates/oss/inventory or templates/oss_inventory).
    """
    parts = path.parts[1:] if path.parts[0] == "templates" else path.parts
    for label in ("_".join(parts[:2]), parts[0]):
        if label in apps:
            return label
    return path.parts[0]


def app_labels(root: Path) -> frozenset[str]:
    """Labels of all apps, and the names of the packages that are none of an area's."""
    inside = {f"{area}_{folder.parent.name}" for area in AREAS for folder in root.glob(f"{area}/*/apps.py")}
    return frozenset(inside | {"kernel", "portal"})


def collect(root: Path) -> tuple[dict[str, Texts], list[str]]:
    """All texts by fragment, and what is wrong with calls that cannot be read."""
    apps = app_labels(root)
    found: dict[str, Texts] = defaultdict(dict)
    problems: list[str] = []
    for path in _files(root):
        relative = path.relative_to(root)
        read = python_texts if path.suffix == ".py" else template_texts
        try:
            for key, line in read(path.read_text(encoding="utf-8")):
                found[owner(relative, apps)].setdefault(key, []).append(Place(relative.as_posix(), line))
        except NotLiteral as error:
            problems.append(f"{relative.as_posix()}:{error}")
    return dict(found), problems


def _files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        for path in sorted((root / source).rglob("*")):
            inside = path.relative_to(root).parts
            page = path.suffix in {".html", ".txt"} and "templates" in inside
            if (page or path.suffix == ".py") and not {"migrations", "launcher"} & set(inside):
                yield path


def python_texts(source: str) -> Iterator[tuple[Key, int]]:
    """Texts of a module, by whatever name it has imported the functions."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: CALLS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in CALLS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (shape := _shape(node.func, names)):
            yield _key(node, shape), node.lineno


def _shape(
    function: ast.expr, names: dict[str, tuple[int | None, int, int | None]]
) -> tuple[int | None, int, int | None] | None:
    if isinstance(function, ast.Name):
        return names.get(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return CALLS.get(function.attr) if function.value.id == "translation" else None
    return None


def _key(node: ast.Call, shape: tuple[int | None, int, int | None]) -> Key:
    def text(position: int | None) -> str:
        if position is None:
            return ""
        argument = node.args[position] if position < len(node.args) else None
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value
        raise NotLiteral(f"{node.lineno}: a text to translate must be a plain literal")

    context, singular, plural = shape
    return Key(text(singular), text(plural), text(context))


def template_texts(source: str) -> Iterator[tuple[Key, int]]:
    """Texts of a template: Django turns it into calls, Babel reads those."""
    calls = io.BytesIO(templatize(source).encode())
    for line, ids, _comments, context in extract("python", calls, keywords=TEMPLATE_KEYWORDS):
        singular, *plural = (ids,) if isinstance(ids, str) else ids
        if singular:
            yield Key(singular, plural[0] if plural else "", context or ""), line


class Fragments:
    """The translations of one language."""

    def __init__(self, root: Path, language: str) -> None:
        self.root = root
        self.language = language
        self.folder = root / "locale" / language / "fragments"

    @property
    def compiled(self) -> Path:
        return self.root / "locale" / self.language / "LC_MESSAGES" / "django.mo"

    def read(self, label: str) -> Catalog:
        """A fragment; empty when there is none."""
        path = self.folder / f"{label}.po"
        if not path.exists():
            return Catalog(locale=self.language)
        with path.open("rb") as file:
            return read_po(file, locale=self.language, abort_invalid=True)

    def labels(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.po"))

    def shared(self) -> frozenset[Key]:
        """What the kernel's fragment translates for everybody."""
        return frozenset(
            Key.of(message) for message in _messages(self.read(SHARED)) if _is_translated(message)
        )

    def wanted(self, texts: dict[str, Texts], label: str) -> Texts:
        """What a fragment must hold."""
        shared = frozenset() if label == SHARED else self.shared()
        return {key: places for key, places in texts.get(label, {}).items() if key not in shared}

    def update(self, texts: dict[str, Texts], label: str) -> int:
        """Bring a fragment to the source, keeping its translations; how many are still to be translated.

        Nothing is guessed from similar texts: a wrong translation is worse than none.
        """
        old = {Key.of(message): message for message in _messages(self.read(label))}
        fresh = Catalog(locale=self.language)
        for key, places in sorted(self.wanted(texts, label).items()):
            before = old.get(key)
            fresh.add(
                key.ids,
                before.string if before else (("", "") if key.plural else ""),
                locations=sorted({(place.path, 0) for place in places}),
                context=key.context or None,
                user_comments=before.user_comments if before else (),
                flags={"fuzzy"} if before and before.fuzzy else set(),
            )
        self._write(label, fresh)
        return sum(not _is_translated(message) for message in _messages(fresh))

    def _write(self, label: str, catalog: Catalog) -> None:
        path = self.folder / f"{label}.po"
        if not len(catalog):
            path.unlink(missing_ok=True)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        body = io.BytesIO()
        # Without dates and line numbers: a change shows the texts that changed and nothing else.
        write_po(body, catalog, width=110, omit_header=True, sort_output=True, include_lineno=False)
        header = HEADER.format(language=self.language, plural=catalog.plural_forms.rstrip("; "))
        path.write_text(header + body.getvalue().decode().lstrip("\n"), encoding="utf-8")

    def compile(self) -> int:
        """Join all fragments to the catalogue that Django reads; the number of texts in it."""
        whole = Catalog(locale=self.language, project="Trunkline", fuzzy=False)
        for label in self.labels():
            for message in _messages(self.read(label)):
                if _is_translated(message):
                    whole.add(message.id, message.string, context=message.context)
        self.compiled.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.compiled.with_suffix(".new")
        with temporary.open("wb") as file:
            write_mo(file, whole)
        temporary.replace(self.compiled)
        return len(whole)

    def problems(self, texts: dict[str, Texts], labels: Iterable[str]) -> Iterator[str]:
        """Everything that would show a reader of this language a wrong or an untranslated text."""
        for label in labels:
            held = {Key.of(message): message for message in _messages(self.read(label))}
            wanted = self.wanted(texts, label)
            file = f"locale/{self.language}/fragments/{label}.po"
            for key, places in sorted(wanted.items()):
                if key not in held:
                    yield f"{places[0]}: missing from {file}: {key.singular!r}"
                else:
                    yield from self._judge(held[key], f"{places[0]}: {file}")
            for key in sorted(held.keys() - wanted.keys()):
                yield f"{file}: no longer in the source, or translated by {SHARED}.po: {key.singular!r}"
        yield from self._contradictions()

    def _judge(self, message: Message, where: str) -> Iterator[str]:
        text = Key.of(message).singular
        if message.fuzzy:
            yield f"{where}: marked fuzzy, to be confirmed: {text!r}"
        elif not _is_translated(message):
            yield f"{where}: not translated: {text!r}"
        else:
            for error in _without_prose(message).check(Catalog(locale=self.language)):
                yield f"{where}: {error}: {text!r}"

    def _contradictions(self) -> Iterator[str]:
        """All fragments end in one catalogue, where the same text has one translation."""
        seen: dict[Key, tuple[str, object]] = {}
        for label in self.labels():
            for message in _messages(self.read(label)):
                key = Key.of(message)
                first, string = seen.setdefault(key, (label, message.string))
                if string != message.string and _is_translated(message):
                    yield (
                        f"{key.singular!r} is translated differently in {first}.po and {label}.po: "
                        "agree, or tell them apart with pgettext"
                    )


def _messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def _without_prose(message: Message) -> Message:
    """The message with "5 % of it" told apart from a directive: Babel reads "% o" as one, which nobody writes."""

    def told_apart(text: Any) -> Any:
        return (
            PERCENT.sub("%% ", text) if isinstance(text, str) else tuple(PERCENT.sub("%% ", t) for t in text)
        )

    return Message(
        told_apart(message.id), told_apart(message.string), flags=message.flags, context=message.context
    )


def _is_translated(message: Message) -> bool:
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return bool(strings) and all(strings) and not message.fuzzy
