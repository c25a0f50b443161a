"""What follows for a window from what happens there; the floor of its hall is locked before."""

from datetime import datetime

from services.appointments.queueing import statement as statements
from services.appointments.queueing.events import WindowChanged
from services.appointments.queueing.models import WindowAtWork
from services.appointments.queueing.workflow import WINDOWS, WindowAction
from shared.database.swap_statement import SwapStatement
from shared.messaging import outbox
from shared.messaging.outbox import Addressed


def lock_floor(statement: SwapStatement, hall_code: str, *, seq: int | None = None) -> None:
    """Lets nothing else happen on the hall's floor; with `seq`, only if nothing has since then."""
    statements.lock_floor(statement, hall_code, seq)


def move_by_itself(
    statement: SwapStatement, window: WindowAtWork, action: WindowAction, now: datetime
) -> None:
    """The window after what nobody asks for, or as it is where its state does not take that.

    It is held then: were it about to close, it would wait for ever for what happens now.
    """
    row = WINDOWS.get(window.state, action)
    if row is None:
        statement.hold(window)
        return
    statement.swap(window, {"state": row.to, "since": now}, follows=True)
    publish(statement, window)


def publish(statement: SwapStatement, window: WindowAtWork) -> None:
    """Promises the window's change to the bus."""
    event = WindowChanged(
        window_id=window.window_id,
        hall_code=window.hall_code,
        window_no=window.window_no,
        state=window.state.value,
        version=window.version,
        at=window.since,
    )
    outbox.promise(statement, Addressed(event, window.hall_code, str(window.window_id)))
