"""Which halls, tickets and appointments of a local system the documents' examples are about."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments import examples_figures, examples_five_ways, examples_releases
from services.appointments.alarms import workflow as alarms
from services.appointments.alarms.models import Alarm
from services.appointments.booking import workflow as booking
from services.appointments.booking.models import Appointment, Penalty
from services.appointments.deferrals import workflow as deferrals
from services.appointments.deferrals.models import Deferral
from services.appointments.directory.models import Device, Hall, Window
from services.appointments.followups.models import Questionnaire
from services.appointments.guides.models import Guide, HallItem, Item
from services.appointments.penalties import workflow as penalties
from services.appointments.policies.models import BookingPolicy
from services.appointments.pre_checks import workflow as pre_checks
from services.appointments.pre_checks.models import PreCheck, PreCheckFile
from services.appointments.queueing import workflow as queueing
from services.appointments.queueing.models import Ticket, TicketState, WindowAtWork, WindowState
from services.appointments.schedules import service as schedules
from services.appointments.schedules.models import Closure, ScheduleException
from services.appointments.schedules.schemas import ScheduleChange
from services.appointments.slots.models import Pool, Slot, SlotState
from services.appointments.waitlist.models import WaitlistEntry, WaitlistState
from shared import clock
from shared.database.newest import newest, newest_in, values_of
from shared.errors import Problem
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.examples import Example, of_row, read

LOADER = Caller("demo", frozenset({"admin"}), frozenset({"*"}))
APPOINTMENTS = {
    "confirm_appointment": "confirm",
    "cancel_appointment": "cancel",
    "reschedule_appointment": "move",
    "check_in_appointment": "check_in",
    "correct_no_show": "correct",
}
SOON_OR_LATER = (timedelta(hours=20), timedelta(days=30))
"""On the demo one may check in a day before."""
AT_A_WINDOW = (TicketState.CALLED, TicketState.RECALLED, TicketState.SERVING)
MOVED = "reschedule_appointment"
PENALTIES = {"appeal_penalty": "appeal", "lift_penalty": "lift"}
PRE_CHECKS = {
    "add_pre_check_file": "withdraw",
    "answer_pre_check": "missing",
    "resubmit_pre_check": "resubmit",
    "withdraw_pre_check": "withdraw",
}
ALARMS = {"acknowledge_alarm": "acknowledge", "resolve_alarm": "resolve"}
TICKETS = ("serve", "recall", "park", "resume", "miss", "abandon", "undo", "finish", "transfer")


async def live(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """Versions of what the examples change, and of each state the newest row."""
    found = await _tickets(session) | await _appointments(session) | await _windows(session)
    found |= await examples_five_ways.live(session, keyring)
    found |= await examples_releases.live(session)
    found |= await examples_figures.live(session)
    found |= await _devices(session)
    found |= await _waitlist(session)
    found |= await _alarms(session)
    return found | await _versions(session) | await _schedule(session)


async def _devices(session: AsyncSession) -> dict[str, Example]:
    here = (col(Device.hall_code) == "H001", col(Device.retired_at).is_(None))
    device = await newest(session, Device, *here)
    if device is None:
        return {}
    return dict.fromkeys(("invite_device", "revoke_device"), Example({"device_id": str(device.id)}))


async def _alarms(session: AsyncSession) -> dict[str, Example]:
    found = {}
    here = (col(Window.hall_code) == "H001", col(Window.retired_at).is_(None))
    window = await newest(session, Window, *here)
    if window is not None:
        found["raise_alarm"] = Example({"window_id": str(window.id)})
    for operation, action in ALARMS.items():
        states = [row.state for row in alarms.WORKFLOW.of(action)]
        alarm = await newest_in(session, Alarm, states)
        if alarm is not None:
            found[operation] = of_row("alarm_id", alarm)
    return found


async def _waitlist(session: AsyncSession) -> dict[str, Example]:
    """An item of the hall that nobody waits for yet, and who waits."""
    found = {}
    awaited = col(WaitlistEntry.state).in_([WaitlistState.WAITING, WaitlistState.OFFERED])
    item = await newest(
        session,
        HallItem,
        col(HallItem.hall_code) == "H001",
        ~col(HallItem.item_code).in_(values_of(WaitlistEntry.item_code, awaited)),
        by=HallItem.item_code,
    )
    if item is not None:
        found["join_waitlist"] = Example(body={"item_code": item.item_code})
    entry = await newest_in(session, WaitlistEntry, [WaitlistState.WAITING])
    if entry is not None:
        found["leave_waitlist"] = Example({"waitlist_id": str(entry.id)})
    return found


async def _tickets(session: AsyncSession) -> dict[str, Example]:
    found = {}
    for action in TICKETS:
        states = [row.state for row in queueing.WORKFLOW.of(action)]
        ticket = await newest_in(session, Ticket, states)
        if ticket is not None:
            found[f"{action}_ticket"] = Example({"ticket_id": str(ticket.id)})
    return found | await _deferrals(session)


async def _deferrals(session: AsyncSession) -> dict[str, Example]:
    found = {}
    served = await newest_in(session, Ticket, [TicketState.SERVING, TicketState.DONE])
    if served is not None:
        found["promise_deferral"] = Example(body={"ticket_id": str(served.id)})
    promised = await newest_in(session, Deferral, [deferrals.WORKFLOW.starts[0]])
    if promised is not None:
        which = Example({"deferral_id": str(promised.id)})
        found |= {"supply_deferral": which, "cancel_deferral": which}
    return found


async def _appointments(session: AsyncSession) -> dict[str, Example]:
    found = {}
    places = await _free_places(session)
    if places is not None:
        found["hold_appointment"] = Example(body={"slot_ids": [places]})
    for operation, action in APPOINTMENTS.items():
        states = [row.state for row in booking.WORKFLOW.of(action)]
        appointment = await newest_in(session, Appointment, states)
        if appointment is not None:
            body = {"slot_ids": [places]} if operation == MOVED and places else None
            found[operation] = Example({"appointment": str(appointment.id)}, body=body)
    helped = await newest(session, Appointment, ~col(Appointment.citizen_key).startswith("sub:"))
    if helped is not None:
        found["read_appointment_contact"] = Example({"appointment": str(helped.id)})
    for operation, action in PENALTIES.items():
        barred = [row.state for row in penalties.WORKFLOW.of(action)]
        penalty = await newest_in(session, Penalty, barred)
        if penalty is not None:
            found[operation] = Example({"penalty_id": str(penalty.id)})
    for operation, action in PRE_CHECKS.items():
        open_to = [row.state for row in pre_checks.WORKFLOW.of(action)]
        pre_check = await newest_in(session, PreCheck, open_to)
        if pre_check is not None:
            found[operation] = Example({"pre_check_id": str(pre_check.id)})
    file = await newest(session, PreCheckFile)
    if file is not None:
        of = {"pre_check_id": str(file.pre_check_id), "file_id": str(file.id)}
        found |= {"get_pre_check_file": Example(of), "remove_pre_check_file": Example(of)}
    return found


async def _free_places(session: AsyncSession) -> str | None:
    """A slot on sale on a day without an appointment yet; within a day, if there is one."""
    on_sale = (
        col(Slot.state) == SlotState.OPEN,
        col(Slot.hall_code) == "H001",
        col(Slot.pool) == Pool.ONLINE,
        col(Slot.booked) + col(Slot.kept_back) < col(Slot.capacity),
        ~col(Slot.on_date).in_(values_of(Appointment.on_date)),
    )
    for horizon in SOON_OR_LATER:
        soon = col(Slot.starts_at) <= clock.now() + horizon
        slot = await newest(session, Slot, *on_sale, soon, by=Slot.starts_at)
        if slot is not None:
            return str(slot.id)
    return None


async def _windows(session: AsyncSession) -> dict[str, Example]:
    found = {}
    at_work = values_of(WindowAtWork.window_id, col(WindowAtWork.state) == WindowState.OPEN)
    here = (col(Window.hall_code) == "H001", col(Window.retired_at).is_(None))
    closed = await newest(session, Window, *here, ~col(Window.id).in_(at_work))
    if closed is not None:
        found["open_window"] = Example({"window_id": str(closed.id)})
    taken = values_of(Ticket.window_id, col(Ticket.state).in_(AT_A_WINDOW))
    opened = await newest(
        session, Window, *here, col(Window.id).in_(at_work), ~col(Window.id).in_(taken)
    )
    if opened is None:
        return found
    window = {"window_id": str(opened.id)}
    found |= {"pause_window": Example(window), "call_next": Example(window)}
    waiting = await newest_in(session, Ticket, [TicketState.WAITING])
    if waiting is not None:
        found["call_ticket"] = Example(window, body={"ticket": str(waiting.id)})
    return found


async def _versions(session: AsyncSession) -> dict[str, Example]:
    """What an example changes goes by the version that stands there now."""
    examples = read("appointments")
    hall, item = examples["put_hall"]["path"]["hall"], examples["put_item"]["path"]["item"]
    found: dict[str, Any] = {
        "put_hall": await session.get(Hall, hall),
        "put_item": await session.get(Item, item),
    }
    found |= dict.fromkeys(("put_windows", "put_devices"), found["put_hall"])
    guide, policy = col(Guide.item_code) == item, col(BookingPolicy.hall_code) == hall
    found["put_guide"] = await newest(session, Guide, guide, by=Guide.version)
    found["put_booking_policy"] = await newest(
        session, BookingPolicy, policy, by=BookingPolicy.version
    )
    code = col(Questionnaire.code) == examples["put_questionnaire"]["path"]["code"]
    found["put_questionnaire"] = await newest(
        session, Questionnaire, code, by=Questionnaire.version
    )
    return {o: Example(body={"version": row.version}) for o, row in found.items() if row}


async def _schedule(session: AsyncSession) -> dict[str, Example]:
    found = await _closures(session)
    in_force = (
        col(ScheduleException.lifted_at).is_(None),
        col(ScheduleException.last_on) > clock.today(clock.now()),
    )
    exception = await newest(session, ScheduleException, *in_force)
    if exception is not None:
        which = {"exception": str(exception.id)}
        names = ("change_schedule_exception", "lift_schedule_exception")
        found |= dict.fromkeys(names, Example(which))
        found["make_schedule_exception"] = await _exception_behind(session)
    change = ScheduleChange.model_validate_json(_proposed())
    try:
        proposal = await schedules.propose(session, change, LOADER, clock.now())
    except Problem:
        return found  # its hall is not there yet
    return found | {"apply_schedule": Example(body={"fingerprint": proposal.fingerprint})}


async def _closures(session: AsyncSession) -> dict[str, Example]:
    """A day behind the last of that window: a second closure alike would say nothing."""
    in_force = (col(Closure.lifted_at).is_(None), col(Closure.ends_at) > clock.now())
    closure = await newest(session, Closure, *in_force)
    if closure is None:
        return {}
    which, longer = {"closure": str(closure.id)}, _lasting(closure.starts_at, minutes=90)
    found = {"change_closure": Example(which, body=longer), "lift_closure": Example(which)}
    example: Any = read("appointments")["close_hall"]["body"]
    of_window = col(Closure.window_no) == example["window"]
    last = await newest(session, Closure, *in_force, of_window, by=Closure.starts_at)
    if last is not None:
        next_day = _lasting(last.starts_at + timedelta(days=1), minutes=60)
        found["close_hall"] = Example(body=next_day)
    return found


def _lasting(starts_at: datetime, minutes: int) -> dict[str, str]:
    ends_at = starts_at + timedelta(minutes=minutes)
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}


async def _exception_behind(session: AsyncSession) -> Example:
    """On the day behind all that differ: a second one alike would say nothing."""
    last = await newest(session, ScheduleException, by=ScheduleException.last_on)
    day = (last.last_on + timedelta(days=1)).isoformat()
    return Example(body={"first_on": day, "last_on": day})


def _proposed() -> bytes:
    return json.dumps(read("appointments")["propose_schedule"]["body"]).encode()
