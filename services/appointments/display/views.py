"""The queue as it is shown: to citizens, to staff, and on the screens of the hall."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.display import queries, service
from services.appointments.display.schemas import (
    CalledView,
    DisplayView,
    QueueEntry,
    WaitingView,
)
from services.appointments.estimates import service as estimates
from services.appointments.estimates.schemas import Alternatives, Estimate
from services.appointments.estimates.service import Forecast
from services.appointments.queueing.models import Ticket
from services.appointments.queueing.schemas import ElsewhereView, EstimateView, TicketView
from services.appointments.queueing.views import ticket_view
from shared.clock import moment_en, moment_zh
from shared.errors import Text, counted

_LONG = Text("预计等候超过两个半小时", "The wait may exceed two and a half hours")
_ANOTHER_DAY = Text("建议改到其他大厅或改日办理", "consider another hall or another day")

_UNKNOWN_OPENING = Text(
    "目前没有开放的窗口办理您的事项，何时开放尚不确定，请向咨询台询问；一有窗口开放就会叫号",
    "No open window serves this at the moment, and it is not known when one opens: please ask at "
    "the information desk. You are called as soon as one does",
)


async def display(session: AsyncSession, hall_code: str, now: datetime) -> DisplayView:
    """What the hall's screens show. Raises NotFound."""
    hall = await directory.get_hall(session, hall_code)
    called = await queries.at_windows(session, hall_code)
    forecast = await estimates.of_hall(session, hall_code, now)
    names = await queries.item_names(session, {t.item_code for t in forecast.queue})
    return DisplayView(
        hall_code=hall_code,
        name=hall.name,
        name_en=hall.name_en,
        at=now,
        called=[_called(ticket) for ticket in called],
        waiting=[
            _waiting(item, count, names, forecast) for item, count in service.counts(forecast)
        ],
        windows_open=forecast.windows_open,
    )


def with_estimate(ticket: Ticket, estimate: Estimate | None, language: str) -> TicketView:
    """The ticket with its place in the queue, and advice when the wait is very long."""
    shown = ticket_view(ticket)
    if estimate is not None:
        shown.ahead, shown.estimate = estimate.ahead, estimate_view(estimate)
        shown.served_from = estimate.served_from
        if not estimate.served:
            shown.advice = _not_served_yet(estimate.served_from).say(language)
        elif estimate.is_long:
            found = estimate.alternatives or Alternatives(None, None)
            shown.advice = _long_wait(found).say(language)
            shown.elsewhere, shown.bookable_at = _elsewhere(found, language), found.bookable_at
    return shown


def _long_wait(found: Alternatives) -> Text:
    """What who would wait very long may do."""
    ways = instead(found)
    if ways is None:
        return Text(f"{_LONG.zh}，{_ANOTHER_DAY.zh}", f"{_LONG.en}; {_ANOTHER_DAY.en}")
    return Text(f"{_LONG.zh}：{ways.zh}", f"{_LONG.en}: {ways.en}")


def instead(found: Alternatives) -> Text | None:
    """Another hall, another hour, or both to choose from; None where there is neither."""
    zh, en = list[str](), list[str]()
    if there := found.elsewhere:
        wait = counted(there.p85_minutes, "minute")
        zh_wait, en_wait = (
            (f"预计最多等候 {there.p85_minutes} 分钟", f"the wait should be at most {wait}")
            if there.p85_minutes
            else ("现在不用等候", "there is no wait now")
        )
        zh.append(f"可改到{there.name}办理，那里{zh_wait}")
        en.append(f"you could go to {there.name_en or there.name}, where {en_wait}")
    if at := found.bookable_at:
        zh.append(f"可预约{moment_zh(at)}再来")
        en.append(f"book for {moment_en(at)} and come then")
    return Text("；也".join(zh), ", or ".join(en)) if zh else None


def _elsewhere(found: Alternatives, language: str) -> ElsewhereView | None:
    there = found.elsewhere
    if there is None:
        return None
    name = Text(there.name, there.name_en or there.name).say(language)
    return ElsewhereView(hall_code=there.hall_code, name=name, p85_minutes=there.p85_minutes)


def _not_served_yet(opens: datetime | None) -> Text:
    """What who waits for a closed window should know; `opens` is in the hall's zone."""
    if opens is None:
        return _UNKNOWN_OPENING
    return Text(
        f"目前没有开放的窗口办理您的事项，预计{moment_zh(opens)}有窗口开放；提前开放会直接叫号",
        f"No open window serves this at the moment; one is expected at {moment_en(opens)}, and "
        "should it open earlier, you are called",
    )


def queue_entry(ticket: Ticket, estimate: Estimate | None) -> QueueEntry:
    return QueueEntry(
        id=ticket.id,
        number=ticket.number,
        state=ticket.state,
        items=ticket.items,
        ticket_class=ticket.ticket_class,
        credit_minutes=ticket.credit_minutes,
        credit_reason=ticket.credit_reason,
        ready_at=ticket.ready_at,
        due_at=ticket.due_at,
        window_no=ticket.window_no,
        recalls=ticket.recalls,
        version=ticket.version,
        ahead=estimate.ahead if estimate else None,
        estimate=estimate_view(estimate),
    )


def estimate_view(estimate: Estimate | None) -> EstimateView | None:
    if estimate is None:
        return None
    return EstimateView(p50_minutes=estimate.p50_minutes, p85_minutes=estimate.p85_minutes)


def _called(ticket: Ticket) -> CalledView:
    return CalledView(
        number=ticket.number,
        window_no=ticket.window_no or 0,
        called_at=ticket.last_called_at or ticket.state_since,
        state=ticket.state,
    )


def _waiting(item: str, count: int, names: dict[str, str], forecast: Forecast) -> WaitingView:
    p50, p85 = forecast.newcomer(item)
    return WaitingView(
        item_code=item, name=names.get(item, item), count=count, p50_minutes=p50, p85_minutes=p85
    )
