"""What the room publishes."""

from typing import ClassVar

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event


class OpeningAdvised(Event):
    """预计等候过长，建议大厅开放一个窗口。每个大厅至多每隔规定的分钟数一次。

    People would wait too long, and this window would help; at most once in so many minutes a hall.
    """

    type: ClassVar[str] = "appointments.opening.advised.v1"

    hall_code: str
    window_no: int = Field(description="建议开放的窗口 | The window to open")
    item_codes: list[str] = Field(
        description="开放后办理的事项 | What it would serve", examples=[["PBOC-01"]]
    )
    waiting: int = Field(description="等候过长的人数 | How many of those would wait too long")
    p85_minutes: int | None = Field(
        description="其中等候最久的预计分钟数；没有窗口办理为空"
        " | The longest of their waits; null where no window serves them"
    )
    p85_minutes_then: int = Field(description="开放后的预计分钟数 | The same once it is open")
    saves_minutes: int | None = Field(
        description="少等的分钟数；没有窗口办理为空 | What it saves; null where none serves them"
    )
    limit_minutes: int = Field(description="规定的等候上限 | The limit of the hall's policy")
    at: AwareDatetime
