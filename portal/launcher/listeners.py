"""Ports of what listens to the network and to the mail of a checkout, so that two of them can run at once."""

import os
from collections.abc import Mapping

from portal.launcher import ports
from portal.launcher.checkout import Checkout, State

# Settings of the southbound listeners; each wants host:port.
SOUTHBOUND = ("TRAP_LISTEN", "SYSLOG_LISTEN", "RADIUS_LISTEN")
MAIL = "MAIL"
HOST = "127.0.0.1"


def choose(seed: str, known: Mapping[str, object], *, held: bool = False) -> dict[str, int]:
    """A port for each; `held`: the known ones are in use by the very listeners they were chosen for."""
    chosen: dict[str, int] = {}
    for name in (*SOUTHBOUND, MAIL):
        before = known.get(name)
        if held and isinstance(before, int):
            chosen[name] = before
        else:
            chosen[name] = ports.choose(name, seed, before, avoid=frozenset(chosen.values()))
    return chosen


def kept(checkout: Checkout) -> dict[str, int]:
    """The ports of this checkout's demo, from its state."""
    state = State(checkout)
    record = state.read().get("listeners")
    known = record if isinstance(record, dict) else {}
    chosen = choose(checkout.key, known, held=bool(state.running().get("url")))
    if chosen != known:
        state.update(listeners=chosen)
    return chosen


def environment(chosen: Mapping[str, int]) -> dict[str, str]:
    """The settings that make the processes use these ports. A mail server of the person's own goes first."""
    settings = {name: f"{HOST}:{chosen[name]}" for name in SOUTHBOUND}
    if not os.environ.get("EMAIL_HOST"):
        settings |= {"EMAIL_HOST": HOST, "EMAIL_PORT": str(chosen[MAIL])}
    return settings
