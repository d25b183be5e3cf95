"""What the tests of the architecture ask of the project."""

from importlib import import_module
from importlib.util import find_spec

import pytest
from django.apps import apps

from tests.architecture.rules import Home


@pytest.fixture
def urlconf_namespaces() -> dict[str, Home]:
    """URL namespace to the app whose urls.py declares it."""
    found = {}
    for config in apps.get_app_configs():
        home = Home.of_label(config.label)
        if home is not None and find_spec(f"{config.name}.urls"):
            name = getattr(import_module(f"{config.name}.urls"), "app_name", None)
            if name:
                found[name] = home
    return found
