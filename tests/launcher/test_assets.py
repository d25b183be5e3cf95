import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from portal.launcher import assets
from portal.launcher.assets import Package, sprite, unpack, without_source_map
from portal.launcher.checkout import Checkout
from portal.launcher.console import LauncherError
from portal.launcher.npm import DEFAULT_REGISTRY, Registry, parse_npmrc, verify
from tests.launcher.conftest import ROOT

BELL = '<svg xmlns="http://www.w3.org/2000/svg"\n class="icon">\n  <path d="M1 1h2" />\n  <path d="M3 3h4" />\n</svg>'


def archive(files: dict[str, str], top: str = "package") -> bytes:
    """An npm archive of those files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


class RegistryServer:
    """A registry on the loopback that remembers what it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, self.headers.get("Authorization")))
                content = server.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_args: Any) -> None:
                """Be silent."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/npm/"

    def registry(self, **more: str) -> Registry:
        return Registry({"registry": self.url, **more})


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    made = RegistryServer()
    thread = threading.Thread(target=made.http.serve_forever)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


@pytest.fixture
def project(tmp_path: Path, server: RegistryServer) -> Checkout:
    """A checkout with a manifest of one package that the registry has."""
    content = archive({"dist/x.js": "js", "dist/x.css": "css", "secret.txt": "not listed"})
    server.files["/npm/@scope/x/-/x-1.0.0.tgz"] = content
    write_manifest(tmp_path, integrity(content))
    checkout = Checkout(tmp_path)
    checkout.prepare()
    return checkout


def write_manifest(root: Path, recorded: str, **more: Any) -> None:
    entry = {
        "name": "@scope/x",
        "version": "1.0.0",
        "integrity": recorded,
        "folder": "x",
        "files": {"dist/x.js": "x.js", "dist/x.css": "css/x.css"},
        **more,
    }
    (root / "static").mkdir(exist_ok=True)
    (root / "static/vendor.json").write_text(json.dumps({"packages": [entry]}))


def test_only_the_listed_files_are_unpacked(project: Checkout, server: RegistryServer) -> None:
    assert assets.ensure(project, server.registry())

    vendor = project.root / "static/vendor"
    found = {
        str(path.relative_to(vendor)): path.read_text() for path in vendor.rglob("*.*") if path.is_file()
    }
    assert found.keys() - {".manifest"} == {"x/x.js", "x/css/x.css"}
    assert found["x/x.js"].strip() == "js"


def test_with_everything_in_place_the_network_is_not_asked(project: Checkout, server: RegistryServer) -> None:
    assets.ensure(project, server.registry())
    server.requests.clear()

    assert not assets.ensure(project, Registry({"registry": "http://127.0.0.1:1/"}))
    assert server.requests == []


def test_a_file_that_was_removed_is_fetched_again(project: Checkout, server: RegistryServer) -> None:
    assets.ensure(project, server.registry())
    (project.root / "static/vendor/x/x.js").unlink()

    assert assets.ensure(project, server.registry())
    assert (project.root / "static/vendor/x/x.js").exists()


def test_an_altered_package_is_refused_and_the_old_files_stay(
    project: Checkout, server: RegistryServer
) -> None:
    assets.ensure(project, server.registry())
    write_manifest(project.root, "sha512-" + base64.b64encode(b"x" * 64).decode())

    with pytest.raises(LauncherError, match="is not the file that was recorded") as refusal:
        assets.ensure(project, server.registry())

    assert "not been unpacked" in refusal.value.hint
    assert (project.root / "static/vendor/x/x.js").exists()


def test_a_missing_package_is_named_with_its_address(project: Checkout, server: RegistryServer) -> None:
    server.files.clear()

    with pytest.raises(LauncherError, match=r"x-1\.0\.0\.tgz answered 404"):
        assets.ensure(project, server.registry())


def test_an_unreachable_registry_says_how_to_name_another(project: Checkout) -> None:
    with pytest.raises(LauncherError, match="cannot be reached") as refusal:
        assets.ensure(project, Registry({"registry": "http://127.0.0.1:1/"}))

    assert "NPM_CONFIG_REGISTRY" in refusal.value.hint


def test_a_token_goes_to_its_own_registry_alone(project: Checkout, server: RegistryServer) -> None:
    place = server.url.removeprefix("http:")
    assets.ensure(project, server.registry(**{f"{place}:_authToken": "T", "//elsewhere/:_authToken": "U"}))

    assert server.requests == [("/npm/@scope/x/-/x-1.0.0.tgz", "Bearer T")]


@pytest.mark.parametrize("target", ["../outside.js", "/etc/passwd", "a/../../outside"])
def test_a_manifest_cannot_write_outside_of_the_vendor_folder(project: Checkout, target: str) -> None:
    write_manifest(project.root, "sha512-x", files={"dist/x.js": target}, folder="")

    with pytest.raises(LauncherError, match="outside of"):
        assets.ensure(project, Registry())


def test_a_manifest_that_cannot_be_read_is_named(project: Checkout) -> None:
    (project.root / "static/vendor.json").write_text("{")

    with pytest.raises(LauncherError, match=r"vendor\.json cannot be read"):
        assets.ensure(project, Registry())


def test_a_file_that_the_package_no_longer_has_is_named(tmp_path: Path) -> None:
    package = Package("x", "2", "", "x", {"dist/gone.js": "gone.js"})

    with pytest.raises(LauncherError, match=r"x 2 has no file dist/gone\.js"):
        unpack(archive({"dist/x.js": ""}), package, tmp_path)


def test_links_in_an_archive_are_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("package/x.js")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(LauncherError, match=r"no file x\.js"):
        unpack(buffer.getvalue(), Package("x", "1", "", "x", {"x.js": "x.js"}), tmp_path)


@pytest.mark.parametrize("recorded", ["md5-abc", "", "sha512-"])
def test_a_weak_or_missing_integrity_is_refused(recorded: str) -> None:
    with pytest.raises(LauncherError, match="is not a SHA-2 one"):
        verify(b"content", recorded, "x")


def test_icons_become_symbols_without_white_space() -> None:
    drawn = sprite({"bell": BELL})

    assert '<symbol fill="none"' in drawn
    assert 'id="bell" viewBox="0 0 24 24"><path d="M1 1h2" /><path d="M3 3h4" /></symbol>' in drawn


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (b"a{}\n/*# sourceMappingURL=x.css.map */", b"a{}\n"),
        (b"a()\n//# sourceMappingURL=x.js.map\n", b"a()\n"),
        (b"a()\n", b"a()\n"),
    ],
)
def test_pointers_to_maps_that_are_not_shipped_are_dropped(content: bytes, left: bytes) -> None:
    assert without_source_map(content) == left


def test_the_registry_is_found_in_the_order_of_npm(tmp_path: Path) -> None:
    home, root = tmp_path / "home", tmp_path / "root"
    home.mkdir()
    root.mkdir()
    environment = {"HOME": str(home), "npm_config_globalconfig": str(tmp_path / "none")}
    assert Registry.load(root, environment).address("x") == DEFAULT_REGISTRY

    (home / ".npmrc").write_text("registry=https://home.example\n")
    assert Registry.load(root, environment).address("x") == "https://home.example/"

    (root / ".npmrc").write_text(
        "registry = https://project.example/\n@scope:registry=https://scope.example\n"
    )
    assert Registry.load(root, environment).address("x") == "https://project.example/"
    assert Registry.load(root, environment).address("@scope/x") == "https://scope.example/"

    environment["NPM_CONFIG_REGISTRY"] = "https://environment.example"
    assert Registry.load(root, environment).address("x") == "https://environment.example/"


def test_npmrc_lines_may_name_variables_and_hold_comments(tmp_path: Path) -> None:
    file = tmp_path / ".npmrc"
    file.write_text('; comment\n# another\n//host/:_authToken=${TOKEN}\nname="quoted"\nother=${UNSET}\n')

    assert parse_npmrc(file, {"TOKEN": "secret"}) == {
        "//host/:_authToken": "secret",
        "name": "quoted",
        "other": "${UNSET}",
    }


def test_the_manifest_of_the_project_is_whole() -> None:
    packages = assets.read_manifest(ROOT / assets.MANIFEST)

    assert {package.folder for package in packages} == {"tabler", "uplot", "swagger-ui"}
    assert all(package.integrity.startswith("sha512-") for package in packages)
    icons = next(package.icons for package in packages if package.icons)
    assert list(icons) == sorted(set(icons))
