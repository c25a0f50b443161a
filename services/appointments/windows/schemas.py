"""What is asked of a window, and how it is shown."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.queueing.models import WindowState
from shared.web.models import Input, Shown, View, old_name_of


class OpenRequest(Input):
    """`clerk`: who works there, as staff name each other; the caller's name if not given."""

    clerk: str | None = Field(None, min_length=1, max_length=128)


class PauseRequest(Input):
    reason: Shown | None = Field(None, min_length=1, max_length=120, examples=["午餐"])


class WindowAtWorkView(View):
    id: UUID
    hall_code: str
    no: int
    state: WindowState
    clerk: str
    pause_reason: str | None
    since: AwareDatetime
    version: int
    unserved_count: int = Field(
        description="本大厅现在没有开放窗口办理的号数 | How many tickets of the hall no open window"
        " serves now"
    )
    advice: str | None = Field(
        description="有这样的号时，怎样帮到他们 | What can be done for those, if there are any"
    )

    @old_name_of("hall_code")
    def hall(self) -> str:
        return self.hall_code
