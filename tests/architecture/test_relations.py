"""What the import linter cannot see: references between apps that are strings or rows, not imports."""

import ast
import re

from django.apps import AppConfig, apps
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from tests.architecture.rules import ROOT, Home, calls, place, python_files

URL_TAG = re.compile(r"""{%\s*url\s+["'](?P<namespace>[\w-]+):""")


def our_apps() -> list[tuple[AppConfig, Home]]:
    return [(config, home) for config in apps.get_app_configs() if (home := Home.of_label(config.label))]


def our_models() -> list[tuple[type[Model], Home]]:
    return [(model, home) for config, home in our_apps() for model in config.get_models()]


def test_relation_fields_follow_the_import_rule() -> None:
    broken = []
    for model, home in our_models():
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if field.auto_created or target is None or isinstance(target, str):
                continue
            other = Home.of_label(target._meta.app_label)
            if other is not None and not home.may_know(other):
                broken.append(f"{model._meta.label}.{field.name} -> {target._meta.label}")

    assert broken == []


def test_no_model_has_a_generic_foreign_key() -> None:
    private = [
        f"{model._meta.label}.{field.name}"
        for model, _ in our_models()
        for field in model._meta.private_fields
    ]

    assert private == []


def test_migration_dependencies_follow_the_import_rule() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    broken = []
    for (label, name), migration in loader.disk_migrations.items():
        home = Home.of_label(label)
        for other_label, other_name in [*migration.dependencies, *migration.run_before]:
            other = Home.of_label(other_label)
            if home is not None and other is not None and not home.may_know(other):
                broken.append(f"{label}.{name} -> {other_label}.{other_name}")

    assert broken == []


def test_each_app_has_one_leaf_migration() -> None:
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    several = {}
    for config, _ in our_apps():
        leaves = [name for _, name in graph.leaf_nodes(config.label)]
        if len(leaves) > 1:
            several[config.label] = leaves

    assert several == {}, "two branches added a migration: rebase one on the other"


def test_every_app_with_models_has_migrations() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)

    missing = {model._meta.app_label for model, _ in our_models()} - loader.migrated_apps

    assert missing == set()


def test_models_are_not_fetched_by_name_across_apps() -> None:
    broken = []
    for path in python_files("portal", "service_mgmt", "oss", "bss", "kernel"):
        home = Home.of_path(path)
        for call in calls(path, "get_model"):
            first = call.args[0] if call.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                other = Home.of_label(first.value.split(".")[0])
                if other is not None and not home.may_know(other):
                    broken.append(f"{place(path, call.lineno)}: {first.value}")

    assert broken == []


def test_templates_link_only_to_what_their_app_may_know(urlconf_namespaces: dict[str, Home]) -> None:
    broken = []
    for path in [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/**/templates/**/*.html")]:
        home = Home.of_path(path)
        text = path.read_text(encoding="utf-8")
        for match in URL_TAG.finditer(text):
            other = urlconf_namespaces.get(match["namespace"])
            if other is not None and not home.may_know(other):
                line = text.count("\n", 0, match.start()) + 1
                broken.append(f"{place(path, line)}: {match['namespace']}")

    assert broken == [], "a page of a lower layer has a slot, and the upper layer fills it"


def test_code_links_only_to_what_its_app_may_know(urlconf_namespaces: dict[str, Home]) -> None:
    broken = []
    for path in python_files("service_mgmt", "oss", "bss"):
        home = Home.of_path(path)
        for function in ("reverse", "reverse_lazy", "redirect"):
            for call in calls(path, function):
                first = call.args[0] if call.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and ":" in first.value:
                    other = urlconf_namespaces.get(first.value.split(":")[0])
                    if other is not None and not home.may_know(other):
                        broken.append(f"{place(path, call.lineno)}: {first.value}")

    assert broken == []
