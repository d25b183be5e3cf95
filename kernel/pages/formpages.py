"""The form page: one template for every form, with steps, drafts, error summary, version check and merge."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.errors import DomainError, StaleVersion
from kernel.pages import drafts, merge, registry
from kernel.pages.call import Call
from kernel.pages.fields import bind, refuse
from kernel.pages.respond import back, go, render, say
from kernel.permissions import require

if TYPE_CHECKING:
    from kernel.pages.details import Detail

SAVE, NEXT, BACK, CHECK = "save", "next", "back", "check"


@dataclass
class Sent:
    """One answer of a browser to a form page."""

    request: HttpRequest
    row: Any
    key: str
    post: QueryDict
    form: Any

    @property
    def user(self) -> Any:
        """Who sent it."""
        return self.request.user

    def number(self, name: str) -> int | None:
        """A whole number among the hidden fields."""
        text = self.post.get(name, "")
        return int(text) if text.isdigit() else None


class FormPage:
    """Declaration and view of one form; see docs/pages.md."""

    def __init__(
        self,
        *,
        name: str,
        title: Any,
        form: type[Any],
        permission: str,
        door: Callable[[Call], Any],
        detail: Detail | None = None,
        initial: Callable[[Any], dict[str, Any]] | None = None,
        steps: Sequence[tuple[Any, Sequence[str]]] = (),
        check: bool = False,
        effects: Callable[[Call], Sequence[Any]] | None = None,
        draft: bool = True,
        goto: Callable[[Any], str | None] | None = None,
        submit: Any = "",
        danger: bool = False,
        done: Any = "",
        intro: Any = "",
        list: str = "",
    ) -> None:
        self.name = name
        self.title = title
        self.form = form
        self.permission = permission
        self.door = door
        self.detail = detail
        self.initial = initial
        self.steps = tuple(steps)
        self.check = bool(check or steps or effects)
        self.effects = effects
        self.draft = draft
        self.goto = goto
        self.submit = submit or gettext_lazy("Save")
        self.danger = danger
        self.done = done
        self.intro = intro
        self._list = list
        registry.FORMS[name] = self

    def urls(self, route: str) -> Sequence[URLPattern]:
        """One address; `<key>` in it is the object's."""
        return [path(route.replace("<key>", "<str:key>"), self.view, name=self.name.rpartition(":")[2])]

    # --- making forms -----------------------------------------------------------------------------------------

    def make(self, request: HttpRequest, row: Any, data: QueryDict | None = None) -> Any:
        """The form for a row (None when creating), bound when `data` is given."""
        files = request.FILES if data is not None and request.method == "POST" else None
        if issubclass(self.form, forms.ModelForm):
            # A copy: a model form writes what it cleaned onto its instance, and the door must see the row as it is.
            made: Any = self.form(data, files, instance=copy.copy(row), initial=self._initial(request, row))
        else:
            made = self.form(data, files, initial=self._initial(request, row))
        return bind(made, request.user, row)

    def _initial(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        if self.initial is not None:
            return self.initial(request if row is None else row)
        if row is None:
            return {name: value for name, value in request.GET.items() if name in self.form.base_fields}
        if issubclass(self.form, forms.ModelForm):
            return {}
        return {name: getattr(row, name) for name in self.form.base_fields if hasattr(row, name)}

    # --- view -------------------------------------------------------------------------------------------------

    def view(self, request: HttpRequest, key: str = "") -> HttpResponse:
        """GET shows the form (or the draft); POST keeps a draft, walks the steps, merges or calls the door."""
        require(request.user, self.permission)
        row = self.detail.get(key, request.user) if self.detail is not None else None
        if request.method != "POST":
            return self._open(request, row, key)
        if request.POST.get("_draft"):
            return self._keep(request, row, key)
        plain = self.make(request, row)
        post = merge.settled(request.POST, plain) if "_merge" in request.POST else request.POST
        sent = Sent(request, row, key, post, self.make(request, row, post))
        return self._walk(sent) if self.steps else self._single(sent)

    def _open(self, request: HttpRequest, row: Any, key: str) -> HttpResponse:
        form = self.make(request, row)
        draft = drafts.load(request.user, self.name, key) if self.draft else None
        base, version, step = merge.seal(merge.raw_of(form)), getattr(row, "version", ""), 0
        if draft is not None and request.GET.get("draft"):
            post = drafts.as_post(draft)
            form = self.make(request, row, post)
            base, version = post.get("_base", base), post.get("_version", version)
            step = self._step(post.get("_step", "0"))
        return self._page(
            request, row, form, step=step, base=base, version=version, draft=draft, show_errors=False
        )

    def _keep(self, request: HttpRequest, row: Any, key: str) -> HttpResponse:
        if request.POST["_draft"] == "discard":
            drafts.discard(request.user, self.name, key)
            return go(request, request.path)
        if self.draft:
            drafts.save(request.user, self.name, key, self.make(request, row), request.POST)
        return HttpResponse(status=204)

    def _single(self, sent: Sent) -> HttpResponse:
        if not sent.form.is_valid():
            return self._again(sent, 422)
        if self.check and sent.post.get("_go") != SAVE:
            return self._check_page(sent)
        return self._call(sent)

    def _walk(self, sent: Sent) -> HttpResponse:
        """Steps: each answers for its own fields; the last page shows every answer before the door is called."""
        step, wish = self._step(sent.post.get("_step", "0")), sent.post.get("_go", NEXT)
        if wish == BACK:
            return self._again(sent, 200, step=max(step - 1, 0), show_errors=False)
        if wish.startswith("step-"):
            return self._again(sent, 200, step=self._step(wish.removeprefix("step-")), show_errors=False)
        sent.form.is_valid()
        if wish == NEXT:
            if any(name in sent.form.errors for name in self.steps[step][1]):
                return self._again(sent, 422, step=step)
            if step + 1 < len(self.steps):
                return self._again(sent, 200, step=step + 1, show_errors=False)
        if sent.form.errors:
            return self._again(sent, 422, step=self._first_wrong(sent.form))
        return self._call(sent) if wish == SAVE else self._check_page(sent)

    def _first_wrong(self, form: Any) -> int:
        for index, (_title, names) in enumerate(self.steps):
            if any(name in form.errors for name in names):
                return index
        return len(self.steps) - 1

    def _step(self, text: str) -> int:
        return min(int(text), max(len(self.steps) - 1, 0)) if str(text).isdigit() else 0

    def _call(self, sent: Sent) -> HttpResponse:
        version = sent.number("_version")
        if sent.row is not None and version is not None and getattr(sent.row, "version", version) != version:
            return self._merge_page(sent)
        data = dict(sent.form.cleaned_data)
        try:
            result = self.door(Call(sent.user, data, object=sent.row, version=version))
        except StaleVersion:
            return self._merge_page(sent)
        except DomainError as error:
            refuse(sent.form, error)
            step = self._first_wrong(sent.form) if self.steps else 0
            return self._again(sent, 422, step=step)
        drafts.discard(sent.user, self.name, sent.key)
        say(sent.request, self.done or _("Saved"))
        target = self.goto(result) if self.goto else None
        return go(sent.request, target or registry.url_of(result) or back(sent.request, self.home(sent.row)))

    # --- answers ----------------------------------------------------------------------------------------------

    def home(self, row: Any) -> str:
        """Where "cancel" goes: the object, else the list."""
        if self.detail is not None and row is not None:
            return self.detail.url(row)
        page = registry.LISTS.get(self._list) or next(
            (one for one in registry.LISTS.values() if one.create == self.name), None
        )
        return reverse(page.name) if page else "/"

    def _again(self, sent: Sent, status: int, *, step: int = 0, show_errors: bool = True) -> HttpResponse:
        return self._page(
            sent.request,
            sent.row,
            sent.form,
            step=step,
            base=sent.post.get("_base", ""),
            version=sent.post.get("_version", ""),
            show_errors=show_errors,
            status=status,
        )

    def _page(
        self,
        request: HttpRequest,
        row: Any,
        form: Any,
        *,
        step: int,
        base: str,
        version: Any,
        draft: Any = None,
        show_errors: bool = True,
        status: int = 200,
    ) -> HttpResponse:
        names = list(self.steps[step][1]) if self.steps else list(form.fields)
        context = {
            **self._context(request, row, form, base, version),
            "shown": [form[name] for name in names if not form[name].is_hidden],
            "kept": [form[name] for name in form.fields if name not in names or form[name].is_hidden],
            "show_errors": show_errors and form.is_bound,
            "step": step,
            "steps": [
                (index, title, index == step, index < step)
                for index, (title, _names) in enumerate(self.steps)
            ],
            "go": NEXT if self.steps else (CHECK if self.check else SAVE),
            "draft": draft if draft is not None and not request.GET.get("draft") else None,
            "restored": bool(request.GET.get("draft")) and request.method != "POST",
        }
        return render(request, "pages/form.html", context, partial="pages/_form.html", status=status)

    def _context(self, request: HttpRequest, row: Any, form: Any, base: str, version: Any) -> dict[str, Any]:
        return {
            "page": self,
            "object": row,
            "title": self.title,
            "form": form,
            "base": base,
            "version": version,
            "back": back(request, self.home(row)),
            "name": self.detail.title_of(row) if self.detail is not None and row is not None else "",
        }

    def _check_page(self, sent: Sent) -> HttpResponse:
        groups = self.steps or ((self.title, list(sent.form.fields)),)
        cleaned = sent.form.cleaned_data
        call = Call(sent.user, dict(cleaned), object=sent.row, version=sent.number("_version"))
        context = {
            **self._context(
                sent.request, sent.row, sent.form, sent.post.get("_base", ""), sent.post.get("_version", "")
            ),
            "groups": [
                (
                    index,
                    title,
                    [(sent.form[name].label, self._words(sent.form[name], cleaned)) for name in names],
                )
                for index, (title, names) in enumerate(groups)
            ],
            "kept": [sent.form[name] for name in sent.form.fields],
            "effects": self.effects(call) if self.effects else [],
            "step": len(self.steps) - 1,
        }
        return render(sent.request, "pages/check.html", context)

    def _words(self, field: forms.BoundField, cleaned: dict[str, Any]) -> str:
        value = cleaned.get(field.name)
        if hasattr(value, "_meta"):
            return str(value)
        return merge.words(field, merge.raw_of(field.form)[field.name])

    def _merge_page(self, sent: Sent) -> HttpResponse:
        present = self.detail.get(sent.key, sent.user) if self.detail is not None else sent.row
        plain = self.make(sent.request, present)
        theirs = merge.raw_of(plain)
        base = merge.unseal(sent.post.get("_base", ""))
        yours: merge.Raw = {name: [v for v in sent.post.getlist(name) if v != ""] for name in plain.fields}
        context = {
            **self._context(
                sent.request, present, plain, merge.seal(theirs), getattr(present, "version", "")
            ),
            "lines": merge.compare(plain, base, theirs, yours),
            "yours": [(name, value) for name, values in yours.items() for value in values],
            "step": len(self.steps) - 1 if self.steps else 0,
        }
        return render(sent.request, "pages/merge.html", context, status=412)
