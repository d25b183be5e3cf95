"""The REST surface: lists of 50 and 1,000 ports, one element, create one, create many, beside bare Django views."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

from benchmarks.harness import Measured, analyse, database, timed

TITLE = "calls through token, limits, permissions and TMF630, beside bare Django views over the same rows"
ROWS = 10_000
PORTS = 50  # an element
MANY = 1_000
BASE = "/tmf-api/resourceInventoryManagement/v4/resource"


def run(rows: int) -> Measured:
    """Measure every call over `rows` ports; the figure reported is that of the call with the lowest ratio."""
    with database("rest"):
        from django.test import override_settings

        served = {"ROOT_URLCONF": "benchmarks._rest_urls", "ALLOWED_HOSTS": ["testserver"]}
        with override_settings(**served, API_RATES={"read": 10**9, "write": 10**9}):
            return _measure(rows)


def _measure(rows: int) -> Measured:
    kind, place = _network(rows)
    call = _caller()
    element = call("GET", f"{BASE}?@type=NetworkElement&limit=1").json()[0]
    serial = iter(range(10**9))

    def body() -> dict[str, Any]:
        return {
            "@type": "NetworkElement",
            "name": f"bench-{next(serial)}",
            "resourceSpecification": {"id": str(kind)},
            "place": {"id": str(place)},
            "resourceCharacteristic": [{"name": "role", "value": "access"}],
        }

    cases: dict[str, tuple[int, Callable[[], Any], Callable[[], Any]]] = {
        f"list {count}": (
            repeat,
            lambda count=count: call("GET", f"{BASE}?@type=Port&limit={count}"),  # type: ignore[misc]
            lambda count=count: call("GET", f"/bare/list/{count}"),  # type: ignore[misc]
        )
        for count, repeat in ((50, 60), (1000, 12))
    }
    cases["detail"] = (
        60,
        lambda: call("GET", f"{BASE}/{element['id']}"),
        lambda: call("GET", f"/bare/{element['id']}"),
    )
    cases["create"] = (20, lambda: call("POST", BASE, body()), lambda: call("POST", "/bare/create", [body()]))
    cases[f"create {MANY}"] = (
        3,
        lambda: call("POST", BASE, [body() for _ in range(MANY)]),
        lambda: call("POST", "/bare/create", [body() for _ in range(MANY)]),
    )
    figures = {name: _pair(*case) for name, case in cases.items()}
    worst = min(figures, key=lambda name: figures[name][1] / figures[name][0])
    return Measured(
        rows=1,
        unit="calls",
        product_s=figures[worst][0],
        baseline_s=figures[worst][1],
        baseline=f"bare Django view ({worst})",
        notes={
            "ports": rows,
            **{
                name: f"{ours * 1000:.1f} ms beside {bare * 1000:.1f} ms, ratio {bare / ours:.2f}"
                for name, (ours, bare) in figures.items()
            },
        },
    )


def _pair(repeat: int, ours: Callable[[], Any], bare: Callable[[], Any]) -> tuple[float, float]:
    """Median seconds of both, taken in turn so that a busy moment of the machine hits both."""
    ours()
    bare()
    pairs = [(timed(ours)[0], timed(bare)[0]) for _ in range(repeat)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _caller() -> Callable[..., Any]:
    from django.contrib.auth.models import Group
    from django.test import Client

    from kernel import clock
    from kernel.models import ApiToken, User

    user = User.objects.create_user("bench")
    user.groups.set(Group.objects.filter(name="admin"))
    _row, secret = ApiToken.issue(user, "bench", expires=clock.system_now() + timedelta(days=1))
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def call(method: str, path: str, body: Any = None) -> Any:
        data = "" if body is None else json.dumps(body)
        response = client.generic(method, path, data, content_type="application/json")
        if response.status_code not in {200, 201, 206}:
            raise SystemExit(f"{method} {path}: {response.status_code} {response.content[:500]!r}")
        return response

    return call


def _network(rows: int) -> tuple[Any, Any]:
    """Elements with `rows` ports, straight into the tables; returns a device type without ports and a site."""
    from oss.inventory.models import DeviceType, Location, Manufacturer, NetworkElement, Port

    site = Location.objects.create(kind=Location.Kind.SITE, code="bench", name="Bench")
    maker = Manufacturer.objects.create(name="Bench")
    kind = DeviceType.objects.create(manufacturer=maker, model="Bench")
    elements = NetworkElement.objects.bulk_create(
        NetworkElement(name=f"e{n}", role=NetworkElement.Role.ACCESS, device_type=kind, location=site)
        for n in range(max(1, rows // PORTS))
    )
    Port.objects.bulk_create(
        (
            Port(element=element, name=f"ge-0/0/{n}", if_index=n + 1, speed_mbps=1000)
            for element in elements
            for n in range(PORTS)
        ),
        batch_size=2000,
    )
    analyse("oss_inventory_networkelement", "oss_inventory_port")
    return kind.pk, site.pk
