"""How the places and windows of a hall were used over some days."""

from datetime import date

from pydantic import Field

from services.appointments.statistics.schemas import Grouping
from shared.web.models import View


class AppointmentFigures(View):
    """Appointments for those days, by what became of them; the days are those of the visit."""

    booked: int = Field(
        description="预约数：含未确认的占位；改约的新旧两个都计 | All that were made, confirmed or"
        " not; what was moved counts as two"
    )
    confirmed: int = Field(description="曾经确认的预约数 | Confirmed at some time")
    expired: int = Field(description="占位到期未确认 | Holds that ran out unconfirmed")
    cancelled_by_person: int = Field(
        description="本人取消（含取消占位） | Cancelled by the person, holds included"
    )
    cancelled_by_staff: int = Field(
        description="工作人员应本人要求取消 | Cancelled by the staff for the person"
    )
    cancelled_by_hall: int = Field(
        description="大厅取消：时段撤销后未能改约 | Cancelled by the hall, which had taken the time"
    )
    cancelled_by_unknown: int = Field(
        description="取消人未记录（旧版本所取消） | Nobody noted who cancelled it"
    )
    moved: int = Field(description="改约数 | Replaced by another appointment")
    orphaned: int = Field(
        description="曾被撤销时段的预约数，无论后来如何 | Lost their time at some time, whatever"
        " came of it"
    )
    came: int = Field(description="到场数 | People who came to the hall")
    late: int = Field(description="其中晚于预约开始时间到场 | Of them, after their time had begun")
    served: int = Field(description="已办理数 | Served at a window")
    no_shows: int = Field(description="失约数 | Did not come, or not when they were called")
    lapsed: int = Field(description="当天未了结数 | Neither served nor missed at the day's end")
    no_show_rate: float | None = Field(
        description="失约率：失约数 ÷（已办理＋失约＋未了结） | No-shows of all that ended that day"
    )


class PlaceFigures(View):
    """The places on sale, and what became of them."""

    offered: int = Field(
        description="提供号源数：未撤销的时段名额；可办多个事项的名额在每个事项下都计"
        " | Places of slots that were not withdrawn; one that serves several items counts with each"
    )
    booked: int = Field(description="被约号源数 | Places taken")
    used: int = Field(description="实到号源数 | Places whose people came")
    booked_rate: float | None = Field(description="预约率：被约 ÷ 提供 | Booked of offered")
    used_rate: float | None = Field(description="利用率：实到 ÷ 提供 | Used of offered")


class WindowFigures(View):
    """How long windows were open, and people were served at them, in minutes."""

    open_minutes: float | None = Field(
        description="窗口开放分钟数：开放和收尾，不含暂停；按事项不分 | Open or draining, not"
        " paused; null by item, because a window is open for all of its items"
    )
    paused_minutes: float | None = Field(description="窗口暂停分钟数 | Paused")
    serving_minutes: float | None = Field(
        description="办理分钟数：计入办结或转出的时刻 | Serving, counted when the service ended"
    )
    serving_rate: float | None = Field(description="窗口利用率：办理 ÷ 开放 | Serving of open")
    started: int = Field(description="到窗口开始办理的人次 | Services that began")
    way_mean_minutes: float | None = Field(
        description="从叫号到开始办理，平均 | From the call to the beginning of the service, mean"
    )
    way_p50_minutes: float | None = Field(description="同上，半数不超过 | The same, the median")
    way_p90_minutes: float | None = Field(
        description="同上，九成不超过 | The same, not longer for nine of ten"
    )


class UseLine(View):
    """One line; a part is null where it cannot be told by such a line."""

    key: str | None = Field(description="本行所指 | What the line is about")
    name: str | None = Field(
        None, description="大厅、事项或部门名称 | The name of the hall, item or agency"
    )
    account: str | None = Field(
        None, description="按人员汇总时的账户 | The account, where a line is about a person"
    )
    appointments: AppointmentFigures | None = Field(
        description="预约；按窗口、人员不分 | Null by window and clerk: nobody books one"
    )
    places: PlaceFigures | None = Field(description="号源；按窗口、人员不分 | The same")
    windows: WindowFigures = Field(description="窗口时间 | The time of windows")
    appointment_rows: str | None = Field(
        description="查看预约明细的地址；可加 figure 只看一项 | Where the appointments behind the"
        " line are; `figure` picks one figure",
        examples=["/api/v1/halls/H001/utilisation/appointments?from=2026-12-01&to=2026-12-01"],
    )
    ticket_rows: str = Field(
        description="查看号票明细的地址 | Where the log behind the line is",
        examples=["/api/v1/halls/H001/statistics/tickets?from=2026-12-01&to=2026-12-01"],
    )


class UseView(View):
    """The use of a hall's places and windows."""

    hall_code: str
    from_on: date
    to_on: date
    by: Grouping = Field(description="按什么分组 | Grouped by what")
    items: list[UseLine]
    total: UseLine
