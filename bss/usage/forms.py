"""What people type about usage."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bss.usage.formats import formats
from bss.usage.models import UsageSource

UPLOAD_MAX = 50 * 1024 * 1024


class FileForm(forms.Form):
    """A file of usage, taken in by hand."""

    source = forms.ModelChoiceField(label=_("Source"), queryset=UsageSource.objects.none())
    file = forms.FileField(
        label=_("File"), help_text=_("At most 50 MB; larger files go through the drop folder")
    )
    expected = forms.IntegerField(label=_("Records announced"), required=False, min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = UsageSource.objects.filter(active=True)  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Not larger than a person may send."""
        upload = self.cleaned_data["file"]
        if upload.size > UPLOAD_MAX:
            raise forms.ValidationError(_("The file is larger than 50 MB"))
        return upload


class SourceForm(forms.Form):
    """A feed and how to read it."""

    code = forms.SlugField(label=_("Code"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=120)
    format = forms.ChoiceField(label=_("Format"))
    mapping = forms.CharField(
        label=_("Mapping"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("JSON, as the format wants it"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].choices = [(code, module.LABEL) for code, module in formats().items()]  # type: ignore[attr-defined]

    def clean_mapping(self) -> Any:
        """An object of JSON."""
        text = self.cleaned_data["mapping"].strip() or "{}"
        try:
            mapping = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %(error)s") % {"error": error}) from error
        if not isinstance(mapping, dict):
            raise forms.ValidationError(_("A mapping is a JSON object"))
        return mapping


class MendForm(forms.Form):
    """The text of one suspended record, put right."""

    mended = forms.CharField(label=_("Record"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class DiscardForm(forms.Form):
    """Why records are given up."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
