"""Where the rows behind a line of figures are. Pure."""

from datetime import date
from urllib.parse import urlencode

from services.appointments.areas.rules import AskedDays
from services.appointments.statistics.schemas import Grouping, WideGrouping


def of_line(
    path: str, hall_code: str, first: date, last: date, by: Grouping, key: str | None
) -> str:
    """The address under the hall of what a line counts; `path` says which rows."""
    asked = {"from": first.isoformat(), "to": last.isoformat(), "by": by.value}
    if by is not Grouping.HALL:
        asked["key"] = key or ""
    return f"/api/v1/halls/{hall_code}/{path}?{urlencode(asked)}"


def of_tickets(hall_code: str, first: date, last: date, by: Grouping, key: str | None) -> str:
    """Of the entries of the hall's log."""
    return of_line("statistics/tickets", hall_code, first, last, by, key)


def of_several(wanted: AskedDays, by: WideGrouping, key: str | None) -> str:
    """Of the entries of the logs of several halls; of all together, by hall and without a key."""
    places = {"hall": wanted.hall, "area": wanted.area}
    asked = {"from": wanted.first.isoformat(), "to": wanted.last.isoformat()}
    asked |= {name: place for name, place in places.items() if place}
    asked["by"] = by.value
    if by is not WideGrouping.HALL or key is not None:
        asked["key"] = key or ""
    return f"/api/v1/statistics/tickets?{urlencode(asked)}"


def of_appointments(hall_code: str, first: date, last: date, by: Grouping, key: str | None) -> str:
    """Of the appointments."""
    return of_line("utilisation/appointments", hall_code, first, last, by, key)
