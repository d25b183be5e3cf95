"""The journal as people read it: field names and values in words, what it was and became, and taking a value back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from kernel.errors import Invalid, NotFound
from kernel.journal import identity
from kernel.models import JournalEntry
from kernel.pages import formats, registry
from kernel.pages.call import Call
from kernel.pages.respond import say
from kernel.permissions import permission

if TYPE_CHECKING:
    from kernel.pages.details import Detail
    from kernel.pages.timeline import Entry

PAGE = 50
NAMES_MAX = 5
HIDDEN = "••••"
EMPTY: tuple[Any, ...] = (None, "", [], {})
SECRET = frozenset({"password", "secret", "sealed", "digest", "token", "community", "key"})


@dataclass(frozen=True)
class Difference:
    """One field of one change, in words; `restore` is what the button sends, "" where there is none."""

    label: str
    before: str
    after: str
    restore: str = ""


@dataclass(frozen=True)
class Change:
    """One journal entry, in words."""

    at: Any
    actor: str
    title: str
    reason: str
    differences: list[Difference]
    request_id: str = ""


def secret(name: str) -> bool:
    """Whether a column holds a secret, sealed or digested: nobody reads it on a page."""
    return any(part in SECRET for part in name.lower().split("_"))


class Words:
    """Turns stored values of a model's fields into words; names of related rows are fetched once per model."""

    def __init__(self, model: type[models.Model], journal: Sequence[JournalEntry]) -> None:
        self.model = model
        self._names: dict[type[models.Model], dict[str, str]] = {}
        wanted: dict[type[models.Model], set[str]] = {}
        for entry in journal:
            for values in (entry.before, entry.after):
                for name, value in values.items():
                    field = self.field(name)
                    if isinstance(field, models.ForeignKey) and value:
                        wanted.setdefault(field.related_model, set()).add(str(value))
        for related, keys in list(wanted.items())[:NAMES_MAX]:
            found = related._default_manager.filter(pk__in=keys)
            self._names[related] = {str(row.pk): str(row) for row in found}

    def field(self, name: str) -> Any:
        """The model's field of that name or column; None when there is none (any more)."""
        try:
            return self.model._meta.get_field(name.removesuffix("_id"))
        except FieldDoesNotExist:
            try:
                return self.model._meta.get_field(name)
            except FieldDoesNotExist:
                return None

    def label(self, name: str) -> str:
        """What people call the field."""
        field = self.field(name)
        text = str(getattr(field, "verbose_name", "") or name.replace("_", " "))
        return text[:1].upper() + text[1:]

    def value(self, name: str, value: Any) -> str:
        """A stored value in words; what is secret stays so, even sealed."""
        if value in EMPTY:
            return "–"
        if secret(name):
            return HIDDEN
        field = self.field(name)
        if isinstance(field, models.ForeignKey):
            return self._names.get(field.related_model, {}).get(str(value), str(value))
        if choices := dict(getattr(field, "flatchoices", None) or ()):
            return str(choices.get(value, value))
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(field, models.DateTimeField) and (at := parse_datetime(str(value))):
            return formats.both_zones(at)
        return _plain(value)


def _plain(value: Any) -> str:
    """Facts kept as JSON, to be read: “lost: 2; customers: CUS-1, CUS-2”; what is empty is left out."""
    if isinstance(value, dict):
        told = (
            f"{name.replace('_', ' ')}: {_plain(part)}" for name, part in value.items() if part not in EMPTY
        )
        return "; ".join(told) or "–"
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value) or "–"
    return str(value)


def title_of(entry: JournalEntry, words: Words) -> str:
    """“Ticket changed”, “Ticket: Resolved”: the verb in words."""
    thing = str(words.model._meta.verbose_name)
    thing = thing[:1].upper() + thing[1:]
    action = entry.verb.rpartition(".")[2]
    known = {
        "created": _("%(thing)s created"),
        "changed": _("%(thing)s changed"),
        "removed": _("%(thing)s removed"),
        "restored": _("%(thing)s: a value restored"),
    }
    if action in known:
        return known[action] % {"thing": thing}
    for field in words.model._meta.concrete_fields:
        if (choices := dict(field.flatchoices or ())) and action in choices and field.attname in entry.after:
            return formats.labelled(thing, choices[action])
    return formats.labelled(thing, action.replace("_", " "))


def differences(entry: JournalEntry, words: Words, *, restorable: bool = False) -> list[Difference]:
    """The fields of one entry. A created row has no before worth showing field by field."""
    return [
        Difference(
            words.label(name),
            words.value(name, entry.before.get(name)),
            words.value(name, value),
            f"{entry.seq}.{name}"
            if restorable and name in entry.before and words.field(name) is not None and not secret(name)
            else "",
        )
        for name, value in entry.after.items()
    ]


def entries(model: type[models.Model], journal: Sequence[JournalEntry]) -> Iterable[Entry]:
    """Journal entries for the timeline."""
    from kernel.pages.timeline import Entry

    words = Words(model, journal)
    for entry in journal:
        texts = [
            formats.labelled(d.label, f"{d.before} → {d.after}")
            for d in differences(entry, words)
            if entry.before
        ]
        if entry.reason:
            texts.append(entry.reason)
        yield Entry(
            entry.at, title_of(entry, words), "change", "\n".join(texts), entry.actor_label, "history"
        )


def of(page: Detail, row: Any, request: HttpRequest) -> dict[str, Any]:
    """The Changes tab: the newest fifty changes (`before=<seq>` for older ones), each with its fields."""
    rows = JournalEntry.objects.filter(object_id=identity(row)).order_by("-seq")
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(seq__lt=int(before))
    journal = list(rows[: PAGE + 1])
    words = Words(page.model, journal)
    restorable = _restorable(page, request.user)
    shown = [
        Change(
            entry.at,
            entry.actor_label,
            title_of(entry, words),
            entry.reason,
            differences(entry, words, restorable=restorable),
            entry.request_id,
        )
        for entry in journal[:PAGE]
    ]
    older = f"{page.url(row, 'changes')}?before={journal[PAGE - 1].seq}" if len(journal) > PAGE else ""
    return {
        "entries": shown,
        "older": older,
        "url": page.url(row, "changes", "restore"),
        "restorable": restorable,
    }


def _restorable(page: Detail, user: Any) -> bool:
    """Restoring is editing: it needs the door and the permission of the edit form, or to change the model."""
    if page.restore is None:
        return False
    form = registry.FORMS.get(page.edit)
    return bool(user.has_perm(form.permission if form else permission(page.model, "change")))


def restore(page: Detail, row: Any, part: str, request: HttpRequest) -> None:
    """Set one field back to what it was before an entry, as a new audited change by the page's own door.

    Raises NotFound for an entry of another object, Invalid when the page has no such door or the value no longer fits.
    """
    if part != "restore" or page.restore is None or not _restorable(page, request.user):
        raise Invalid(_("Values of this object cannot be restored here"), code="restore.unavailable")
    seq, _dot, name = request.POST.get("value", "").partition(".")
    entry = JournalEntry.objects.filter(object_id=identity(row), seq=int(seq) if seq.isdigit() else 0).first()
    words = Words(page.model, [])
    field = words.field(name)
    if entry is None or field is None or name not in entry.before or secret(name):
        raise NotFound(_("There is no such change"), code="restore.unknown")
    value = _stored(field, entry.before[name])
    page.restore(Call(request.user, {field.name: value}, object=row, version=getattr(row, "version", None)))
    say(request, _("%(field)s restored") % {"field": words.label(name)})


def _stored(field: Any, value: Any) -> Any:
    """The Python value of a journalled one."""
    if value is None:
        return None
    if isinstance(field, models.ForeignKey):
        found = field.related_model._default_manager.filter(pk=value).first()
        if found is None:
            raise Invalid(_("What it referred to no longer exists"), code="restore.gone")
        return found
    try:
        return field.to_python(value)
    except ValidationError as error:
        raise Invalid(_("The old value no longer fits"), code="restore.value") from error
