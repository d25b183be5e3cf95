"""`Api`: one TM Forum document, its base path and the resources the installed apps serve of it."""

from __future__ import annotations

from typing import Any, TypeVar

from kernel.tmf import registry
from kernel.tmf.resource import Resource
from kernel.tmf.task import Task

R = TypeVar("R", bound=type[Resource[Any]])
T = TypeVar("T", bound=type[Task])


class Api:
    """One document. Made once, in the `api.py` of the lowest app that serves a part of it."""

    def __init__(
        self,
        number: str,
        title: str,
        path: str,
        *,
        document: str,
        aliases: tuple[str, ...] = (),
        extension: bool = False,
    ) -> None:
        if number in registry.APIS:
            raise ValueError(
                f"API {number} is declared twice: import the object and add your resources to it"
            )
        if path.endswith("/") or not path.startswith("/"):
            raise ValueError(f"{path}: a base path starts with a slash and does not end with one")
        self.number = number
        self.title = title
        self.path = path
        self.document = document
        self.aliases = aliases
        self.extension = extension
        self.resources: dict[str, Resource[Any]] = {}
        registry.APIS[number] = self

    def __repr__(self) -> str:
        return f"TMF{self.number} {self.title}"

    def resource(self, cls: R) -> R:
        """Class decorator: serve this resource."""
        self.add(cls)
        return cls

    def task(self, cls: T) -> T:
        """Class decorator: serve this task resource."""
        self.add(cls)
        return cls

    def add(self, cls: type[Resource[Any]]) -> None:
        """Serve a resource; raises ValueError when the path is taken."""
        made = cls(self)
        if made.path in self.resources:
            raise ValueError(f"{self!r} has two resources at {made.path}")
        self.resources[made.path] = made

    @property
    def has_hub(self) -> bool:
        """Whether any resource announces events."""
        return any(resource.events for resource in self.resources.values())
