"""The rule itself, on cases whose answer is plain."""

import pytest

from tests.architecture.rules import ROOT, Home


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("portal", "bss_billing"),
        ("service_mgmt_levels", "bss_billing"),
        ("service_mgmt_changes", "service_mgmt_design"),
        ("oss_incidents", "oss_alarms"),
        ("oss_southbound", "oss_inventory"),
        ("bss_care", "bss_customers"),
        ("bss_orders", "kernel"),
    ],
)
def test_the_upper_may_know_the_lower_and_not_the_reverse(upper: str, lower: str) -> None:
    above, below = Home.of_label(upper), Home.of_label(lower)

    assert above is not None
    assert below is not None
    assert above.may_know(below)
    assert not below.may_know(above)


@pytest.mark.parametrize(
    ("one", "other"),
    [("oss_inventory", "bss_orders"), ("bss_catalog", "bss_customers"), ("oss_capacity", "oss_incidents")],
)
def test_neighbours_do_not_know_each_other(one: str, other: str) -> None:
    left, right = Home.of_label(one), Home.of_label(other)

    assert left is not None
    assert right is not None
    assert not left.may_know(right)
    assert not right.may_know(left)


def test_packages_of_others_have_no_home() -> None:
    assert Home.of_label("contenttypes") is None


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("bss/orders/views.py", Home("bss", "orders")),
        ("kernel/money.py", Home("kernel")),
        ("templates/oss/inventory/site_list.html", Home("oss", "inventory")),
        ("templates/oss_inventory/site_list.html", Home("oss", "inventory")),
        ("templates/base.html", Home("portal")),
    ],
)
def test_a_file_belongs_to_the_app_of_its_folder(path: str, home: Home) -> None:
    assert Home.of_path(ROOT / path) == home
