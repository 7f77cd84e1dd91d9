"""Guessing at the door (abuse 25): locked after a few failures, the same answers for a name that nobody has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import accounts
from engine.accounts import SignInRefused, hash_password, sign_in
from engine.store import accounts as store
from engine.store import audit as trail
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk

PASSWORD = "secret-2026"


@pytest.fixture
def door(desk: Desk) -> Desk:
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login in ("zhou", "meng"):
            person = store.by_login(uow.connection, login)
            hashed = hash_password(PASSWORD)
            store.update_person(uow.connection, person["id"], password_hash=hashed)
        uow.commit()
    return desk


def refusal(door: Desk, login: str, password: str) -> str:
    with pytest.raises(SignInRefused) as refused:
        sign_in(door.env, login, password, "10.0.0.9")
    return refused.value.sentence


def allowed(door: Desk) -> int:
    return door.env.institution().sign_in.failures


def test_abuse_25_a_thousand_guesses_cost_no_more_hashes_than_the_lock_allows(door, monkeypatch):
    tried: list[str] = []
    verify = accounts._verify

    def counted(stored: str | None, password: str) -> bool:
        tried.append(password)
        return verify(stored, password)

    monkeypatch.setattr(accounts, "_verify", counted)
    for guess in range(1_000):
        refusal(door, "zhou", f"guess {guess}")
    assert len(tried) == allowed(door)
    assert "锁定" in refusal(door, "zhou", PASSWORD)  # the right one neither, while it is locked
    assert sign_in(door.env, "meng", PASSWORD, "10.0.0.7")  # and nobody else is held up
    with UnitOfWork(door.env.database, writing=False) as uow:
        _, refused = trail.search(uow.connection, {"action": "SignInRefused"}, limit=1)
    assert refused == 1_001  # each try stands in the trail


def test_abuse_25_after_the_lock_the_right_password_opens_again(door):
    for _ in range(allowed(door)):
        refusal(door, "zhou", "wrong")
    door.time.advance(timedelta(minutes=door.env.institution().sign_in.lock_minutes, seconds=1))
    assert sign_in(door.env, "zhou", PASSWORD, "")
    assert "还可以试" in refusal(door, "zhou", "wrong")  # counted from the beginning


def test_abuse_25_the_answers_told_which_accounts_exist(door):
    """A name that nobody has was told how often in all, an account how often still; and only an account locked."""
    for _ in range(allowed(door) + 3):
        assert refusal(door, "zhou", "wrong") == refusal(door, "nobody", "wrong")
    door.time.advance(timedelta(hours=1))
    assert refusal(door, "zhou", "wrong") == refusal(door, "nobody", "wrong")


def test_abuse_25_names_that_nobody_has_do_not_fill_the_memory(door):
    strangers = door.env.strangers
    for number in range(3_000):
        strangers.count_failure(f"nobody {number}", 5, door.time.now())
    assert len(strangers._tried) == 1_000
