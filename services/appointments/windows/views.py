"""A window at work as staff see it."""

from services.appointments.queueing.models import WindowAtWork
from services.appointments.windows.schemas import WindowAtWorkView


def shift_view(window: WindowAtWork) -> WindowAtWorkView:
    """The window's present shift."""
    return WindowAtWorkView(
        id=window.window_id,
        hall_code=window.hall_code,
        no=window.window_no,
        state=window.state,
        clerk=window.clerk,
        pause_reason=window.pause_reason,
        since=window.since,
        version=window.version,
    )
