import pytest

from tests.deploy.files import image_files, pattern, read_ignored


@pytest.mark.parametrize(
    ("ignored", "path", "answer"),
    [
        ("var", "var/secret_key", True),
        ("var", "kernel/var", False),
        ("var", "variety.py", False),
        ("**/*.mo", "locale/fr/LC_MESSAGES/django.mo", True),
        ("**/__pycache__", "kernel/__pycache__/money.pyc", True),
        ("static/vendor", "static/vendor.json", False),
        ("*.log", "a/b.log", False),
        ("Dockerfile", "Dockerfile", True),
    ],
)
def test_patterns_mean_what_docker_takes_them_for(ignored: str, path: str, answer: bool) -> None:
    assert bool(pattern(ignored).match(path)) is answer


def test_comments_and_blank_lines_are_no_patterns() -> None:
    assert read_ignored("# why\n\nvar\n") == ["var"]
    with pytest.raises(ValueError, match="not understood"):
        read_ignored("!keep")


def test_the_image_holds_the_product_and_neither_secrets_nor_tests() -> None:
    tops = {name.split("/")[0] for name in image_files()}

    assert {"manage.py", "portal", "kernel", "oss", "bss", "service_mgmt", "requirements.lock"} <= tops
    assert tops.isdisjoint({".git", ".venv", "var", "tests", "lab", "docs", ".env", "Dockerfile"})
    assert "static/vendor.json" in image_files()
