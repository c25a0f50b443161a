"""Few letters may point at a person: the public sees no figure of them, by any arithmetic."""

from contextlib import suppress
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.small_cells.rules import (
    COUNTED_AFTER,
    FEWEST,
    choose,
    last_day,
    month_asked,
)
from services.feedback.statistics import figures
from services.feedback.statistics.schemas import LetterGrouping
from shared.clock import day_start
from shared.errors import Invalid
from tests.feedback.isolated_service import at
from tests.feedback.span_helpers import MANY, in_span

LETTERS = {
    "key": "D01",
    "replied": 8,
    "closed": 7,
    "activities": 6,
    "in_time": 4,
    "judged": 5,
    "in_time_by_first_limit": 3,
    "judged_by_first_limit": 6,
    "published": 2,
    "publishable": 4,
    "rated": 6,
    "satisfied": 3,
    "days": (1.234, 5.678),
}


def letter_counts(**others: Any) -> Any:
    usual = {**LETTERS, "received": 10, "registered": 9, **others}
    usual.setdefault("ordinary", usual["received"])
    return SimpleNamespace(**{k: usual[k] for k in sorted(usual)})


def letter_figures(**others: Any) -> dict[str, Any]:
    return figures.in_full(letter_counts(**others)).model_dump()


def test_every_figure_of_letters_is_counted_over_its_own_whole() -> None:
    shown = letter_figures()
    counts = {name: shown[name] for name in ("received", "replied", "closed", "activities")}
    assert counts == {"received": 10, "replied": 8, "closed": 7, "activities": 6}
    rates = {name: (r["n"], r["rate"]) for name, r in shown.items() if isinstance(r, dict)}
    assert rates == {
        "registration_rate": (10, pytest.approx(0.9)),
        "on_time_rate": (5, pytest.approx(0.8)),
        "on_time_rate_without_extension": (6, pytest.approx(0.5)),
        "publication_rate": (4, pytest.approx(0.5)),
        "rated_rate": (8, pytest.approx(0.75)),
        "satisfied_rate": (6, pytest.approx(0.5)),
    }
    assert (shown["median_days"], shown["slowest_tenth_days"]) == (1.23, 5.68)
    assert shown["on_time_rate"]["low"] < 0.8 < shown["on_time_rate"]["high"]


def test_what_nobody_did_has_no_rate_and_no_days() -> None:
    shown = letter_figures(judged=0, in_time=0, days=None)
    assert shown["on_time_rate"] == {"n": 0, "rate": None, "low": None, "high": None}
    assert (shown["median_days"], shown["slowest_tenth_days"]) == (None, None)


G = LetterGrouping


def public(**groups: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is shown of these departments' letters, by department, and of their sum as `all`."""
    rows = [letter_counts(key=key, **counts) for key, counts in groups.items()]
    names = set(vars(rows[0])) - {"key", "days"}
    summed = {name: sum(getattr(row, name) for row in rows) for name in names}
    whole = letter_counts(**{**summed, "key": None})
    counted = {G.ALL: [whole], G.DEPARTMENT: rows, G.KIND: [whole], G.CHANNEL: [whole]}
    shown = figures.public(counted)
    by_key = {str(row.key): row.model_dump() for row in shown[G.DEPARTMENT]}
    return by_key | {"all": shown[G.ALL][0].model_dump()}


def of(received: int, **others: int) -> dict[str, Any]:
    """A department whose letters were all registered and judged, and none rated."""
    names = ("registered", "judged", "in_time", "judged_by_first_limit", "in_time_by_first_limit")
    nothing = dict.fromkeys(("replied", "closed", "published", "publishable", "satisfied"), 0)
    return {**nothing, "rated": 0, "received": received, **dict.fromkeys(names, received), **others}


def test_a_small_group_takes_another_with_it_so_that_the_total_does_not_give_it_away() -> None:
    shown = public(D01=of(3), D02=of(7), D03=of(20))
    assert [key for key, row in shown.items() if row["suppressed"]] == ["D01", "D02"]
    assert (shown["all"]["received"], shown["D03"]["received"]) == (30, 20)
    hidden = {k: v for k, v in shown["D01"].items() if k not in ("key", "suppressed")}
    assert set(hidden.values()) == {None}


def test_no_rate_over_fewer_than_five_is_shown_or_can_be_had_from_the_others() -> None:
    shown = public(
        D01=of(9, replied=9, rated=1, satisfied=1),
        D02=of(9, replied=9, rated=6, satisfied=3),
        D03=of(9, replied=9, rated=8, satisfied=8),
    )
    rates = {key: row["satisfied_rate"] for key, row in shown.items()}
    assert (rates["D01"], rates["D02"]) == (None, None)
    assert (rates["D03"]["n"], rates["all"]["n"]) == (8, 15)
    assert shown["D01"]["rated_rate"]["n"] == 9


def test_a_single_group_that_is_hidden_hides_the_total() -> None:
    assert public(D01=of(4))["all"]["suppressed"]
    shown = public(D01=of(9, replied=9), D02=of(2, replied=0))
    assert {key: row["suppressed"] for key, row in shown.items()} == {
        "D01": True, "D02": True, "all": False
    }  # fmt: skip
    assert shown["all"]["rated_rate"] is None, "all that were answered are of D01"


CELLS = st.dictionaries(
    st.tuples(*[st.sampled_from("abcd")] * 3),
    st.tuples(st.integers(1, 9), st.integers(0, 2)).map(lambda n: (n[0], n[0] * n[1] // 2)),
    min_size=1,
    max_size=24,
)
"""Cases by department, kind and channel: how many there are, and of how many a rate is counted."""
CASES, RATED = 0, 1
Cells = dict[tuple[str, ...], tuple[int, int]]
Group = tuple[int, Any]


def sizes_of(cells: Cells, count: int) -> list[dict[Any, int]]:
    """By department, by kind and by channel."""
    groupings: list[dict[Any, int]] = [{}, {}, {}]
    for key, counts in cells.items():
        for sizes, part in zip(groupings, key, strict=True):
            sizes[part] = sizes.get(part, 0) + counts[count]
    return groupings


def derivable(group: Group, shown: list[Group], groupings: list[dict[Any, int]]) -> bool:
    """Whether sums and differences of the total and the shown groups make up the group, however
    the cases are spread over departments, kinds and channels.
    """
    cells = list(product(*groupings))
    rows = [[Fraction(1)] * len(cells)]
    rows += [[Fraction(cell[axis] == key) for cell in cells] for axis, key in shown]
    axis, key = group
    return in_span([Fraction(cell[axis] == key) for cell in cells], rows)


@MANY
@given(CELLS, st.sampled_from([CASES, RATED]))
def test_nobody_who_holds_all_that_is_shown_of_a_month_can_derive_a_hidden_group(
    cells: Cells, count: int
) -> None:
    chosen = choose(sizes_of(cells, CASES))
    groupings = sizes_of(cells, count)
    if count == RATED and chosen is not None:
        chosen = choose(groupings, chosen)
    if chosen is None:
        return  # nothing is shown, not even the total
    assert sum(groupings[0].values()) >= FEWEST or not sum(groupings[0].values())
    shown: list[Group] = [(axis, key) for axis, keys in enumerate(chosen) for key in keys]
    hidden = [
        (axis, key)
        for axis, sizes in enumerate(groupings)
        for key, n in sizes.items()
        if n > 0 and key not in chosen[axis]
    ]
    for axis, key in shown:
        assert groupings[axis][key] == 0 or groupings[axis][key] >= FEWEST
    for group in hidden:
        assert not derivable(group, shown, groupings), (group, shown)
    for axis, sizes in enumerate(groupings):
        left = sum(n for key, n in sizes.items() if key not in chosen[axis])
        assert left == 0 or left >= FEWEST, "the total less what is shown is of few"


DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@MANY
@given(st.lists(st.tuples(st.none() | DAYS, st.none() | DAYS), min_size=2, max_size=9), DAYS)
def test_no_two_periods_that_the_public_may_ask_for_overlap(
    asked: list[tuple[date | None, date | None]], day: date
) -> None:
    now = day_start(day)
    months = set()
    for from_on, to_on in asked:
        with suppress(Invalid):
            months.add(month_asked(from_on, to_on, now))
    assert all(month.day == 1 for month in months)
    assert all(last_day(month) + COUNTED_AFTER < day for month in months), "not over yet"


@pytest.mark.parametrize(
    ("moment", "latest"),
    [
        ("2026-11-15 23:59", date(2026, 9, 1)),
        ("2026-11-16 00:00", date(2026, 10, 1)),
        ("2026-01-10 10:00", date(2025, 11, 1)),
    ],
)
def test_a_month_is_public_fifteen_days_after_its_end(moment: str, latest: date) -> None:
    now = at(moment)
    assert month_asked(None, None, now) == latest
    assert month_asked(latest, None, now) == month_asked(None, last_day(latest), now) == latest
    for period in [(last_day(latest) + timedelta(days=1), None), (date(2020, 1, 1), None)]:
        with pytest.raises(Invalid):
            month_asked(*period, now)
