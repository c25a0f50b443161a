"""The advice as staff of a hall see it."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.queueing.models import WindowState
from shared.web.models import View


class AdvisedWindow(View):
    """A window to open, and what that does for those who would wait too long."""

    window_id: UUID
    window_no: int
    window_name: str = Field(description="窗口名称 | What the window is called")
    state: WindowState = Field(description="窗口现在的状态 | How the window is now")
    item_codes: list[str] = Field(description="开放后办理的事项 | What it would serve")
    waiting: int = Field(description="其中等候过长的人数 | How many of those would wait too long")
    p85_minutes: int | None = Field(
        description="他们当中最久的预计等候分钟数；没有窗口办理为空"
        " | The longest of their waits; null where no open window serves them"
    )
    p85_minutes_then: int = Field(description="开放后的预计分钟数 | The same once it is open")
    saves_minutes: int | None = Field(
        description="少等的分钟数；没有窗口办理为空 | What it saves; null where none serves them"
    )
    advice: str = Field(description="一句话建议 | The same in a sentence")


class OpeningAdviceView(View):
    """Windows to open now, the best first; each as if it alone were opened."""

    hall_code: str
    at: AwareDatetime = Field(description="推算的时间 | When it was computed")
    limit_minutes: int | None = Field(
        description="预计等候超过多少分钟才建议；空为不建议 | Beyond which wait; null: never"
    )
    windows: list[AdvisedWindow] = Field(
        description="建议开放的窗口；空为不需要 | Windows to open; none: it is not needed"
    )
