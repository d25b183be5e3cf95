"""Drivers: one file a vendor or protocol, one contract (`base.Driver`). A new vendor is one file and its fixtures."""

from oss.southbound.drivers import heron, kestrel
from oss.southbound.drivers.base import Driver

DRIVERS: dict[str, type[Driver]] = {cls.name: cls for cls in (kestrel.Kestrel, heron.Heron)}
