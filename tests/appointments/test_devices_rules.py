"""What may be done about the enrolment of a device, and what its last report means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.appointments.devices import rules
from services.appointments.devices.models import DeviceAccess, DeviceAccessState, PaperState
from services.appointments.devices.schemas import Condition, DeviceAccessAction
from services.appointments.devices.workflow import WORKFLOW
from services.appointments.directory.models import Device, DeviceKind
from shared.errors import StateConflict

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", DeviceAccessState)
@pytest.mark.parametrize("action", DeviceAccessAction)
def test_every_action_in_every_state(state: DeviceAccessState, action: DeviceAccessAction) -> None:
    S, A = DeviceAccessState, DeviceAccessAction
    expected = {
        (S.INVITED, A.INVITE): S.INVITED,
        (S.ENROLLED, A.INVITE): S.ENROLLED,
        (S.REVOKED, A.INVITE): S.INVITED,
        (S.INVITED, A.ENROL): S.ENROLLED,
        (S.ENROLLED, A.ENROL): S.ENROLLED,
        (S.INVITED, A.REVOKE): S.REVOKED,
        (S.ENROLLED, A.REVOKE): S.REVOKED,
    }
    if (to := expected.get((state, action))) is None:
        with pytest.raises(StateConflict):
            WORKFLOW.find(state, 1, action)
    else:
        assert WORKFLOW.find(state, 1, action).to is to


def machine(**access: Any) -> tuple[Device, DeviceAccess]:
    device = Device(
        hall_code="H001",
        kind=DeviceKind.KIOSK,
        name="k",
        offers=["tickets", "payment", "guides"],
        in_use_since=NOW - timedelta(days=1),
    )
    values: dict[str, Any] = {
        "state": DeviceAccessState.ENROLLED,
        "invited_at": NOW,
        "enrolled_at": NOW - timedelta(hours=1),
    }
    values |= {"seen_at": NOW, "paper": PaperState.FULL, **access}
    return device, DeviceAccess(device_id=device.id, **values)


@pytest.mark.parametrize(
    ("access", "available", "condition"),
    [
        ({}, ["tickets", "payment", "guides"], Condition.WORKING),
        ({"paper": PaperState.UNKNOWN}, ["tickets", "payment", "guides"], Condition.WORKING),
        ({"paper": PaperState.LOW}, ["tickets", "payment", "guides"], Condition.WORKING),
        ({"paper": PaperState.EMPTY}, ["payment", "guides"], Condition.LIMITED),
        ({"faults": ["paper_jam"]}, ["payment", "guides"], Condition.LIMITED),
        ({"faults": ["payment"]}, ["tickets", "guides"], Condition.LIMITED),
        ({"faults": ["camera"]}, ["tickets", "payment", "guides"], Condition.LIMITED),
        ({"seen_at": None}, ["tickets", "payment", "guides"], Condition.UNKNOWN),
        ({"seen_at": NOW - timedelta(minutes=3)}, ["tickets", "payment", "guides"], "working"),
        ({"seen_at": NOW - timedelta(seconds=181)}, [], Condition.OFFLINE),
        (
            {"seen_at": NOW - timedelta(hours=2), "enrolled_at": NOW - timedelta(minutes=1)},
            ["tickets", "payment", "guides"],
            Condition.WORKING,
        ),
        (
            {"state": DeviceAccessState.REVOKED, "enrolled_at": None},
            ["tickets", "payment", "guides"],
            Condition.UNKNOWN,
        ),
    ],
)
def test_what_a_report_means(
    access: dict[str, Any], available: list[str], condition: Condition
) -> None:
    device, known = machine(**access)

    assert rules.available(device, known, NOW) == available
    assert rules.condition(device, known, NOW) == condition
