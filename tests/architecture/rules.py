"""The import rule as a function, read from the linter's own contracts so that it is written down once."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AREAS = ("service_mgmt", "oss", "bss")
PRODUCT = ("portal", *AREAS, "kernel", "lab", "benchmarks")


@cache
def layers(contract: str) -> tuple[frozenset[str], ...]:
    """The layers of a contract of pyproject.toml, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    found = next(each for each in contracts if each["id"] == contract)
    return tuple(frozenset(name.strip(" ()") for name in layer.split("|")) for layer in found["layers"])


@dataclass(frozen=True)
class Home:
    """The area and, inside it, the app that something belongs to; `portal`, `kernel` and `lab` are both at once."""

    area: str
    app: str = ""

    @classmethod
    def of_label(cls, label: str) -> "Home | None":
        """Home of a Django app's label, None for an app that is not ours."""
        for area in AREAS:
            if label.startswith(f"{area}_"):
                return cls(area, label.removeprefix(f"{area}_"))
        return cls(label) if label in PRODUCT else None

    @classmethod
    def of_path(cls, path: Path) -> "Home":
        """Home of a file; a page in templates/ belongs to the app named by its folders, or else to the portal."""
        parts = path.relative_to(ROOT).parts
        if parts[0] == "templates":
            if len(parts) > 2 and parts[1] in AREAS:
                return cls(parts[1], parts[2])
            return cls.of_label(parts[1]) or cls("portal")
        return cls(parts[0], parts[1]) if parts[0] in AREAS else cls(parts[0])

    def may_know(self, other: "Home") -> bool:
        """Whether the import rule lets something here refer to something there."""
        if self == other:
            return True
        if self.area == other.area:
            return _is_above(layers(self.area), self.app, other.app)
        return _is_above(layers("areas"), self.area, other.area)


def _is_above(order: tuple[frozenset[str], ...], upper: str, lower: str) -> bool:
    places = {name: position for position, names in enumerate(order) for name in names}
    return upper in places and lower in places and places[upper] < places[lower]


@cache
def python_files(*tops: str) -> tuple[Path, ...]:
    """Python files of some top folders of the project, or of all."""
    wanted = tops or (*PRODUCT, "tests")
    return tuple(path for top in wanted for path in sorted((ROOT / top).rglob("*.py")))


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    """Calls of a function or method of that name in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called == name:
                yield node


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"
