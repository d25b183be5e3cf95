"""Kestrel OS operational commands."""

from __future__ import annotations

from typing import ClassVar

from lab.cli import diagnose, facts
from lab.cli.present import block, blocks, kebab, ping_text, renamed, table
from lab.cli.shell import CliError, Commands, Disconnected, Reply, Shell


class KestrelBase(Shell):
    """What commands need of the shell: Kestrel's errors and its way of showing rows."""

    vendor: ClassVar[str] = "kestrel"
    stops_at_error: ClassVar[bool] = True
    table_full: ClassVar[str] = "error: session table full"

    def error(self, text: str) -> CliError:
        return CliError(f"error: {text}")

    def no_port(self, name: str) -> CliError:
        return self.error(f"interface {name} not found")

    def fields(self, row: facts.Row) -> Reply:
        return Reply(block(row), renamed(row, kebab))

    def rows(self, key: str, rows: list[facts.Row], columns: dict[str, str] | None = None) -> Reply:
        text = table(rows, columns) if columns else blocks(rows)
        return Reply(text, {key: renamed(rows, kebab)})


COMMANDS: Commands[KestrelBase] = Commands(abbreviate=False)
add = COMMANDS.add
Given = dict[str, str]


@add("show version")
def show_version(shell: KestrelBase, given: Given) -> Reply:
    return shell.fields(facts.version(shell.element))


@add("show interfaces terse", "show interfaces terse <name>")
def show_terse(shell: KestrelBase, given: Given) -> Reply:
    rows = [facts.interface(port) for port in shell.ports(given.get("name"))]
    columns = {"name": "Interface", "admin": "Admin", "oper": "Link", "description": "Description"}
    return shell.rows("interfaces", rows, columns)


@add("show interfaces extensive", "show interfaces extensive <name>")
def show_extensive(shell: KestrelBase, given: Given) -> Reply:
    ports = shell.ports(given.get("name"))
    return shell.rows("interfaces", [facts.interface_in_full(shell.element, port) for port in ports])


@add("show services", "show services <name>")
def show_services(shell: KestrelBase, given: Given) -> Reply:
    columns = {"service_name": "Service", "port": "Interface", "vlan": "Unit", "state": "State"}
    columns |= {"down_kbps": "Down kbit/s", "up_kbps": "Up kbit/s", "address": "Address"}
    return shell.rows("services", facts.services(shell.element, given.get("name")), columns)


@add("show subscribers", "show subscribers <user>")
def show_subscribers(shell: KestrelBase, given: Given) -> Reply:
    rows = facts.subscribers(shell.network, shell.element, given.get("user"))
    columns = {"user": "User", "session_id": "Session", "element": "Element", "port": "Interface"}
    return shell.rows("subscribers", rows, columns | {"vlan": "Unit", "address": "Address", "since": "Since"})


@add("show voice lines", "show voice lines <number>")
def show_voice(shell: KestrelBase, given: Given) -> Reply:
    columns = {"number": "Number", "state": "State", "channels": "Channels", "in_use": "In use"}
    rows = facts.voice_lines(shell.element, given.get("number"))
    return shell.rows("lines", rows, columns | {"trunk": "Trunk", "name": "Name"})


@add("show lldp neighbors")
def show_neighbors(shell: KestrelBase, given: Given) -> Reply:
    columns = {"local_port": "Local", "neighbor": "Neighbor", "neighbor_port": "Port", "link": "Link"}
    return shell.rows("neighbors", facts.neighbors(shell.network, shell.element), columns)


@add("show route")
def show_route(shell: KestrelBase, given: Given) -> Reply:
    columns = {"prefix": "Prefix", "next_hop": "Next hop", "protocol": "Protocol"}
    return shell.rows("routes", facts.routes(shell.network, shell.element), columns)


@add("show chassis alarms")
def show_alarms(shell: KestrelBase, given: Given) -> Reply:
    columns = {"since": "Since", "severity": "Class", "kind": "Kind", "text": "Description"}
    return shell.rows("alarms", facts.alarms(shell.element), columns)


@add("show chassis health")
def show_health(shell: KestrelBase, given: Given) -> Reply:
    return shell.fields(facts.health(shell.element))


@add("show log", "show log <last>")
def show_log(shell: KestrelBase, given: Given) -> Reply:
    rows = facts.log(shell.element, shell.count(given["last"]) if "last" in given else None)
    return shell.rows("messages", rows, {"at": "Time", "tag": "Tag", "text": "Message"})


@add("show system users")
def show_users(shell: KestrelBase, given: Given) -> Reply:
    columns = {"id": "Id", "user": "User", "from": "From", "since": "Since", "mode": "Mode"}
    return shell.rows("users", facts.users(shell.element), columns)


@add("ping <address>", "ping <address> count <count>")
def ping(shell: KestrelBase, given: Given) -> Reply:
    count = shell.count(given.get("count", "5"))
    row = diagnose.ping(shell.network, shell.element, shell.address(given["address"]), count)
    return Reply(ping_text(row), {"ping": renamed(row, kebab)})


@add("traceroute <address>")
def traceroute(shell: KestrelBase, given: Given) -> Reply:
    row = diagnose.traceroute(shell.network, shell.element, shell.address(given["address"]))
    return Reply(block(row), {"traceroute": renamed(row, kebab)})


@add("test port <name>")
def test_port(shell: KestrelBase, given: Given) -> Reply:
    row = diagnose.line_test(shell.network, shell.element, shell.port(given["name"]))
    return Reply(block(row), {"test": renamed(row, kebab)})


@add("clear session <user>")
def clear_session(shell: KestrelBase, given: Given) -> Reply:
    shell.clear_subscriber(given["user"])
    return Reply()


@add("restart port <name>")
def restart_port(shell: KestrelBase, given: Given) -> Reply:
    shell.network.bounce(shell.element, shell.port(given["name"]))
    return Reply()


@add("request system software add <version>")
def add_software(shell: KestrelBase, given: Given) -> Reply:
    shell.element.next_version = given["version"]
    return Reply(f"software {given['version']} will run after the next reboot")


@add("request system reboot")
def reboot(shell: KestrelBase, given: Given) -> Reply:
    shell.network.reboot(shell.element)
    raise Disconnected("Shutdown NOW!")
