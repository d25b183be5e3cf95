"""Who may sign in and with which roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from kernel import access, pages
from kernel.filtering import Filter
from kernel.models import User
from kernel.permissions import ROLES


def roles_of(user: User) -> str:
    """The roles of a user in words."""
    return ", ".join(str(ROLES.get(group.name, group.name)) for group in user.groups.all())


def _rows(_user: Any) -> Any:
    return User.objects.prefetch_related("groups")


class RolesForm(forms.Form):
    """The roles of one user."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=list(ROLES.items()), required=False, widget=forms.CheckboxSelectMultiple
    )


USERS = pages.List(
    name="portal:user-list",
    model=User,
    title=_("People and roles"),
    icon="users",
    section="admin",
    order=50,
    rows=_rows,
    columns=[
        pages.Column("username", _("User name"), link=True, sort=True),
        pages.Column("name", _("Name"), "get_full_name", sort=("last_name", "first_name")),
        pages.Column("email", _("E-mail"), sort=True),
        pages.Column("roles", _("Roles"), roles_of),
        pages.Column("active", _("Active"), "is_active", kind="bool", sort=True),
        pages.Column("last_login", _("Last log-in"), kind="when", sort=True),
    ],
    filters=[
        Filter("role", "groups__name", "choice", _("Role"), choices=list(ROLES.items()), many=True),
        Filter("active", "is_active", "bool", _("Active")),
        Filter("last_login", "last_login", "datetime", _("Last log-in")),
    ],
    search=("username", "first_name", "last_name", "email"),
    default_sort="username",
)


def _not_oneself(row: User, user: Any) -> str:
    return _now("Nobody deactivates themselves") if row.pk == user.pk else ""


USER = pages.Detail(
    name="portal:user-detail",
    model=User,
    key="username",
    title=lambda user: str(user),
    rows=_rows,
    list=USERS,
    edit="portal:user-roles",
    identify=("username", "email"),
    find=("username", "last_name"),
    comments=False,
    fields=[
        pages.Fact(_("Name"), "get_full_name"),
        pages.Fact(_("E-mail"), "email"),
        pages.Fact(_("Language"), "get_language_display"),
        pages.Fact(_("Time zone"), "time_zone"),
        pages.Fact(_("Joined"), "date_joined", kind="when"),
    ],
    facts=[
        pages.Fact(_("Roles"), roles_of),
        pages.Fact(_("Active"), "is_active", kind="bool"),
        pages.Fact(_("Last log-in"), "last_login", kind="when"),
    ],
    actions=[
        pages.Action(
            "deactivate",
            _("Deactivate"),
            "kernel.change_user",
            lambda call: access.set_active(user=call.object, active=False, by=call.user),
            why_not=lambda row, user: (
                _not_oneself(row, user) or ("" if row.is_active else _now("It is not active"))
            ),
            effects=lambda row, user: [
                _now("The user can no longer sign in"),
                _now("API tokens of the user stop working: %(n)d")
                % {"n": row.tokens.filter(revoked=None).count()},
            ],
            danger=True,
            icon="ban",
        ),
        pages.Action(
            "activate",
            _("Activate"),
            "kernel.change_user",
            lambda call: access.set_active(user=call.object, active=True, by=call.user),
            why_not=lambda row, user: _now("It is active") if row.is_active else "",
            icon="check",
        ),
    ],
)

USER_ROLES = pages.FormPage(
    name="portal:user-roles",
    title=_("Roles"),
    form=RolesForm,
    permission="kernel.change_user",
    detail=USER,
    initial=lambda user: {"roles": [group.name for group in user.groups.all()]},
    door=lambda call: access.set_roles(user=call.object, roles=call.data["roles"], by=call.user),
    intro=_("What a role may do follows from the code and is the same everywhere."),
)
