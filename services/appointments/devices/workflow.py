"""Whether a device may prove itself: one table. A code is used once; a key ends with the next one.

Who renews the key of a device at work gives out a code: the present key is good until the device
has used it, so that no hall is without its kiosk meanwhile.
"""

from typing import NamedTuple

from services.appointments.devices.models import DeviceAccessState
from services.appointments.devices.schemas import DeviceAccessAction
from shared.errors import Text
from shared.workflow import Workflow


class DeviceAccessRow(NamedTuple):
    """A row of the table; `noted` is the act in the audit log."""

    state: DeviceAccessState
    action: DeviceAccessAction
    to: DeviceAccessState
    roles: frozenset[str]
    noted: str


_S, _A = DeviceAccessState, DeviceAccessAction
_MANAGER = frozenset({"hall_manager", "admin"})
_DEVICE = frozenset[str]()
"""Whoever has the code: the device has no account for this."""

ROWS = (
    DeviceAccessRow(_S.INVITED, _A.INVITE, _S.INVITED, _MANAGER, "device.invited"),
    DeviceAccessRow(_S.ENROLLED, _A.INVITE, _S.ENROLLED, _MANAGER, "device.invited"),
    DeviceAccessRow(_S.REVOKED, _A.INVITE, _S.INVITED, _MANAGER, "device.invited"),
    DeviceAccessRow(_S.INVITED, _A.ENROL, _S.ENROLLED, _DEVICE, "device.enrolled"),
    DeviceAccessRow(_S.ENROLLED, _A.ENROL, _S.ENROLLED, _DEVICE, "device.key_renewed"),
    DeviceAccessRow(_S.INVITED, _A.REVOKE, _S.REVOKED, _MANAGER, "device.revoked"),
    DeviceAccessRow(_S.ENROLLED, _A.REVOKE, _S.REVOKED, _MANAGER, "device.revoked"),
)
WORKFLOW = Workflow(
    ROWS,
    {
        _S.INVITED: Text("待登记", "invited"),
        _S.ENROLLED: Text("已登记", "enrolled"),
        _S.REVOKED: Text("已吊销", "revoked"),
    },
    {
        _A.INVITE: Text("发放登记码", "invite"),
        _A.ENROL: Text("登记", "enrol"),
        _A.REVOKE: Text("吊销", "revoke"),
    },
    title=Text("设备登记", "Enrolment of devices"),
    starts=[_S.INVITED],
    columns={"noted": Text("审计", "audit log")},
)
