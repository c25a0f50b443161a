"""Reports of periods on the rows of the audit: counted, frozen with their rows, read and opened."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from statistics import median
from time import perf_counter
from typing import Any

from services.projects.reports import freezing, queries
from services.projects.reports.models import PeriodKind, Report
from services.projects.reports.periods import queries as of_periods
from services.projects.reports.periods.queries import FrozenMoment, Opened
from services.projects.reports.rules import period_report
from services.projects.reports.rules.period_report import FrozenFacts
from services.projects.reports.rules.periods import Period, with_earlier
from services.projects.reports.rules.report import to_bytes
from shared.database.engine import RoomSession
from shared.errors import Text
from shared.ids import new_id
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_most

Do = Callable[[Callable[[RoomSession], Awaitable[Any]]], Awaitable[Any]]
QUARTER = Period(PeriodKind.QUARTER, date(2026, 7, 1), date(2026, 9, 30))
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
ROUNDS = 5


async def counted(session: RoomSession) -> bytes:
    """A quarter beside the four before it, counted and composed by unit."""
    periods = with_earlier(QUARTER)
    ranges = await of_periods.due_ranges(session, periods)
    counts = await of_periods.counts(session, ranges)
    scheme = await queries.scheme(session, NOW.date())
    moment = FrozenMoment(new_id(), NOW.date(), NOW, False)
    inputs = {
        "units": [unit._asdict() for unit in await queries.units(session, NOW.date())],
        "undated": await of_periods.undated(session, moment),
        "period": period_report.period_of(QUARTER),
        "trend": period_report.trend_of(periods, counts),
        "before": period_report.before_of(counts[1]),
        "versions": {},
        "in_dispute": {},
        "names": {},
        **scheme._asdict(),
    }
    content = period_report.compose(NOW.date(), inputs, counts[0], FrozenFacts([], [], []), "")
    return to_bytes(content)


async def frozen(session: RoomSession) -> Report:
    """The same with the rows of its duties kept, by every group and both schemes."""
    moment = FrozenMoment(new_id(), NOW.date(), NOW, False)
    report, _ = await freezing.freeze(session, moment, NOW, Text("", ""), QUARTER)
    session.expunge(report)
    return report


async def measure(do: Do) -> list[Goal]:
    """What a quarter costs: counting it, freezing it, reading it, opening a unit's figure."""
    started = perf_counter()
    report = await do(frozen)
    goals.show(f"  a quarter frozen with its rows {perf_counter() - started:,.1f} s")
    unit = Opened(unit="D03", verdicts=["late"])
    steps: list[tuple[str, float, Callable[[RoomSession], Awaitable[Any]]]] = [
        ("report by period, a quarter and four before", 100, counted),
        ("frozen report of a period, read", 15, lambda s: s.get(Report, report.id)),
        (
            "a unit's figure of it opened, 200 rows",
            15,
            lambda s: of_periods.rows(s, report, unit, limit=200),
        ),
    ]
    return [at_most(name, await _median_ms(do, work), limit, "ms") for name, limit, work in steps]


async def _median_ms(do: Do, work: Callable[[RoomSession], Awaitable[Any]]) -> float:
    took = []
    for _ in range(ROUNDS):
        started = perf_counter()
        await do(work)
        took.append(perf_counter() - started)
    return median(took) * 1000
