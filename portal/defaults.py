"""What an operator starts with, to be changed in the portal afterwards."""

from __future__ import annotations

from bss.care import services as care
from service_mgmt.levels import services as levels


def install_defaults() -> None:
    """Queues and targets of the desk, texts of notices, classes of service level: those that are missing.

    Safe to call again: what is there, changed or not, stays as it is.
    """
    care.install_desk()
    care.install_templates()
    levels.install_definitions()
