"""`python -m tests.benchmarks.hall_simulation [days] [write]`: how long people wait, and are told.

Synthetic days of a full hall are played by the rules themselves: credits, the order of calling with
its guard, and the forecast. People come by Poisson's law, more of them in the morning; one in five
who have booked does not come; a service takes log-normal time by its item. The same people come
under time credit and under strict classes. What each is told on joining is held against what came,
beside what halls print today: the place in the queue x mean service time / open windows.
`write` puts the tables into docs/simulation.md.
"""

import sys
from collections.abc import Iterable
from datetime import datetime
from math import floor
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import NamedTuple
from uuid import UUID

from services.appointments.estimates.floors import floor_of, person
from services.appointments.estimates.lookahead import Lookahead
from services.appointments.estimates.schemas import QueuedTicket
from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import DEFAULT_CREDITS, Policy
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_least, at_most
from tests.benchmarks.hall_simulation_days import ASKED, CLASSES, LOAD, MINUTES, Visitor, day
from tests.benchmarks.hall_simulation_floor import Hall, History, Ticket

SEED = 20261130
DAYS, LEARNING = 20, 5
"""Days that count; before them the forecast sees some, as it would in a hall that has worked."""
EVERY = 4
"""One in so many is told a time and held to it: a forecast costs more than all else of a day."""
LOADS = (0.9, 1.0, 1.1, LOAD, 1.25)
"""For how busy a hall the rules make which difference; the goals are those of `LOAD`."""
PAGE = Path("docs/simulation.md")
TIME_CREDIT = Policy()
_LAYERS = {TicketClass.WALK_IN: 0, TicketClass.GREEN_CHANNEL: 1440}
STRICT = Policy(
    credits={each: _LAYERS.get(each, 720) for each in DEFAULT_CREDITS}, guard_after_minutes=1440
)
"""Green channel before every other priority before walk-ins, whoever has waited how long."""
_MEAN = sum(ASKED[item] * MINUTES[item] for item in MINUTES)


class Promise(NamedTuple):
    """What somebody was told on joining: a range, and what is printed today."""

    who: UUID
    p50: int
    p85: int
    simple: float


class Promised(NamedTuple):
    """A promise and the minutes that came."""

    told: Promise
    waited: float


class Waits(NamedTuple):
    """The minutes waited by each class, and the longest of walk-ins day by day."""

    by_class: dict[TicketClass, list[float]]
    longest_walk_ins: list[float]

    def longest(self, each: TicketClass) -> float:
        return max(self.by_class[each])

    def median(self, each: TicketClass) -> float:
        return median(self.by_class[each])


class Teller:
    """Tells one in so many what to expect, as the service would."""

    def __init__(self, every: int = EVERY) -> None:
        self.told: list[Promise] = []
        self._every, self._joined = every, 0

    def __call__(self, hall: Hall, ticket: Ticket, at: datetime) -> None:
        self._joined += 1
        if self._joined % self._every:
            return
        found = hall.now(at)
        forward = floor_of(found, hall.history.usual(at), at)
        due = ticket.standing.due_at
        queued = QueuedTicket(ticket.key, ticket.item, (ticket.item,), None, due)
        estimate = Lookahead(forward, Random(self._joined)).estimate(person(queued, at))
        place = 1 + sum(other.due_at <= due for other in found.queue)
        if estimate.p50_minutes is not None and estimate.p85_minutes is not None:
            simple = place * _MEAN / len(found.windows)
            self.told.append(
                Promise(ticket.key, estimate.p50_minutes, estimate.p85_minutes, simple)
            )


def waits_under(policy: Policy, days: Iterable[list[Visitor]]) -> Waits:
    """The days, played by this policy."""
    waits = Waits({each: [] for each in CLASSES}, [])
    for visitors in days:
        waited = Hall(visitors, policy).play()
        for visitor in visitors:
            if visitor.key in waited:
                waits.by_class[visitor.ticket_class].append(waited[visitor.key])
        walked_in = (v.key for v in visitors if v.ticket_class is TicketClass.WALK_IN)
        waits.longest_walk_ins.append(max(waited[key] for key in walked_in))
    return waits


def promises(days: int, seed: int = SEED) -> list[Promised]:
    """What was told on these days under time credit, beside what came."""
    history, found = History(), list[Promised]()
    for number in range(-LEARNING, days):
        teller = Teller()
        visitors = day(number, seed)
        waited = Hall(visitors, TIME_CREDIT, history, teller if number >= 0 else None).play()
        found += [Promised(told, waited[told.who]) for told in teller.told]
        history.next_day()
    return found


def error(found: list[Promised]) -> float:
    """Minutes between the middle of the range and what came, on average."""
    return fmean(abs(each.told.p50 - each.waited) for each in found)


def simple_error(found: list[Promised]) -> float:
    """The same of place x mean / windows."""
    return fmean(abs(each.told.simple - each.waited) for each in found)


def held(found: list[Promised]) -> float:
    """How many per cent did not wait longer than they were told; told in whole minutes."""
    return 100 * fmean(floor(each.waited) <= each.told.p85 for each in found)


def _table(credit: Waits, strict: Waits) -> str:
    lines = [
        "| class | people | median, strict | median, credit | longest, strict | longest, credit |",
        "|---|---|---|---|---|---|",
    ]
    for each in CLASSES:
        times = (strict.median(each), credit.median(each))
        longest = (strict.longest(each), credit.longest(each))
        shown = " | ".join(f"{minutes:.1f}" for minutes in (*times, *longest))
        lines.append(f"| {each.value} | {len(credit.by_class[each]):,} | {shown} |")
    return "\n".join(lines)


def _told_table(found: list[Promised]) -> str:
    bias = fmean(each.told.p50 - each.waited for each in found)
    simple_bias = fmean(each.told.simple - each.waited for each in found)
    return "\n".join(
        [
            f"| told to {len(found):,} people | mean error | told too much by | upper bound held |",
            "|---|---|---|---|",
            f"| the forecast | {error(found):.1f} | {bias:+.1f} | {held(found):.1f} % |",
            f"| place x mean / windows | {simple_error(found):.1f} | {simple_bias:+.1f} | - |",
        ]
    )


def _load_table(days: int) -> str:
    lines = [
        "| work over capacity | longest walk-in, strict | longest walk-in, credit | less by |"
        " green channel later by |",
        "|---|---|---|---|---|",
    ]
    for load in LOADS:
        played = [day(number, SEED, load) for number in range(days)]
        credit, strict = waits_under(TIME_CREDIT, played), waits_under(STRICT, played)
        longest = [fmean(waits.longest_walk_ins) for waits in (strict, credit)]
        green = [waits.median(TicketClass.GREEN_CHANNEL) for waits in (strict, credit)]
        lines.append(
            f"| {load:.2f} | {longest[0]:.0f} | {longest[1]:.0f} |"
            f" {100 * (1 - longest[1] / longest[0]):.0f} % | {green[1] - green[0]:.1f} |"
        )
    return "\n".join(lines)


def _goals(credit: Waits, strict: Waits, found: list[Promised]) -> list[Goal]:
    green, walk_in = TicketClass.GREEN_CHANNEL, TicketClass.WALK_IN
    mean_longest = fmean(credit.longest_walk_ins) / fmean(strict.longest_walk_ins)
    later = credit.median(green) - strict.median(green)
    return [
        at_least("longest wait of a day's walk-ins below strict classes", 100 * (1 - mean_longest),
                 25, "%"),
        at_least("longest wait of all walk-ins below strict classes",
                 100 * (1 - credit.longest(walk_in) / strict.longest(walk_in)), 25, "%"),
        at_most("green channel: median wait beyond strict classes", later, 1, "min"),
        at_most("error of the forecast over that of place x mean / windows",
                error(found) / simple_error(found), 0.5),
        at_least("upper bound held", round(held(found)), 88, "%"),
        at_most("upper bound held, and not by telling too much", round(held(found)), 90, "%"),
    ]  # fmt: skip


def _write(tables: str) -> None:
    page = PAGE.read_text()
    head, _, rest = page.partition("<!-- tables -->\n")
    _, _, tail = rest.partition("<!-- end of tables -->\n")
    PAGE.write_text(f"{head}<!-- tables -->\n{tables}\n<!-- end of tables -->\n{tail}")


def main(arguments: list[str]) -> int:
    """0 when every goal is held."""
    many = next((int(each) for each in arguments if each.isdigit()), DAYS)
    goals.begin("hall_simulation", 2, f"{many} synthetic days, by the rules of the queue")
    days = [day(number, SEED) for number in range(many)]
    credit, strict = waits_under(TIME_CREDIT, days), waits_under(STRICT, days)
    found = promises(many)
    tables = "\n\n".join(
        (_table(credit, strict), _load_table(max(many // 2, 1)), _told_table(found))
    )
    goals.show(f"Minutes waited:\n\n{tables}")
    if "write" in arguments:
        _write(tables)
    return goals.end(_goals(credit, strict, found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
