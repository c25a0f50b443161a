"""What a device's code and key are good for, and what its last report means. Pure."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

from services.appointments.devices.models import DeviceAccess, DeviceAccessState, PaperState
from services.appointments.devices.schemas import NEXT_SECONDS, Condition
from services.appointments.directory.models import Device
from services.appointments.directory.schemas import Offer
from shared.errors import Problem, Text

CODE_LETTERS = 16
"""80 random bits: nobody guesses one in a day."""
CODE_LASTS = timedelta(hours=24)
SILENT_AFTER = timedelta(seconds=3 * NEXT_SECONDS)
"""Two heartbeats may get lost before a device counts as offline."""
_ON_PAPER = frozenset({"tickets", "forms", "certificates"})
_PRINTING = frozenset({"printer", "paper_jam"})


class EnrolmentEnded(Problem):
    """All alike: used, replaced, expired, revoked, or never given out."""

    status, type = HTTPStatus.GONE, "/problems/enrolment-ended"
    title = Text("登记码已失效", "The code to enrol the device has ended")
    advice = Text(
        "登记码只能用一次，24 小时内有效；请核对输入，或请大厅管理员重新发放",
        "It works once and for 24 hours; please check it, or ask the hall's manager for a new one",
    )


class DeviceKeyRefused(Problem):
    """All alike: replaced, revoked, of a device out of use, or never given out."""

    status, type = HTTPStatus.FORBIDDEN, "/problems/device-key-refused"
    title = Text("设备密钥无效", "The device's key is not good")
    advice = Text(
        "密钥可能已更换或吊销；请大厅管理员发放登记码，在设备上重新登记",
        "It may have been replaced or revoked; have the hall's manager give out a code and enrol "
        "the device again",
    )


def digest(secret: str) -> str:
    """What is kept of a code or a key: both are random, so that a plain digest tells nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_good(device: Device, since: datetime | None) -> bool:
    """Whether what was given out `since` is of the device's present time in use: it does not come
    back with a device that was put out of use and into use again."""
    if since is None or device.retired_at is not None:
        return False
    return device.in_use_since is None or since >= device.in_use_since


def may_enrol(device: Device, access: DeviceAccess, now: datetime) -> bool:
    """Whether its open code is still good."""
    expires = access.code_expires_at
    return expires is not None and now < expires and is_good(device, access.invited_at)


def available(device: Device, access: DeviceAccess | None, now: datetime) -> list[Offer]:
    """What can be done at the machine now. Of one that never reported nothing else is known."""
    offers = _offers(device)
    if access is None or not _has_reported(device, access):
        return offers
    if _is_silent(access, now):
        return []
    return [one for one in offers if not _is_lacking(one, access.paper, access.faults)]


def condition(device: Device, access: DeviceAccess | None, now: datetime) -> Condition:
    """How the machine is, by what it reported last."""
    if access is None or not _has_reported(device, access):
        return Condition.UNKNOWN
    if _is_silent(access, now):
        return Condition.OFFLINE
    whole = not access.faults and available(device, access, now) == _offers(device)
    return Condition.WORKING if whole else Condition.LIMITED


def _offers(device: Device) -> list[Offer]:
    offers: list[Offer] = [*device.offers]  # type: ignore[list-item]
    return offers


def _has_reported(device: Device, access: DeviceAccess) -> bool:
    is_enrolled = access.state is DeviceAccessState.ENROLLED
    return is_enrolled and access.seen_at is not None and is_good(device, access.enrolled_at)


def _is_silent(access: DeviceAccess, now: datetime) -> bool:
    """As the watch over them counts it: who enrols again was heard of then."""
    heard = [at for at in (access.seen_at, access.enrolled_at) if at is not None]
    return now - max(heard) > SILENT_AFTER


def _is_lacking(offer: Offer, paper: PaperState, faults: Iterable[str]) -> bool:
    broken = frozenset(faults)
    if "touch_screen" in broken or offer in broken:
        return True
    return offer in _ON_PAPER and (paper is PaperState.EMPTY or bool(broken & _PRINTING))
