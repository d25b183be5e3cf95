from __future__ import annotations

from typing import Any

import pytest

from lab.build import schema_of
from lab.config.store import CommitRefused, ConfigStore, WaitingForConfirmation
from lab.config.tree import Path, Tree
from lab.topology import BUILT_IN, load
from tests.lab.helpers import FakeClock

LOCATION: Path = ("system", "location")
CONTACT: Path = ("system", "contact")


def tree(location: str, *more: tuple[Path, str]) -> Tree:
    return Tree([(LOCATION, location), *more])


def make_store(**changes: Any) -> tuple[ConfigStore, FakeClock, list[tuple[str, str]]]:
    clock = FakeClock()
    notes: list[tuple[str, str]] = []
    schema = schema_of(load(BUILT_IN).elements[0])
    store = ConfigStore(
        schema, tree("old"), clock, noted=lambda kind, text: notes.append((kind, text)), **changes
    )
    return store, clock, notes


def change(store: ConfigStore, value: str, **how: Any) -> None:
    candidate = store.candidate("joe")
    candidate.set(LOCATION, value)
    store.commit(candidate, **how)


def test_a_commit_runs_and_is_remembered() -> None:
    store, _, notes = make_store()
    change(store, "new", comment="order 7")
    assert store.running.get(LOCATION) == "new"
    assert store.startup_saved
    assert [generation.comment for generation in store.history] == ["order 7", "startup"]
    assert notes == [("commit", "generation 2 by joe (order 7)")]


def test_an_unconfirmed_commit_goes_back_by_itself() -> None:
    store, clock, notes = make_store()
    change(store, "new", confirm_seconds=60)
    assert not store.startup_saved
    clock.advance(59)
    assert store.running.get(LOCATION) == "new"
    clock.advance(1)
    assert store.running.get(LOCATION) == "old"
    assert store.pending is None
    assert [kind for kind, _ in notes] == ["commit", "rollback"]
    assert not store.confirm("joe")


def test_a_confirmed_commit_stays() -> None:
    store, clock, _ = make_store()
    change(store, "new", confirm_seconds=60)
    assert store.confirm("ann")
    clock.advance(1000)
    assert store.running.get(LOCATION) == "new"
    assert store.startup_saved


def test_the_timer_of_a_confirmed_commit_does_not_strike_the_next_one() -> None:
    store, clock, _ = make_store()
    change(store, "one", confirm_seconds=60)
    store.confirm("joe")
    change(store, "two", confirm_seconds=600)
    clock.advance(599)
    assert store.running.get(LOCATION) == "two"
    clock.advance(1)
    assert store.running.get(LOCATION) == "one"


def test_power_loss_forgets_what_waited() -> None:
    store, clock, notes = make_store()
    change(store, "new", confirm_seconds=60)
    store.forget_pending()
    clock.advance(61)
    store.reboot()
    assert store.running.get(LOCATION) == "old"
    assert [kind for kind, _ in notes] == ["commit"]


def test_a_second_confirmed_commit_goes_back_to_before_the_first() -> None:
    store, clock, _ = make_store()
    change(store, "one", confirm_seconds=60)
    change(store, "two", confirm_seconds=60)
    clock.advance(61)
    assert store.running.get(LOCATION) == "old"


def test_others_wait_where_the_vendor_says_so() -> None:
    store, _, _ = make_store()
    change(store, "one", confirm_seconds=60, comment="first")
    with pytest.raises(WaitingForConfirmation, match="first"):
        change(store, "two", wait=True)


def test_edits_apply_to_what_runs_by_then() -> None:
    store, _, _ = make_store()
    slow, quick = store.candidate("slow"), store.candidate("quick")
    slow.set(LOCATION, "slow's")
    quick.set(CONTACT, "quick's")
    store.commit(quick)
    store.commit(slow)
    assert store.running == tree("slow's", (CONTACT, "quick's"))


def test_an_empty_commit_makes_no_generation() -> None:
    store, _, notes = make_store()
    assert store.commit(store.candidate("joe")) is None
    assert len(store.history) == 1
    assert notes == []


def test_a_bad_candidate_changes_nothing() -> None:
    store, _, _ = make_store()
    candidate = store.candidate("joe")
    candidate.set(("interfaces", "xe-0/0/0", "unit", "1", "service-name"), "A")
    with pytest.raises(CommitRefused):
        store.commit(candidate, confirm_seconds=5)
    assert store.running == tree("old")
    assert store.pending is None


def test_only_so_many_generations_are_kept() -> None:
    store, _, _ = make_store(generations=3)
    for value in "abcd":
        change(store, value)
    assert [generation.tree.get(LOCATION) for generation in store.history] == ["d", "c", "b"]
    assert store.generation(3) is None


def test_without_autosave_a_reboot_forgets() -> None:
    store, _, _ = make_store(autosave=False)
    change(store, "unsaved")
    store.reboot()
    assert store.running.get(LOCATION) == "old"
    change(store, "saved")
    store.save()
    store.reboot()
    assert store.running.get(LOCATION) == "saved"
