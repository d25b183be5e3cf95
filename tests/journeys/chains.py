"""Follows the chains that hold the two halves together, as a person would: from page to page, over HTTP."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import resolve

from kernel.pages import url_of

LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
# Parts of a page that ask for something to be done, or only count.
NOT_READ = frozenset({"do", "edit", "new", "delete", "counts"})
# A tab, and what it loads afterwards.
DEEPEST = 2


class Walker:
    """A person at the portal who opens a thing's page with all its tabs and panels, and looks for links."""

    def __init__(self, client: Client) -> None:
        # Pages are registered when the addresses are first read.
        resolve("/")
        self.client = client
        self._links: dict[str, set[str]] = {}
        self._went: dict[str, str] = {}

    def leads(self, thing: Any, other: Any) -> bool:
        """Whether the pages of `thing` lead to the page of `other`, at once or by its number (`/go/...`)."""
        links, wanted = self.links_of(thing), page_of(other)
        return wanted in links or any(self._goes(link) == wanted for link in links if link.startswith("/go/"))

    def links_of(self, thing: Any) -> set[str]:
        """Addresses, without their queries, that a thing's page leads to, with its tabs and what these load."""
        home = page_of(thing)
        if home not in self._links:
            self._links[home] = self._walk(home)
        return self._links[home]

    def _walk(self, home: str) -> set[str]:
        found: set[str] = set()
        seen, level = {home}, {home}
        for _depth in range(DEEPEST + 1):
            links = {link for address in level for link in self._read(address)}
            found |= {link.partition("?")[0] for link in links}
            level = {link for link in links if _is_part(link, home)} - seen
            seen |= level
        return found

    def _read(self, address: str) -> set[str]:
        answer = self.client.get(address)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            return set()
        return {unescape(link) for link in LINK.findall(answer.content.decode())}

    def _goes(self, link: str) -> str:
        if link not in self._went:
            self._went[link] = self.client.get(link).headers.get("Location", "")
        return self._went[link]


def page_of(thing: Any) -> str:
    """Address of the thing's page; everything in a chain has one."""
    home = url_of(thing)
    assert home, f"{thing!r} has no page"
    return home


def _is_part(link: str, home: str) -> bool:
    """Whether an address is a tab or a panel of the page, as it is first seen."""
    return (
        link.startswith(home) and "?" not in link and not NOT_READ & set(link.removeprefix(home).split("/"))
    )
