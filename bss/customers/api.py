"""TMF629 customers, TMF632 parties and TMF666 accounts, over the doors of this app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bss.customers import services
from bss.customers.models import BillingAccount, ContactMedium, Customer, Party
from kernel import tmf
from kernel.errors import Invalid
from kernel.filtering import Filter
from kernel.tmf import registry
from kernel.tmf.fields.base import Plan, Reader, Scope

CUSTOMERS = tmf.Api("629", "Customer Management", "/tmf-api/customerManagement/v4", document="4.0.0")
PARTIES = tmf.Api("632", "Party Management", "/tmf-api/party/v4", document="4.0.0")
ACCOUNTS = tmf.Api("666", "Account Management", "/tmf-api/accountManagement/v4", document="4.0.0")

LANGUAGES = {"en": "en", "fr": "fr"}


class PartyRef(tmf.Ref):
    """A reference to a party: to the individuals or to the organizations, as its kind says."""

    def reader(self, plan: Plan) -> Reader:
        read, kind = super().reader(plan), plan.column(f"{self.column}__kind")

        def shown(row: tuple[Any, ...]) -> dict[str, Any] | None:
            found: dict[str, Any] | None = read(row)
            if found is not None:
                found["href"] = f"{registry.href(plan.base, f'632/{row[kind]}')}{found['id']}"
                found["@referredType"] = str(row[kind]).capitalize()
            return found

        return shown


class RelatedParties(tmf.Refs):
    """`relatedParty` where some of the parties are a person or an organization."""

    def filters(self, scope: Scope) -> Iterator[Filter]:
        """As for other references; `@referredType` asks for the kind of the party."""
        for one in super().filters(scope):
            yield replace(one, build=self._of_type(scope)) if one.name.endswith("@referredType") else one

    def _of_type(self, scope: Scope) -> Callable[[str, tuple[str, ...]], Q]:
        def where(operator: str, values: tuple[str, ...]) -> Q:
            match = Q(pk__in=[])
            for ref in self.refs:
                path = scope.lookup(ref.column)
                if isinstance(ref, PartyRef):
                    match |= Q(**{f"{path}__kind__in": [value.lower() for value in values]})
                elif ref.referred in values:
                    match |= Q(**{f"{path}__isnull": False})
            return ~match if operator == "not" else match

        return where


def contact_media(party_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`contactMedium` of parties in one query; masked for people who may not see personal data."""
    open_to = user.has_perm("bss_customers.view_pii")
    found: dict[Any, list[dict[str, Any]]] = {}
    for contact in ContactMedium.objects.filter(party__in=set(party_ids)).order_by(
        "kind", "-preferred", "pk"
    ):
        shape = {
            "mediumType": contact.kind,
            "preferred": contact.preferred,
            "characteristic": _characteristic(contact, open_to=open_to),
            "@type": "ContactMedium",
        }
        found.setdefault(contact.party_id, []).append(shape)
    return found


def _characteristic(contact: ContactMedium, *, open_to: bool) -> dict[str, str]:
    value = contact.value if open_to else services.masked(contact)
    name = {"email": "emailAddress", "phone": "phoneNumber", "address": "street1"}[contact.kind]
    shape = {"contactType": contact.role, name: value}
    if contact.kind == ContactMedium.Kind.ADDRESS and open_to:
        shape |= {"street1": contact.street, "postCode": contact.postcode, "city": contact.city}
        shape["country"] = contact.country
    return shape


MEDIA = {"type": "array", "items": {"type": "object"}}
LANGUAGE = tmf.Choice("language", words=LANGUAGES, extension=True, doc="Language of documents")


class PartyResource(tmf.Resource[Party]):
    """Base of the two kinds of party."""

    path = ""
    model = Party
    kind = ""
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    permissions = {"view": "bss_customers.view_party", "delete": "bss_customers.change_party"}

    def queryset(self, user: tmf.User) -> QuerySet[Party]:
        """Parties of this kind that the user may see."""
        return Party.objects.visible_to(user).filter(kind=self.kind)

    def create(self, data: tmf.Data, user: tmf.User) -> Party:
        """Make a party of this kind."""
        return services.create_party(kind=self.kind, **data)

    def update(self, obj: Party, data: tmf.Data, user: tmf.User) -> None:
        """Correct names, numbers and language."""
        services.change_party(party=obj, **data)

    def delete(self, obj: Party, user: tmf.User) -> None:
        """Refused while the party is a customer or pays an account."""
        services.remove_party(party=obj)

    moves: dict[str, Callable[..., Any]] = {
        str(state): lambda obj, data, user, to=str(state): services.set_party_status(party=obj, to=to)
        for state in Party.Status
    }


@PARTIES.resource
class IndividualResource(PartyResource):
    """A natural person."""

    path, kind = "individual", "individual"
    fields = (
        tmf.Text("givenName", required=True, mandatory=True),
        tmf.Text("familyName", required=True, mandatory=True),
        tmf.Text("fullName", "name", read_only=True),
        tmf.Text("title"),
        tmf.State(
            "status",
            words={"initialized": "initialized", "validated": "validated", "deceased": "deceaded"},
            aliases={"deceased": "deceased"},
        ),
        LANGUAGE,
        tmf.Batch("contactMedium", contact_media, schema=MEDIA),
    )


@PARTIES.resource
class OrganizationResource(PartyResource):
    """A company, an authority, an association."""

    path, kind = "organization", "organization"
    fields = (
        tmf.Text("tradingName", required=True, mandatory=True),
        tmf.Text("name", "legal_name"),
        tmf.Text("vatId", extension=True, doc="VAT number of the European Union, check digits verified"),
        tmf.Text("registrationNumber", "registration_no", extension=True),
        tmf.Array(
            "organizationIdentification",
            (tmf.Text("identificationId", "vat_id"), tmf.Const("identificationType", "vat", filter=False)),
            (
                tmf.Text("identificationId", "registration_no"),
                tmf.Const("identificationType", "register", filter=False),
            ),
        ),
        tmf.State(
            "status", words={"initialized": "initialized", "validated": "validated", "closed": "closed"}
        ),
        LANGUAGE,
        tmf.Batch("contactMedium", contact_media, schema=MEDIA),
    )


def _reference(word: str) -> tuple[tmf.Field, ...]:
    return (
        tmf.Text("id", "pk", max_length=40),
        tmf.Text("name"),
        tmf.Const("@referredType", word, filter=False),
    )


@CUSTOMERS.resource
class CustomerResource(tmf.Resource[Customer]):
    """A party in its role as customer; `name` is the name of the engaged party."""

    path, model = "customer", Customer
    events = ("Create", "AttributeValueChange", "StateChange", "Delete")
    permissions = {"delete": "bss_customers.change_customer"}
    fields = (
        tmf.Text("name", "party__name", required=True, mandatory=True),
        tmf.Text("number", read_only=True, extension=True),
        PartyRef("engagedParty", "party", required=True, mandatory=True, create_only=True),
        tmf.State(
            "status",
            words={"prospect": "prospect", "active": "active", "closed": "closed", "merged": "merged"},
        ),
        tmf.Choice("segment", words=Customer.Segment, extension=True),
        tmf.Choice("creditClass", words=Customer.CreditClass, extension=True),
        tmf.Many("account", "accounts", _reference("BillingAccount"), order=("number",), read_only=True),
        tmf.Many("agreement", "agreements", _reference("Agreement"), order=("number",), read_only=True),
        tmf.Batch("contactMedium", contact_media, columns=("party_id",), schema=MEDIA),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> Customer:
        """Make a customer of a party that exists."""
        values = {name: data[name] for name in ("segment", "credit_class") if name in data}
        return services.create_customer(party=data["party"], **values)

    def update(self, obj: Customer, data: tmf.Data, user: tmf.User) -> None:
        """Change segment and credit class; the name only of an organization, whose name is one attribute."""
        name = data.pop("name", None)
        if name is not None:
            if obj.party.kind != Party.Kind.ORGANIZATION:
                raise Invalid(
                    _("Change the names of the person"), code="customer.name", fields={"name": _("Person")}
                )
            services.change_party(party=obj.party, trading_name=name)
        services.change_customer(customer=obj, **data)

    def delete(self, obj: Customer, user: tmf.User) -> None:
        """Refused once anything hangs on the customer."""
        services.remove_customer(customer=obj)

    moves = {
        "active": lambda obj, data, user: services.activate_customer(customer=obj),
        "closed": lambda obj, data, user: services.close_customer(customer=obj, reason="REST"),
    }


def account_balances(account_ids: Iterable[Any], user: Any) -> dict[Any, list[dict[str, Any]]]:
    """`accountBalance` as the books say, for people who may see accounts."""
    return {
        key: [{"balanceType": "receivable", "amount": money.tmf(), "@type": "AccountBalance"}]
        for key, money in services.balances(account_ids).items()
    }


ACCOUNT_FIELDS = (
    tmf.Text("name", required=True, mandatory=True),
    tmf.Text("number", read_only=True, extension=True),
    tmf.State("state", "status", words={"active": "Active", "suspended": "Suspended", "closed": "Closed"}),
    tmf.DateTime("lastModified", "updated", read_only=True),
    RelatedParties(
        "relatedParty",
        tmf.Ref(
            "customer",
            "customer",
            type="Customer",
            to="629/customer",
            label="customer__party__name",
            role="customer",
        ),
        PartyRef("payer", "payer", role="payer"),
        required=True,
        mandatory=True,
    ),
    tmf.Batch("accountBalance", account_balances, schema=MEDIA),
)


def bill_structure(day: int, delivery: str) -> dict[str, Any]:
    """`billStructure`: the account's billing day and the way its bills reach it, by their ids in this API."""
    cycle = {"id": f"monthly-{day}", "name": f"Monthly, day {day}", "frequency": "monthly", "isRef": True}
    names = {"email": "E-mail", "portal": "Portal", "paper": "Paper"}
    return {
        "cycleSpecification": cycle,
        "format": {"id": "pdf", "name": "PDF", "isRef": True},
        "presentationMedia": [{"id": delivery, "name": names[delivery], "isRef": True}],
    }


@ACCOUNTS.resource
class BillingAccountResource(tmf.Resource[BillingAccount]):
    """What is billed together: one payer, one currency, one cycle, one invoice."""

    path, model = "billingAccount", BillingAccount
    events = ("AttributeValueChange", "StateChange")
    fields = (
        *ACCOUNT_FIELDS,
        tmf.Array(
            "taxExemption",
            (tmf.Text("reason", "exemption_reason"), tmf.Text("issuingJurisdiction", "tax_country")),
        ),
        tmf.Computed("billStructure", ("cycle_day", "delivery"), bill_structure, schema={"type": "object"}),
        tmf.Number("cycleDay", integer=True, minimum=1, maximum=31, extension=True),
        tmf.Text("currency", extension=True, create_only=True, pattern="[A-Z]{3}"),
        tmf.Choice("language", words=LANGUAGES, extension=True),
        tmf.Text("timeZone", extension=True),
        tmf.Choice("taxStatus", words=BillingAccount.TaxStatus, extension=True),
        tmf.Text("taxExemptionReason", "exemption_reason", extension=True),
        tmf.Choice("delivery", words=BillingAccount.Delivery, extension=True),
        tmf.Number("paymentDays", integer=True, minimum=0, maximum=180, extension=True),
        tmf.Text("dunningPolicy", extension=True),
        tmf.Text("purchaseOrder", extension=True),
    )

    def create(self, data: tmf.Data, user: tmf.User) -> BillingAccount:
        """Open an account for the related customer; the customer pays unless a payer is named."""
        if "customer" not in data:
            raise Invalid(
                _("Name the customer among the related parties"),
                code="account.customer",
                fields={"relatedParty": _("A customer is needed")},
            )
        return services.open_account(**data)

    def update(self, obj: BillingAccount, data: tmf.Data, user: tmf.User) -> None:
        """Change the terms; the customer stays."""
        if data.pop("customer", obj.customer) != obj.customer:
            raise Invalid(
                _("An account stays with its customer"),
                code="account.customer",
                fields={"relatedParty": _("Fixed")},
            )
        services.change_account(account=obj, **data)

    moves: dict[str, Callable[..., Any]] = {
        "active": lambda obj, data, user: services.reopen_account(account=obj, reason="REST"),
        "suspended": lambda obj, data, user: services.suspend_account(account=obj, reason="REST"),
        "closed": lambda obj, data, user: services.close_account(account=obj, reason="REST"),
    }


@ACCOUNTS.resource
class PartyAccountResource(tmf.Resource[BillingAccount]):
    """The same accounts seen from the party that holds them; read-only, they are opened as billing accounts."""

    path, model = "partyAccount", BillingAccount
    fields = ACCOUNT_FIELDS
