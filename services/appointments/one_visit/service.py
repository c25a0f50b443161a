"""One-visit figures of halls: finished tickets by the kept sums, items as they are registered."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import AskedDays, HallSpan
from services.appointments.one_visit import queries, rules
from services.appointments.one_visit.rules import OfferedItem
from services.appointments.one_visit.schemas import (
    DEFINITIONS,
    FigureDefinition,
    VisitFigures,
    VisitFiguresView,
    VisitGrouping,
)
from services.appointments.statistics import addresses
from services.appointments.statistics import rules as small_numbers
from services.appointments.statistics import service as statistics
from services.appointments.statistics.schemas import Figures, WideGrouping
from shared.security.identity import Caller


class Line(NamedTuple):
    """What a line stands for: finished tickets, items, and where its tickets are."""

    figures: Figures
    items: Sequence[OfferedItem]
    tickets: str


async def of_halls(
    session: AsyncSession, caller: Caller, wanted: AskedDays, by: VisitGrouping, language: str
) -> VisitFiguresView:
    """A line a hall, area, item, agency or month, and the total. Raises NotFound, Invalid."""
    grouping = WideGrouping(by.value)
    spans = await statistics.spans_of(session, caller, wanted, grouping)
    found = await statistics.of_spans(session, caller, wanted, spans, grouping)
    items = await queries.offered(session, spans)
    valid = [item for item in items if item.is_valid(wanted.first, wanted.last)]
    known = {line.key: line for line in found.lines}
    choose = _chooser(by, valid, spans)
    keys = sorted({*known, *_keys(by, valid, wanted)}, key=lambda key: key or "")
    lines = [
        Line(
            known.get(key) or nothing(key, by, valid),
            choose(key),
            addresses.of_several(wanted, grouping, key),
        )
        for key in keys
    ]
    total = Line(found.total, valid, addresses.of_several(wanted, WideGrouping.HALL, None))
    return VisitFiguresView(
        from_on=wanted.first,
        to_on=wanted.last,
        by=by,
        lines=[_line(caller, line) for line in lines],
        total=_line(caller, total),
        definitions=definitions(language),
    )


def nothing(key: str | None, by: VisitGrouping, items: Sequence[OfferedItem]) -> Figures:
    """Of what was offered, and nobody came for: an item or an agency under its name."""
    names = {item.code: item.name for item in items}
    if by is VisitGrouping.AGENCY:
        names = {item.department_code: item.department_name or "" for item in items}
    blank = Figures.of_nothing()
    return blank.model_copy(update={"key": key, "name": names.get(key or "") or None})


def _keys(by: VisitGrouping, items: Sequence[OfferedItem], wanted: AskedDays) -> set[str | None]:
    """The lines that there are whether somebody came or not: what is offered counts anyhow."""
    match by:
        case VisitGrouping.ITEM:
            return {item.code for item in items}
        case VisitGrouping.AGENCY:
            return {item.department_code for item in items}
        case VisitGrouping.MONTH:
            days = (wanted.last - wanted.first).days + 1
            return {f"{wanted.first + timedelta(n):%Y-%m}" for n in range(days)}
        case VisitGrouping.AREA | VisitGrouping.HALL:
            return set()


def _chooser(
    by: VisitGrouping, items: Sequence[OfferedItem], spans: Sequence[HallSpan]
) -> Callable[[str | None], Sequence[OfferedItem]]:
    """Which of the items a line is about."""

    def choose(key: str | None) -> Sequence[OfferedItem]:
        match by:
            case VisitGrouping.ITEM:
                return [item for item in items if item.code == key]
            case VisitGrouping.AGENCY:
                return [item for item in items if item.department_code == key]
            case VisitGrouping.MONTH:
                first = date.fromisoformat(f"{key}-01")
                last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
                return [item for item in items if item.is_valid(first, last)]
            case VisitGrouping.AREA:
                halls = {span.hall_code for span in spans if (span.area_code or None) == key}
                return [item for item in items if halls & item.halls]
            case VisitGrouping.HALL:
                return [item for item in items if key in item.halls]

    return choose


def _line(caller: Caller, line: Line) -> VisitFigures:
    figures, items = line.figures, line.items
    first_visit = rules.first_visit(
        figures.served, figures.done, figures.needs_more, figures.rejected
    )
    return VisitFigures(
        key=figures.key,
        name=figures.name,
        finished=figures.served,
        first_visit=small_numbers.shown_to(caller, first_visit, {"rate": ("of",)}),
        items=len(items),
        one_visit=rules.one_visit(items),
        online=rules.online(items),
        end_to_end=rules.end_to_end(items),
        instant=rules.instant(items),
        compression=rules.compression(items),
        compression_unknown=sum(rules.not_comparable(item) is not None for item in items),
        tickets=line.tickets,
    )


def definitions(language: str) -> list[FigureDefinition]:
    """What each figure means, in that language."""
    return [
        FigureDefinition(figure=figure, name=name.say(language), text=text.say(language))
        for figure, (name, text) in DEFINITIONS.items()
    ]


async def items_of(
    session: AsyncSession, caller: Caller, wanted: AskedDays, department: str | None
) -> list[OfferedItem]:
    """The items behind the figures, by code. Raises NotFound, Invalid."""
    spans = await statistics.spans_of(session, caller, wanted, WideGrouping.HALL)
    items = await queries.offered(session, spans, department)
    return [item for item in items if item.is_valid(wanted.first, wanted.last)]
