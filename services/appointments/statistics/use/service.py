"""How a hall's places and windows were used, and where the rows behind each line are."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.statistics import addresses, rules, service
from services.appointments.statistics.schemas import Grouping
from services.appointments.statistics.use import queries
from services.appointments.statistics.use.schemas import (
    AppointmentFigures,
    PlaceFigures,
    UseLine,
    UseView,
    WindowFigures,
)
from shared.security.identity import Caller

BOOKABLE = frozenset(Grouping) - {Grouping.WINDOW, Grouping.CLERK}
"""What lines have appointments: nobody books a window or a clerk."""
_UNATTENDED = frozenset({Grouping.ITEM, Grouping.AGENCY})
"""Lines that no window's time can be told apart for: a window is open for all of its items."""
_ENDED = ("served", "no_shows", "lapsed")
_WAYS = ("way_mean_minutes", "way_p50_minutes", "way_p90_minutes")
_RESTS_ON = dict.fromkeys((*_WAYS, "serving_minutes", "serving_rate"), ["started"])
"""A sum of minutes is a mean to whoever divides it; and the rate gives the minutes away."""


async def of_hall(
    session: AsyncSession,
    caller: Caller,
    hall_code: str,
    first: date,
    last: date,
    by: Grouping,
    now: datetime,
) -> UseView:
    """The use of `first` to `last`, both included. Raises NotFound or Invalid."""
    hall = await service.hall_asked(session, caller, hall_code, first, last)
    found = await queries.figures(session, by, hall, first, last, now)
    lines = [_line(line, hall, first, last, by) for line in found.lines]
    if by is Grouping.CLERK:
        lines = await service.under_names(session, hall, lines, first, last)
    total = _line(found.total, hall, first, last, Grouping.HALL)
    return UseView(
        hall_code=hall_code,
        from_on=first,
        to_on=last,
        by=by,
        items=_guarded(caller, lines),
        total=_guarded(caller, [total.model_copy(update={"key": None})])[0],
    )


def _line(line: queries.UseSums, hall: Hall, first: date, last: date, by: Grouping) -> UseLine:
    sums, is_bookable = line.sums, by in BOOKABLE
    place = (hall.code, first, last, by, line.key)
    return UseLine(
        key=line.key,
        name=line.name,
        appointments=_appointments(sums) if is_bookable else None,
        places=_places(sums) if is_bookable else None,
        windows=_windows(line, is_attended=by not in _UNATTENDED),
        appointment_rows=addresses.of_appointments(*place) if is_bookable else None,
        ticket_rows=addresses.of_tickets(*place),
    )


def _appointments(sums: dict[str, int]) -> AppointmentFigures:
    counted = {name: sums[name] for name in AppointmentFigures.model_fields if name in sums}
    ended = sum(sums[name] for name in _ENDED)
    return AppointmentFigures(**counted, no_show_rate=_rate(sums["no_shows"], ended))


def _places(sums: dict[str, int]) -> PlaceFigures:
    offered, booked, used = (sums[f"places_{which}"] for which in ("offered", "booked", "used"))
    return PlaceFigures(
        offered=offered,
        booked=booked,
        used=used,
        booked_rate=_rate(booked, offered),
        used_rate=_rate(used, offered),
    )


def _windows(line: queries.UseSums, *, is_attended: bool) -> WindowFigures:
    sums = line.sums
    started = sums["started"]
    return WindowFigures(
        open_minutes=_minutes(sums["open_ms"]) if is_attended else None,
        paused_minutes=_minutes(sums["paused_ms"]) if is_attended else None,
        serving_minutes=_minutes(sums["serving_ms"]),
        serving_rate=_rate(sums["serving_ms"], sums["open_ms"]) if is_attended else None,
        started=started,
        way_mean_minutes=_minutes(sums["way_ms"] / started) if started else None,
        way_p50_minutes=line.way_p50_minutes,
        way_p90_minutes=line.way_p90_minutes,
    )


def _minutes(ms: float) -> float:
    return round(ms / 60_000, 1)


def _rate(part: int, of: int) -> float | None:
    return round(part / of, 4) if of else None


def _guarded(caller: Caller, lines: Sequence[UseLine]) -> list[UseLine]:
    """Without the times and rates that rest on few people, where the caller may not open them."""
    windows = rules.all_shown_to(caller, [line.windows for line in lines], _RESTS_ON)
    return [
        line.model_copy(update={"windows": shown, "appointments": _booked(caller, line)})
        for line, shown in zip(lines, windows, strict=True)
    ]


def _booked(caller: Caller, line: UseLine) -> AppointmentFigures | None:
    booked = line.appointments
    return booked and rules.shown_to(caller, booked, {"no_show_rate": _ENDED})


def flat(lines: Sequence[UseLine]) -> list[dict[str, object]]:
    """Each line as a row of a table: the names of its columns are those of the figures, after
    that of their part."""
    rows = []
    for line in lines:
        row = line.model_dump(include={"key", "name", "account"})
        for part in ("appointments", "places", "windows"):
            figures = getattr(line, part)
            row |= {f"{part}.{name}": value for name, value in dict(figures or ()).items()}
        rows.append(row)
    return rows
