"""People of billing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.models import User


@pytest.fixture
def drafter(make_user: Callable[..., User]) -> User:
    """Who drafts runs and books payments."""
    return make_user("billing", username="bella")


@pytest.fixture
def approver(make_user: Callable[..., User]) -> User:
    """Who approves, posts, corrects and pays back."""
    return make_user("finance", username="fay")
