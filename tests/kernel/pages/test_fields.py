"""Numbers as people type them in their language, and objects by number or name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kernel import pages
from kernel.models import User
from kernel.pages import formats
from kernel.pages.fields import bind, parse_decimal
from tests.kernel.pages.conftest import browser_of, make_calendar

EN = {"decimal": ".", "group": ","}
FR = {"decimal": ",", "group": "\u202f"}


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("1234", EN, "1234"),
        ("1,234.56", EN, "1234.56"),
        ("1.234,56", EN, "1234.56"),
        ("1,234", EN, "1234"),
        ("12,5", EN, "12.5"),
        ("0,125", EN, "0.125"),
        ("1234,567", EN, "1234.567"),
        ("1,234,567", EN, "1234567"),
        ("1 234,56", FR, "1234.56"),
        ("1\u202f234,56", FR, "1234.56"),
        ("1\u00a0234", FR, "1234"),
        ("1,234", FR, "1.234"),
        ("12.5", FR, "12.5"),
        ("1.234.567", FR, "1234567"),
        ("−12,50", FR, "-12.50"),
        ("-.5", EN, "-0.5"),
        ("+7", EN, "7"),
    ],
)
def test_both_marks_are_read(text: str, language: dict[str, str], value: str) -> None:
    assert parse_decimal(text, **language) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "1,2,3", "1.234,567.8", "1,23,456", "--1", "1e5", ".", "NaN", "1 2a"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_decimal(text, **EN)


def test_where_both_readings_are_possible_the_user_is_asked() -> None:
    with pytest.raises(ValidationError) as caught:
        parse_decimal("1.234", **FR)
    assert caught.value.code == "ambiguous"
    assert caught.value.messages == ["Do you mean 1234 or 1,234? Write it that way."]


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.sampled_from(["en", "fr"]))
def test_what_a_page_shows_can_be_typed_again(value: Decimal, language: str) -> None:
    with translation.override(language):
        decimal, group = formats.separators()
        assert parse_decimal(formats.number(value, 2), decimal=decimal, group=group) == value


class MoneyForm(forms.Form):
    amount = pages.MoneyField(currency="EUR", min_value=Decimal(0))
    yen = pages.MoneyField(currency="JPY", required=False)


@pytest.mark.parametrize(
    ("amount", "errors"),
    [
        ("12,50", []),
        ("12.505", ["EUR has 2 decimals."]),
        ("-1", ["Ensure this value is greater than or equal to 0."]),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, errors: list[str]) -> None:
    with translation.override("en"):
        form = MoneyForm({"amount": amount})
        assert form.errors.get("amount", []) == errors


def test_an_amount_comes_back_in_the_language_of_the_page() -> None:
    with translation.override("fr"):
        form = MoneyForm(initial={"amount": Decimal("1234.5")})
        assert 'value="1\u202f234,5"' in str(form["amount"])
        bound = MoneyForm({"amount": form["amount"].value()})
        assert bound.is_valid()
        assert bound.cleaned_data["amount"] == Decimal("1234.5")
        assert not MoneyForm({"amount": "1,5", "yen": "0,5"}).is_valid()


class PickForm(forms.Form):
    calendar = pages.PickField(detail="testpages:calendar-detail")


@pytest.mark.django_db
class TestPicking:
    def clean(self, user: User, text: str) -> Any:
        form = bind(PickForm({"calendar": text}), user)
        return form.cleaned_data["calendar"] if form.is_valid() else form.errors["calendar"][0]

    def test_an_object_is_found_by_key_and_name_among_the_visible(self, admin: User) -> None:
        row = make_calendar("Paris", time_zone="Europe/Paris")
        make_calendar("hidden")
        assert self.clean(admin, "Paris") == row
        assert self.clean(admin, " paris ") == row
        assert self.clean(admin, "europe/paris") == row
        assert self.clean(admin, "hidden") == "Nothing visible to you is called hidden."
        assert self.clean(admin, "Par") == "Nothing visible to you is called Par."

    def test_several_of_one_name_need_the_number(self, admin: User) -> None:
        make_calendar("a", time_zone="UTC")
        make_calendar("b", time_zone="UTC")
        assert self.clean(admin, "utc") == "Several are called utc; write the number."

    def test_nobody_sees_more_by_picking(self, make_user: Any) -> None:
        make_calendar("Paris")
        assert "Nothing visible" in self.clean(make_user("care"), "Paris")

    def test_suggestions_are_asked_from_the_server(self, admin: User, make_user: Any) -> None:
        make_calendar("Paris")
        make_calendar("hidden Paris")
        box = str(bind(PickForm(), admin)["calendar"])
        assert 'hx-get="/pick/testpages:calendar-detail/"' in box
        assert '<datalist id="id_calendar-options">' in box
        answer = browser_of(admin).get("/pick/testpages:calendar-detail/?calendar=par")
        assert answer.content == b'<option value="Paris"></option>'
        assert browser_of(make_user("care")).get("/pick/testpages:calendar-detail/?q=par").status_code == 404
        assert browser_of(admin).get("/pick/nothing/?q=par").status_code == 404


def test_several_boxes_are_dressed_one_by_one() -> None:
    class Boxes(forms.Form):
        many = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)
        one = forms.BooleanField()

    form = bind(Boxes(), None)
    assert "form-check-input" not in str(form["many"])
    assert 'class="form-check-input"' in str(form["one"])
