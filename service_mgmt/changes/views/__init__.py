"""Pages of changes and their calendar, and what they add to the pages of others."""

from service_mgmt.changes.views.calendar import COMMANDS, MENU, calendar
from service_mgmt.changes.views.changes import CHANGE_CREATE, CHANGE_EDIT, CHANGE_PAGE, CHANGES
from service_mgmt.changes.views.elsewhere import CARDS
from service_mgmt.changes.views.freezes import FREEZE, FREEZE_CREATE, FREEZE_EDIT, FREEZES

__all__ = [
    "CARDS",
    "CHANGES",
    "CHANGE_CREATE",
    "CHANGE_EDIT",
    "CHANGE_PAGE",
    "COMMANDS",
    "FREEZE",
    "FREEZES",
    "FREEZE_CREATE",
    "FREEZE_EDIT",
    "MENU",
    "calendar",
]
