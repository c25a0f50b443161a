"""Whoever joins is told what a run with them would say, without another run."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.estimates.lookahead import Lookahead
from services.appointments.estimates.rules import forecast
from services.appointments.estimates.schemas import Estimate, Floor
from services.appointments.estimates.service import Forecast, of_hall
from shared.database.engine import Sessions
from tests.appointments.conftest import Build
from tests.appointments.test_estimates import ITEMS, MINUTES, always, day, open_window, someone

MORE = 4
BETWEEN = st.integers(-70, 10).map(lambda minutes: minutes + 0.5)
"""When somebody who joins is due: never at the moment of somebody who was there."""


@st.composite
def floors(draw: st.DrawFn) -> Floor:
    """A hall with a few windows, people there and people expected."""
    some = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True)
    windows = tuple(open_window(*items) for items in draw(st.lists(some, min_size=1, max_size=4)))
    there = st.tuples(st.sampled_from(ITEMS), st.integers(-60, 0))
    expected = st.tuples(st.sampled_from(ITEMS), st.integers(1, 60), st.floats(0, 1))
    drawn = draw(st.lists(there, max_size=12, unique_by=lambda each: each[1]))
    queue = [someone(item, due) for item, due in drawn]
    queue += [
        someone(item, at - 60.25, arrives=at, shows_up=share)
        for item, at, share in draw(st.lists(expected, max_size=3))
    ]
    return Floor(tuple(queue), windows, MINUTES)


def told(estimate: Estimate) -> tuple[float, float]:
    return estimate.p50_minutes or 0, estimate.p85_minutes or 0


def ensure_order(before: Estimate, behind: Estimate) -> None:
    assert before.ahead <= behind.ahead
    for one, other in zip(told(before), told(behind), strict=True):
        assert one <= other


@given(floors(), st.lists(BETWEEN, min_size=MORE, max_size=MORE, unique=True), st.integers())
def test_who_is_due_later_is_never_told_less(floor: Floor, dues: list[float], seed: int) -> None:
    """Nor less than those before in the same line, nor more than those behind, who are there."""
    lookahead = Lookahead(floor, Random(seed))
    for item in ITEMS:
        line = [p for p in floor.queue if p.item == item and p.arrives <= 0]
        found = [(p.due, 0, lookahead.estimates[p.key]) for p in line]
        found += [(due, 1, lookahead.estimate(someone(item, due))) for due in dues]
        found.sort(key=lambda each: each[:2])
        for (_, _, before), (_, _, behind) in pairwise(found):
            ensure_order(before, behind)


@given(floors(), st.lists(BETWEEN, min_size=MORE, max_size=MORE, unique=True), st.integers())
def test_so_it_stays_when_others_have_joined(floor: Floor, dues: list[float], seed: int) -> None:
    lookahead = Lookahead(floor, Random(seed))
    for due in dues:
        lookahead.take(someone("tax", due))
    for item in ITEMS:
        found = [lookahead.estimate(someone(item, due)) for due in sorted(dues)]
        for before, behind in pairwise(found):
            ensure_order(before, behind)


@given(
    floors(),
    st.lists(
        st.tuples(st.sampled_from(ITEMS), BETWEEN), max_size=MORE, unique_by=lambda each: each[1]
    ),
)
def test_as_many_are_ahead_as_if_all_had_been_there(
    floor: Floor, joining: list[tuple[str, float]]
) -> None:
    lookahead, queue = Lookahead(floor, Random(1)), floor.queue
    for item, due in joining:
        who = someone(item, due)
        found = lookahead.estimate(who)
        lookahead.take(who)
        queue = (*queue, who)
        expected = forecast(replace(floor, queue=queue), Random(1))[who.key]
        assert (found.ahead, found.served) == (expected.ahead, expected.served)
        assert (found.p85_minutes is None) == (expected.p85_minutes is None)


@pytest.mark.parametrize("due", [-20.5, -5.5, 1.0])
def test_a_run_with_who_joins_says_the_same(due: float) -> None:
    queue = tuple(someone("tax", place - 20.0) for place in range(20))
    floor = Floor(queue, (open_window("tax"), open_window("tax")), MINUTES, always(5))
    who = someone("tax", due)
    found = Lookahead(floor, Random(3)).estimate(who)
    whole = forecast(replace(floor, queue=(*queue, who)), Random(5))[who.key]
    assert found.ahead == whole.ahead
    assert told(found) == pytest.approx(told(whole), abs=5)


def test_at_the_end_of_the_line_the_windows_work_on() -> None:
    floor = Floor((), (open_window("tax"), open_window("tax")), MINUTES, always(5))
    lookahead, waits = Lookahead(floor, Random(3)), []
    for place in range(6):
        who = someone("tax", float(place))
        waits.append(lookahead.estimate(who).p85_minutes)
        lookahead.take(who)
    assert waits == [0, 0, 10, 10, 15, 15]


def test_a_line_that_nobody_stands_in_has_an_estimate_too() -> None:
    queue = tuple(someone("tax", float(place)) for place in range(10))
    windows = (open_window("tax"), open_window("permit"))
    lookahead = Lookahead(Floor(queue, windows, MINUTES), Random(3))
    assert lookahead.estimate(someone("permit", 11.0)) == Estimate(0, 0, 0)
    unserved = lookahead.estimate(someone("social", 11.0))
    assert unserved == Estimate(0, None, None, served=False)


def test_those_who_join_are_told_as_well_as_by_another_run() -> None:
    """On the simulated days, of which the last few join the others within one second."""
    days, rng = Random(7), Random(5)
    held, off = dict[str, list[bool]](), dict[str, list[float]]()
    for _ in range(60):
        floor, real = day(days, 60)
        lookahead = Lookahead(replace(floor, queue=floor.queue[:-MORE]), rng)
        whole = forecast(floor, rng)
        for who in floor.queue[-MORE:]:
            lookahead.take(who)
        for who in floor.queue[-MORE:]:
            for how, found in (("joining", lookahead.of_joined(who)), ("run", whole[who.key])):
                p50, p85 = told(found)
                held.setdefault(how, []).append(real[who.key] <= p85)
                off.setdefault(how, []).append(abs(p50 - real[who.key]))
    assert fmean(held["joining"]) >= fmean(held["run"]) - 0.03
    assert fmean(off["joining"]) <= 1.1 * fmean(off["run"])


async def test_a_stale_forecast_is_made_anew_by_one_of_all_who_ask(
    hall: Build, sessions: Sessions
) -> None:
    """Each of those in flight made its own, each second: half of a busy service's time."""
    floor = await hall(windows=1)
    await floor.open(0)
    await floor.issue()
    now = floor.clock()

    async def ask(at: datetime) -> Forecast:
        async with sessions() as session:
            return await of_hall(session, floor.code, at)

    before = await ask(now)
    await floor.issue()  # so that it is stale in a second
    found = await asyncio.gather(*(ask(now + timedelta(seconds=2)) for _ in range(6)))
    made = {id(forecast) for forecast in found} - {id(before)}
    assert len(made) == 1
    assert len((await ask(now + timedelta(seconds=2))).queue) == 2
