"""Who takes which place of a time, against a solver that looks at it from the other side."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.slots.free_times import free_times
from services.appointments.slots.matching import Claim, Looks, Matching, Run, Sitting
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import OpenSlot
from services.appointments.slots.visits import Need, Wish, arrange
from shared.ids import new_id

NINE = datetime(2026, 11, 24, 1, tzinfo=UTC)
HALF_PAST = NINE + timedelta(minutes=30)


def slot(
    items: str, capacity: int = 1, *, minute: int = 0, booked: int = 0, **others: int | str
) -> OpenSlot:
    """Half an hour of places for those items, by a rule named after them."""
    at = NINE + timedelta(minutes=minute)
    code, minutes = str(others.get("code", items)), int(others.get("minutes", 30))
    return OpenSlot(
        new_id(), code, Pool.ONLINE, at.date(), at, minutes, capacity, booked, frozenset(items)
    )


def wish(items: str, persons: int = 1, minutes: int = 20, slots: int = 1) -> Wish:
    return Wish(tuple(Need(item, minutes) for item in items), persons, slots)


def hold(matching: Matching, item: str, at: datetime = NINE) -> bool:
    return arrange(matching, wish(item).visit, at) is not None


def shown(slots: Iterable[OpenSlot], wanted: Wish, with_full: bool = False) -> dict[int, int]:
    """How many people fit, by the minute at which they would come."""
    matching = Matching(slots)
    found = free_times(matching, wanted, matching.starts, with_full=with_full).rows
    return {int((row.starts_at - NINE).total_seconds() // 60): row.free for row in found}


@pytest.mark.parametrize("rules", [*permutations(["GB", "GO", "OB"])])
@pytest.mark.parametrize("bookings", [*permutations(range(3))])
def test_three_rules_with_a_place_each_take_the_three_bookings_that_fit(
    rules: Sequence[str], bookings: Sequence[int]
) -> None:
    """In whatever order rules are named and people book."""
    slots = [slot(items, code=f"R{place}") for place, items in enumerate(rules)]
    wanted = ["BOB"[place] for place in bookings]
    matching = Matching(slots)

    for place, item in enumerate(wanted):
        left = Counter(wanted[place:])
        assert shown_in(matching, item) >= left[item]
        assert hold(matching, item)

    assert all(shown_in(matching, item) == 0 for item in "GOB")


def shown_in(matching: Matching, item: str) -> int:
    [row] = free_times(matching, wish(item), [NINE], with_full=True).rows
    return row.free


SESSIONS = st.lists(
    st.tuples(
        st.sets(st.sampled_from("GBOR"), min_size=1).map(lambda s: "".join(sorted(s))),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=5,
)


@given(SESSIONS, st.text("GBOR", max_size=12), st.sampled_from("GBOR"))
def test_there_is_room_as_long_as_hall_s_theorem_says_so(
    sessions: list[tuple[str, int]], people: str, wanted: str
) -> None:
    """A set of people fits if for every set of items there are as many places that serve one of
    them as there are people who come for one of them (Hall 1935): here looked at set by set."""
    slots = [slot(items, places, code=f"R{n}") for n, (items, places) in enumerate(sessions)]
    matching, came = Matching(slots), Counter[str]()
    for item in people:
        fits = _fits(sessions, came + Counter(item))
        assert hold(matching, item) == fits
        came += Counter(item) if fits else Counter()

    most = max(n for n in range(20) if _fits(sessions, came + Counter({wanted: n})))
    found = free_times(matching, wish(wanted), [NINE], with_full=True).rows
    assert [row.free for row in found] == ([most] if any(wanted in i for i, _ in sessions) else [])
    assert sum(matching.sat().values()) == came.total()
    for one in slots:
        assert matching.room(one.id) == one.capacity - sum(
            many for sitting, many in matching.sat().items() if one.id in sitting.run
        )


def _fits(sessions: Sequence[tuple[str, int]], people: Counter[str]) -> bool:
    items = [*people]
    return all(
        sum(people[item] for item in chosen)
        <= sum(places for served, places in sessions if set(served) & chosen)
        for chosen in (
            {item for item, is_in in zip(items, which, strict=True) if is_in}
            for which in product([False, True], repeat=len(items))
        )
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "AB"]), st.integers(0, 2), st.sampled_from([0, 30, 60])
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_a_visit_of_two_items_fits_exactly_where_some_way_to_do_it_does(
    sessions: list[tuple[str, int, int]], persons: int
) -> None:
    """Against trying every person's order, and for each Hall's theorem at each time."""
    slots = [
        slot(items, 2, minute=minute, booked=2 - free, code=f"R{n}")
        for n, (items, free, minute) in enumerate(sessions)
    ]
    expected = {
        minute
        for minute in (0, 30)
        if any(_works(sessions, minute, firsts) for firsts in product("AB", repeat=persons))
    }
    found = shown(slots, wish("AB", persons))
    assert found.keys() == expected
    assert all(people >= persons for people in found.values())


def _works(sessions: Sequence[tuple[str, int, int]], minute: int, firsts: Sequence[str]) -> bool:
    seconds = ["A" if item == "B" else "B" for item in firsts]
    return all(
        _fits([(items, free) for items, free, at in sessions if at == then], Counter(people))
        for then, people in ((minute, firsts), (minute + 30, seconds))
    )


def test_of_a_visit_one_leg_begins_when_the_other_is_over() -> None:
    matching = Matching([slot("A"), slot("B", minute=30), slot("B", minute=60, code="L")])

    legs = arrange(matching, wish("BA").visit, NINE)

    assert legs is not None
    assert [(leg.claim.item_code, leg.claim.starts_at) for leg in legs] == [
        ("A", NINE),
        ("B", HALF_PAST),
    ]
    assert arrange(matching, wish("BA").visit, HALF_PAST) is None


def test_two_short_items_are_seen_to_in_one_slot_that_lasts_as_long_as_both() -> None:
    """With a place for each: whoever is at one window is not at the other."""
    legs = arrange(Matching([slot("A", minutes=60), slot("B", minutes=60)]), wish("AB").visit, NINE)
    assert legs is not None
    assert {leg.claim.starts_at for leg in legs} == {NINE}
    assert arrange(Matching([slot("A"), slot("B")]), wish("AB").visit, NINE) is None


def test_five_people_come_together_or_not_at_all() -> None:
    slots = [slot("A", 3), slot("AB", 2)]
    assert shown(slots, wish("A", 5)) == {0: 5}
    assert shown(slots, wish("A", 5), with_full=True) == {0: 5}
    assert shown([slot("A", 4)], wish("A", 5)) == {}
    assert shown([slot("A", 4)], wish("A", 5), with_full=True) == {0: 4}


def test_what_does_not_fit_leaves_everybody_where_they_are() -> None:
    slots = [slot("AB"), slot("A", code="R2")]
    matching = Matching(slots)
    assert hold(matching, "A")
    before = matching.sat()

    assert arrange(matching, wish("B", 2).visit, NINE) is None
    assert matching.sat() == before


def test_whoever_sits_in_a_slot_that_is_not_on_sale_any_more_stays_there() -> None:
    there, free = slot("AB", booked=1), slot("A", code="R2")
    claim = Claim("A", NINE, 30)

    assert hold(Matching([there, free], {Sitting(claim, (there.id,)): 1}), "B")
    assert not hold(Matching([there, free], {Sitting(claim, (there.id, new_id())): 1}), "B")
    assert not hold(Matching([there, free]), "B")


def test_a_long_one_is_moved_only_to_where_it_has_its_whole_time() -> None:
    first, second = slot("AB", booked=1), slot("AB", minute=30, booked=1)
    sits = {Sitting(Claim("A", NINE, 60), (first.id, second.id)): 1}
    apart = [slot("A", code="R1"), slot("A", minute=30, code="R2")]

    assert hold(Matching([first, second, *apart], sits), "B")
    assert hold(Matching([first, second, slot("A", minutes=90)], sits), "B", HALF_PAST)
    assert hold(Matching([first, second, apart[0]], sits), "B")
    assert not hold(Matching([first, second, slot("A", minutes=45, code="R1")], sits), "B")


class _Counted(Matching):
    """Counts how often a place was looked for."""

    looked = 0

    def seat(self, claim: Claim, runs: Sequence[Run], *, moving: bool = True) -> Run | None:
        self.looked += 1
        return super().seat(claim, runs, moving=moving)


@pytest.mark.parametrize("persons", [1, 2])
def test_no_orders_are_tried_where_one_item_has_no_place_in_any(persons: int) -> None:
    """Whoever asks for five short items shall not keep a service busy for all who come after."""
    slots = [
        slot(items, 20, minute=30 * half, code=f"R{rule}")
        for rule, items in enumerate(("AB", "BC", "CD", "DA"))
        for half in range(6)
    ]
    full = [slot("E", minute=30 * half, booked=1) for half in range(6)]
    matching = _Counted([*slots, *full])

    assert arrange(matching, wish("ABCDE", persons, minutes=5).visit, NINE) is None
    assert matching.looked < 200
    assert not matching.sat()
    assert arrange(matching, wish("ABCD", persons, minutes=5).visit, NINE) is not None


def test_no_visit_is_looked_for_without_end_and_what_is_free_is_still_found() -> None:
    """Each leg fits somewhere and all of them nowhere: every order, at every time, is worth a try.
    Two people ask for five items each; of each item there is one place at any time."""
    slots = [
        slot(items, minute=15 * quarter, minutes=15, code=f"R{rule}")
        for rule, items in enumerate(("ABCDE", "ABCDF", "ABCEF"))
        for quarter in range(40)
    ]
    others = [slot("XYZ", 3, minute=15 * n, minutes=15, code="RX") for n in range(40)]
    matching = _Counted([*slots, *others], looks=Looks(2_000))
    starts = [NINE + timedelta(minutes=15 * n) for n in range(40)]

    free_times(matching, wish("ABCDEF"[:5], 2, minutes=40), starts, with_full=True)
    looked = matching.looked
    assert matching.looks.left <= 0
    assert looked < 2_000 + len(starts) * 12 * 20
    assert arrange(matching, wish("XY", 1, minutes=15).visit, NINE) is not None, "nobody moves"


def _walk(seed: int) -> Iterator[tuple[Matching, list[OpenSlot]]]:
    """A morning of slots of a quarter of an hour, in which people come for what takes several."""
    random = Random(seed)
    slots = [
        slot("".join(items), random.randint(1, 2), minute=15 * n, minutes=15, code=f"R{rule}")
        for rule, items in enumerate(random.sample(["A", "B", "AB", "BC", "AC"], 3))
        for n in range(6)
    ]
    matching = Matching(slots)
    for _ in range(30):
        at = NINE + timedelta(minutes=15 * random.randrange(6))
        arrange(matching, wish(random.choice("ABC"), 1, random.choice([15, 30, 45])).visit, at)
        yield matching, slots


@pytest.mark.parametrize("seed", range(20))
def test_whatever_several_slots_each_take_nobody_sits_where_there_is_no_place(seed: int) -> None:
    """And whatever is listed can be held, whatever is held was listed."""
    for matching, slots in _walk(seed):
        taken = Counter(slot for one in matching.sat().elements() for slot in one.run)
        assert all(taken[one.id] <= one.capacity for one in slots)
        assert all(matching.room(one.id) == one.capacity - taken[one.id] for one in slots)
        wanted = wish("B", 1, 30)
        listed = {row.starts_at for row in free_times(matching, wanted, matching.starts).rows}
        for at in matching.starts:
            before = matching.mark()
            assert (arrange(matching, wanted.visit, at) is not None) == (at in listed)
            matching.back_to(before)
