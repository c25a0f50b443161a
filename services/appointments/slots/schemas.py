"""What the API says about places on sale."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from services.appointments.slots.models import Pool
from shared.web.models import View


class FreeSlot(View):
    """A time at which places are free; for a longer matter, the first of consecutive slots, and for
    several those of the first one."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    starts_at: datetime
    minutes: int = Field(description="全程分钟数 | Minutes of the whole run")
    capacity: int = Field(description="这个时间的名额 | The places of that time")
    free: int = Field(
        description="还能再约几个人（每人办完所选事项；几个事项的最多数到 5） | How many more "
        "people fit, each with all that was asked for; of several items counted up to 5"
    )
    pool: Pool
    late_windows: list[int] = Field(
        default_factory=list,
        description="大厅下班后办理的延时服务窗口号 | Windows that serve after its hours",
    )
    release_id: UUID | None = Field(
        None,
        description="按次序预约的时间：先加入这次放号的排队，轮到时再约 | Booked in turn: join the "
        "line of this release first",
    )
    slot_ids: list[UUID] = Field(description="预约时提交的时段编号 | What to send when booking")
