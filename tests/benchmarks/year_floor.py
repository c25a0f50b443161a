"""A day of one hall: played by the simulation, gone through by the service's own rules.

Nothing is written here. What a use case decides is kept as rows (`Kept`), so that a day of all
halls is written at once; the clock is the one of whoever comes, is called and leaves.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel

from services.appointments.booking import service as booking
from services.appointments.booking.models import Appointment
from services.appointments.directory.models import Hall
from services.appointments.issuing import drafts, rules
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.people.rules import Person, person_of
from services.appointments.policies import service as policies
from services.appointments.priority.models import TicketClass
from services.appointments.queueing import event_log
from services.appointments.queueing import service as queueing
from services.appointments.queueing.models import Call, Outcome, Ticket, TicketState
from services.appointments.queueing.rules import TransitionInput
from services.appointments.queueing.schemas import Entry, memory, seconds_between
from services.appointments.queueing.seen import ItemName, SeenTicket
from services.appointments.queueing.workflow import WORKFLOW, Action
from shared.database.swap_statement import SwapStatement
from shared.errors import Text
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.outbox import OutboxRow
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from tests.benchmarks.hall_simulation import TIME_CREDIT, Promise
from tests.benchmarks.hall_simulation_days import CLASSES, Visitor
from tests.benchmarks.year_halls import YearHall

M = TypeVar("M", bound=SQLModel)
MISSED, NEEDS_MORE, REJECTED = 30, 80, 40
"""Of a thousand who are called: who does not come, and whose matter is not done; the rest is."""
_NOT_BACK = timedelta(minutes=TIME_CREDIT.back_within_minutes, seconds=1)


class Happened(NamedTuple):
    """An entry of a hall's log, and its event: what stands before and behind its number."""

    entry: Mapping[str, Any]
    event_id: UUID
    subject: str
    head: bytes
    tail: bytes

    def event(self, seq: int) -> OutboxRow:
        return OutboxRow(self.event_id, self.subject, b"%b%d%b" % (self.head, seq, self.tail), None)


class Kept(SwapStatement):
    """What use cases have decided, as rows: to be written later, with all else of the day.

    Nobody else is there, so that no lock is taken and nothing is compared.
    """

    def __init__(self) -> None:
        super().__init__()
        self.happened: list[Happened] = []
        self.events: list[OutboxRow] = []
        self._entries: list[dict[str, Any]] = []

    def swap(
        self,
        seen: M,
        changes: Mapping[str, Any],
        *,
        state: str = "state",
        counter: str = "version",
        says: Callable[[M], Text] | None = None,
        follows: bool = False,
    ) -> M:
        for name, value in {counter: getattr(seen, counter) + 1, **changes}.items():
            set_committed_value(seen, name, value)
        return seen

    def hold(self, seen: M, *, counter: str = "version") -> M:
        return seen

    def lock(self, sql: str, *, name: str = "", **values: Any) -> None:
        pass

    def also(self, sql: str, *, name: str = "", **values: Any) -> None:
        if "to_state" in values:
            self._entries.append(values)
        elif "heads" in values:
            columns = (values[name] for name in ("event_ids", "subjects", "heads", "tails"))
            self.happened += map(Happened, self._entries, *columns)
            self._entries = []

    def each(self, sql: str, **values: Any) -> None:
        assert sql == outbox.PROMISE
        self.events.append(OutboxRow(*values.values()))

    def in_order(self) -> list[Happened]:
        """The log of the day by time."""
        return sorted(self.happened, key=lambda one: one.entry["at"])


class HallDay:
    """What a day leaves behind in a hall: tickets, calls, and in `kept` its log and events."""

    def __init__(self, hall: YearHall, row: Hall, keyring: Keyring) -> None:
        self.hall, self.kept = hall, Kept()
        self.tickets: list[Ticket] = []
        self.calls: list[Call] = []
        self.numbers = Counter[str]()
        self._row, self._keyring = row, keyring
        self._staff = Caller("year", frozenset({"hall_manager"}), frozenset({hall.code}))

    def issue(
        self, visitor: Visitor, booked: Appointment | None, told: Promise | None
    ) -> SeenTicket:
        """The ticket of somebody who comes now, who is checked in by it where they may be."""
        now = visitor.arrives
        policy = policies.default(self.hall.code, now)
        if booked is not None and not booking.may_check_in(booked, policy, now):
            booked = None
        request = self._request(visitor, booked)
        person = person_of(booked) if booked else Person("")
        ticket = drafts.draft(
            self._keyring, self._staff, request, TIME_CREDIT, booked, person, self._row, now
        )
        letter = rules.LETTER_BOOKED if booked else rules.LETTER_WALK_IN
        self.numbers[letter] += 1
        ticket.number = rules.number_of(letter, self.numbers[letter])
        if booked is not None:
            booking.check_in(self.kept, booked, policy, now)
            ticket.appointment_id = booked.id
        predicted = {"predicted_p50": told.p50, "predicted_p85": told.p85} if told else {}
        entry = Entry(action="issue", event="issued", actor=self._staff.sub, at=now, **predicted)
        event_log.append(self.kept, (ticket, entry))
        self.tickets.append(ticket)
        item = ItemName(ticket.item_code, "D01")
        return SeenTicket(ticket, appointment=booked, item=item)

    def _request(self, visitor: Visitor, booked: Appointment | None) -> TicketRequest:
        asked = {"hall_code": self.hall.code, "items": [self.hall.items[visitor.item]]}
        kind = visitor.ticket_class
        if booked is not None:
            return TicketRequest.model_validate(asked | {"appointment_code": booked.code})
        if kind in (TicketClass.WALK_IN, TicketClass.APPOINTMENT):
            return TicketRequest.model_validate(asked)
        evidence = CLASSES[kind][1]
        return TicketRequest.model_validate(asked | {"class": kind, "evidence": evidence})

    def call(self, found: SeenTicket, place: int, now: datetime) -> SeenTicket:
        """As the calling statement does, for whom the simulated line has chosen by its order."""
        ticket, row = found.ticket, WORKFLOW[TicketState.WAITING, Action.CALL]
        waited = seconds_between(max(ticket.state_since, ticket.ready_at), now)
        before = memory(ticket)
        there: dict[str, Any] = {"window_id": self.hall.windows[place], "window_no": place + 1}
        called: dict[str, Any] = {"called_at": now, "last_called_at": now, "recalls": 0}
        self.kept.swap(ticket, {"state": row.to, "state_since": now, **there, **called})
        made = Call(
            id=new_id(),
            ticket_id=ticket.id,
            hall_code=ticket.hall_code,
            **there,
            item_code=ticket.item_code,
            clerk=self._clerk(place),
            policy_version=ticket.policy_version,
            overtook=[],
            called_at=now,
        )
        entry = Entry(action=row.action, event=row.event, actor=made.clerk, at=now,
                      from_state=row.state, call_id=made.id, before=before)  # fmt: skip
        event_log.append(self.kept, (ticket, entry))
        last = self.kept.happened[-1]
        self.kept.happened[-1] = last._replace(entry={**last.entry, "waited_seconds": waited})
        self.calls.append(made)
        return found._replace(call=made)

    def attend(self, found: SeenTicket, visitor: Visitor, now: datetime) -> None:
        """What becomes of somebody who is called now: the same for the same visitor."""
        leaves, share = now + timedelta(minutes=visitor.minutes), visitor.key.int % 1000
        if share < MISSED:
            again_at = now + timedelta(seconds=TIME_CREDIT.recall_gap_seconds)
            if again_at < leaves:
                self._take(found, Action.RECALL, again_at)
            self._take(found, Action.MISS, leaves)
            self._take(found._replace(call=None), Action.CLOSE, leaves + _NOT_BACK)
            return
        self._take(found, Action.SERVE, now + (leaves - now) / 10)
        self._take(found, Action.FINISH, leaves, _outcome(share))

    def _take(
        self,
        found: SeenTicket,
        action: Action,
        now: datetime,
        given: TransitionInput | None = None,
    ) -> None:
        ticket, call = found.ticket, found.call
        row = WORKFLOW[ticket.state, action]
        actor = call.clerk if call else "system"
        queueing.take(self.kept, found, row, given or TransitionInput(), actor, now)
        if call is not None and action is Action.SERVE:
            call.started_at = now
        elif call is not None and row.call.ends:
            call.ended_at, call.ended_by = now, action.value

    def _clerk(self, place: int) -> str:
        return f"{self.hall.code}-clerk-{place + 1}"


def _outcome(share: int) -> TransitionInput:
    if share < MISSED + NEEDS_MORE:
        return TransitionInput(outcome=Outcome.NEEDS_MORE, missing=("户口簿原件",))
    if share < MISSED + NEEDS_MORE + REJECTED:
        return TransitionInput(outcome=Outcome.REJECTED)
    return TransitionInput(outcome=Outcome.DONE)
