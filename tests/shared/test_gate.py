"""The rule of admission, under a clock of its own: what is done, by whom, and how refusals are."""

import heapq
from collections import Counter, deque
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.gate import LONGEST_RETRY, Gate, Limit, Priority, Visit, VisitState

EMERGENCY, WINDOW, BOOKING, READING, EXPORT = Priority
SERVICE = 0.01
"""Seconds of the only processor that an answer takes: the service can do a hundred a second."""
DEADLINE = 1.8


class Outcome(NamedTuple):
    asked: Counter[Priority]
    done: Counter[Priority]
    wasted: int
    refusals: list[float]


def rush(gate: Gate, arrivals: Sequence[tuple[float, Priority]]) -> Outcome:
    """A service with one processor that shares it between all that is at work, behind the gate."""
    asked, done, refusals, wasted = Counter[Priority](), Counter[Priority](), list[float](), 0
    order = count()
    events = [(at, next(order), "comes", Visit(priority, at)) for at, priority in arrivals]
    heapq.heapify(events)
    free_at = 0.0

    def begin(visit: Visit, now: float) -> None:
        nonlocal free_at
        free_at = max(free_at, now) + SERVICE
        heapq.heappush(events, (free_at, next(order), "ends", visit))

    waiting: list[Visit] = []
    while events:
        now, _, what, visit = heapq.heappop(events)
        if what == "comes":
            asked[visit.priority] += 1
            visit = gate.ask(visit.priority, now)
            if visit.state is VisitState.WAITING:
                waiting.append(visit)
            elif visit.state is VisitState.WORKING:
                begin(visit, now)
            else:
                refusals.append(0.0)
        else:
            late = now - visit.asked_at > DEADLINE
            wasted += late
            done[visit.priority] += not late
            gate.leave(visit, now, good=not late)
        for each in waiting:
            if each.state is VisitState.WORKING:
                begin(each, now)
            elif each.state is VisitState.TURNED_AWAY:
                refusals.append(now - each.asked_at)
        waiting = [each for each in waiting if each.state is VisitState.WAITING]
    return Outcome(asked, done, wasted, refusals)


def steadily(priority: Priority, per_second: float, seconds: float) -> list[tuple[float, Priority]]:
    return [(n / per_second, priority) for n in range(int(per_second * seconds))]


def adapting() -> Gate:
    return Gate(Limit(least=8, most=256, first=24))


@pytest.mark.parametrize("times", [1.2, 2, 10, 50])
def test_under_any_rush_nearly_all_is_done_that_can_be(times: float) -> None:
    seconds = 10
    found = rush(adapting(), steadily(READING, times / SERVICE, seconds))
    assert found.done[READING] >= 0.95 * seconds / SERVICE
    assert found.wasted == 0


def test_without_the_gate_the_same_rush_leaves_nothing() -> None:
    """The control: what the rule is for."""
    open_door = Gate(Limit(least=10**6, most=10**6, first=10**6))
    found = rush(open_door, steadily(READING, 10 / SERVICE, 30))
    assert found.done[READING] < 0.1 * 30 / SERVICE


def test_who_stands_at_a_window_is_served_whatever_others_ask() -> None:
    arrivals = [
        *steadily(WINDOW, 20, 20),
        *steadily(BOOKING, 300, 20),
        *steadily(READING, 700, 20),
        *steadily(EXPORT, 100, 20),
    ]
    found = rush(adapting(), sorted(arrivals))
    assert found.done[WINDOW] == found.asked[WINDOW]
    assert found.done[BOOKING] > 10 * max(found.done[READING], 1)
    assert sum(found.done.values()) >= 0.95 * 20 / SERVICE


def test_an_emergency_is_let_in_at_once_whatever_is_at_work_and_waits() -> None:
    gate = Gate(Limit(least=2, most=2, first=2))
    for n in range(200):
        gate.ask(WINDOW if n % 2 else READING, n / 1000)
    assert gate.is_full(READING, 0.2)
    assert gate.is_full(WINDOW, 0.2)
    pressed = [gate.ask(EMERGENCY, 0.2) for _ in range(10)]
    assert {each.state for each in pressed} == {VisitState.WORKING}
    for each in pressed:
        gate.leave(each, 0.21)
    assert gate.at_work == 2


def test_a_release_that_a_hundred_want_at_once_is_no_rush() -> None:
    hall = Gate(Limit(least=24, most=256, first=64), wait_seconds=3.0)
    found = rush(hall, [(1.0, BOOKING)] * 100)
    assert found.done[BOOKING] == 100


def test_under_a_lasting_rush_who_looks_is_refused_fast() -> None:
    found = rush(adapting(), steadily(READING, 10 / SERVICE, 20))
    slow = [seconds for seconds in found.refusals if seconds > 0.15]
    assert len(slow) < 0.02 * len(found.refusals)
    assert max(found.refusals) <= 1.1
    at_once = sum(seconds == 0 for seconds in found.refusals)
    assert at_once > 0.9 * len(found.refusals)


@pytest.mark.parametrize("service", [0.001, 0.002, 0.004])
def test_sixty_four_who_read_again_and_again_are_no_rush(service: float) -> None:
    """Each asks one thing at a time, so that the line never grows: nobody has to be refused."""
    gate = Gate(Limit(least=30, most=30, first=30), wait_seconds=0.5)
    order, refused, free_at = count(), 0, 0.0
    events: list[tuple[float, int, Visit | None]] = [(0.0, next(order), None) for _ in range(64)]
    queue: deque[Visit] = deque()
    while events and events[0][0] < 10:
        now, _, ended = heapq.heappop(events)
        if ended is not None:
            gate.leave(ended, now)
        queue.append(gate.ask(READING, now))
        while queue and queue[0].state is not VisitState.WAITING:
            visit = queue.popleft()
            refused += visit.state is not VisitState.WORKING
            free_at = max(free_at, now) + service
            heapq.heappush(events, (free_at, next(order), visit))
    assert refused == 0


def test_retry_after_grows_while_the_rush_lasts_and_is_short_again_after_a_calm() -> None:
    gate = adapting()
    told = [gate.retry_after(READING, second / 10) for second in range(400)]
    highest = [max(told[n : n + 40]) for n in range(0, 400, 40)]
    assert highest == sorted(highest)
    assert (highest[0], highest[-1]) == (2, LONGEST_RETRY)
    assert len(set(told[-40:])) > 5  # spread: those refused together do not come back together
    assert gate.retry_after(WINDOW, 40.0) == 1
    assert gate.retry_after(READING, 60.0) <= 2


def test_who_left_while_waiting_takes_no_place() -> None:
    gate = Gate(Limit(least=1, most=1, first=1))
    first, gone, next_one = (gate.ask(READING, 0.0) for _ in range(3))
    gate.withdraw(gone)
    gate.leave(first, 0.1)
    assert (gone.state, next_one.state) == (VisitState.ENDED, VisitState.WORKING)
    assert (gate.at_work, gate.waiting) == (1, 0)


def test_who_waited_too_long_is_turned_away_when_a_place_comes() -> None:
    gate = Gate(Limit(least=1, most=1, first=1), wait_seconds=0.5)
    first, late = gate.ask(BOOKING, 0.0), gate.ask(BOOKING, 0.0)
    fresh = gate.ask(BOOKING, 0.4)
    gate.leave(first, 0.6)
    assert (late.state, fresh.state) == (VisitState.TURNED_AWAY, VisitState.WORKING)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "leave", "withdraw"]),
        st.sampled_from(Priority),
        st.floats(0, 0.4),
        st.integers(0, 200),
        st.booleans(),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 12))
def test_never_more_at_work_than_the_limit_and_no_place_is_lost(
    steps: list[tuple[str, Priority, float, int, bool]], limit: int
) -> None:
    gate, now, visits = Gate(Limit(least=limit, most=limit, first=limit)), 0.0, list[Visit]()
    for step, priority, passes, which, good in steps:
        now += passes
        if step == "ask":
            full = gate.is_full(priority, now)
            visits.append(gate.ask(priority, now))
            # Asking turns away who has waited too long, so that there may be room after all.
            assert full or visits[-1].state is not VisitState.TURNED_AWAY
        elif visits:
            chosen = visits[which % len(visits)]
            gate.leave(chosen, now, good=good) if step == "leave" else gate.withdraw(chosen)
        working = [each for each in visits if each.state is VisitState.WORKING]
        still = [each for each in visits if each.state is VisitState.WAITING]
        assert (gate.at_work, gate.waiting) == (len(working), len(still))
        assert sum(each.priority is not EMERGENCY for each in working) <= limit
        assert all(each.priority is not EMERGENCY for each in still)
    for each in visits:
        gate.withdraw(each)
    while working := [each for each in visits if each.state is VisitState.WORKING]:
        gate.leave(working[0], now)
    assert (gate.at_work, gate.waiting) == (0, 0)


@given(
    st.lists(st.tuples(st.floats(0, 3), st.booleans(), st.booleans(), st.floats(0, 1)), max_size=60)
)
def test_a_limit_stays_in_its_bounds(notes: list[tuple[float, bool, bool, float]]) -> None:
    limit, now = Limit(least=4, most=20, first=10), 0.0
    for seconds, good, full, passes in notes:
        before, now = limit.value, now + passes
        limit.note(seconds, good=good, full=full, now=now)
        assert 4 <= limit.value <= 20
        if good and seconds <= 0.3:
            assert limit.value >= before
        else:
            assert limit.value <= before
        if not full:
            assert limit.value <= before


def test_a_limit_grows_only_where_it_is_used() -> None:
    idle, used = (Limit(least=4, most=20, first=10) for _ in range(2))
    for n in range(1000):
        idle.note(0.01, good=True, full=False, now=n / 10)
        used.note(0.01, good=True, full=True, now=n / 10)
    assert (idle.value, used.value) == (10, 20)
