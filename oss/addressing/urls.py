"""Addresses of the pages of addresses, VLANs and numbers."""

from oss.addressing import views

app_name = "oss_addressing"
urlpatterns = [
    *views.VRF_CREATE.urls("network/vrfs/new/"),
    *views.PREFIX_CREATE.urls("network/prefixes/new/"),
    *views.PREFIXES.urls("network/prefixes/"),
    *views.PREFIX_EDIT.urls("network/prefixes/<key>/edit/"),
    *views.PREFIX.urls("network/prefixes/<key>/"),
    *views.ADDRESSES.urls("network/addresses/"),
    *views.ADDRESS.urls("network/addresses/<key>/"),
    *views.GROUP_CREATE.urls("network/vlan-groups/new/"),
    *views.GROUPS.urls("network/vlan-groups/"),
    *views.GROUP_EDIT.urls("network/vlan-groups/<key>/edit/"),
    *views.GROUP.urls("network/vlan-groups/<key>/"),
    *views.VLANS.urls("network/vlans/"),
    *views.VLAN.urls("network/vlans/<key>/"),
    *views.RANGE_CREATE.urls("network/number-ranges/new/"),
    *views.RANGES.urls("network/number-ranges/"),
    *views.RANGE_EDIT.urls("network/number-ranges/<key>/edit/"),
    *views.RANGE.urls("network/number-ranges/<key>/"),
    *views.NUMBERS.urls("network/numbers/"),
    *views.NUMBER.urls("network/numbers/<key>/"),
]
