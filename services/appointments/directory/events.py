"""What the room publishes."""

from typing import ClassVar, Literal

from shared.messaging.events import Event


class HallChanged(Event):
    """大厅资料、窗口或设备有变动，订阅者应重新读取。

    The hall's data, windows or devices changed; read them again.
    """

    type: ClassVar[str] = "appointments.hall.changed.v1"

    hall_code: str
    part: Literal["hall", "windows", "devices"]
    version: int
