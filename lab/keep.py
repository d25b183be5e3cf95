"""What outlives a run, in the folder beside the state file: keys, passwords, startup configurations."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import asyncssh

from lab.config.args import ConfigError
from lab.config.schema import Schema
from lab.config.tree import Tree


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a whole file or none of it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(part, path)


class Keep:
    """The folder. Secrets are made once, at random, and never leave it but by the state file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in (folder, folder / "host_keys", folder / "startup"):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._passwords: dict[str, str] = self._json("passwords.json") or {}

    def password(self, element: str) -> str:
        if element not in self._passwords:
            self._passwords[element] = secrets.token_urlsafe(12)
            write_atomically(self.folder / "passwords.json", json.dumps(self._passwords))
        return self._passwords[element]

    def host_key(self, element: str) -> asyncssh.SSHKey:
        return self._key(self.folder / "host_keys" / element, element)

    @property
    def client_key_path(self) -> Path:
        return self.folder / "client_key"

    def client_keys(self) -> asyncssh.SSHAuthorizedKeys:
        """The one client key, as every element authorizes it."""
        key = self._key(self.client_key_path, "lab")
        return asyncssh.import_authorized_keys(key.export_public_key().decode())

    def startup(self, element: str, schema: Schema) -> Tree | None:
        """The saved startup configuration; statements that the topology no longer allows are left out."""
        rows = self._json(f"startup/{element}.json")
        if rows is None:
            return None
        tree = Tree()
        for path, value in Tree.from_json(rows).items():
            try:
                tree.set(*schema.statement([*path, value] if value else path))
            except ConfigError:
                continue
        return tree

    def save_startup(self, element: str, tree: Tree) -> None:
        write_atomically(self.folder / "startup" / f"{element}.json", json.dumps(tree.to_json()))

    def _json(self, name: str) -> Any:
        path = self.folder / name
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def _key(self, path: Path, comment: str) -> asyncssh.SSHKey:
        if path.exists():
            return asyncssh.read_private_key(str(path))
        key = asyncssh.generate_private_key("ssh-ed25519", comment=comment)
        write_atomically(path, key.export_private_key().decode())
        return key
