"""What can be wrong with an attribute, once, for the English `reason` and the reader's `message`."""

from django.utils.translation import gettext_lazy as _

REQUIRED = _("is required")
NOT_EMPTY = _("must not be empty")
NOT_REMOVABLE = _("cannot be removed")
AT_LEAST_ONE = _("needs at least one element")
READ_ONLY = _("cannot be changed")
NOT_IN_PATCH = _("cannot be part of a PATCH")

WRONG_TYPE = _("must be %(expected)s")
A_STRING = _("a string")
A_NUMBER = _("a number")
A_WHOLE_NUMBER = _("a whole number")
A_TRUTH = _("true or false")
AN_INSTANT = _("a date-time such as 2026-11-22T14:05:00Z")
AN_ARRAY = _("an array")
AN_OBJECT = _("an object")
A_PERIOD = _("an object with startDateTime and endDateTime")
A_CHARACTERISTIC = _("an object with name and value")
A_REFERENCE = _("a reference object with an id")

WRONG_WORD = _("must be one of %(words)s")
WRONG_PATTERN = _("must match %(pattern)s")
WRONG_UNIT = _("must be %(unit)s")
WRONG_CURRENCY = _("must be a currency code such as EUR")
TOO_SMALL = _("must be at least %(n)s")
TOO_LARGE = _("must be at most %(n)s")
TOO_LONG = _("has at most %(n)d characters")
TOO_MANY = _("has at most %(n)d elements")
TOO_DEEP = _("nests deeper than %(n)d levels")
UNPRINTABLE = _("holds a character that no text may hold")
TWICE = _("is given twice")
REVERSED = _("ends before it starts")

NO_ID = _("is a reference and needs an id")
NO_SUCH = _("leads to %(id)s, which does not exist")
NO_ROLE = _("needs a role among %(roles)s")

NOT_AN_OBJECT = _("must be a JSON object")
NOT_OPERATIONS = _("must be an array of operations")
NOT_LEFT_AN_OBJECT = _("must leave a JSON object")
