"""Logical resources: IP addresses, VLANs and telephone numbers, by pool."""

from oss.addressing.models.numbers import NumberRange, TelephoneNumber
from oss.addressing.models.prefixes import VRF, Address, Prefix
from oss.addressing.models.resource import Resource
from oss.addressing.models.vlans import Vlan, VlanGroup

__all__ = ["VRF", "Address", "NumberRange", "Prefix", "Resource", "TelephoneNumber", "Vlan", "VlanGroup"]
