"""The order of a draw, and the pace at which people are admitted."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.releases import rules
from services.appointments.releases.rules import PressingRelease

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IDS = st.lists(st.uuids(version=4), max_size=30, unique=True)
SEEDS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(SEEDS, IDS, st.randoms(use_true_random=False))
def test_a_draw_follows_from_the_seed_and_from_who_is_in_it_alone(
    seed: str, ids: list[UUID], random: object
) -> None:
    shuffled = sorted(ids, key=lambda _: random.random())  # type: ignore[attr-defined]

    assert rules.drawn(seed, ids) == rules.drawn(seed, shuffled)
    assert sorted(rules.drawn(seed, ids)) == sorted(ids)
    assert rules.digest_of(ids) == rules.digest_of(shuffled)


def test_one_more_in_the_draw_makes_another_draw() -> None:
    """Who knows the seed cannot tell what comes out before the last has joined."""
    seed, ids = rules.new_seed(), [uuid4() for _ in range(40)]
    before = rules.drawn(seed, ids)
    newcomer = uuid4()

    after = [one for one in rules.drawn(seed, [*ids, newcomer]) if one != newcomer]

    assert after != before


def test_everybody_is_first_as_often_as_others() -> None:
    ids = [uuid4() for _ in range(4)]
    firsts = [rules.drawn(rules.new_seed(), ids)[0] for _ in range(2_000)]

    assert all(400 < firsts.count(one) < 600 for one in ids)


def test_a_seed_is_new_each_time_and_its_commitment_says_nothing_of_it() -> None:
    seeds = {rules.new_seed() for _ in range(100)}

    assert len(seeds) == 100
    assert all(len(seed) == 64 for seed in seeds)
    assert all(rules.commitment_of(seed) != seed for seed in seeds)


@pytest.mark.parametrize(
    ("booked", "minutes", "expected"),
    [(0, 5, 5), (10, 5, 5), (20, 5, 6), (100, 5, 30), (1000, 5, 60), (8, 0.1, 12)],
)
def test_the_rate_is_half_as_many_again_as_booked_between_floor_and_ceiling(
    booked: int, minutes: float, expected: int
) -> None:
    assert rules.rate(booked, timedelta(minutes=minutes), 5, 60) == expected


@given(st.floats(0, 600), st.integers(1, 6000), st.integers(-5, 500), st.integers(0, 500))
def test_no_more_are_admitted_than_there_is_room_for_or_than_a_minute_gives(
    seconds: float, per_minute: int, room: int, waiting: int
) -> None:
    paced_at = NOW - timedelta(seconds=seconds)
    pace = rules.pace(paced_at, NOW, per_minute, room)
    admitted = min(pace.due, waiting)

    assert 0 <= pace.due <= min(max(room, 0), per_minute)
    assert pace.begins_at <= pace.after(admitted) <= NOW


@given(st.integers(1, 600), st.integers(1, 20))
def test_over_time_as_many_are_admitted_as_the_rate_says(per_minute: int, tick: int) -> None:
    paced_at, admitted = NOW - MINUTE, 0
    for seconds in range(0, 600, tick):
        pace = rules.pace(paced_at, NOW + timedelta(seconds=seconds), per_minute, 10**6)
        admitted, paced_at = admitted + pace.due, pace.after(pace.due)

    # The first minute's worth came at once.
    assert per_minute * 10 <= admitted <= per_minute * 11 + 1 or tick > 1
    assert admitted <= per_minute * 11 + 1


def test_a_release_covers_its_items_on_its_days() -> None:
    day = timedelta(days=1)
    release = PressingRelease(uuid4(), frozenset({"A", "B"}), NOW, NOW + day)

    assert release.covers(["B", "X"], NOW)
    assert release.covers(["A"], NOW + day - MINUTE)
    assert not release.covers(["X"], NOW)
    assert not release.covers(["A"], NOW + day)
    assert not release.covers(["A"], NOW - MINUTE)
    assert not release.covers([], NOW)
