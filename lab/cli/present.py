"""From rows to what the vendors print: key styles, tables, blocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from lab.cli.facts import Row

_KESTREL_NAMES = {"services": "units"} | {
    f"{side}_{what}": f"{'input' if side == 'in' else 'output'}-{theirs}"
    for side in ("in", "out")
    for what, theirs in (
        ("octets", "bytes"),
        ("packets", "packets"),
        ("errors", "errors"),
        ("discards", "drops"),
        ("bps", "bps"),
    )
}


def kebab(key: str) -> str:
    """Kestrel's names: in_octets becomes input-bytes."""
    return _KESTREL_NAMES.get(key) or key.replace("_", "-")


def camel(key: str) -> str:
    """Heron's names: in_octets becomes inOctets."""
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def renamed(value: Any, style: Callable[[str], str]) -> Any:
    """Rows, nested ones too, with their keys in a vendor's style. Keys must be field names, never data."""
    if isinstance(value, dict):
        return {style(key): renamed(below, style) for key, below in value.items()}
    if isinstance(value, list):
        return [renamed(below, style) for below in value]
    return value


def as_json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def table(rows: Iterable[Row], columns: dict[str, str]) -> str:
    """Aligned columns; `columns` maps keys to headings."""
    lines = [list(columns.values())]
    lines += [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def block(row: Row, indent: int = 0) -> str:
    """One field a line; rows inside rows are indented."""
    lines = []
    for key, value in row.items():
        label = " " * indent + key.replace("_", " ").capitalize()
        if isinstance(value, list):
            lines += [f"{label}:", *(block(below, indent + 2) for below in value)] if value else []
        else:
            lines.append(f"{label}: {_cell(value)}")
    return "\n".join(lines)


def blocks(rows: Iterable[Row]) -> str:
    return "\n\n".join(block(row) for row in rows)


def ping_text(row: Row) -> str:
    lines = [
        f"PING {row['target']}: 56 data bytes",
        f"--- {row['target']} ping statistics ---",
        f"{row['sent']} packets transmitted, {row['received']} packets received,"
        f" {row['loss_percent']}% packet loss",
    ]
    if row["received"]:
        lines.append(
            f"round-trip min/avg/max = {row['rtt_min_ms']}/{row['rtt_avg_ms']}/{row['rtt_max_ms']} ms"
        )
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    return str(value)
