"""What happens to a hall's machines, for whoever looks after them; never by whom they were used."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.devices.models import DeviceAccess, PaperState
from services.appointments.directory.models import Device
from shared.messaging.events import Event
from shared.messaging.outbox import Addressed


class DeviceEvent(Event):
    """What every event of a device carries."""

    type: ClassVar[str] = "appointments.device.changed.v1"

    device_id: UUID
    hall_code: str
    kind: str = Field(description="设备种类 | What kind of device it is", examples=["kiosk"])
    device_name: str = Field(description="设备名称 | The device's name", examples=["1号取号机"])
    location: str = Field(description="摆放位置 | Where it stands", examples=["一楼大厅入口"])
    at: AwareDatetime


class DeviceWentOffline(DeviceEvent):
    """设备三分钟没有心跳，请派人查看。

    A device has been silent for three minutes: somebody should look at it.
    """

    type: ClassVar[str] = "appointments.device.went_offline.v1"

    seen_at: AwareDatetime = Field(description="最后一次心跳 | Its last heartbeat")


class DeviceCameBack(DeviceEvent):
    """离线的设备恢复了心跳。

    A device that was offline reports again.
    """

    type: ClassVar[str] = "appointments.device.came_back.v1"

    offline_since: AwareDatetime = Field(description="何时发现离线 | When it was noted as offline")


class DevicePaperChanged(DeviceEvent):
    """设备的纸张有变化：不足、用完，或已补充。

    The paper of a device ran low or out, or was filled up.
    """

    type: ClassVar[str] = "appointments.device.paper_changed.v1"

    paper: PaperState = Field(description="现在的纸张 | The paper now")
    before: PaperState = Field(description="此前的纸张 | The paper before")


class DeviceFaultsChanged(DeviceEvent):
    """设备出现故障，或故障已排除。

    Something of a device does not work, or works again.
    """

    type: ClassVar[str] = "appointments.device.faults_changed.v1"

    faults: list[str] = Field(
        description="现有的故障，没有为空 | What does not work; none where all does",
        examples=[["paper_jam"]],
    )


def of_device(event: type[DeviceEvent], device: Device, now: datetime, **facts: Any) -> Addressed:
    """The event of a device, in the scope of its hall."""
    made = event(
        device_id=device.id,
        hall_code=device.hall_code,
        kind=device.kind,
        device_name=device.name,
        location=device.location,
        at=now,
        **facts,
    )
    return Addressed(made, device.hall_code, str(device.id))


def of_report(
    device: Device, before: DeviceAccess, paper: PaperState, faults: list[str], now: datetime
) -> list[Addressed]:
    """What a report says that nobody knew. Whoever just enrolled has said nothing before."""
    found: list[Addressed] = []
    if before.silent_at is not None:
        found.append(of_device(DeviceCameBack, device, now, offline_since=before.silent_at))
    if paper is not before.paper:
        known = {"paper": paper, "before": before.paper}
        found.append(of_device(DevicePaperChanged, device, now, **known))
    if {*faults} != {*before.faults}:
        found.append(of_device(DeviceFaultsChanged, device, now, faults=sorted({*faults})))
    return found
