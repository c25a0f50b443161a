"""Few letters or ratings may point at a person: the public sees no figure of them."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.feedback.ratings import statistics_views as ratings
from services.feedback.ratings.schemas import GroupBy
from services.feedback.statistics import views as letters
from shared.security.identity import Caller

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
RATINGS = {
    "key": "D01",
    "invited": 10,
    "excluded": 1,
    "bad": 4,
    "satisfied": 2,
    "rectified": 3,
    "revisited": 1,
}


def letter_figures(received: int, *, in_full: bool, **others: Any) -> dict[str, Any]:
    counts = {"received": received, "registered": max(received - 1, 0)}
    row: Any = SimpleNamespace(**{**LETTERS, **counts, **others})
    return letters._figures(row, in_full=in_full).model_dump()


def rating_figures(rated: int, *, in_full: bool) -> dict[str, Any]:
    row: Any = SimpleNamespace(**RATINGS, rated=rated)
    return ratings._row(row, in_full=in_full).model_dump()


@pytest.mark.parametrize("figures", [letter_figures, rating_figures])
@pytest.mark.parametrize(
    ("count", "in_full", "hidden"),
    [(0, False, True), (4, False, True), (5, False, False), (4, True, False), (9, False, False)],
)
def test_fewer_than_five_are_hidden_from_the_public(
    figures: Any, count: int, in_full: bool, hidden: bool
) -> None:
    shown = figures(count, in_full=in_full)
    assert (shown.pop("key"), shown.pop("suppressed")) == ("D01", hidden)
    assert all(value is None for value in shown.values()) is hidden


def test_every_figure_of_letters_is_counted_over_its_own_whole() -> None:
    shown = letter_figures(10, in_full=False)
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
    shown = letter_figures(10, in_full=True, judged=0, in_time=0, days=None)
    assert shown["on_time_rate"] == {"n": 0, "rate": None, "low": None, "high": None}
    assert (shown["median_days"], shown["slowest_tenth_days"]) == (None, None)


def test_every_figure_of_ratings_is_counted_over_its_own_whole() -> None:
    shown = rating_figures(8, in_full=False)
    counts = {name: shown[name] for name in ("invited", "rated", "excluded", "bad")}
    assert counts == {"invited": 10, "rated": 8, "excluded": 1, "bad": 4}
    rates = {name: (r["n"], r["rate"]) for name, r in shown.items() if isinstance(r, dict)}
    assert rates == {
        "rated_rate": (10, pytest.approx(0.8)),
        "satisfied_rate": (6, pytest.approx(1 / 3, abs=1e-3)),
        "rectified_rate": (4, pytest.approx(0.75)),
        "revisited_rate": (3, pytest.approx(1 / 3, abs=1e-3)),
    }
    assert shown["rated_rate"]["low"] < 0.8 < shown["rated_rate"]["high"]


def caller(*places: str, role: str = "officer") -> Caller:
    return Caller("somebody", frozenset({role}), frozenset(places))


@pytest.mark.parametrize(
    ("who", "group_by", "key", "in_full"),
    [
        (None, GroupBy.DEPARTMENT, "D01", False),
        (caller("D01", role="citizen"), GroupBy.DEPARTMENT, "D01", False),
        (caller("*", role="citizen"), GroupBy.ALL, None, False),
        (caller("D01"), GroupBy.DEPARTMENT, "D01", True),
        (caller("D01"), GroupBy.DEPARTMENT, "D02", False),
        (caller("D01"), GroupBy.DEPARTMENT, None, False),
        (caller("H1", role="hall_manager"), GroupBy.HALL, "H1", True),
        (caller("H1", role="hall_manager"), GroupBy.HALL, "H2", False),
        (caller("I-1"), GroupBy.ITEM, "I-1", False),
        (caller("all"), GroupBy.ALL, "all", False),
        (caller("*"), GroupBy.DEPARTMENT, "D02", True),
        (caller("*"), GroupBy.ITEM, "I-1", True),
        (caller("*", role="admin"), GroupBy.ALL, None, True),
        (caller("*"), GroupBy.DEPARTMENT, None, True),
    ],
)
def test_staff_see_the_small_figures_of_their_own_places_only(
    who: Caller | None, group_by: GroupBy, key: str | None, in_full: bool
) -> None:
    assert ratings._in_full(who, group_by, key) is in_full
