"""Front-end files without Node: listed in static/vendor.json, fetched once, verified, unpacked to static/vendor/."""

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from portal.launcher.checkout import Checkout, exclusive
from portal.launcher.console import LauncherError
from portal.launcher.npm import Registry

MANIFEST = Path("static/vendor.json")
TARGET = Path("static/vendor")
STAMP = ".manifest"
FORMAT = b"1"  # of what unpacking makes of a package; another one makes all be fetched again


@dataclass(frozen=True)
class Package:
    """One entry of the manifest."""

    name: str
    version: str
    integrity: str
    folder: str
    files: Mapping[str, str] = field(default_factory=dict)  # path in the archive: path below the folder
    icons: Sequence[str] = ()  # names of outline icons to be joined in a sprite
    sprite: str = ""


def read_manifest(path: Path) -> list[Package]:
    """The manifest's entries, refused with a reason when one is incomplete or would write elsewhere."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["packages"]
        packages = [
            Package(
                name=entry["name"],
                version=entry["version"],
                integrity=entry["integrity"],
                folder=entry.get("folder", ""),
                files=entry.get("files", {}),
                icons=entry.get("icons", ()),
                sprite=entry.get("sprite", ""),
            )
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LauncherError(f"{path} cannot be read: {error!r}") from error
    for package in packages:
        for name in outputs(package):
            pure = PurePosixPath(name)
            if pure.is_absolute() or ".." in pure.parts or not pure.name:
                raise LauncherError(f"{path}: {package.name} would write to {name!r}, outside of {TARGET}")
    return packages


def outputs(package: Package) -> list[str]:
    """What a package leaves below static/vendor/."""
    made = [str(PurePosixPath(package.folder, name)) for name in package.files.values()]
    return [*made, package.sprite] if package.icons else made


def ensure(checkout: Checkout, registry: Registry | None = None) -> bool:
    """Fetch what is missing; whether anything had to be done. With everything in place no network is needed."""
    manifest = checkout.root / MANIFEST
    packages = read_manifest(manifest)
    mark = hashlib.sha256(FORMAT + manifest.read_bytes()).hexdigest()
    target = checkout.root / TARGET
    if _is_current(target, packages, mark):
        return False
    with exclusive(checkout.var / "assets.lock", None):
        if _is_current(target, packages, mark):
            return False
        fresh = target.with_name(".vendor.new")
        shutil.rmtree(fresh, ignore_errors=True)
        source = registry or Registry.load(checkout.root)
        for package in packages:
            archive = source.fetch(package.name, package.version, package.integrity)
            unpack(archive, package, fresh)
        (fresh / STAMP).write_text(mark, encoding="ascii")
        # Whole or not at all: a folder that is there is complete.
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return True


def _is_current(target: Path, packages: Sequence[Package], mark: str) -> bool:
    try:
        if (target / STAMP).read_text(encoding="ascii") != mark:
            return False
    except FileNotFoundError:
        return False
    return all((target / name).is_file() for package in packages for name in outputs(package))


def unpack(archive: bytes, package: Package, target: Path) -> None:
    """Write the listed files of an archive, and nothing else that may be in it."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        members = {PurePosixPath(member.name): member for member in tar.getmembers() if member.isreg()}
        # Archives have one folder at the top, mostly but not always called "package".
        inside = {"/".join(path.parts[1:]): member for path, member in members.items()}

        def content(name: str) -> bytes:
            reader = tar.extractfile(inside[name]) if name in inside else None
            if reader is None:
                raise LauncherError(
                    f"{package.name} {package.version} has no file {name}", f"Mend {MANIFEST}."
                )
            return reader.read()

        for source, name in package.files.items():
            _write(target / package.folder / name, without_source_map(content(source)))
        if package.icons:
            drawings = {icon: content(f"icons/outline/{icon}.svg").decode() for icon in package.icons}
            _write(target / package.sprite, sprite(drawings).encode())


def without_source_map(content: bytes) -> bytes:
    """Drop the pointer to a map that is not shipped: collecting static files with hashes would look for it."""
    return re.sub(rb"\n?(?://|/\*)# sourceMappingURL=[^\s*]*(?:\s*\*/)?\s*$", b"\n", content)


def sprite(drawings: Mapping[str, str]) -> str:
    """One SVG with a symbol for each drawing: a page says `<use href="….svg#name">` and loads one small file."""
    symbols = []
    for name, drawing in sorted(drawings.items()):
        match = re.search(r"<svg\b[^>]*>(.*)</svg>", drawing, re.DOTALL)
        if match is None:
            raise LauncherError(f"the icon {name} is not an SVG drawing")
        # The invisible square that each drawing begins with only serves editors.
        shapes = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", match[1])
        body = re.sub(r">\s+<", "><", shapes.strip())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    # On each symbol, as nothing outside of it is seen where it is used; the width of the line is left to the page.
    style = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    styled = [symbol.replace("<symbol ", f"<symbol {style} ", 1) for symbol in symbols]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(styled) + "\n</svg>\n"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
