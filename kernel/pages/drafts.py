"""What a user has typed and not sent yet: kept on the server, offered back, gone when the door has taken it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from kernel.models import Draft

VALUES_MAX = 200


def kept_names(form: forms.BaseForm) -> list[str]:
    """Fields a draft may hold: never passwords, never files."""
    return [
        name
        for name, field in form.fields.items()
        if not isinstance(field.widget, forms.PasswordInput | forms.FileInput)
    ]


def save(user: Any, name: str, key: str, form: forms.BaseForm, post: QueryDict) -> Draft:
    """Keep what is typed; the last writer of one form and object wins, it is the same person."""
    wanted = [*kept_names(form), "_version", "_base", "_step"]
    data = {field: post.getlist(field)[:VALUES_MAX] for field in wanted if field in post}
    draft, _created = Draft.objects.update_or_create(
        owner=user, form=name, object_key=key, defaults={"data": data}
    )
    return draft


def load(user: Any, name: str, key: str) -> Draft | None:
    """The draft of this user, form and object."""
    return Draft.objects.filter(owner=user, form=name, object_key=key).first()


def as_post(draft: Draft) -> QueryDict:
    """The draft as if it had just been sent."""
    post = QueryDict(mutable=True)
    for field, values in draft.data.items():
        post.setlist(field, values)
    return post


def discard(user: Any, name: str, key: str) -> None:
    """Forget the draft."""
    Draft.objects.filter(owner=user, form=name, object_key=key).delete()
