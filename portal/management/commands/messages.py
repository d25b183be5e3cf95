"""Translations: compare them with the source, bring them up to date, compile them."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.catalogues import Fragments, Texts, collect


class Command(BaseCommand):
    """`manage.py messages --check`, `--update [APP …]` or `--compile`."""

    help = "Compare translations with the source, bring them up to date, or compile them"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        action = parser.add_mutually_exclusive_group(required=True)
        action.add_argument(
            "--check", action="store_true", help="fail when a translation is missing or out of date"
        )
        action.add_argument(
            "--update", action="store_true", help="add new texts to the fragments, drop old ones"
        )
        action.add_argument("--compile", action="store_true", help="make django.mo from the fragments")
        parser.add_argument(
            "apps", nargs="*", metavar="APP", help="only these fragments (bss_orders, kernel, …)"
        )

    def handle(self, *_args: object, **options: object) -> None:
        fragments = [Fragments(settings.BASE_DIR, language) for language in _languages()]
        if options["compile"]:
            for each in fragments:
                self.stdout.write(f"{each.language}: {each.compile()} texts")
            return
        texts, unreadable = collect(settings.BASE_DIR)
        apps = options["apps"]
        labels = list(apps) if isinstance(apps, list) and apps else None
        if options["update"]:
            self._update(fragments, texts, labels)
        else:
            self._check(fragments, texts, unreadable, labels)

    def _update(self, fragments: list[Fragments], texts: dict[str, Texts], labels: list[str] | None) -> None:
        for each in fragments:
            for label in _known(each, texts, labels):
                left = each.update(texts, label)
                self.stdout.write(f"{each.language} {label}: {left} to be translated")

    def _check(
        self,
        fragments: list[Fragments],
        texts: dict[str, Texts],
        unreadable: list[str],
        labels: list[str] | None,
    ) -> None:
        problems = list(unreadable)
        for each in fragments:
            problems += each.problems(texts, _known(each, texts, labels))
        for problem in problems:
            self.stdout.write(problem)
        if problems:
            raise CommandError(
                f"{len(problems)} problems; manage.py messages --update APP adds what is missing"
            )


def _languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def _known(fragments: Fragments, texts: dict[str, Texts], labels: list[str] | None) -> list[str]:
    """The fragments asked for, or all; the shared one first, because the others leave out what it holds."""
    known = sorted(set(texts) | set(fragments.labels()), key=lambda label: (label != "kernel", label))
    if labels is None:
        return known
    if unknown := set(labels) - set(known):
        raise CommandError(f"no texts in {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    return labels
