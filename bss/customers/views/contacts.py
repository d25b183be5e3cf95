"""Contacts, sites and talks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bss.customers import forms, services
from bss.customers.models import ContactMedium, CustomerSite, Interaction
from bss.customers.views.badges import INTERACTION_STATUS
from kernel import pages
from kernel.filtering import Filter
from kernel.pages import Call

PII = "bss_customers.view_pii"


def _contacts(user: Any) -> QuerySet[ContactMedium]:
    return ContactMedium.objects.visible_to(user).select_related("party__customer__party")


def _customer(contact: ContactMedium) -> Any:
    return getattr(contact.party, "customer", None)


def _remove(call: Call) -> ContactMedium:
    services.remove_contact(contact=call.object)
    gone: ContactMedium = call.object
    return gone


CONTACT = pages.Detail(
    name="bss_customers:contact-detail",
    model=ContactMedium,
    rows=_contacts,
    title="value",
    icon="phone",
    permission=PII,
    edit="bss_customers:contact-edit",
    comments=False,
    facts=[
        pages.Fact(_("Whose"), "party", link=_customer),
        pages.Fact(_("Kind"), "get_kind_display"),
        pages.Fact(_("For"), "get_role_display"),
        pages.Fact(_("Person"), "person"),
        pages.Fact(_("Used first"), "preferred", kind="bool"),
    ],
    actions=[
        pages.Action(
            "prefer",
            _("Use it first"),
            permission="bss_customers.change_contactmedium",
            run=lambda call: services.prefer_contact(contact=call.object),
            why_not=lambda contact, user: _("It is used first already") if contact.preferred else "",
            icon="star",
        ),
        pages.Action(
            "remove",
            _("Remove"),
            permission="bss_customers.change_contactmedium",
            run=_remove,
            goto=lambda contact: pages.url_of(_customer(contact)),
            danger=True,
            icon="trash",
        ),
    ],
)
CONTACT_EDIT = pages.FormPage(
    name="bss_customers:contact-edit",
    title=_("Edit contact"),
    form=forms.ContactEditForm,
    detail=CONTACT,
    permission="bss_customers.change_contactmedium",
    door=lambda call: services.change_contact(contact=call.object, version=call.version, **call.data),
)


def _sites(user: Any) -> QuerySet[CustomerSite]:
    return CustomerSite.objects.visible_to(user).select_related("customer__party")


SITES = pages.List(
    name="bss_customers:site-list",
    model=CustomerSite,
    title=_("Customer sites"),
    icon="map-pin",
    section="care",
    order=40,
    rows=_sites,
    columns=[
        pages.Column("name", _("Name"), link=True, sort=True),
        pages.Column(
            "customer", _("Customer"), "customer.party.name", link="customer", sort="customer__party__name"
        ),
        pages.Column("street", _("Street"), sort=True),
        pages.Column("postcode", _("Postcode"), sort=True),
        pages.Column("city", _("City"), sort=True),
        pages.Column("location", _("Serving location"), "location_code", kind="code", sort="location_code"),
    ],
    filters=[
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("postcode", "postcode", "text", _("Postcode")),
        Filter("city", "city", "text", _("City")),
        Filter("location", "location_code", "text", _("Serving location")),
    ],
    search=("name", "street", "postcode", "city", "customer__party__name"),
    default_sort="name",
    live=True,
    empty=pages.Empty(_("Sites are where customers are served. Add one on the customer's page.")),
)
SITE = pages.Detail(
    name="bss_customers:site-detail",
    model=CustomerSite,
    rows=_sites,
    title="name",
    list=SITES,
    edit="bss_customers:site-edit",
    find=("name",),
    words=("site",),
    facts=[
        pages.Fact(_("Customer"), "customer", link=True),
        pages.Fact(_("Address"), "address"),
        pages.Fact(_("Serving location"), "location_code", kind="code"),
    ],
    fields=[
        pages.Fact(_("Latitude"), "latitude", kind="number"),
        pages.Fact(_("Longitude"), "longitude", kind="number"),
        pages.Fact(_("Access notes"), "access_notes"),
    ],
)
SITE_EDIT = pages.FormPage(
    name="bss_customers:site-edit",
    title=_("Edit site"),
    form=forms.SiteForm,
    detail=SITE,
    permission="bss_customers.change_customersite",
    door=lambda call: services.change_site(site=call.object, version=call.version, **call.data),
)

INTERACTIONS = pages.List(
    name="bss_customers:interaction-list",
    model=Interaction,
    title=_("Interactions"),
    icon="message",
    section="care",
    order=50,
    rows=lambda user: Interaction.objects.visible_to(user).select_related("customer__party", "handled_by"),
    columns=[
        pages.Column("at", _("When"), kind="when", sort=True),
        pages.Column(
            "customer",
            _("Customer"),
            "customer.party.name",
            link="customer",
            sort="customer__party__name",
        ),
        pages.Column("channel", _("Channel"), "get_channel_display", sort="channel"),
        pages.Column("direction", _("Direction"), "get_direction_display", sort="direction"),
        pages.Column("reason", _("Reason"), sort=True),
        pages.Column("note", _("Note"), hidden=True),
        pages.Column("verified", _("Verified"), kind="bool", sort=True),
        pages.Column("by", _("By"), "handled_by", sort="handled_by__username"),
        pages.Column("status", _("Status"), badge=INTERACTION_STATUS, sort=True),
    ],
    filters=[
        Filter("customer", "customer__number", "text", _("Customer")),
        Filter("channel", "channel", "choice", _("Channel"), choices=Interaction.Channel.choices),
        Filter("verified", "verified", "bool", _("Verified")),
        Filter("at", "at", "datetime", _("When")),
        Filter("status", "status", "choice", _("Status"), choices=Interaction.Status.choices),
    ],
    search=("reason", "customer__party__name"),
    default_sort="-at",
    live=True,
    empty=pages.Empty(_("Every call, mail and visit stands here, newest first.")),
)
