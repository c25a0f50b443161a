"""What may happen to a slot: one table, all taken by the clock or by a new schedule.

A slot has no version: its statements move many at once, each by the state that they find and lock.
"""

from enum import StrEnum
from typing import NamedTuple

from services.appointments.slots.events import SlotsOpened, SlotsWithdrawn
from services.appointments.slots.models import SlotState
from shared.errors import Text
from shared.messaging.events import Event
from shared.workflow import Workflow


class SlotAction(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    WITHDRAW = "withdraw"


class SlotRow(NamedTuple):
    """A row of the table; nobody may ask for it."""

    state: SlotState
    action: SlotAction
    to: SlotState
    event: type[Event] | None = None
    roles: frozenset[str] = frozenset()


_S, _A = SlotState, SlotAction

ROWS: tuple[SlotRow, ...] = (
    SlotRow(_S.PLANNED, _A.OPEN, _S.OPEN, SlotsOpened),
    SlotRow(_S.OPEN, _A.CLOSE, _S.CLOSED),
    *(
        SlotRow(state, _A.WITHDRAW, _S.WITHDRAWN, SlotsWithdrawn)
        for state in (_S.PLANNED, _S.OPEN, _S.CLOSED)
    ),
)
WORKFLOW = Workflow(
    ROWS,
    {
        _S.PLANNED: Text("待放号", "planned"),
        _S.OPEN: Text("可预约", "open"),
        _S.CLOSED: Text("已截止", "closed"),
        _S.WITHDRAWN: Text("已撤销", "withdrawn"),
    },
    {
        _A.OPEN: Text("放号", "open"),
        _A.CLOSE: Text("截止", "close"),
        _A.WITHDRAW: Text("撤销", "withdraw"),
    },
    title=Text("号源", "Slots"),
    starts=[_S.PLANNED],
    columns={"event": Text("事件", "event")},
)
