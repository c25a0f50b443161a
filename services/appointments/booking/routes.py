"""Appointments over HTTP."""

from typing import Annotated

from fastapi import Query, Request, Response, status

from services.appointments.booking import (
    cancelling,
    hold,
    limits,
    moving,
    rules,
    runs,
    service,
    views,
)
from services.appointments.booking.context import RequestBookingContext
from services.appointments.booking.models import AppointmentState
from services.appointments.booking.sale import rules as sale
from services.appointments.booking.schemas import (
    AppointmentView,
    CancelRequest,
    ChangeRequest,
    ContactRequest,
    ContactView,
    HoldRequest,
    MoveRequest,
    Reference,
)
from services.appointments.releases.rules import MoreThanJoined, NotAdmitted
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import (
    Direct,
    IdempotencyKey,
    Now,
    Paging,
    RequestKeyring,
    Session,
    Swap,
    allow,
)
from shared.web.idempotency import KeyReused
from shared.web.models import Day
from shared.web.pagination import Page
from shared.web.routing import Router

router = Router(prefix="/appointments", tags=["citizen"])

Owner = Annotated[Caller, allow("citizen", "clerk", "hall_manager")]
OwnerOrDevice = Annotated[Caller, allow("citizen", "clerk", "hall_manager", "device")]


@router.post(
    "",
    operation_id="hold_appointment",
    summary="占住时段，待确认 | Hold an appointment",
    status_code=status.HTTP_201_CREATED,
    response_model=AppointmentView,
    responses=problem_responses(
        sale.SlotTaken,
        sale.SlotNotOnSale,
        sale.NoSuchTime,
        runs.NotEnoughTime,
        rules.AlreadyBooked,
        rules.BookingBarred,
        limits.OverlappingAppointment,
        limits.TooManyAppointments,
        NotAdmitted,
        MoreThanJoined,
        KeyReused,
    ),
)
async def hold_appointment(
    wanted: HoldRequest,
    request: Request,
    context: RequestBookingContext,
    now: Now,
    caller: OwnerOrDevice,
    _: IdempotencyKey,
) -> Response:
    """占住一个或连续几个时段，默认保留 5 分钟，请在此期间确认。约满时返回最近的三个可约时间。
    事项需要的时间长于一个时段时，只写第一个时段即可，后面的自动占住。
    同一人同一事项同一天只能有一个有效预约，各大厅的预约时间不能重叠（首尾相接可以），
    总数不超过大厅规定。为自己预约的可留下联系方式，时间有变时大厅好通知您。
    重试请带相同的 `Idempotency-Key`。

    ---

    Holds one slot or several consecutive ones, by default for 5 minutes; confirm within that time.
    For an item that takes longer than a slot, naming the first is enough: those after it are held
    with it.
    A full slot is answered with the three nearest alternatives. One live appointment a person,
    item and day; none that overlap, at whatever halls (touching is allowed); no more than the
    hall's caps. Who books for themselves may leave a contact, by which the hall reaches them if the
    time has to change. Retry with the same `Idempotency-Key`.
    """
    held = await hold.hold(context, wanted, caller, request.state.claim, now)
    headers = {"Idempotent-Replayed": "true"} if held.replayed else {}
    return Response(
        held.answer, status.HTTP_201_CREATED, headers=headers, media_type="application/json"
    )


@router.get(
    "",
    operation_id="list_my_appointments",
    summary="我的预约；工作人员可查本大厅 | My appointments, or a hall's for its staff",
)
async def list_my_appointments(
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Owner,
    paging: Paging,
    hall: Annotated[str | None, Query(max_length=32)] = None,
    on: Annotated[Day | None, Query(description="哪一天 | Which day")] = None,
    state: AppointmentState | None = None,
) -> Page[AppointmentView]:
    """群众看到自己的全部预约，新的在前。工作人员须写明 `hall`，按时间看某一天（默认今天）的预约；
    `state=orphaned` 不写日期时，列出所有日子里失去时段、尚未了结的预约。

    ---

    Citizens see all their appointments, newest first. Staff name the `hall` and see the
    appointments of one day (today by default) in order of time; with `state=orphaned` and no day,
    all that lost their time and are not settled yet.
    """
    if caller.has("clerk", "hall_manager"):
        return await views.of_hall(
            session, caller, keyring, paging, hall=hall, on=on, state=state, now=now
        )
    return await views.mine(session, caller, keyring, paging)


@router.get("/{appointment}", operation_id="get_appointment", summary="一个预约 | One appointment")
async def get_appointment(
    appointment: Reference, direct: Direct, keyring: RequestKeyring, caller: OwnerOrDevice
) -> AppointmentView:
    """本人或本大厅工作人员可查，可用预约编号或预约码。

    ---

    For its owner and the staff and devices of its hall, by id or public code.
    """
    found = await service.seen_by(direct, appointment, caller)
    return views.shown(found, caller, keyring)


@router.get(
    "/{appointment}/calendar.ics",
    operation_id="get_appointment_calendar",
    summary="加入手机日历 | The appointment for a calendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
)
async def get_appointment_calendar(
    appointment: Reference, session: Session, now: Now, caller: Owner
) -> Response:
    """iCalendar 文件，提前一小时提醒。改约后再次下载（新旧预约均可），日历中的原条目改到新的时间；
    取消后再次下载则取消该条目。

    ---

    An iCalendar file with an alarm an hour before. After a move, the file of the old or the new
    appointment puts the entry to its new time; after a cancellation it cancels the entry.
    """
    found = await service.visible(session, appointment, caller)
    entry = await views.calendar_entry(session, found, now)
    name = f'attachment; filename="{found.code}.ics"'
    return Response(
        entry, media_type="text/calendar; charset=utf-8", headers={"Content-Disposition": name}
    )


@router.post(
    "/{appointment}/confirm",
    operation_id="confirm_appointment",
    summary="确认预约 | Confirm an appointment",
    responses=problem_responses(StateConflict),
)
async def confirm_appointment(
    appointment: Reference,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: OwnerOrDevice,
    wanted: ChangeRequest | None = None,
) -> AppointmentView:
    """在保留时间内确认。过期后号源已退回，请重新预约。

    ---

    Within the time of the hold; afterwards its places are free again, so please book anew.
    """
    version = wanted.version if wanted else None
    done = await service.confirm(swap, appointment, version, caller, now)
    return views.shown(done, caller, keyring)


@router.post(
    "/{appointment}/cancel",
    operation_id="cancel_appointment",
    summary="取消预约 | Cancel an appointment",
    responses=problem_responses(StateConflict, rules.TooLate),
)
async def cancel_appointment(
    appointment: Reference,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    caller: Owner,
    wanted: CancelRequest | None = None,
) -> AppointmentView:
    """已确认的预约取消后，名额过一段随机时间（大厅规定，默认 10 至 120 分钟）重新放出，防止倒号；
    未确认的立即退回。群众须在大厅规定的期限前取消；过期请联系大厅。工作人员取消被大厅撤销时段的预约时，
    须写明 `reason`。

    ---

    The places of a confirmed appointment are on sale again after a random while (the hall's policy,
    by default 10 to 120 minutes), so that nobody can trade them; those of a hold at once. Citizens
    cancel before the hall's deadline; staff at any time, with the `reason` where the hall had taken
    the appointment's time.
    """
    asked = wanted or CancelRequest()
    done = await cancelling.cancel(swap, keyring, appointment, asked, caller, now)
    return views.shown(done, caller, keyring)


@router.post(
    "/{appointment}/reschedule",
    operation_id="reschedule_appointment",
    summary="改约 | Move an appointment to another time",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(
        StateConflict,
        rules.TooLate,
        sale.SlotTaken,
        sale.SlotNotOnSale,
        sale.NoSuchTime,
        runs.NotEnoughTime,
        rules.AlreadyBooked,
        limits.OverlappingAppointment,
        limits.TooManyAppointments,
        NotAdmitted,
    ),
)
async def reschedule_appointment(
    appointment: Reference,
    wanted: MoveRequest,
    swap: Swap,
    context: RequestBookingContext,
    keyring: RequestKeyring,
    now: Now,
    caller: Owner,
) -> AppointmentView:
    """取得新时段与退回旧时段同时完成：新时段约满时原预约不变。返回新的、已确认的预约和新的预约码。

    ---

    The new places are taken and the old ones given back at once; if the new slot is full, nothing
    changes. Answers with the new appointment, confirmed, with a code of its own.
    """
    done = await moving.move(swap, context, appointment, wanted, caller, now)
    return views.shown(done, caller, keyring)


@router.post(
    "/{appointment}/contact",
    operation_id="read_appointment_contact",
    summary="查看联系方式（记入审计） | Read the person's contact, under audit",
    tags=["hall"],
    responses=problem_responses(rules.ContactUnknown),
)
async def read_appointment_contact(
    appointment: Reference,
    wanted: ContactRequest,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("clerk", "hall_manager")],
) -> ContactView:
    """联系群众改约等用途：须写明用途，谁在何时为何查看都记入审计。只限本大厅的预约，且由工作人员代约，或本人预约时留了联系方式。

    ---

    To call somebody, for example about another time: the purpose is required, and who read it, when
    and why is in the audit log. For appointments of the own hall that staff booked for somebody, or
    whose owner left a contact.
    """
    found = await service.visible(session, appointment, caller)
    return await views.contact(session, keyring, found, wanted.purpose, caller, now)
