"""The index key is changed, though what was digested is kept nowhere."""

import base64
import re
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import new_id
from shared.security.crypto import (
    Keyring,
    is_rating_key,
    is_ticket_key,
    rating_key,
    ticket_key,
)
from shared.security.index_chain import IndexChain, UnknownIndexKey

KEYS = [base64.b64encode(bytes([n]) * 32).decode() for n in range(1, 5)]
SETTINGS = [
    ",".join([KEYS[0], *(f"{name}:{key}" for name, key in zip("bcd", KEYS[1:], strict=True))][:n])
    for n in range(1, 5)
]
CHAINS = [IndexChain(setting) for setting in SETTINGS]
DEPTHS = st.integers(0, 3)
COLUMN = "k1:" + KEYS[0]


@given(st.text(), DEPTHS, DEPTHS)
def test_what_an_older_chain_digested_is_lifted_to_what_the_newer_one_digests(
    text: str, one: int, other: int
) -> None:
    older, newer = sorted((one, other))
    stored, *_ = CHAINS[older].forms(text)
    assert CHAINS[newer].lift(stored) == CHAINS[newer].forms(text)[0]
    assert CHAINS[newer].lift(CHAINS[newer].lift(stored)) == CHAINS[newer].lift(stored)


@given(st.text(), DEPTHS)
def test_the_forms_of_a_value_are_those_of_every_key_and_differ(text: str, depth: int) -> None:
    forms = CHAINS[depth].forms(text)
    assert forms == [CHAINS[each].forms(text)[0] for each in reversed(range(depth + 1))]
    assert len(set(forms)) == depth + 1
    assert all(len(form) <= 64 for form in forms)
    assert [CHAINS[depth].forms_of(form) for form in forms] == [
        forms[: place + 1] for place in range(depth + 1)
    ]


@given(st.text(), st.text(), DEPTHS)
def test_two_values_are_one_only_if_they_are_equal(one: str, other: str, depth: int) -> None:
    found = set(CHAINS[depth].forms(one)) & set(CHAINS[depth].forms(other))
    assert bool(found) is (one == other)


def test_under_the_first_key_alone_a_digest_is_what_it_always_was() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", CHAINS[0].forms("x")[0])
    assert CHAINS[0].prefix == ""
    assert CHAINS[1].forms("x")[0].startswith("b.")


def test_the_newest_digest_needs_every_key_before_it() -> None:
    without = IndexChain(f"{KEYS[3]},b:{KEYS[1]}")
    assert without.forms("x")[0] != CHAINS[1].forms("x")[0]


def test_a_digest_of_a_key_that_is_not_loaded_is_named_and_not_guessed() -> None:
    newer = CHAINS[2].forms("x")[0]
    for chain in CHAINS[:2]:
        with pytest.raises(UnknownIndexKey, match="ONEDOOR_INDEX_KEY"):
            chain.lift(newer)
    with pytest.raises(UnknownIndexKey):
        CHAINS[1].lift(".x")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("", "32 bytes"),
        (KEYS[0][:-6], "32 bytes"),
        (f"{KEYS[0]},{KEYS[1]}", "needs an id"),
        (f"{KEYS[0]},B:{KEYS[1]}", "needs an id"),
        (f"{KEYS[0]},longerthan8:{KEYS[1]}", "needs an id"),
        (f"{KEYS[0]},:{KEYS[1]}", "needs an id"),
        (f"{KEYS[0]},", "needs an id"),
        (f"b:{KEYS[0]}", "32 bytes"),
        (f"{KEYS[0]},b:{KEYS[1]},b:{KEYS[2]}", "same id"),
        (f"{KEYS[0]},b:{KEYS[1][:-6]}", "32 bytes"),
    ],
)
def test_a_bad_chain_is_refused_and_nothing_of_it_is_in_the_error(setting: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        Keyring(COLUMN, setting)
    assert not any(key[:12] in str(refused.value) for key in KEYS)


@given(DEPTHS, DEPTHS)
def test_a_key_that_was_handed_out_is_good_after_the_change_and_for_nothing_else(
    one: int, other: int
) -> None:
    older, newer = [Keyring(COLUMN, SETTINGS[depth]) for depth in sorted((one, other))]
    this, that = new_id(), new_id()
    assert is_rating_key(newer, this, rating_key(older, this))
    assert is_ticket_key(newer, this, ticket_key(older, this))
    assert not is_rating_key(newer, that, rating_key(older, this))
    assert not is_ticket_key(newer, this, rating_key(older, this))
    assert not is_ticket_key(newer, this, "")


@pytest.mark.parametrize(
    ("changed", "made", "is_good"),
    [
        ("202611", "2026-11-29 10:00", True),  # no day: such a name says nothing
        ("20261130", "2026-11-29 10:00", True),
        ("20261130", "2026-11-30 23:59", True),
        ("20261130", "2026-12-01 00:00", False),
        ("b", "2026-12-01 00:00", True),
    ],
)
def test_an_older_key_opens_nothing_that_came_after_the_day_of_the_newer_one(
    changed: str, made: str, is_good: bool
) -> None:
    """Whoever has it, and knows an id, can rate and follow nothing of later."""
    chain = f"{KEYS[0]},{changed}:{KEYS[1]},d:{KEYS[2]}"
    older, newer = Keyring(COLUMN, KEYS[0]), Keyring(COLUMN, chain)
    between = Keyring(COLUMN, chain.rpartition(",")[0])
    moment = datetime.fromisoformat(f"{made}+08:00").timestamp()
    case = UUID(int=int(moment * 1000) << 80 | 7 << 76 | 2 << 62)
    assert is_rating_key(newer, case, rating_key(older, case)) is is_good
    assert is_ticket_key(newer, case, ticket_key(older, case)) is is_good
    for held in (between, newer):
        assert is_rating_key(newer, case, rating_key(held, case))
    other = uuid5(NAMESPACE_URL, "onedoor/service/of-another-system")
    assert is_rating_key(newer, other, rating_key(older, other)), "its id tells no time"
