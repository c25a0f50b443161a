"""Puts a visit together from the hall's log."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.histories import queries
from services.appointments.histories.queries import CallFacts
from services.appointments.histories.schemas import (
    HistoryEntry,
    OvertakenTicket,
    TicketHistory,
)
from services.appointments.queueing import service as queueing
from services.appointments.queueing.models import TicketEvent
from services.appointments.queueing.workflow import FLOOR, WORKFLOW, OnCall
from services.appointments.windows import service as windows
from services.appointments.windows.rules import Names
from shared.errors import Text
from shared.security.identity import Caller

_SYSTEM = Text("系统", "the system")
_THEMSELVES = Text("本人", "the person themselves")
_AT_THE_HALL = Text("大厅的设备或工作人员", "a device or the staff of the hall")


async def of_ticket(
    session: AsyncSession, caller: Caller, ticket_id: UUID, language: str, now: datetime
) -> TicketHistory:
    """The visit that the ticket belongs to. Raises NotFound, also for another hall's ticket."""
    ticket = await queueing.at_hall(session, ticket_id, caller)
    hall = ticket.hall_code
    legs = {leg.id: leg for leg in await queries.legs(session, ticket.visit_id)}
    log = await queries.entries(session, legs)
    undone = await queries.undone(session, hall, [entry.hall_seq for entry in log])
    calls = await queries.calls(session, legs)
    overtaken = {UUID(one) for call in calls.values() for one in call.overtook}
    numbers = await queries.numbers(session, overtaken)
    by = await queries.overtakings(session, hall, legs, ticket.issued_at, now)
    acted = {entry.actor for entry in log} | {one.clerk for one in by}
    began = min([*(entry.at for entry in log), *(one.called_at for one in by)], default=now)
    names = await windows.names(session, acted, began)
    owners = {leg.owner for leg in legs.values() if leg.owner is not None}
    facts = _Facts(calls, numbers, names, owners, language)
    return TicketHistory(
        **ticket.model_dump(include=_SHOWN),
        ticket_id=ticket.id,
        items=[
            _entry(entry, legs[entry.ticket_id].leg, entry.hall_seq in undone, facts)
            for entry in log
        ],
        overtaken_by=[
            one.model_copy(update={"clerk": names.at(one.clerk, one.called_at) or one.clerk})
            for one in by
        ],
    )


_SHOWN = {"visit_id", "number", "hall_code", "ticket_class", "credit_minutes", "credit_reason"}
_CALLS = frozenset(row.action for row in WORKFLOW.rows if row.call is OnCall.BEGINS)


_NOT_ONLY_STAFF = frozenset({"issue", *(row.action for row in WORKFLOW.rows if row.roles - FLOOR)})
"""What devices and citizens do as well."""


class _Facts(NamedTuple):
    """What the entries refer to: calls, the numbers of tickets, the names of accounts, and whose
    the tickets are."""

    calls: dict[UUID, CallFacts]
    numbers: dict[UUID, str]
    names: Names
    owners: set[str]
    language: str

    def actor(self, entry: TicketEvent) -> str:
        """The name of the staff who acted, or their account where none is known; of anybody else
        only what they are: whose ticket it is, and which device, is nobody's business here."""
        if (name := self.names.at(entry.actor, entry.at)) is not None:
            return name
        if entry.actor == "system":
            return _SYSTEM.say(self.language)
        if entry.actor in self.owners:
            return _THEMSELVES.say(self.language)
        if entry.action in _NOT_ONLY_STAFF:
            return _AT_THE_HALL.say(self.language)
        return entry.actor


def _entry(entry: TicketEvent, leg: int, undone: bool, facts: _Facts) -> HistoryEntry:
    """An entry of the log; what is kept of a call stands with the entry that began it."""
    began = entry.call_id is not None and entry.action in _CALLS
    call = facts.calls.get(entry.call_id) if began and entry.call_id else None
    overtook = [UUID(one) for one in call.overtook] if call else []
    same = {"hall_seq", "ticket_id", "at", "action", "from_state", "to_state", "undoes"}
    same |= {"waited_seconds", "served_seconds", "outcome", "predicted_p85"}
    return HistoryEntry(
        **entry.model_dump(include=same),
        leg=leg,
        actor=facts.actor(entry),
        window_no=entry.window_no,
        undone=undone,
        policy_version=call.policy_version if call else None,
        ignored_credits=call.ignored_credits if call else None,
        reason=call.reason if call else None,
        overtook=[OvertakenTicket(id=one, number=facts.numbers[one]) for one in overtook],
    )
