import json

import pytest

from portal.launcher.loglines import AT_MOST, LONGEST, WITHIN, Throttle, is_alarming, terse

RECORD = {"at": "2026-01-15T10:00:00Z", "level": "ERROR", "logger": "django.request", "message": "Failed: /x"}


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (json.dumps(RECORD), True),
        (json.dumps({**RECORD, "level": "INFO", "message": "0 ERROR"}), False),
        ("[2026-01-15 10:00:00: ERROR/MainProcess] consumer: Cannot connect", True),
        ("Traceback (most recent call last):", True),
        ("booted", False),
        ('{"not": "a record"', False),
    ],
)
def test_only_what_went_wrong_is_alarming(line: str, answer: bool) -> None:
    assert is_alarming(line) is answer


def test_a_record_becomes_one_readable_line() -> None:
    error = "Traceback (most recent call last):\n  File ...\nValueError: no such port"

    assert terse(json.dumps({**RECORD, "error": error})) == (
        "ERROR django.request Failed: /x (ValueError: no such port)"
    )


def test_other_lines_are_left_as_they_are_but_for_their_length() -> None:
    assert terse("plain") == "plain"
    assert len(terse("x" * 10_000)) == LONGEST + 2


def test_a_flood_is_cut_and_counted() -> None:
    throttle = Throttle()

    passed = [throttle.lets_through(now=1.0) for _ in range(100)]

    assert passed.count(True) == AT_MOST
    assert throttle.take_held() == 100 - AT_MOST
    assert throttle.take_held() == 0
    assert throttle.lets_through(now=1.0 + WITHIN)
