"""A window at work as staff see it."""

from services.appointments.windows.rules import no_open_window
from services.appointments.windows.schemas import WindowAtWorkView
from services.appointments.windows.service import Shift


def shift_view(shift: Shift, language: str) -> WindowAtWorkView:
    """The window's present shift, and who is left without a window."""
    window, advice = shift.window, no_open_window(shift.unserved)
    return WindowAtWorkView(
        id=window.window_id,
        hall_code=window.hall_code,
        no=window.window_no,
        state=window.state,
        clerk=window.clerk,
        pause_reason=window.pause_reason,
        since=window.since,
        version=window.version,
        unserved_count=len(shift.unserved),
        advice=advice and advice.say(language),
    )
