"""The index key is changed, though what was digested is kept nowhere."""

import base64
import re

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
