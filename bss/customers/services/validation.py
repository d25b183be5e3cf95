"""Facts about people that can be checked without asking anybody: addresses, numbers, codes.

Each function returns the one form in which a value is stored, or raises Invalid naming the field.
"""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

import phonenumbers
from babel.core import get_global
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren, siret

from kernel.errors import Invalid


def email(text: str, *, field: str = "value") -> str:
    """An e-mail address with its domain in lower case (RFC 5321 §2.4: the local part keeps its case)."""
    text = text.strip()
    try:
        validate_email(text)
    except ValidationError as error:
        raise _invalid(field, "customer.email", _("This is not an e-mail address")) from error
    local, _at, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def phone(text: str, *, country: str = "FR", field: str = "value") -> str:
    """A telephone number as E.164; `country` is assumed where no international prefix is written."""
    message = _("This is not a telephone number; write it like +33 4 72 00 00 00")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise _invalid(field, "customer.phone", message) from error
    if not phonenumbers.is_possible_number(number):
        raise _invalid(field, "customer.phone", message)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def vat_id(text: str, *, field: str = "vat_id") -> str:
    """A VAT number of the European Union, check digits included, in compact form with its country letters."""
    try:
        return str(eu_vat.validate(text))
    except NumberError as error:
        raise _invalid(
            field, "customer.vatId", _("This is not a valid VAT number: its form or check digits are wrong")
        ) from error


def registration_no(text: str, *, country: str = "FR", field: str = "registration_no") -> str:
    """A company's number in its register; in France a SIREN or SIRET with right check digit, elsewhere as written."""
    compact = "".join(text.split())
    if country != "FR":
        return compact
    try:
        return str(siret.validate(compact) if len(compact) == 14 else siren.validate(compact))
    except NumberError as error:
        raise _invalid(
            field, "customer.registration", _("This is neither a SIREN nor a SIRET: the check digit is wrong")
        ) from error


def iban(text: str, *, field: str = "iban") -> str:
    """A bank account number (ISO 13616) in compact form, length and check digits verified."""
    try:
        return str(IBAN(text))
    except (SchwiftyException, ValueError) as error:
        raise _invalid(
            field, "account.iban", _("This is not a valid IBAN: its length or check digits are wrong")
        ) from error


def currency(text: str, *, field: str = "currency") -> str:
    """A code of ISO 4217."""
    code = text.strip().upper()
    if code not in _currencies():
        raise _invalid(field, "account.currency", _("This is not a currency code of ISO 4217"))
    return code


def country(text: str, *, field: str = "country") -> str:
    """A code of ISO 3166-1 alpha-2."""
    code = text.strip().upper()
    if code not in _countries():
        raise _invalid(field, "address.country", _("This is not a country code of two letters (ISO 3166)"))
    return code


def time_zone(text: str, *, field: str = "time_zone") -> str:
    """A name of the IANA time zone database."""
    if text not in available_timezones():
        raise _invalid(field, "account.timeZone", _("This time zone is unknown; write it like Europe/Paris"))
    return text


@cache
def _currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies"))


@cache
def _countries() -> frozenset[str]:
    return frozenset(code for code in get_global("territory_currencies") if len(code) == 2 and code.isalpha())


def _invalid(field: str, code: str, message: str) -> Invalid:
    return Invalid(message, code=code, fields={field: message})
