"""Translations: what is found in the source, what is kept in the fragments, what is refused."""

import gettext
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.catalogues import Fragments, Key, NotLiteral, collect, owner, python_texts, template_texts

VIEW = """
from django.utils import translation
from django.utils.translation import gettext as _, ngettext, pgettext_lazy as p

title = _("Open " "orders")
count = ngettext("%(n)d order", "%(n)d orders", 2)
month = p("month", "May")
again = translation.gettext("Again")
other = print("not to be translated")
"""
PAGE = """{% load i18n %}
{% translate "Invoices" %} {% translate "May" context "month" %}
{% blocktranslate count n=rows|length trimmed %}
  {{ n }} row
{% plural %}
  {{ n }} rows
{% endblocktranslate %}
{{ state|default:_("none") }} {% comment %}it's{% endcomment %}
"""


@pytest.fixture
def project(tmp_path: Path, settings: object) -> Path:
    """A project of two apps and a page."""
    for name, text in {
        "kernel/apps.py": "",
        "kernel/money.py": "from django.utils.translation import gettext as _\n_('Amount')\n",
        "bss/orders/apps.py": "",
        "bss/orders/views.py": VIEW + "_('Amount')\n",
        "bss/orders/migrations/0001_initial.py": "from django.utils.translation import gettext as _\n_('Old')\n",
        "bss/orders/templates/bss_orders/x.html": PAGE,
        "templates/base.html": "{% load i18n %}{% translate 'Skip to content' %}",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def messages(*arguments: str) -> str:
    out = io.StringIO()
    call_command("messages", *arguments, stdout=out)
    return out.getvalue()


def translate(project: Path, label: str, translations: dict[str, str]) -> None:
    """Fill in translations of a fragment, as a person would in an editor."""
    path = project / f"locale/fr/fragments/{label}.po"
    text = path.read_text(encoding="utf-8")
    for singular, string in translations.items():
        blank = f'msgid "{singular}"\nmsgstr ""'
        assert blank in text, blank
        text = text.replace(blank, f'msgid "{singular}"\nmsgstr "{string}"')
    path.write_text(text, encoding="utf-8")


def translate_all(project: Path) -> None:
    translate(project, "kernel", {"Amount": "Montant"})
    messages("--update")
    translate(project, "templates", {"Skip to content": "Aller au contenu"})
    wanted = {
        "Open orders": "Commandes ouvertes",
        "May": "Mai",
        "Again": "Encore",
        "Invoices": "Factures",
        "none": "aucun",
    }
    translate(project, "bss_orders", wanted)
    path = project / "locale/fr/fragments/bss_orders.po"
    text = path.read_text(encoding="utf-8")
    for noun, french in (("%(n)d order", "%(n)d commande"), ("%(n)s row", "%(n)s ligne")):
        blank = f'msgid "{noun}"\nmsgid_plural "{noun}s"\nmsgstr[0] ""\nmsgstr[1] ""'
        assert blank in text
        filled = f'msgid "{noun}"\nmsgid_plural "{noun}s"\nmsgstr[0] "{french}"\nmsgstr[1] "{french}s"'
        text = text.replace(blank, filled)
    path.write_text(text, encoding="utf-8")


def test_texts_of_python_are_found_by_whatever_name_the_function_has() -> None:
    found = dict(python_texts(VIEW))

    assert found == {
        Key("Open orders"): 5,
        Key("%(n)d order", "%(n)d orders"): 6,
        Key("May", context="month"): 7,
        Key("Again"): 8,
    }


@pytest.mark.parametrize("text", ['f"{x} orders"', "name", '"a" + x'])
def test_a_text_that_is_put_together_at_run_time_is_refused(text: str) -> None:
    with pytest.raises(NotLiteral, match="2: a text to translate must be a plain literal"):
        list(python_texts(f"from django.utils.translation import gettext\ngettext({text})\n"))


def test_texts_of_a_page_are_found_as_django_looks_them_up() -> None:
    found = {key for key, _line in template_texts(PAGE)}

    assert found == {
        Key("Invoices"),
        Key("May", context="month"),
        Key("%(n)s row", "%(n)s rows"),
        Key("none"),
    }


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("bss/orders/views.py", "bss_orders"),
        ("bss/orders/templates/bss_orders/x.html", "bss_orders"),
        ("templates/bss/orders/x.html", "bss_orders"),
        ("templates/bss_orders/x.html", "bss_orders"),
        ("templates/base.html", "templates"),
        ("kernel/money.py", "kernel"),
        ("bss/names.py", "bss"),
    ],
)
def test_texts_belong_to_the_app_of_their_folder(path: str, label: str) -> None:
    assert owner(Path(path), frozenset({"bss_orders", "kernel"})) == label


def test_migrations_are_not_translated(project: Path) -> None:
    texts, problems = collect(project)

    assert texts.keys() == {"kernel", "bss_orders", "templates"}
    assert Key("Old") not in texts["bss_orders"]
    assert problems == []


def test_a_fragment_holds_its_app_sorted_and_without_lines_or_dates(project: Path) -> None:
    messages("--update", "bss_orders")

    path = project / "locale/fr/fragments/bss_orders.po"
    text = path.read_text(encoding="utf-8")
    singular = [line for line in text.splitlines() if line.startswith("msgid ") and line != 'msgid ""']
    assert singular == sorted(singular)
    assert "#: bss/orders/views.py\n" in text
    assert "Date" not in text
    assert not (path.parent / "kernel.po").exists()

    messages("--update", "bss_orders")
    assert path.read_text(encoding="utf-8") == text


def test_a_translation_is_kept_when_texts_come_and_go(project: Path) -> None:
    messages("--update")
    translate(project, "templates", {"Skip to content": "Aller au contenu"})
    page = project / "templates/base.html"
    page.write_text(page.read_text() + "{% translate 'New' %}")

    messages("--update")

    text = (project / "locale/fr/fragments/templates.po").read_text(encoding="utf-8")
    assert 'msgid "Skip to content"\nmsgstr "Aller au contenu"' in text
    assert 'msgid "New"\nmsgstr ""' in text


def test_what_the_kernel_translates_is_not_asked_again(project: Path) -> None:
    messages("--update")
    fragment = project / "locale/fr/fragments/bss_orders.po"
    assert 'msgid "Amount"' in fragment.read_text(encoding="utf-8")

    translate(project, "kernel", {"Amount": "Montant"})
    messages("--update")

    assert 'msgid "Amount"' not in fragment.read_text(encoding="utf-8")


def test_an_app_without_texts_has_no_fragment(project: Path) -> None:
    messages("--update")
    (project / "templates/base.html").write_text("")

    messages("--update")

    assert not (project / "locale/fr/fragments/templates.po").exists()


def test_all_fragments_become_one_catalogue(project: Path) -> None:
    messages("--update")
    translate_all(project)

    assert messages("--check") == ""
    messages("--compile")

    with (project / "locale/fr/LC_MESSAGES/django.mo").open("rb") as file:
        french = gettext.GNUTranslations(file)
    assert french.gettext("Amount") == "Montant"
    assert french.gettext("Skip to content") == "Aller au contenu"
    assert french.pgettext("month", "May") == "Mai"
    assert french.ngettext("%(n)s row", "%(n)s rows", 0) == "%(n)s ligne"
    assert french.ngettext("%(n)s row", "%(n)s rows", 2) == "%(n)s lignes"


@pytest.mark.parametrize(
    ("fragment", "old", "new", "said"),
    [
        ("templates", 'msgstr "Aller au contenu"', 'msgstr ""', "not translated: 'Skip to content'"),
        ("templates", 'msgid "Skip', '#, fuzzy\nmsgid "Skip', "marked fuzzy, to be confirmed"),
        (
            "templates",
            'msgid "Skip to content"',
            'msgid "Gone"',
            "missing from locale/fr/fragments/templates.po",
        ),
        ("templates", 'msgid "Skip to content"', 'msgid "Gone"', "no longer in the source"),
        ("bss_orders", "%(n)d commandes", "%(m)d commandes", "'%(n)d order'"),
        (
            "templates",
            'msgid "Skip',
            'msgid "Amount"\nmsgstr "Somme"\n\nmsgid "Skip',
            "translated differently",
        ),
    ],
)
def test_each_kind_of_flaw_fails_the_check_with_its_place(
    project: Path, fragment: str, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    messages("--update")
    translate_all(project)
    path = project / f"locale/fr/fragments/{fragment}.po"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    out = io.StringIO()

    with pytest.raises(CommandError, match="problems"):
        call_command("messages", "--check", stdout=out)

    assert said in out.getvalue()


def test_a_percentage_in_prose_is_no_directive(project: Path) -> None:
    (project / "bss/orders/views.py").write_text(
        "from django.utils.translation import gettext as _\n_('5 % of it')\n_('%(n)d % of it')\n",
        encoding="utf-8",
    )
    (project / "bss/orders/templates/bss_orders/x.html").unlink()
    messages("--update", "bss_orders")
    translate(project, "bss_orders", {"5 % of it": "5 % de cela", "%(n)d % of it": "%(m)d % de cela"})

    with pytest.raises(CommandError):
        messages("--check", "bss_orders")
    translated = project / "locale/fr/fragments/bss_orders.po"
    translated.write_text(translated.read_text().replace("%(m)d", "%(n)d"), encoding="utf-8")
    messages("--check", "bss_orders")


def test_a_missing_translation_is_named_with_file_and_line(project: Path) -> None:
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("messages", "--check", "kernel", stdout=out)

    assert out.getvalue() == "kernel/money.py:2: missing from locale/fr/fragments/kernel.po: 'Amount'\n"


def test_an_unknown_app_is_refused(project: Path) -> None:
    with pytest.raises(CommandError, match="no texts in nothing"):
        messages("--update", "nothing")


def test_an_unfinished_translation_is_shown_in_english(project: Path) -> None:
    messages("--update")

    assert Fragments(project, "fr").compile() == 0
