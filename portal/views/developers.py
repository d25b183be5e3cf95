"""The developer centre: APIs with their documents, one's own tokens, webhook subscriptions with their log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from kernel import clock, pages
from kernel.errors import DomainError
from kernel.filtering import Filter
from kernel.models import ApiToken, HubDelivery, HubSubscription
from kernel.pages import registry as page_registry
from kernel.pages.fields import bind, refuse
from kernel.pages.respond import complain, go, say
from kernel.tmf import hub, openapi, registry, tokens

LIFETIMES = ((7, _("a week")), (30, _("30 days")), (90, _("90 days")), (365, _("a year")))


class TokenForm(forms.Form):
    """A new token: named, limited, and always ending."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What will use it, e.g. “nightly import”")
    )
    days = forms.TypedChoiceField(label=_("Valid for"), choices=LIFETIMES, coerce=int, initial=90)
    read_only = forms.BooleanField(label=_("May only read"), required=False)
    require_match = forms.BooleanField(
        label=_("Must send If-Match when changing"),
        required=False,
        help_text=_("Refuses lost updates with 428"),
    )
    apis = forms.MultipleChoiceField(
        label=_("APIs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every API"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        registry.discover()
        choices = [(number, f"{number} {api.title}") for number, api in sorted(registry.APIS.items())]
        self.fields["apis"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["apis"]


def centre(request: HttpRequest) -> HttpResponse:
    """APIs, tokens and subscriptions of the reader."""
    return _centre(request, bind(TokenForm(), request.user))


def _centre(
    request: HttpRequest, form: Any, *, secret: str = "", label: str = "", status: int = 200
) -> HttpResponse:
    user: Any = request.user
    context = {
        "title": _now("Developers"),
        "apis": openapi.catalogue(),
        "tokens": list(user.tokens.filter(revoked=None).order_by("-created")),
        "form": form,
        "show_errors": form.is_bound,
        "secret": secret,
        "secret_label": label,
        "may_hook": user.has_perm("kernel.manage_webhook"),
        "now": clock.system_now(),
    }
    return pages.render(request, "portal/developers.html", context, status=status)


@require_POST
@sensitive_variables("secret")
def issue(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is in this answer and nowhere else."""
    form = bind(TokenForm(request.POST), request.user)
    if form.is_valid():
        data = dict(form.cleaned_data)
        expires = clock.system_now() + timedelta(days=data.pop("days"))
        try:
            row, secret = tokens.issue(user=request.user, expires=expires, **data)  # type: ignore[arg-type]
        except DomainError as error:
            refuse(form, error)
        else:
            return _centre(request, bind(TokenForm(), request.user), secret=secret, label=row.name)
    return _centre(request, form, status=422)


@require_POST
def revoke(request: HttpRequest, pk: Any) -> HttpResponse:
    """End one of one's own tokens."""
    row = ApiToken.objects.filter(pk=pk, user=request.user).first()  # type: ignore[misc]
    if row is None:
        raise Http404
    tokens.revoke(row)
    say(request, _now("Token revoked"))
    return go(request, reverse("portal:developers"))


def documentation(request: HttpRequest, number: str) -> HttpResponse:
    """One API's document, readable and with requests to try; served without any outside network."""
    registry.discover()
    api = registry.APIS.get(number)
    if api is None:
        raise Http404
    return pages.render(
        request,
        "portal/apidocs.html",
        {"title": api.title if api.extension else f"TMF{api.number} {api.title}", "api": api},
    )


# --- webhooks -----------------------------------------------------------------------------------------------------


def subscriptions(user: Any) -> Any:
    """Subscriptions: one's own, all for administrators."""
    rows = HubSubscription.objects.select_related("owner")
    if not user.has_perm("kernel.manage_webhook"):
        return rows.none()
    return rows if user.has_perm("kernel.view_hubsubscription") else rows.filter(owner=user)


DELIVERY_STATUS = pages.badges(
    "kernel.delivery",
    HubDelivery.Status,
    pending="blue hourglass",
    delivered="green check end",
    failed="red x",
)


def _again(call: pages.Call) -> None:
    hub.resend(call.object)


DELIVERIES = pages.List(
    name="portal:delivery-list",
    model=HubDelivery,
    title=_("Deliveries"),
    icon="send",
    permission="kernel.manage_webhook",
    rows=lambda user: HubDelivery.objects.filter(subscription__in=subscriptions(user).values("pk")),
    columns=[
        pages.Column("sequence", _("No."), kind="number", link=True, sort=True),
        pages.Column("event", _("Event"), "event_type", sort=True),
        pages.Column("status", _("Status"), badge=DELIVERY_STATUS, sort=True),
        pages.Column("attempts", _("Attempts"), kind="number", sort=True),
        pages.Column("response", _("Answer"), "response_status", kind="code"),
        pages.Column("ms", _("ms"), "milliseconds", kind="number", sort=True),
        pages.Column("created", _("Created"), kind="time", sort=True),
        pages.Column("next", _("Next attempt"), "next_attempt", kind="time"),
        pages.Column("error", _("Error"), hidden=True),
    ],
    filters=[
        Filter("subscription", "subscription_id", "uuid", _("Subscription")),
        Filter("status", "status", "choice", _("Status"), choices=HubDelivery.Status.choices),
        Filter("event", "event_type", "text", _("Event")),
        Filter("created", "created", "datetime", _("Created")),
    ],
    default_sort="-created",
    bulk=[
        pages.Bulk("resend", _("Send again"), permission="kernel.manage_webhook", each=_again, icon="refresh")
    ],
    empty=pages.Empty(_("Nothing has been sent to this subscription yet.")),
)
DELIVERY = pages.Detail(
    name="portal:delivery-detail",
    model=HubDelivery,
    title="event_type",
    permission="kernel.manage_webhook",
    rows=lambda user: DELIVERIES.source(user).select_related("subscription"),
    status=("status", DELIVERY_STATUS),
    comments=False,
    overview="portal/developers/_delivery.html",
    facts=[
        pages.Fact(_("Subscription"), "subscription", link=True),
        pages.Fact(_("Attempts"), "attempts", kind="number"),
        pages.Fact(_("Answer"), "response_status", kind="code"),
        pages.Fact(_("ms"), "milliseconds", kind="number"),
        pages.Fact(_("Created"), "created", kind="time"),
    ],
    actions=[
        pages.Action("resend", _("Send again"), "kernel.manage_webhook", _again, primary=True, icon="refresh")
    ],
)
HOOKS = pages.List(
    name="portal:hook-list",
    model=HubSubscription,
    title=_("Webhooks"),
    icon="webhook",
    section="admin",
    order=85,
    permission="kernel.manage_webhook",
    rows=subscriptions,
    columns=[
        pages.Column("callback", _("Address"), link=True, sort=True),
        pages.Column("api", _("API"), sort=True),
        pages.Column("query", _("Condition"), kind="code"),
        pages.Column("active", _("Active"), kind="bool", sort=True),
        pages.Column("owner", _("Owner"), sort="owner__username"),
        pages.Column("failing", _("Failing since"), "failing_since", kind="when", sort=True),
    ],
    filters=[
        Filter("api", "api", "text", _("API")),
        Filter("active", "active", "bool", _("Active")),
        Filter("callback", "callback", "text", _("Address")),
    ],
    search=("callback", "api"),
    default_sort="callback",
    create="portal:hook-create",
    empty=pages.Empty(_("A webhook tells another system of every change of an API's resources.")),
)


class HookForm(forms.Form):
    """A new subscription."""

    api = forms.ChoiceField(label=_("API"))
    callback = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https")
    query = forms.CharField(
        label=_("Condition"),
        max_length=1000,
        required=False,
        help_text=_("e.g. eventType=ProductOrderStateChangeEvent"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        registry.discover()
        served = [(n, f"{n} {api.title}") for n, api in sorted(registry.APIS.items())]
        self.fields["api"].choices = served  # type: ignore[attr-defined]


class ReplayForm(forms.Form):
    """Which deliveries to send again."""

    start = forms.DateTimeField(label=_("From"))
    end = forms.DateTimeField(label=_("Until"))


HOOK_CREATE = pages.FormPage(
    name="portal:hook-create",
    title=_("New webhook"),
    form=HookForm,
    permission="kernel.manage_webhook",
    door=lambda call: hub.subscribe(
        api=registry.APIS[call.data["api"]],
        owner=call.user,
        callback=call.data["callback"],
        query=call.data["query"],
    )[0],
    intro=_("Its signing secret is shown on its page when you renew it."),
)
HOOK = pages.Detail(
    name="portal:hook-detail",
    model=HubSubscription,
    title="callback",
    permission="kernel.manage_webhook",
    rows=subscriptions,
    list=HOOKS,
    comments=False,
    facts=[
        pages.Fact(_("API"), "api"),
        pages.Fact(_("Owner"), "owner"),
        pages.Fact(_("Active"), "active", kind="bool"),
        pages.Fact(_("Failing since"), "failing_since", kind="when"),
        pages.Fact(_("Condition"), "query", kind="code"),
    ],
    fields=[pages.Fact(_("Why it was disabled"), "disabled_reason")],
    actions=[
        pages.Action(
            "ping",
            _("Send a test"),
            "kernel.manage_webhook",
            lambda call: hub.ping(call.object),
            primary=True,
            icon="send",
            goto=page_registry.url_of,
        ),
        pages.Action(
            "replay", _("Replay a range"), "kernel.manage_webhook", lambda call: hub.replay(call.object, **call.data),
            form=ReplayForm, secondary=True, icon="history",
        ),
        pages.Action(
            "reactivate", _("Activate"), "kernel.manage_webhook", lambda call: hub.reactivate(call.object),
            why_not=lambda row, user: _now("It is active") if row.active else "", icon="player-play",
        ),
        pages.Action(
            "drop-secret", _("Stop using the old secret"), "kernel.manage_webhook",
            lambda call: hub.drop_previous_secret(call.object),
            why_not=lambda row, user: "" if row.previous_secret else _now("There is no old secret"), icon="key",
        ),
        pages.Action(
            "unsubscribe", _("Unsubscribe"), "kernel.manage_webhook", lambda call: hub.unsubscribe(call.object),
            danger=True, icon="trash", goto=lambda result: reverse("portal:hook-list"),
            effects=lambda row, user: [
                _now("The delivery log is removed with it: %(n)d deliveries") % {"n": row.deliveries.count()}
            ],
        ),
    ],
    rail=[pages.Panel("secret", _("Signing secret"), "portal/developers/_secret.html")],
    tabs=[
        pages.Tab("deliveries", _("Deliveries"), list=DELIVERIES, lock=lambda row: {"subscription": str(row.pk)})
    ],
)  # fmt: skip


@require_POST
@sensitive_variables("secret")
def rotate(request: HttpRequest, key: str) -> HttpResponse:
    """A new signing secret, in this answer and nowhere else; the old one signs along until it is dropped."""
    row = HOOK.get(key, request.user)
    try:
        secret = hub.rotate_secret(row)
    except DomainError as error:
        complain(request, error)
        return go(request, HOOK.url(row))
    context = {"title": _now("Signing secret"), "secret": secret, "back": HOOK.url(row), "name": row.callback}
    return pages.render(request, "portal/developers/secret.html", context)
