"""What this room reads of other services' events, and what they hand over when asked."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from shared.messaging.events import Event


class AppointmentChanged(Event):
    """What is read of an appointment that stands otherwise than before."""

    appointment_id: UUID
    version: int


class AppointmentConfirmed(AppointmentChanged):
    """预约已确认。

    An appointment was confirmed.
    """

    type: ClassVar[str] = "appointments.appointment.confirmed.v1"


class AppointmentRescheduled(Event):
    """预约已改到新的时间。

    An appointment was replaced by one at another time.
    """

    type: ClassVar[str] = "appointments.appointment.rescheduled.v1"

    replaced_by: UUID


class AppointmentOrphaned(AppointmentChanged):
    """预约失去时间。

    An appointment lost its time.
    """

    type: ClassVar[str] = "appointments.appointment.orphaned.v1"


class AppointmentCancelled(AppointmentChanged):
    """预约已取消。

    An appointment was cancelled, by the hall, its staff, or neither.
    """

    type: ClassVar[str] = "appointments.appointment.cancelled.v1"

    by_hall: bool
    state: str | None = None


class AppointmentMissed(AppointmentChanged):
    """群众失约未到。

    The citizen did not show up.
    """

    type: ClassVar[str] = "appointments.appointment.missed.v1"


class TicketCalled(Event):
    """叫号：请到窗口。

    A ticket is called to a window.
    """

    type: ClassVar[str] = "appointments.ticket.called.v1"

    ticket_id: UUID
    version: int


class TicketMissed(Event):
    """过号：叫号后未到窗口。

    Nobody came when the ticket was called.
    """

    type: ClassVar[str] = "appointments.ticket.missed.v1"

    ticket_id: UUID
    version: int


class NoticeDue(Event):
    """该告知群众的事，不随其他事件发生：预约提醒、快到号、候补空位。

    Something that people are to be let know and that no other event says.
    """

    type: ClassVar[str] = "appointments.notice.due.v1"

    kind: str
    about_id: UUID
    occasion: str
    useful_until: AwareDatetime | None = None


class DeferralEvent(Event):
    """What is read of every event of a deferral."""

    deferral_id: UUID
    due_on: date


class DeferralPromised(DeferralEvent):
    """容缺受理：次要材料承诺在期限前补交。

    A matter was taken up with minor papers missing.
    """

    type: ClassVar[str] = "appointments.deferral.promised.v1"


class DeferralReminded(DeferralEvent):
    """补交期限将到。

    The last day to hand in papers is near.
    """

    type: ClassVar[str] = "appointments.deferral.reminded.v1"


class DeferralLapsed(DeferralEvent):
    """到期未补，容缺受理失效。

    The last day went by, and the matter counts as not taken up.
    """

    type: ClassVar[str] = "appointments.deferral.lapsed.v1"


class PreCheckAnswered(Event):
    """预审已答复。

    A pre-check was answered.
    """

    type: ClassVar[str] = "appointments.pre-check.answered.v1"

    pre_check_id: UUID
    state: str
    version: int


class OutreachVisitEvent(Event):
    """What is read of every event of a visit."""

    visit_id: UUID
    version: int


class OutreachVisitPlanned(OutreachVisitEvent):
    """上门时间已定，或有变动。

    A visit was planned, or planned anew.
    """

    type: ClassVar[str] = "appointments.outreach_visit.planned.v1"

    starts_at: AwareDatetime
    earlier_starts_at: AwareDatetime | None = None


class OutreachVisitRefused(OutreachVisitEvent):
    """不能上门办理。

    A visit was refused.
    """

    type: ClassVar[str] = "appointments.outreach_visit.refused.v1"


class OutreachVisitCancelled(OutreachVisitEvent):
    """取消上门。

    A visit was cancelled.
    """

    type: ClassVar[str] = "appointments.outreach_visit.cancelled.v1"


class OutreachRegistrationEvent(Event):
    """What is read of places at an outreach event."""

    registration_id: UUID
    version: int


class OutreachRegistrationMade(OutreachRegistrationEvent):
    """有人报名参加行诊。

    Somebody registered for an outreach event.
    """

    type: ClassVar[str] = "appointments.outreach_registration.made.v1"


class OutreachRegistrationCancelled(OutreachRegistrationEvent):
    """取消行诊报名。

    A registration was cancelled.
    """

    type: ClassVar[str] = "appointments.outreach_registration.cancelled.v1"


class ConsultationAnswered(Event):
    """会诊有了统一答复。

    A consultation got its one answer.
    """

    type: ClassVar[str] = "appointments.consultation.answered.v1"

    consultation_id: UUID
    version: int


class FollowupInvited(Event):
    """抽中一件已办结的事，请当事人回答问卷。

    A finished case was drawn: its person is asked how it went.
    """

    type: ClassVar[str] = "appointments.followup.invited.v1"

    followup_id: UUID
    due_on: date


class LetterRegistered(Event):
    """来信已登记。

    A letter was registered.
    """

    type: ClassVar[str] = "feedback.letter.registered.v1"

    letter_id: UUID


class LetterReplied(Event):
    """答复已发出。

    A reply went out.
    """

    type: ClassVar[str] = "feedback.letter.replied.v1"

    letter_id: UUID
    at: AwareDatetime


class LetterExtended(Event):
    """答复期限经同意延长。

    The limit to reply was extended.
    """

    type: ClassVar[str] = "feedback.letter.extended.v1"

    letter_id: UUID
    at: AwareDatetime


class DeadlineMoved(Event):
    """时限的最后一天有变。

    The last day of a limit changed.
    """

    type: ClassVar[str] = "feedback.deadline.moved.v1"

    subject_kind: str
    subject_id: UUID
    due_on: date


class Handover(BaseModel):
    """What the service that knows it says of a notice: whether it still holds, and for whom."""

    applies: bool
    account_id: UUID | None = None
    phone: str | None = None
    email: str | None = None
    """Of the gateway's own notices alone: an address to be confirmed, in its account's language."""
    language: str | None = None
    facts: dict[str, str | None] = {}
