import re
import shlex
import tomllib

from tests.deploy.files import ROOT, image_files


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments, lines joined and comments left out."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    split = (line.split(None, 1) for line in lines if line.strip())
    return [(name.upper(), arguments.strip()) for name, arguments in split]


def arguments_of(name: str) -> list[str]:
    return [arguments for instruction, arguments in instructions() if instruction == name]


def test_only_known_instructions_are_used_and_the_first_is_a_base() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "CMD"}

    assert instructions()[0][0] == "FROM"
    assert {name for name, _ in instructions()} <= known


def test_the_base_is_a_python_that_the_project_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = tuple(int(part) for part in re.findall(r"\d+", project["requires-python"]))

    for base in arguments_of("FROM"):
        found = re.match(r"python:(\d+)\.(\d+)-slim( AS \w+)?$", base)
        assert found is not None, base
        assert (int(found[1]), int(found[2])) >= oldest


def test_everything_that_is_copied_exists_in_the_context() -> None:
    missing = []
    for arguments in arguments_of("COPY"):
        if "--from=" in arguments:
            continue
        *sources, _target = shlex.split(arguments)
        for source in sources:
            inside = [
                name
                for name in image_files()
                if source == "." or name == source or name.startswith(f"{source}/")
            ]
            if not inside:
                missing.append(source)

    assert missing == []


def test_every_script_and_lock_that_is_used_exists_in_the_context() -> None:
    words = [word for arguments in arguments_of("RUN") for word in shlex.split(arguments)]
    used = {word for word in words if word in {"dev", "manage.py"} or word.endswith((".lock", ".txt", ".py"))}

    assert used - {"var/*.lock"} <= image_files()
    assert {"dev", "manage.py", "requirements.lock"} <= used


def test_packages_are_installed_by_hash_and_nothing_runs_as_root() -> None:
    installs = [arguments for arguments in arguments_of("RUN") if "pip install" in arguments]

    assert all("--require-hashes" in arguments for arguments in installs)
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("CMD")
    assert arguments_of("USER") == ["trunkline"]


def test_no_secret_is_left_in_the_image() -> None:
    """ENV is written into the image; a key is given to the one step that needs any."""
    assert all("SECRET" not in arguments and "PASSWORD" not in arguments for arguments in arguments_of("ENV"))


def test_what_the_launcher_needs_to_fetch_front_end_files_is_there_before_the_rest() -> None:
    """`dev assets` runs before `COPY . .`: only with what was copied by name."""
    before = [arguments for arguments in arguments_of("COPY") if arguments != ". ."]

    assert any(arguments.startswith("portal/launcher ") for arguments in before)
    assert any(arguments.startswith("portal/__init__.py ") for arguments in before)
    assert (ROOT / "portal/__init__.py").read_text() == ""
