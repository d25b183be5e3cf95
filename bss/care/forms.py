"""What people type about tickets and notices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bss.care.models import NoticeTemplate, TicketQueue, TroubleTicket
from bss.care.models.notices import LANGUAGES, Channel, Topic
from bss.care.models.tickets import Severity
from kernel import pages
from kernel.models import User

AFTER_REPLY = [
    ("", _("Goes on")),
    (TroubleTicket.Status.PENDING, _("Waits for the customer’s answer")),
    (TroubleTicket.Status.RESOLVED, _("Is resolved by this")),
]


class TicketForm(forms.Form):
    """A ticket: what it is about, for whom, how bad."""

    customer = pages.PickField(detail="bss_customers:customer-detail", label=_("Customer"), required=False)
    product = pages.PickField(detail="bss_orders:product-detail", label=_("Product"), required=False)
    subject = forms.CharField(label=_("Subject"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    type = forms.ChoiceField(label=_("Type"), choices=TroubleTicket.Type.choices)
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial=Severity.MINOR)
    channel = forms.ChoiceField(label=_("Channel"), choices=TroubleTicket.Channel.choices)
    queue = forms.ModelChoiceField(label=_("Queue"), queryset=TicketQueue.objects.all(), required=False)
    external_id = forms.CharField(label=_("Their reference"), max_length=80, required=False)


class TicketEditForm(TicketForm):
    """The same ticket afterwards; whose it is stays."""

    customer = None  # type: ignore[assignment] # Django's way to leave an inherited field out


class ReplyForm(forms.Form):
    """An answer to the customer, and what becomes of the ticket."""

    body = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 10}))
    then = forms.ChoiceField(label=_("The ticket then"), choices=AFTER_REPLY, required=False)


class TextForm(forms.Form):
    """A note, or the customer's word."""

    body = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}))


class ReasonForm(forms.Form):
    """A reason that the customer may read."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class OptionalReasonForm(forms.Form):
    """A reason, or none."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class ResolveForm(forms.Form):
    """The solution."""

    reason = forms.CharField(label=_("Solution"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class AssignForm(forms.Form):
    """To whom; blank gives it back to its queue."""

    to = forms.ModelChoiceField(
        label=_("Assigned to"),
        required=False,
        queryset=User.objects.filter(
            is_active=True,
            groups__permissions__codename="change_troubleticket",
            groups__permissions__content_type__app_label="bss_care",
        )
        .distinct()
        .order_by("username"),
    )


class TemplateForm(forms.Form):
    """The words of a notice."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(
        label=_("Text"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("Variables are written in braces: {customer_name}. A brace itself is written twice."),
    )


class NewTemplateForm(TemplateForm):
    """A text for a code, channel and language that has none yet."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    topic = forms.ChoiceField(label=_("About"), choices=Topic.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    variables = forms.CharField(
        label=_("Variables"), max_length=400, required=False, help_text=_("Names, separated by spaces")
    )
    field_order = ["code", "topic", "channel", "language", "variables", "subject", "body"]

    def clean_variables(self) -> list[str]:
        """The names as a list."""
        return str(self.cleaned_data["variables"]).split()


def template_values(template: NoticeTemplate) -> dict[str, Any]:
    """What the form of a template begins with."""
    return {"subject": template.subject, "body": template.body}
