"""Each day of a hall counts for one area at each level, whatever was moved when."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.areas.models import PlacedKind
from services.appointments.areas.rules import (
    AskedDays,
    HallSpan,
    Hierarchy,
    Placing,
    Stay,
    ensure_higher,
    ensure_stands_alone,
    spans,
    until,
)
from services.appointments.directory.models import HallLevel
from shared.errors import Invalid

A, H = PlacedKind.AREA, PlacedKind.HALL
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
CITIES, COUNTIES, HALLS = ("C1", "C2"), ("K1", "K2", "K3"), ("H1", "H2", "H3", "H4")
ALL = frozenset({"*"})
TREE = (
    Placing(A, "C1", date(2000, 1, 1), "P"),
    Placing(A, "C2", date(2000, 1, 1), "P"),
    Placing(A, "K1", date(2000, 1, 1), "C1"),
    Placing(A, "K2", date(2000, 1, 1), "C2"),
    Placing(H, "H1", date(2000, 1, 1), "K1"),
)


def moved(day: int, parent: str | None) -> Hierarchy:
    return Hierarchy([*TREE, Placing(H, "H1", date(2026, 5, day), parent)])


def test_in_a_month_with_a_move_each_day_counts_for_the_area_of_that_day() -> None:
    found = spans(moved(16, "K2"), ["H1"], AskedDays(FIRST, LAST, ALL, area="P"))
    assert found == [
        HallSpan("H1", FIRST, date(2026, 5, 15), "C1"),
        HallSpan("H1", date(2026, 5, 16), LAST, "C2"),
    ]
    [old] = spans(moved(16, "K2"), ["H1"], AskedDays(FIRST, LAST, ALL, area="C1"))
    [new] = spans(moved(16, "K2"), ["H1"], AskedDays(FIRST, LAST, ALL, area="C2"))
    assert (old.last, new.first) == (date(2026, 5, 15), date(2026, 5, 16))
    assert (old.area_code, new.area_code) == ("K1", "K2")


def test_a_county_that_moves_takes_its_halls_along() -> None:
    hierarchy = Hierarchy([*TREE, Placing(A, "K1", date(2026, 5, 10), "C2")])
    stays = list(hierarchy.stays(H, "H1", FIRST, LAST))
    assert stays == [
        Stay(FIRST, date(2026, 5, 9), ("P", "C1", "K1")),
        Stay(date(2026, 5, 10), LAST, ("P", "C2", "K1")),
    ]


def test_a_move_to_none_ends_with_the_next_one() -> None:
    hierarchy = Hierarchy(
        [*TREE, Placing(H, "H1", date(2026, 5, 5), None), Placing(H, "H1", date(2026, 5, 9), "K2")]
    )
    paths = [stay.path for stay in hierarchy.stays(H, "H1", FIRST, LAST)]
    assert paths == [("P", "C1", "K1"), (), ("P", "C2", "K2")]
    own = [Placing(H, "H1", date(2026, 5, day), None) for day in (5, 9)]
    assert until(own, date(2026, 5, 5)) == date(2026, 5, 8)
    assert until(own, date(2026, 5, 9)) is None


def test_who_acts_for_an_area_sees_its_halls_on_the_days_on_which_they_stood_there() -> None:
    hierarchy = moved(16, "K2")
    own = AskedDays(FIRST, LAST, frozenset({"C2"}))
    assert spans(hierarchy, ["H1"], own) == [HallSpan("H1", date(2026, 5, 16), LAST, "P")]
    other = AskedDays(FIRST, LAST, frozenset({"C2"}), area="C1")
    assert spans(hierarchy, ["H1"], other) == []
    of_hall = AskedDays(FIRST, LAST, frozenset({"H1"}), area="C1")
    assert [span.last for span in spans(hierarchy, ["H1"], of_hall)] == [date(2026, 5, 15)]


def test_what_goes_on_for_the_same_line_is_one_span() -> None:
    """So that whole months are read by their sums."""
    found = spans(moved(16, "K1"), ["H1"], AskedDays(FIRST, LAST, ALL))
    assert found == [HallSpan("H1", FIRST, LAST, "P")]


days = st.dates(FIRST - timedelta(days=3), LAST + timedelta(days=3))


@st.composite
def placings(draw: st.DrawFn) -> list[Placing]:
    known: dict[tuple[PlacedKind, str, date], str | None] = {}
    for code in CITIES:
        for day in draw(st.lists(days, max_size=2)):
            known[A, code, day] = draw(st.sampled_from(("P", None)))
    for code in COUNTIES:
        for day in draw(st.lists(days, max_size=3)):
            known[A, code, day] = draw(st.sampled_from((*CITIES, "P", None)))
    for code in HALLS:
        for day in draw(st.lists(days, max_size=3)):
            known[H, code, day] = draw(st.sampled_from((*COUNTIES, *CITIES, "P", None)))
    return [Placing(*key, parent) for key, parent in known.items()]


def hall_days(found: list[HallSpan]) -> Counter[tuple[str, date]]:
    return Counter(
        (span.hall_code, span.first + timedelta(n))
        for span in found
        for n in range((span.last - span.first).days + 1)
    )


@given(placings())
def test_the_days_of_all_areas_together_are_the_days_of_all_halls(known: list[Placing]) -> None:
    """Once each: what the areas right under an area count adds up to what that counts, and the
    topmost ones with what stands nowhere add up to everything."""
    hierarchy = Hierarchy(known)
    everything = hall_days(spans(hierarchy, HALLS, AskedDays(FIRST, LAST, ALL)))
    assert everything == Counter(
        {(hall, FIRST + timedelta(n)): 1 for hall in HALLS for n in range(31)}
    )
    for area in ("P", *CITIES, *COUNTIES):
        whole = spans(hierarchy, HALLS, AskedDays(FIRST, LAST, ALL, area=area))
        assert max(hall_days(whole).values(), default=1) == 1
        for line in {span.area_code for span in whole} - {area}:
            own = hall_days([span for span in whole if span.area_code == line])
            below = hall_days(spans(hierarchy, HALLS, AskedDays(FIRST, LAST, ALL, area=line)))
            assert own <= below


@given(placings(), st.sampled_from(HALLS))
def test_stays_are_in_order_and_without_gaps(known: list[Placing], hall: str) -> None:
    stays = list(Hierarchy(known).stays(H, hall, FIRST, LAST))
    assert (stays[0].first, stays[-1].last) == (FIRST, LAST)
    for one, following in zip(stays, stays[1:], strict=False):
        assert one.first <= one.last
        assert one.last + timedelta(days=1) == following.first


@pytest.mark.parametrize(
    ("level", "parent"),
    [("county", "county"), ("city", "county"), ("province", "city"), ("town", "town")],
)
def test_an_area_stands_under_a_higher_level_only(level: str, parent: str) -> None:
    """So that nothing ever stands under itself, whoever moves what at the same time."""
    with pytest.raises(Invalid):
        ensure_higher(HallLevel(level), HallLevel(parent), "/body/parent_code")
    if level != parent:
        ensure_higher(HallLevel(parent), HallLevel(level), "/body/parent_code")


def test_the_level_stays_once_something_goes_by_it() -> None:
    for code in ("C1", "P"):
        with pytest.raises(Invalid):
            ensure_stands_alone(code, TREE)
    ensure_stands_alone("H1", TREE)
    ensure_stands_alone("NEW", TREE)
