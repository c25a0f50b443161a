"""The forecast of waiting times: its order, its honesty, and that it beats the simple formula."""

from itertools import pairwise
from math import log
from random import Random
from statistics import NormalDist, fmean
from uuid import UUID, uuid4

import pytest

from services.appointments.estimates.rules import (
    DEFAULT_MINUTES,
    EDGES,
    PRIOR_SPREAD,
    PRIOR_WEIGHT,
    bucket_of,
    forecast,
    percentile,
    rounded,
    shape,
)
from services.appointments.estimates.schemas import Floor, OpenWindow, Waiting

ITEMS = ("social", "tax", "permit")
MINUTES = {"social": 8, "tax": 15, "permit": 30}


def someone(item: str, due: float, **more: object) -> Waiting:
    return Waiting(uuid4(), item, frozenset([item]), due, **more)  # type: ignore[arg-type]


def open_window(*items: str, busy_with: str | None = None, elapsed: float = 0.0) -> OpenWindow:
    return OpenWindow(uuid4(), frozenset(items), busy_with, elapsed)


def test_a_free_window_calls_at_once() -> None:
    first = someone("tax", 0)
    estimate = forecast(Floor((first,), (open_window("tax"),), MINUTES), Random(1))[first.key]
    assert (estimate.ahead, estimate.p50_minutes, estimate.p85_minutes) == (0, 0, 0)


def test_no_open_window_is_unknown_and_not_a_number() -> None:
    person = someone("tax", 0)
    for windows in ((), (open_window("permit"),)):
        estimate = forecast(Floor((person,), windows, MINUTES), Random(1))[person.key]
        assert (estimate.ahead, estimate.p50_minutes, estimate.p85_minutes) == (0, None, None)


def test_ahead_counts_those_before_at_windows_that_serve_me() -> None:
    queue = tuple(someone(item, due) for due, item in enumerate(("tax", "permit", "tax", "social")))
    separate = forecast(
        Floor(queue, (open_window("tax"), open_window("permit", "social")), MINUTES), Random(1)
    )
    assert [separate[p.key].ahead for p in queue] == [0, 0, 1, 1]
    together = forecast(Floor(queue, (open_window(*ITEMS),), MINUTES), Random(1))
    assert [together[p.key].ahead for p in queue] == [0, 1, 2, 3]


def test_ahead_counts_those_of_another_line_at_a_window_that_serves_just_that_item() -> None:
    window = open_window("tax")
    anywhere, here = someone("tax", 0), someone("tax", 1, window=window.window)
    estimates = forecast(Floor((anywhere, here), (window,), MINUTES), Random(1))
    assert [estimates[p.key].ahead for p in (anywhere, here)] == [0, 1]


def test_who_is_due_later_waits_longer() -> None:
    queue = tuple(someone("tax", due) for due in range(30))
    waits = [
        forecast(Floor(queue, (open_window("tax"),), MINUTES), Random(3))[p.key] for p in queue
    ]
    assert [w.p85_minutes for w in waits] == sorted(w.p85_minutes or 0 for w in waits)
    assert all((w.p50_minutes or 0) <= (w.p85_minutes or 0) for w in waits)
    assert all((w.p85_minutes or 0) % 5 == 0 for w in waits)


def test_someone_at_the_window_for_long_leaves_soon() -> None:
    person = someone("permit", 0)
    now, later = (
        forecast(
            Floor(
                (person,), (open_window("permit", busy_with="permit", elapsed=elapsed),), MINUTES
            ),
            Random(5),
        )[person.key].p50_minutes
        for elapsed in (0.0, 28.0)
    )
    assert (later or 0) < (now or 0)


def test_expected_people_count_as_far_as_they_show_up() -> None:
    me = someone("tax", 10.0)
    booked = tuple(someone("tax", -50.0, arrives=5.0, shows_up=show) for show in (1.0, 1.0, 1.0))
    busy = (open_window("tax", busy_with="tax", elapsed=0.0),)
    alone = forecast(Floor((me,), busy, MINUTES), Random(7))[me.key].p85_minutes
    joined = forecast(Floor((me, *booked), busy, MINUTES), Random(7))[me.key].p85_minutes
    assert (joined or 0) > (alone or 0)


def test_a_window_that_nobody_else_may_use_is_left_to_its_person() -> None:
    mine = open_window("tax")
    first = someone("tax", 0, window=mine.window)
    second = someone("tax", 1)
    estimates = forecast(Floor((first, second), (mine, open_window("tax")), MINUTES), Random(2))
    assert [estimates[p.key].p85_minutes for p in (first, second)] == [0, 0]


@pytest.mark.parametrize("minutes", [0, 0.5, 1, 7.9, 239, 100_000])
def test_each_time_has_its_bucket(minutes: float) -> None:
    bucket = bucket_of(minutes)
    assert EDGES[bucket] <= minutes
    assert bucket == len(EDGES) - 2 or minutes < EDGES[bucket + 1]


def test_what_was_seen_outweighs_the_prior_in_time() -> None:
    def mean(weights: list[float]) -> float:
        middles = [(EDGES[b] + EDGES[b + 1]) / 2 for b in range(len(weights))]
        return sum(m * w for m, w in zip(middles, weights, strict=True)) / sum(weights)

    assert mean(shape(15, {})) == pytest.approx(15, rel=0.1)
    some, many = shape(15, {bucket_of(40): 20.0}), shape(15, {bucket_of(40): 400.0})
    assert 25 < mean(some) < 35
    assert mean(many) > 40


@pytest.mark.parametrize(("minutes", "told"), [(0.0, 0), (0.1, 5), (5.0, 5), (5.01, 10), (61, 65)])
def test_waits_are_told_rounded_up_to_five_minutes(minutes: float, told: int) -> None:
    assert rounded(minutes) == told


def day(rng: Random, people: int) -> tuple[Floor, dict[UUID, float]]:
    """A busy hall at one moment, and when each person was really called after it.

    Some windows serve everything and some only one item; priority people come before others.
    """
    queue = tuple(
        someone(rng.choice(ITEMS), rng.uniform(-90, 0) - rng.choice((0, 0, 0, 60)))
        for _ in range(people)
    )
    busy = [rng.choice(ITEMS) for _ in range(8)]
    windows = tuple(
        open_window(*(ITEMS if place < 5 else (item,)), busy_with=item, elapsed=rng.uniform(0, 8))
        for place, item in enumerate(busy)
    )
    floor = Floor(queue, windows, MINUTES)
    real = {person.key: 0.0 for person in queue}
    free = [(_service(rng, item), place) for place, item in enumerate(busy)]
    left = sorted(queue, key=lambda person: person.due)
    while left:
        free.sort()
        at, place = free.pop(0)
        next_ = next((p for p in left if p.items <= windows[place].items), None)
        if next_ is None:
            continue
        left.remove(next_)
        real[next_.key] = at
        free.append((at + _service(rng, next_.item), place))
    return floor, real


def _service(rng: Random, item: str) -> float:
    """Gamma-distributed service times of the item's standard mean: not the forecast's own shape."""
    return rng.gammavariate(2.5, MINUTES[item] / 2.5)


def test_the_upper_bound_holds_and_the_simple_formula_is_beaten() -> None:
    """Against simulated days: position x mean / windows, which halls print today, errs far more."""
    rng, errors, simple_errors, held = Random(20261123), [], [], []
    mean = fmean(MINUTES.values())
    for _ in range(25):
        floor, real = day(rng, 60)
        ordered = sorted(floor.queue, key=lambda person: person.due)
        estimates = forecast(floor, rng)
        for position, person in enumerate(ordered, 1):
            estimate, wait = estimates[person.key], real[person.key]
            errors.append(abs((estimate.p50_minutes or 0) - wait))
            simple_errors.append(abs(position * mean / len(floor.windows) - wait))
            held.append(wait <= (estimate.p85_minutes or 0))
    assert 0.8 <= fmean(held) <= 0.97
    assert fmean(errors) <= 0.6 * fmean(simple_errors), (fmean(errors), fmean(simple_errors))


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.5, 2.0), (0.75, 3.0), (1.0, 4.0)]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    share: float, value: float
) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value


def test_what_was_seen_adds_to_the_prior_in_its_own_bucket() -> None:
    prior, last = shape(20, {}), len(EDGES) - 2
    seen = shape(20, {0: 2.0, 3: 1.0, last: 4.0, last + 1: 9.0, -1: 9.0})
    added = [after - before for before, after in zip(prior, seen, strict=True)]
    assert added == pytest.approx([2.0, 0.0, 0.0, 1.0, *[0.0] * (last - 4), 4.0])


def test_the_prior_weighs_as_many_calls_as_it_says_and_peaks_at_the_standard_time() -> None:
    prior = shape(20, {})
    assert sum(prior) == pytest.approx(PRIOR_WEIGHT)
    mean = sum(w * (EDGES[b] + EDGES[b + 1]) / 2 for b, w in enumerate(prior)) / PRIOR_WEIGHT
    assert mean == pytest.approx(20, rel=0.05)


def test_a_window_with_nobody_in_line_waits_for_who_is_expected() -> None:
    here = Waiting(uuid4(), "permit", frozenset({"permit"}), due=0.0)
    expected = Waiting(uuid4(), "loan", frozenset({"loan"}), due=5.0, arrives=10.0)
    floor = Floor((here, expected), (open_window("permit"), open_window("loan")), MINUTES)
    estimates = forecast(floor, Random(3))
    assert set(estimates) == {here.key}, "who is not there yet is told nothing"
    assert (estimates[here.key].ahead, estimates[here.key].p85_minutes) == (0, 0)


def test_who_arrives_within_the_minute_is_not_there_yet() -> None:
    soon = Waiting(uuid4(), "permit", frozenset({"permit"}), due=0.0, arrives=0.5)
    assert forecast(Floor((soon,), (open_window("permit"),), MINUTES), Random(3)) == {}


def test_who_is_on_the_way_and_never_comes_delays_nobody() -> None:
    me, absent = someone("tax", 1.0), someone("tax", 0.0, arrives=0.5, shows_up=0.0)
    floor = Floor((absent, me), (open_window("tax"),), MINUTES)
    assert forecast(floor, Random(3))[me.key].p85_minutes == 0


def test_the_prior_is_log_normal_with_the_standard_time_as_its_mean() -> None:
    curve = NormalDist(log(20) - PRIOR_SPREAD**2 / 2, PRIOR_SPREAD)
    shares = [
        (high - low) * curve.pdf(log(middle)) / middle
        for low, high in pairwise(EDGES)
        for middle in ((low + high) / 2,)
    ]
    assert shape(20, {}) == pytest.approx([PRIOR_WEIGHT * s / sum(shares) for s in shares])


@pytest.mark.parametrize("minutes", [-1, -0.5, 0, 0.99])
def test_what_takes_no_time_falls_into_the_first_bucket(minutes: float) -> None:
    assert bucket_of(minutes) == 0


def always(low: int) -> dict[str, dict[int, float]]:
    """Seen so often that the prior no longer counts: tax matters take as long as that bucket."""
    return {"tax": {bucket_of(low): 1e9}}


@pytest.mark.parametrize(
    ("low", "elapsed", "told"),
    [
        (5, 0.0, 10),  # 5 to 6 minutes from now
        (5, 5.0, 5),  # as long as is left of 5 to 6 minutes
        (12, 1000.0, 10),  # longer than anybody ever was: half of 12 to 15 minutes
    ],
)
def test_the_next_waits_for_what_is_left_of_the_time_of_who_is_there(
    low: int, elapsed: float, told: int
) -> None:
    me, busy = someone("tax", 0), open_window("tax", busy_with="tax", elapsed=elapsed)
    estimate = forecast(Floor((me,), (busy,), MINUTES, always(low)), Random(11))[me.key]
    assert (estimate.p50_minutes, estimate.p85_minutes) == (told, told)


def test_each_in_line_waits_for_all_before() -> None:
    queue = tuple(someone("tax", due) for due in range(4))
    estimates = forecast(Floor(queue, (open_window("tax"),), MINUTES, always(5)), Random(11))
    assert [estimates[p.key].p85_minutes for p in queue] == [0, 10, 15, 20]


def test_who_is_expected_soon_goes_before_me_and_who_comes_much_later_does_not() -> None:
    me = someone("tax", 10.0)
    soon, late = (someone("tax", -50.0, arrives=minutes) for minutes in (1.0, 500.0))
    busy = (open_window("tax", busy_with="tax"),)
    estimate = forecast(Floor((me, late, soon), busy, MINUTES, always(5)), Random(11))[me.key]
    assert (estimate.ahead, estimate.p50_minutes, estimate.p85_minutes) == (0, 15, 15)


def test_an_item_without_a_standard_time_takes_the_usual_one() -> None:
    queue = tuple(someone("tax", due) for due in range(3))
    unknown, usual = (
        forecast(Floor(queue, (open_window("tax"),), minutes), Random(11))
        for minutes in ({}, {"tax": DEFAULT_MINUTES})
    )
    assert unknown == usual


def test_everybody_in_a_crowd_is_told_a_time() -> None:
    queue = tuple(someone("tax", due) for due in range(150))
    estimates = forecast(Floor(queue, (open_window("tax"),), MINUTES), Random(11))
    assert None not in {estimates[person.key].p85_minutes for person in queue}
