"""Time credit: who comes before whom, and by how much at most. Pure: no clock, no database.

`due_at = ready_at - credit`, and the lowest `due_at` is called first. So nobody who becomes ready
more than (the highest credit - your credit) minutes after you is called before you at a window
that serves your item.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import (
    CertificateEvidence,
    Evidence,
    IdNumberEvidence,
    Policy,
    StaffEvidence,
)
from shared.errors import Invalid, Text
from shared.security.personal import normalise_id_number, valid_id_number

_CERTIFIED = frozenset(
    {
        TicketClass.DISABLED,
        TicketClass.MILITARY,
        TicketClass.MARTYRS_FAMILY,
        TicketClass.FIREFIGHTER,
        TicketClass.PREGNANT,
        TicketClass.CHILD_IN_ARMS,
    }
)
_SEEN = frozenset({TicketClass.PREGNANT, TicketClass.CHILD_IN_ARMS, TicketClass.GREEN_CHANNEL})
_BOOKED = frozenset({TicketClass.APPOINTMENT})
_STAFF = frozenset({"clerk", "hall_manager", "admin"})
_VERIFIERS = _STAFF | {"device"}

_POINTER = "/body/evidence"
_NOT_VERIFIED = Text(
    "请在自助机读取身份证，或到窗口出示证件取号；账号实名登记后也可自己取优先号",
    "Let a kiosk read the ID card, or show it at a window; once your account is verified with "
    "this number, you can take the ticket yourself",
)


class EvidenceRefused(Invalid):
    """The evidence does not show what the class asks for."""

    type = "/problems/evidence-refused"
    title = Text("优先凭证未通过核验", "The evidence for priority was not accepted")
    advice = Text(
        "请核对凭证；也可按普通号取号", "Please check the evidence, or take an ordinary ticket"
    )


class Standing(NamedTuple):
    """Where a ticket stands in the queue: when it was ready, its credit, and hence its due time."""

    ready_at: datetime
    credit_minutes: int

    @property
    def due_at(self) -> datetime:
        return self.ready_at - timedelta(minutes=self.credit_minutes)


def credit_of(
    ticket_class: TicketClass,
    evidence: Evidence | None,
    policy: Policy,
    *,
    roles: frozenset[str],
    day: date,
    own_number: bool = False,
) -> int:
    """The minutes of credit that the evidence gives; raises EvidenceRefused when it gives none.

    `own_number`: the ID number is the one that was verified for the caller's account. A number that
    somebody only types says nothing of whoever types it.
    """
    if ticket_class is TicketClass.WALK_IN:
        return 0
    match evidence:
        case IdNumberEvidence() if ticket_class is TicketClass.ELDERLY:
            if not (own_number or roles & _VERIFIERS):
                raise EvidenceRefused(_NOT_VERIFIED, pointer=_POINTER)
            _ensure_age(evidence.value, policy.elderly_from_age, day)
        case CertificateEvidence() if ticket_class in _CERTIFIED and roles & _VERIFIERS:
            pass
        case StaffEvidence() if ticket_class in _SEEN and roles & _STAFF:
            pass
        case StaffEvidence() if ticket_class is TicketClass.OVERRIDE:
            return _override(evidence, policy, roles)
        case _:
            at = "/body/appointment_code" if ticket_class in _BOOKED else _POINTER
            raise EvidenceRefused(_wanted(ticket_class), pointer=at)
    return policy.credits[ticket_class]


def standing(arrived_at: datetime, credit_minutes: int) -> Standing:
    """Of a person without an appointment: ready on arrival."""
    return Standing(arrived_at, credit_minutes)


def booked_standing(
    ticketed_at: datetime,
    slot_starts_at: datetime,
    other_credit: int,
    policy: Policy,
    checked_in_at: datetime | None = None,
) -> Standing:
    """Of a person with an appointment: ready at the slot, or with the ticket if that is later.

    The appointment's credit is lost by checking in over `late_after_minutes` late; the credit of
    another class, shown by evidence, stays.
    """
    late_by = (checked_in_at or ticketed_at) - slot_starts_at
    on_time = late_by <= timedelta(minutes=policy.late_after_minutes)
    booked = policy.credits[TicketClass.APPOINTMENT] if on_time else 0
    return Standing(max(ticketed_at, slot_starts_at), max(booked, other_credit))


def returned_standing(
    ready_at: datetime, called_at: datetime, credit_minutes: int, now: datetime
) -> Standing:
    """Of a person who missed the call and came back: half of the earlier wait is kept."""
    waited = max(called_at - ready_at, timedelta())
    return Standing(now - waited / 2, credit_minutes)


def secret_of(evidence: Evidence | None) -> str | None:
    """The number that must not be used for two tickets at once, and never be stored in clear."""
    match evidence:
        case IdNumberEvidence():
            return evidence.value
        case CertificateEvidence():
            return evidence.number
    return None


def reason_of(evidence: Evidence | None) -> str | None:
    """Why staff gave the credit, in their words."""
    return evidence.reason if isinstance(evidence, StaffEvidence) else None


def age_on(id_number: str, day: date) -> int:
    """Full years on `day`, from the birth date in a valid citizen number."""
    digits = normalise_id_number(id_number)
    born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _ensure_age(id_number: str, from_age: int, day: date) -> None:
    if not valid_id_number(id_number):
        detail = Text("身份证号码有误，请核对", "The ID number is not valid; please check it")
        raise EvidenceRefused(detail, pointer=f"{_POINTER}/value")
    if age_on(id_number, day) < from_age:
        detail = Text(
            f"年满 {from_age} 周岁方可优先", f"Priority is for people of {from_age} and over"
        )
        raise EvidenceRefused(detail, pointer=_POINTER)


def _override(evidence: StaffEvidence, policy: Policy, roles: frozenset[str]) -> int:
    if "hall_manager" not in roles:
        detail = Text("只有大厅负责人可以调整次序", "Only the hall manager may override the order")
        raise EvidenceRefused(detail, pointer="/body/class")
    if evidence.minutes is None or evidence.minutes > policy.override_max_minutes:
        most = policy.override_max_minutes
        detail = Text(f"请填写不超过 {most} 的分钟数", f"Give minutes of at most {most}")
        raise EvidenceRefused(detail, pointer=f"{_POINTER}/minutes")
    return evidence.minutes


def _wanted(ticket_class: TicketClass) -> Text:
    if ticket_class is TicketClass.ELDERLY:
        return Text("请出示身份证号码", "Show the ID number")
    if ticket_class is TicketClass.APPOINTMENT:
        return Text("请填写预约码", "Give the code of the appointment")
    return Text(
        "请由工作人员或自助机核验证件后取号",
        "Ask staff or a kiosk to check the certificate and issue the ticket",
    )
