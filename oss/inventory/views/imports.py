"""Import of elements from a sheet: try it, see everything that is wrong, then apply it as a job."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kernel import jobs, pages
from kernel.errors import DomainError
from kernel.models import Draft
from kernel.permissions import require, requires
from oss.inventory import services
from oss.inventory.forms import SheetForm
from oss.inventory.services.sheets import OPTIONAL, REQUIRED

FORM = "oss_inventory:element-import"
SHOWN = 200


@requires("oss_inventory.add_networkelement", "oss_inventory.change_networkelement")
def import_page(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: a trial whose sheet is kept as the user's draft; POST with `apply`: the job."""
    user: Any = request.user
    form = SheetForm()
    if request.method != "POST":
        return _page(request, form)
    if "apply" in request.POST:
        return _apply(request, user)
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    sheet = form.cleaned_data["sheet"]
    try:
        report = services.import_elements(text=sheet)
    except DomainError as error:
        form.add_error(None, error.message)
        return _page(request, form, status=422)
    Draft.objects.update_or_create(owner=user, form=FORM, object_key="", defaults={"data": {"sheet": sheet}})
    return _page(request, form, report=report)


def _page(request: HttpRequest, form: SheetForm, *, report: Any = None, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Import devices"),
        "form": form,
        "report": report,
        "errors": report.errors[:SHOWN] if report else [],
        "plans": [plan for plan in report.plans if plan.action != "keep"][:SHOWN] if report else [],
        "required": REQUIRED,
        "optional": OPTIONAL,
        "counts": {name: report.count(name) for name in ("create", "update", "keep")} if report else {},
    }
    return pages.render(request, "oss/inventory/import.html", context, status=status)


def _apply(request: HttpRequest, user: Any) -> HttpResponse:
    require(user, "oss_inventory.add_networkelement")
    draft = Draft.objects.filter(owner=user, form=FORM, object_key="").first()
    if draft is None:
        return pages.go(request, reverse(FORM))
    job = jobs.start(
        "oss_inventory.import_elements", _("Import of devices"), owner=user, text=draft.data["sheet"]
    )
    draft.delete()
    return pages.go(request, pages.url_of(job) or reverse("oss_inventory:element-list"))
