"""Heron NOS privileged commands."""

from __future__ import annotations

from typing import ClassVar

from lab.cli import diagnose, facts
from lab.cli import heron_grammar as grammar
from lab.cli.present import block, blocks, camel, ping_text, renamed, table
from lab.cli.shell import CliError, Commands, Disconnected, Reply, Shell
from lab.config.tree import Tree


class HeronBase(Shell):
    """What commands need of the shell: Heron's errors and its way of showing rows."""

    vendor: ClassVar[str] = "heron"
    stops_at_error: ClassVar[bool] = False
    table_full: ClassVar[str] = "% Session table full"

    def error(self, text: str) -> CliError:
        return CliError(f"% {text[:1].upper()}{text[1:]}")

    def no_port(self, name: str) -> CliError:
        return self.error(f"Interface {name} does not exist")

    def fields(self, row: facts.Row) -> Reply:
        return Reply(block(row), renamed(row, camel))

    def keyed(self, key: str, by: str, rows: list[facts.Row], columns: dict[str, str] | None = None) -> Reply:
        text = table(rows, columns) if columns else blocks(rows)
        return Reply(text, {key: {str(row[by]): renamed(row, camel) for row in rows}})

    def config(self, tree: Tree) -> Reply:
        data = {"configuration": grammar.nested(tree), "generation": self.element.store.history[0].number}
        title = f"! {self.element.host_name}, Heron NOS {self.element.version}"
        return Reply(f"{title}\n{grammar.render(tree)}", data)


COMMANDS: Commands[HeronBase] = Commands(abbreviate=True)
add = COMMANDS.add
Given = dict[str, str]
COUNTERS = {"name": "Port", "in_octets": "InOctets", "out_octets": "OutOctets", "in_errors": "InErrors"}
COUNTERS |= {"out_errors": "OutErrors", "in_discards": "InDiscards", "out_discards": "OutDiscards"}


@add("show version")
def show_version(shell: HeronBase, given: Given) -> Reply:
    return shell.fields(facts.version(shell.element))


@add("show interfaces", "show interfaces <name>")
def show_interfaces(shell: HeronBase, given: Given) -> Reply:
    ports = shell.ports(given.get("name"))
    return shell.keyed("interfaces", "name", [facts.interface_in_full(shell.element, port) for port in ports])


@add("show interfaces status")
def show_status(shell: HeronBase, given: Given) -> Reply:
    columns = {
        "name": "Port",
        "description": "Name",
        "oper": "Status",
        "admin": "Admin",
        "speed_mbps": "Mbit/s",
    }
    return shell.keyed("interfaces", "name", [facts.interface(port) for port in shell.ports(None)], columns)


@add("show interfaces counters", "show interfaces <name> counters")
def show_counters(shell: HeronBase, given: Given) -> Reply:
    ports = shell.ports(given.get("name"))
    rows = [{"name": port.name, **facts.counters(shell.element, port)} for port in ports]
    return shell.keyed("interfaces", "name", rows, COUNTERS)


@add("show services", "show services <name>")
def show_services(shell: HeronBase, given: Given) -> Reply:
    columns = {"service_name": "Service", "port": "Port", "vlan": "Vlan", "state": "State"}
    columns |= {"down_kbps": "Down kbit/s", "up_kbps": "Up kbit/s", "address": "Address"}
    rows = facts.services(shell.element, given.get("name"))
    return shell.keyed("services", "service_name", rows, columns)


@add("show subscribers", "show subscribers <user>")
def show_subscribers(shell: HeronBase, given: Given) -> Reply:
    rows = facts.subscribers(shell.network, shell.element, given.get("user"))
    columns = {"user": "User", "session_id": "Session", "port": "Port", "vlan": "Vlan", "address": "Address"}
    return shell.keyed("subscribers", "user", rows, columns | {"since": "Since"})


@add("show voice lines", "show voice lines <number>")
def show_voice(shell: HeronBase, given: Given) -> Reply:
    columns = {"number": "Number", "state": "State", "channels": "Channels", "in_use": "In use"}
    rows = facts.voice_lines(shell.element, given.get("number"))
    return shell.keyed("lines", "number", rows, columns | {"trunk": "Trunk", "name": "Name"})


@add("show lldp neighbors")
def show_neighbors(shell: HeronBase, given: Given) -> Reply:
    columns = {"local_port": "Port", "neighbor": "Neighbor", "neighbor_port": "Neighbor port"}
    return shell.keyed("neighbors", "local_port", facts.neighbors(shell.network, shell.element), columns)


@add("show ip route")
def show_route(shell: HeronBase, given: Given) -> Reply:
    columns = {"prefix": "Prefix", "next_hop": "Next hop", "protocol": "Protocol"}
    return shell.keyed("routes", "prefix", facts.routes(shell.network, shell.element), columns)


@add("show environment")
def show_environment(shell: HeronBase, given: Given) -> Reply:
    return shell.fields({**facts.health(shell.element), "alarms": facts.alarms(shell.element)})


@add("show logging", "show logging <last>")
def show_log(shell: HeronBase, given: Given) -> Reply:
    rows = facts.log(shell.element, shell.count(given["last"]) if "last" in given else None)
    return Reply(
        table(rows, {"at": "Time", "tag": "Tag", "text": "Message"}), {"messages": renamed(rows, camel)}
    )


@add("show users")
def show_users(shell: HeronBase, given: Given) -> Reply:
    columns = {"id": "Id", "user": "User", "from": "From", "since": "Since", "mode": "Mode"}
    return shell.keyed("users", "id", facts.users(shell.element), columns)


@add("show running-config")
def show_running(shell: HeronBase, given: Given) -> Reply:
    return shell.config(shell.element.store.running)


@add("show startup-config")
def show_startup(shell: HeronBase, given: Given) -> Reply:
    return shell.config(shell.element.store.startup)


@add("show configuration generations")
def show_generations(shell: HeronBase, given: Given) -> Reply:
    return shell.fields(facts.commits(shell.element.store))


@add("copy running-config startup-config", "write memory")
def save(shell: HeronBase, given: Given) -> Reply:
    shell.element.store.save()
    return Reply("Copy completed successfully.")


@add("ping <address>", "ping <address> count <count>")
def ping(shell: HeronBase, given: Given) -> Reply:
    count = shell.count(given.get("count", "5"))
    row = diagnose.ping(shell.network, shell.element, shell.address(given["address"]), count)
    return Reply(ping_text(row), {"ping": renamed(row, camel)})


@add("traceroute <address>")
def traceroute(shell: HeronBase, given: Given) -> Reply:
    row = diagnose.traceroute(shell.network, shell.element, shell.address(given["address"]))
    return Reply(block(row), {"traceroute": renamed(row, camel)})


@add("test port <name>")
def test_port(shell: HeronBase, given: Given) -> Reply:
    row = diagnose.line_test(shell.network, shell.element, shell.port(given["name"]))
    return Reply(block(row), {"test": renamed(row, camel)})


@add("clear session <user>")
def clear_session(shell: HeronBase, given: Given) -> Reply:
    shell.clear_subscriber(given["user"])
    return Reply()


@add("clear interface <name>")
def clear_interface(shell: HeronBase, given: Given) -> Reply:
    shell.network.bounce(shell.element, shell.port(given["name"]))
    return Reply()


@add("boot system <version>")
def boot_system(shell: HeronBase, given: Given) -> Reply:
    shell.element.next_version = given["version"]
    return Reply()


@add("reload")
def reload(shell: HeronBase, given: Given) -> Reply:
    shell.network.reboot(shell.element)
    raise Disconnected("System is going down for reload")


@add("terminal length <lines>", "terminal width <columns>")
def terminal(shell: HeronBase, given: Given) -> Reply:
    return Reply()
