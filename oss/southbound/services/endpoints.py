"""Where elements are managed: credentials and endpoints."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kernel import lifecycle, secrets
from kernel.errors import Invalid
from oss.inventory.models import NetworkElement
from oss.southbound.drivers import DRIVERS
from oss.southbound.models import Credential, ManagementEndpoint


def create_credential(
    *, name: str, username: str, password: str = "", community: str = "", radius_secret: str = ""
) -> Credential:
    """Keep a credential, encrypted; one of that name is brought up to date."""
    values: dict[str, Any] = {
        "username": username,
        "password_sealed": secrets.seal(password) if password else "",
        "community_sealed": secrets.seal(community) if community else "",
        "radius_secret_sealed": secrets.seal(radius_secret) if radius_secret else "",
    }
    present = Credential.objects.filter(name=name).first()
    if present is None:
        return lifecycle.create(Credential(name=name, **values))
    known = (present.username, present.password, present.community, present.radius_secret)
    if known == (username, password, community, radius_secret):
        return present  # sealing again would look like a change in the journal
    return lifecycle.change(present, **values)


def register_endpoint(
    *,
    element: NetworkElement,
    driver: str,
    host: str,
    ssh_port: int,
    snmp_port: int,
    credential: Credential,
    host_key: str = "",
    echo_port: int | None = None,
    coa_port: int | None = None,
) -> ManagementEndpoint:
    """Say where an element is managed; said again, it is brought up to date. Raises Invalid for an unknown driver."""
    if driver not in DRIVERS:
        raise Invalid(_("There is no driver %(name)s") % {"name": driver}, code="driver.unknown")
    values: dict[str, Any] = {
        "driver": driver,
        "host": host,
        "ssh_port": ssh_port,
        "snmp_port": snmp_port,
        "echo_port": echo_port,
        "coa_port": coa_port,
        "host_key": host_key,
        "credential": credential,
    }
    present = ManagementEndpoint.objects.filter(element=element).first()
    if present is None:
        return lifecycle.create(ManagementEndpoint(element=element, **values))
    return lifecycle.change(present, **values)


def register_lab(state: dict[str, Any]) -> list[ManagementEndpoint]:
    """Endpoints of every element of a lab's state file (docs/lab.md) that the inventory knows by name."""
    elements = {
        element.name: element for element in NetworkElement.objects.filter(name__in=state["elements"])
    }
    made = []
    with transaction.atomic():
        for name, row in sorted(state["elements"].items()):
            if name not in elements:
                continue
            credential = create_credential(
                name=f"lab {name}",
                username=row["username"],
                password=row["password"],
                community=row["community"],
                radius_secret=row.get("radius_secret", ""),
            )
            made.append(
                register_endpoint(
                    element=elements[name],
                    driver=row["vendor"],
                    host=row["host"],
                    ssh_port=row["ssh_port"],
                    snmp_port=row["snmp_port"],
                    echo_port=row.get("echo_port"),
                    coa_port=row.get("coa_port"),
                    host_key=row["host_key"],
                    credential=credential,
                )
            )
    return made
