"""Customers: list, the page that shows one from all sides, forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bss.customers import forms, services
from bss.customers.models import ContactMedium, Customer
from bss.customers.services import balances, consents_of, masked
from bss.customers.views.badges import CUSTOMER_STATUS
from kernel import pages
from kernel.errors import Invalid
from kernel.filtering import Filter
from kernel.pages import Call

CHANGE = "bss_customers.change_customer"
S = Customer.Status
IDENTITY = (
    "trading_name",
    "legal_name",
    "vat_id",
    "registration_no",
    "given_name",
    "family_name",
    "birth_date",
    "language",
)


def _customers(user: Any) -> QuerySet[Customer]:
    return Customer.objects.visible_to(user).select_related("party")


def _reached_by(text: str) -> Q:
    """Customers whose e-mail address or telephone number this is."""
    try:
        phone = services.normal_phone(text)
    except Invalid:
        phone = text
    contacts = ContactMedium.objects.filter(
        Q(kind="email", value__iexact=text) | Q(kind="phone", value=phone)
    )
    return Q(party__in=contacts.values("party"))


def _why_not(to: str) -> Any:
    def reason(customer: Customer, user: Any) -> str:
        if customer.lifecycle.allows(customer.status, to):
            return ""
        return _t("It is %(status)s") % {"status": customer.get_status_display().lower()}

    return reason


def _bulk_credit(call: Call) -> None:
    services.change_customer(customer=call.object, credit_class=call.data["credit_class"])


CUSTOMERS = pages.List(
    name="bss_customers:customer-list",
    model=Customer,
    title=_("Customers"),
    icon="users",
    section="care",
    order=10,
    key="c",
    rows=_customers,
    columns=[
        pages.Column("number", _("Number"), link=True, sort=True),
        pages.Column("name", _("Name"), "party.name", link=True, sort="party__name"),
        pages.Column("segment", _("Segment"), "get_segment_display", sort="segment"),
        pages.Column("credit", _("Credit class"), "credit_class", sort="credit_class"),
        pages.Column("status", _("Status"), badge=CUSTOMER_STATUS, sort=True),
        pages.Column("created", _("Since"), kind="date", sort=True),
        pages.Column("kind", _("Kind"), "party.get_kind_display", sort="party__kind", hidden=True),
        pages.Column("vat", _("VAT number"), "party.vat_id", sort="party__vat_id", hidden=True),
        pages.Column("language", _("Language"), "party.language", sort="party__language", hidden=True),
    ],
    filters=[
        Filter("status", "status", "choice", _("Status"), choices=S.choices),
        Filter("segment", "segment", "choice", _("Segment"), choices=Customer.Segment.choices),
        Filter("credit", "credit_class", "choice", _("Credit class"), choices=Customer.CreditClass.choices),
        Filter("name", "party__name", "text", _("Name")),
        Filter("vat", "party__vat_id", "text", _("VAT number")),
        Filter("postcode", "sites__postcode", "text", _("Postcode of a site"), many=True),
        Filter("location", "sites__location_code", "text", _("Serving location"), many=True),
        Filter("created", "created", "datetime", _("Since")),
    ],
    search=("number", "party__name", "party__vat_id", "party__registration_no"),
    default_sort="-number",
    views=[("live", _("Live"), "status=active&status=prospect")],
    create="bss_customers:customer-create",
    live=True,
    row_class=lambda row: "muted" if row.status in {S.CLOSED, S.MERGED} else "",
    empty=pages.Empty(_("Customers are the people and companies we sell to. Enter the first one.")),
    bulk=[
        pages.Bulk(
            "credit", _("Set credit class"), permission=CHANGE, form=forms.CreditForm, each=_bulk_credit
        )
    ],
)


def _overview(customer: Customer, user: Any) -> Mapping[str, Any]:
    """Accounts with what is due, contacts (masked for who may not see them), sites, contracts, consents."""
    open_to = user.has_perm("bss_customers.view_pii")
    may_accounts = user.has_perm("bss_customers.view_billingaccount")
    accounts = list(customer.accounts.select_related("payer").order_by("number")) if may_accounts else []
    due = balances(account.pk for account in accounts) if accounts else {}
    return {
        "accounts": [(account, due.get(account.pk)) for account in accounts],
        "contacts": [
            (contact, str(contact) if open_to else masked(contact))
            for contact in customer.party.contacts.all()
        ]
        if user.has_perm("bss_customers.view_contactmedium")
        else [],
        "open_to": open_to,
        "sites": customer.sites.all(),
        "agreements": customer.agreements.all() if user.has_perm("bss_customers.view_agreement") else [],
        "consents": list(consents_of(customer.party).values())
        if user.has_perm("bss_customers.view_consent")
        else [],
    }


def _verify(call: Call) -> Any:
    answers = {name: str(value) for name, value in call.data.items() if value}
    found = services.verify_caller(customer=call.object, answers=answers, by=call.user)
    if not found.ok:
        raise Invalid(
            _t("Not verified: two right answers are needed, and none wrong. The attempt is on record."),
            code="caller.notVerified",
            fields=dict.fromkeys(found.failed, _t("This does not fit")),
        )
    return found


def _merge(call: Call) -> Customer:
    return services.merge_customers(keep=call.object, drop=call.data["drop"], reason=call.data["reason"])


CUSTOMER = pages.Detail(
    name="bss_customers:customer-detail",
    model=Customer,
    rows=_customers,
    title="party.name",
    list=CUSTOMERS,
    status=("status", CUSTOMER_STATUS),
    edit="bss_customers:customer-edit",
    identify=("number", "party__vat_id", "party__registration_no", _reached_by),
    find=("party__name",),
    states={"open": {"status__in": [S.ACTIVE, S.PROSPECT]}},
    words=("customer", "client"),
    facts=[
        pages.Fact(_("Segment"), "get_segment_display"),
        pages.Fact(_("Credit class"), "credit_class"),
        pages.Fact(_("Language"), "party.get_language_display"),
        pages.Fact(_("Since"), "created", kind="date"),
    ],
    fields=[
        pages.Fact(_("Legal name"), "party.legal_name"),
        pages.Fact(_("VAT number"), "party.vat_id"),
        pages.Fact(_("Registration number"), "party.registration_no"),
        pages.Fact(_("Date of birth"), "party.birth_date", kind="date", permission="bss_customers.view_pii"),
        pages.Fact(_("Taken over by"), "merged_into", link="merged_into"),
    ],
    overview="bss/customers/_overview.html",
    context=_overview,
    live=True,
    actions=[
        pages.Action(
            "verify",
            _("Verify caller"),
            permission="bss_customers.verify_caller",
            form=forms.VerifyForm,
            run=_verify,
            done=_("Caller verified"),
            secondary=True,
            icon="shield-check",
            shortcut="v",
        ),
        pages.Action(
            "interaction",
            _("Note a talk"),
            permission="bss_customers.add_interaction",
            form=forms.InteractionForm,
            run=lambda call: services.record_interaction(customer=call.object, by=call.user, **call.data),
            secondary=True,
            icon="message",
        ),
        pages.Action(
            "contact",
            _("Add a contact"),
            permission="bss_customers.add_contactmedium",
            form=forms.ContactForm,
            run=lambda call: services.add_contact(party=call.object.party, **call.data),
            icon="phone",
        ),
        pages.Action(
            "site",
            _("Add a site"),
            permission="bss_customers.add_customersite",
            form=forms.SiteForm,
            run=lambda call: services.add_site(customer=call.object, **call.data),
            icon="map-pin",
        ),
        pages.Action(
            "account",
            _("Open an account"),
            permission="bss_customers.add_billingaccount",
            run=lambda call: call.object,
            goto=lambda customer: f"{reverse('bss_customers:account-create')}?customer={customer.number}",
            done=_("Now the terms of the account"),
            icon="credit-card",
        ),
        pages.Action(
            "agreement",
            _("Sign an agreement"),
            permission="bss_customers.add_agreement",
            form=forms.AgreementForm,
            run=lambda call: services.sign_agreement(customer=call.object, **call.data),
            icon="file-text",
        ),
        pages.Action(
            "consent",
            _("Record a consent"),
            permission="bss_customers.add_consent",
            form=forms.ConsentForm,
            run=lambda call: services.record_consent(party=call.object.party, **call.data),
            icon="clipboard-check",
        ),
        pages.Action(
            "activate",
            _("Activate"),
            permission=CHANGE,
            run=lambda call: services.activate_customer(customer=call.object),
            why_not=_why_not(S.ACTIVE),
            icon="player-play",
        ),
        pages.Action(
            "merge",
            _("Take over a duplicate"),
            permission="bss_customers.merge_customer",
            form=forms.MergeForm,
            run=_merge,
            danger=True,
            icon="git-branch",
            effects=lambda customer, user: [
                _t("Accounts, sites, contracts, products, orders and tickets of the other one come here"),
                _t("The other one stays on record as merged"),
            ],
        ),
        pages.Action(
            "close",
            _("Close"),
            permission=CHANGE,
            form=forms.ReasonForm,
            run=lambda call: services.close_customer(customer=call.object, reason=call.data["reason"]),
            why_not=_why_not(S.CLOSED),
            danger=True,
            icon="x",
        ),
    ],
    tabs=[
        pages.Tab(
            "interactions",
            _("Interactions"),
            list="bss_customers:interaction-list",
            lock=lambda customer: {"customer": customer.number},
        ),
    ],
)


def _create(call: Call) -> Customer:
    data = dict(call.data)
    address = {name: data.pop(name) for name in ("street", "postcode", "city", "country")}
    terms = {name: data.pop(name) for name in ("cycle_day", "currency")}
    with_account, _looked = data.pop("with_account"), data.pop("somebody_else")
    person = data["kind"] == "individual"
    foreign = (
        ("trading_name", "legal_name", "vat_id", "registration_no")
        if person
        else ("given_name", "family_name")
    )
    for name in foreign:
        data.pop(name)
    with transaction.atomic():
        customer = services.create_customer(**data)
        if address["street"]:
            services.add_contact(party=customer.party, kind="address", **address)
        if with_account:
            services.open_account(customer=customer, **terms)
    return customer


CUSTOMER_CREATE = pages.FormPage(
    name="bss_customers:customer-create",
    title=_("New customer"),
    form=forms.CustomerForm,
    permission="bss_customers.add_customer",
    door=_create,
    steps=[
        (_("Who"), ["kind", *IDENTITY]),
        (_("Contact"), ["email", "phone", "street", "postcode", "city", "country"]),
        (_("Terms"), ["segment", "credit_class", "with_account", "cycle_day", "currency", "somebody_else"]),
    ],
)


def _initial(customer: Customer) -> dict[str, Any]:
    party = customer.party
    found = {name: getattr(party, name) for name in IDENTITY}
    return {**found, "segment": customer.segment, "credit_class": customer.credit_class}


def _edit(call: Call) -> Customer:
    data = dict(call.data)
    kind = call.object.party.kind
    foreign = ("given_name", "family_name", "birth_date") if kind == "organization" else ("trading_name",)
    for name in foreign:
        data.pop(name)
    return services.change_customer(customer=call.object, version=call.version, **data)


CUSTOMER_EDIT = pages.FormPage(
    name="bss_customers:customer-edit",
    title=_("Edit customer"),
    form=forms.CustomerEditForm,
    detail=CUSTOMER,
    permission=CHANGE,
    initial=_initial,
    door=_edit,
)
