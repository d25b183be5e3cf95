"""What one message from the network says, before anybody knows which element and port it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Sign:
    """A message read: what happened (`kind`, a key of `normalise.EFFECTS`) and what it names.

    `at` is the sender's own time, None where the protocol carries none; `subject` is the neighbour, sensor or
    alarm the message speaks of beside the port; `severity` is the sender's own word for it, if it gave one.
    """

    kind: str
    text: str
    at: datetime | None = None
    host: str = ""
    if_index: int | None = None
    port: str = ""
    subject: str = ""
    severity: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
