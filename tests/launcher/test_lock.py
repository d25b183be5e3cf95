from pathlib import Path

import pytest

from portal.launcher.lock import problems, read_pins, satisfies
from tests.launcher.conftest import ROOT

PROJECT = """
[project]
dependencies = ["Django~=5.2.0", "typing_extensions>=4"]
[dependency-groups]
dev = ["pytest~=9.2.0"]
"""
RUNTIME = """django==5.2.19 \\
    --hash=sha256:1
    # via trunkline (pyproject.toml)
typing-extensions==4.12.0 ; python_full_version < '3.13'
    # via
    #   asgiref
    #   trunkline (pyproject.toml)
"""
DEVELOPMENT = RUNTIME + "pytest==9.2.0 \\\n    # via trunkline (pyproject.toml:dev)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "requirements.lock").write_text(RUNTIME)
    (tmp_path / "requirements-dev.lock").write_text(DEVELOPMENT)
    return tmp_path


@pytest.mark.parametrize(
    ("version", "clauses", "answer"),
    [
        ("5.2.19", "~=5.2.0", True),
        ("5.3.0", "~=5.2.0", False),
        ("5.1.9", "~=5.2.0", False),
        ("5.9", "~=5.2", True),
        ("6.0", "~=5.2", False),
        ("9.1.2.post2", "==9.1.2.post2", True),
        ("9.1.2", "==9.1.2.post2", False),
        ("5.2", "==5.2.0", True),
        ("2026.10.1", ">=2026.10", True),
        ("50.0.2", ">=46,<50", False),
        ("49.9", ">=46,<50", True),
        ("1.0", "", True),
    ],
)
def test_a_version_is_compared_as_pip_does(version: str, clauses: str, answer: bool) -> None:
    assert satisfies(version, clauses) is answer


def test_locks_that_say_what_is_asked_have_no_problem(project: Path) -> None:
    assert problems(project) == []


def test_the_locks_of_the_project_say_what_is_asked() -> None:
    assert problems(ROOT) == []


def test_pins_are_read_with_and_without_a_marker() -> None:
    assert read_pins(RUNTIME) == {"django": "5.2.19", "typing-extensions": "4.12.0"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Django~=5.2.0", "Django~=6.0.0", "requirements.lock: django 5.2.19 is not ~=6.0.0"),
        ('"typing_extensions>=4"', '"typing_extensions>=4", "httpx"', "requirements.lock: httpx is missing"),
        (', "typing_extensions>=4"', "", "requirements.lock: typing-extensions is no longer asked for"),
        ("pytest~=9.2.0", "pytest~=10.0", "requirements-dev.lock: pytest 9.2.0 is not ~=10.0"),
        ('"pytest~=9.2.0"', '"pytest @ file:///x"', "cannot read"),
    ],
)
def test_each_difference_is_named(project: Path, old: str, new: str, said: str) -> None:
    (project / "pyproject.toml").write_text(PROJECT.replace(old, new))

    assert any(said in problem for problem in problems(project))


def test_the_two_locks_agree_on_every_package(project: Path) -> None:
    (project / "requirements-dev.lock").write_text(DEVELOPMENT.replace("5.2.19", "5.2.18"))

    assert any("django: 5.2.19 in requirements.lock, 5.2.18 in" in problem for problem in problems(project))
