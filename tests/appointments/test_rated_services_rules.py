"""Ratings beside others' of the same items: by quarters, and never fewer than enough."""

from datetime import UTC, date, datetime

import pytest

from services.appointments.rated_services import rules
from services.appointments.rated_services.rules import Rated, RatingTerms, figures
from services.appointments.rated_services.schemas import RatingReading

TERMS = RatingTerms()
TOO_FEW, ALIKE, MORE, FEWER = RatingReading
OTHERS = {("wang", "i"): Rated(100, 4), ("zhao", "i"): Rated(100, 6)}


@pytest.mark.parametrize(
    ("asked_until", "now", "quarter"),
    [
        ("2026-11-30", "2026-11-30", "2026-07-01"),
        ("2026-09-30", "2026-11-30", "2026-07-01"),
        ("2026-09-29", "2026-11-30", "2026-04-01"),
        ("2026-10-29", "2026-10-29", "2026-04-01"),
        ("2026-10-31", "2026-10-31", "2026-07-01"),
        ("2027-02-28", "2027-01-30", "2026-07-01"),
        ("2027-02-28", "2027-01-31", "2026-10-01"),
    ],
)
def test_a_quarter_is_shown_thirty_days_after_its_end_to_who_asks_about_days_after_it(
    asked_until: str, now: str, quarter: str
) -> None:
    moment = datetime.fromisoformat(f"{now}T04:00:00").replace(tzinfo=UTC)
    found = rules.latest_until(date.fromisoformat(asked_until), moment)
    assert found == date.fromisoformat(quarter)
    assert rules.last_day(date(2026, 10, 1)) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("bad", "reading"), [(0, ALIKE), (3, ALIKE), (5, ALIKE), (9, MORE), (20, MORE)]
)
def test_bad_ratings_are_held_against_what_the_items_let_expect(
    bad: int, reading: RatingReading
) -> None:
    found = figures("li", {("li", "i"): Rated(60, bad), **OTHERS}, TERMS)
    assert (found.rated, found.bad, found.compared) == (60, bad, 60)
    assert (found.expected_bad, found.reading) == (3.0, reading)


def test_fewer_are_seen_where_there_are_many() -> None:
    found = figures("li", {("li", "i"): Rated(400, 6), **OTHERS}, TERMS)
    assert (found.expected_bad, found.reading) == (20.0, FEWER)


def test_who_does_what_displeases_is_no_worse_for_it() -> None:
    """A hard item has three bad ones in ten, an easy one in fifty: 李 has the hard one."""
    hard = {(who, "hard"): Rated(40, 12) for who in ("li", "wang", "zhao")}
    easy = {(who, "easy"): Rated(500, 10) for who in ("wang", "zhao")}
    assert figures("li", {**hard, **easy}, TERMS).reading is ALIKE


@pytest.mark.parametrize(
    ("own", "others"),
    [
        (Rated(60, 9), {("wang", "i"): Rated(200, 10)}),  # one colleague alone
        (Rated(60, 9), {("wang", "i"): Rated(200, 1), ("zhao", "i"): Rated(200, 1)}),  # chance
        (Rated(60, 9), {("wang", "j"): Rated(200, 10), ("zhao", "j"): Rated(200, 10)}),
    ],
)
def test_without_enough_of_others_nothing_is_expected(
    own: Rated, others: dict[tuple[str, str], Rated]
) -> None:
    found = figures("li", {("li", "i"): own, **others}, TERMS)
    assert (found.bad, found.expected_bad, found.reading) == (9, None, TOO_FEW)


def test_of_few_ratings_only_their_number_is_shown() -> None:
    of_hall = {("li", "i"): Rated(19, 2), ("sun", "i"): Rated(8, 1), **OTHERS}
    found = figures("li", of_hall, TERMS)
    assert (found.rated, found.bad, found.compared) == (19, None, 0)
    assert rules.shown(of_hall, TERMS) == {"wang", "zhao"}
    with_more = {**of_hall, ("li", "i"): Rated(20, 2), ("chen", "i"): Rated(3, 0)}
    assert rules.shown(with_more, TERMS) == {"li", "wang", "zhao"}


@pytest.mark.parametrize("few", [{"sun": 1}, {"sun": 1, "chen": 2}, {"sun": 19}])
def test_what_one_person_was_rated_does_not_follow_from_everybody_elses(
    few: dict[str, int],
) -> None:
    """Who knows the sum of the hall takes from it all that is shown."""
    of_hall = {("li", "i"): Rated(30, 1), **OTHERS}
    of_hall |= {(who, "i"): Rated(n, 1) for who, n in few.items()}
    assert rules.shown(of_hall, TERMS) == {"wang", "zhao"}
    hidden = {who for who, _ in of_hall} - rules.shown(of_hall, TERMS)
    assert len(hidden) >= 2
    beside = figures("wang", {**of_hall, ("zhao", "i"): Rated(100, 6)}, TERMS)
    assert beside.expected_bad is None, "one that is shown is left beside: it is not read off"


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.39)]
)
def test_the_interval_is_that_of_a_poisson_count(count: int, low: float, high: float) -> None:
    """Against the exact limits (Garwood 1936), within what the approximation is good for."""
    found = rules.byar(count, 95)
    assert found[0] == pytest.approx(low, abs=0.02)
    assert found[1] == pytest.approx(high, rel=0.02)
