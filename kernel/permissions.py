"""Who may see and do what. Deny by default; forbidden looks like missing.

Permissions are Django's (`view/add/change/delete` of each model plus the named verbs of `Meta.permissions`). Roles
are Django groups that follow the code: each app says in its AppConfig what a role may do with its models,

    roles = {"noc": ["view_*", "ack_alarm"], "care": ["view_alarm"]}

and every migrate brings the groups in line. Object scopes (`kernel.models.Scope`) narrow a user to the objects of
some owners; `visible_to(user)` on every owned QuerySet applies both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from functools import wraps
from typing import Any, ClassVar, Self

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import functions
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.errors import NotAllowed
from kernel.models.base import Versioned

# Role → what people call it. `customer` is for self-care and is always scoped to one customer.
ROLES: dict[str, Any] = {
    "noc": gettext_lazy("Network operations"),
    "engineer": gettext_lazy("Network engineering"),
    "care": gettext_lazy("Customer care"),
    "sales": gettext_lazy("Sales"),
    "product": gettext_lazy("Product management"),
    "billing": gettext_lazy("Billing"),
    "finance": gettext_lazy("Finance control"),
    "manager": gettext_lazy("Management"),
    "integrator": gettext_lazy("Integration"),
    "admin": gettext_lazy("Administration"),
    "customer": gettext_lazy("Self-care customer"),
}


def sync_roles(app_config: Any, using: str = "default", **_kwargs: Any) -> None:
    """Bring the groups of one app's permissions in line with its `roles` (post_migrate)."""
    wanted: Mapping[str, list[str]] = getattr(app_config, "roles", {})
    if unknown := set(wanted) - set(ROLES):
        raise ValueError(f"{app_config.name} names unknown roles: {sorted(unknown)}")
    permissions = list(Permission.objects.using(using).filter(content_type__app_label=app_config.label))
    for role in ROLES:
        group, _created = Group.objects.using(using).get_or_create(name=role)
        patterns = ["*"] if role == "admin" else wanted.get(role, [])
        mine = {p for p in permissions if any(fnmatch(p.codename, pattern) for pattern in patterns)}
        held = set(group.permissions.filter(content_type__app_label=app_config.label))
        group.permissions.remove(*(held - mine))
        group.permissions.add(*(mine - held))


class Backend(ModelBackend):
    """Permissions come from roles alone; they and the scopes are read together in one query per request."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            _read_rights(user_obj)
        cached: set[str] = user_obj._perm_cache
        return cached


def _read_rights(user: Any) -> None:
    wanted = Permission.objects.all() if user.is_superuser else Permission.objects.filter(group__user=user)
    text = models.CharField()
    permissions = wanted.order_by().values_list(
        models.Value(value=True), "content_type__app_label", "codename"
    )
    scopes = user.scopes.order_by().values_list(
        models.Value(value=False), functions.Cast("kind", text), functions.Cast("value", text)
    )
    user._perm_cache = set()
    found: dict[str, set[str]] = {}
    for is_permission, first, second in permissions.union(scopes):
        if is_permission:
            user._perm_cache.add(f"{first}.{second}")
        else:
            found.setdefault(first, set()).add(second)
    user._scopes = found


def scopes_of(user: Any) -> dict[str, set[str]]:
    """Scope kind → allowed values; empty = not narrowed. Read once per user object, with the permissions."""
    if not hasattr(user, "_scopes"):
        _read_rights(user)
    cached: dict[str, set[str]] = user._scopes
    return cached


class OwnedQuerySet(Versioned):
    """QuerySet of a model that people see: knows its view permission and how its rows belong to scopes.

    `scope_paths` maps a scope kind to the lookup that reaches its value, e.g. `{"customer": "account__customer_id"}`.
    A narrowed user sees nothing of a model that does not say how it belongs, unless `open_to_scoped`.
    """

    scope_paths: ClassVar[dict[str, str]] = {}
    open_to_scoped: ClassVar[bool] = False

    def visible_to(self, user: Any) -> Self:
        """The rows `user` may see."""
        if not user.is_authenticated or not user.has_perm(view_permission(self.model)):
            return self.none()
        rows = self
        for kind, values in scopes_of(user).items():
            path = self.scope_paths.get(kind)
            if path is not None:
                rows = rows.filter(**{f"{path}__in": values})
            elif not self.open_to_scoped:
                return self.none()
        return rows


def view_permission(model: type[models.Model]) -> str:
    """`<app>.view_<model>`."""
    return permission(model, "view")


def permission(model: type[models.Model], action: str) -> str:
    """`<app>.<action>_<model>` for view, add, change, delete."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def require(user: Any, name: str) -> None:
    """Raise NotAllowed, naming the missing permission, unless `user` has it."""
    if not user.has_perm(name):
        raise NotAllowed(_("You need the permission %(name)s for this") % {"name": name}, permission=name)


def requires(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """View decorator: every named permission, or a refusal that says which one is missing."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            for name in names:
                require(request.user, name)
            return view(request, *args, **kwargs)

        guarded.required_permissions = names  # type: ignore[attr-defined]
        return guarded

    return decorate


def forbid_own_work(author_id: Any, approver_id: Any) -> None:
    """Four eyes: raise NotAllowed when the approver made the thing, or when either is not a person."""
    if approver_id is None or author_id == approver_id:
        raise NotAllowed(_("The person who made this may not approve it"), code="fourEyes.sameAuthor")
