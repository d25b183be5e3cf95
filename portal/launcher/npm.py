"""The npm registry a person has configured, read from the same places as npm itself, and downloads from it."""

import base64
import hashlib
import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from portal.launcher.console import LauncherError

DEFAULT_REGISTRY = "https://registry.npmjs.org/"
LARGEST = 64 * 1024 * 1024
ATTEMPTS = 3
# npm looks in the etc of its own prefix; these are the prefixes it is installed with.
GLOBAL_FILES = (Path("/etc/npmrc"), Path("/usr/etc/npmrc"), Path("/usr/local/etc/npmrc"))


@dataclass(frozen=True)
class Registry:
    """Addresses, tokens and authorities by npm's configuration."""

    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path, environment: Mapping[str, str] = os.environ) -> "Registry":
        """Global, user's and project's configuration files, then the environment: the later wins."""
        settings: dict[str, str] = {}
        home = Path(environment.get("HOME", "/"))
        # npm compares these names without regard to case, and so do we.
        variables = {name.lower(): value for name, value in environment.items()}
        everywhere = variables.get("npm_config_globalconfig")
        files = [
            *([Path(everywhere)] if everywhere else GLOBAL_FILES),
            Path(variables.get("npm_config_userconfig", home / ".npmrc")),
            root / ".npmrc",
        ]
        for file in files:
            settings.update(parse_npmrc(file, environment))
        for name, value in variables.items():
            if name.startswith("npm_config_"):
                settings[name.removeprefix("npm_config_").replace("_", "-")] = value
        return cls(settings)

    def address(self, package: str) -> str:
        """The registry of a package: that of its scope, else the general one."""
        scope = package.split("/")[0] if package.startswith("@") else ""
        found = self.settings.get(f"{scope}:registry") or self.settings.get("registry") or DEFAULT_REGISTRY
        return found.rstrip("/") + "/"

    def tarball(self, package: str, version: str) -> str:
        """Where every registry keeps a package's archive."""
        return f"{self.address(package)}{package}/-/{package.split('/')[-1]}-{version}.tgz"

    def fetch(self, package: str, version: str, integrity: str) -> bytes:
        """The archive, proved to be the one that was recorded."""
        url = self.tarball(package, version)
        archive = self._download(url)
        verify(archive, integrity, f"{package} {version} from {url}")
        return archive

    def _download(self, url: str) -> bytes:
        request = urllib.request.Request(url, headers=self._headers(url))  # noqa: S310 - http(s) is checked below
        if urlsplit(url).scheme not in {"http", "https"}:
            raise LauncherError(f"the npm registry's address {url} is neither http nor https")
        problem: object = None
        for _ in range(ATTEMPTS):
            try:
                with urllib.request.urlopen(request, timeout=30, context=self._tls()) as answer:  # noqa: S310
                    return _limited(answer.read(LARGEST + 1), url)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise LauncherError(f"{url} answered {error.code} {error.reason}", _HINT) from error
                problem = f"{error.code} {error.reason}"
            except OSError as error:  # no name, no route, a time-out, a broken certificate chain
                problem = getattr(error, "reason", error)
        raise LauncherError(f"{url} cannot be reached: {problem}", _HINT)

    def _headers(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        path = parts.path
        while path:
            path = path.rpartition("/")[0]
            place = f"//{parts.netloc}{path}/"
            if token := self.settings.get(f"{place}:_authToken"):
                return {"Authorization": f"Bearer {token}"}
            if basic := self.settings.get(f"{place}:_auth"):
                return {"Authorization": f"Basic {basic}"}
        return {}

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for authority in (self.settings.get("cafile"), os.environ.get("NODE_EXTRA_CA_CERTS")):
            if authority and Path(authority).is_file():
                context.load_verify_locations(authority)
        return context


_HINT = "The first start needs the network, or NPM_CONFIG_REGISTRY set to a registry you can reach."


def parse_npmrc(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Key and value of each line of an npmrc; ${NAME} stands for the environment's value."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        key, separator, value = line.strip().partition("=")
        if separator and not key.startswith(("#", ";")):
            expanded = re.sub(
                r"\$\{(\w+)\}", lambda match: environment.get(match[1], match[0]), value.strip()
            )
            found[key.strip()] = expanded.strip("\"'")
    return found


def verify(content: bytes, integrity: str, what: str) -> None:
    """Refuse content that is not what its Subresource Integrity text says."""
    algorithm, _, expected = integrity.partition("-")
    if algorithm not in {"sha512", "sha384", "sha256"} or not expected:
        raise LauncherError(f"{what}: the recorded integrity {integrity!r} is not a SHA-2 one")
    found = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    if found != expected:
        raise LauncherError(
            f"{what} is not the file that was recorded (expected {integrity}, found {algorithm}-{found})",
            "A proxy or mirror altered it, or the version was published anew. It has not been unpacked.",
        )


def _limited(content: bytes, url: str) -> bytes:
    if len(content) > LARGEST:
        raise LauncherError(f"{url} is larger than {LARGEST // 1024 // 1024} MB")
    return content
