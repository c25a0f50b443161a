from typing import Annotated

from fastapi import Header, Response, status

from services.appointments.booking.rules import TooEarly, TooLate
from services.appointments.booking.schemas import ChangeRequest, Reference
from services.appointments.issuing import arriving, service, views
from services.appointments.issuing.rules import HallClosed, ItemClosed, TicketsClosed, TicketsNotYet
from services.appointments.issuing.schemas import CheckedInView, IssuedTicket, TicketRequest
from services.appointments.priority.rules import EvidenceRefused
from services.appointments.queueing.rules import AlreadyTicketed
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Language, Now, RequestKeyring, Swap, allow
from shared.web.describing import sends
from shared.web.gate import Priority
from shared.web.routing import Router

router = Router(prefix="/tickets", tags=["citizen"], priority=Priority.WINDOW)
appointment_router = Router(
    prefix="/appointments/{appointment}", tags=["citizen"], priority=Priority.WINDOW
)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="issue_ticket",
    summary="取号 | Take a ticket",
    responses={
        **problem_responses(
            AlreadyTicketed,
            HallClosed,
            ItemClosed,
            TicketsNotYet,
            TicketsClosed,
            EvidenceRefused,
        ),
        **sends("Location", status=201),
    },
)
async def issue_ticket(
    request: TicketRequest,
    response: Response,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    language: Language,
    caller: Annotated[Caller, allow("citizen", "device", "clerk", "hall_manager")],
    idempotency_key: Annotated[str, Header(max_length=255)],
) -> IssuedTicket:
    """到场取号。有预约的请填预约码（即完成签到，限本人、本大厅人员和设备）。
    同一人在同一大厅同一事项只有一个号，重复取号会告知现有的号。优先照顾须由工作人员或设备看过证件；
    老年人也可凭与本人实名账号一致的身份证号码自己取号。号码不存明文。
    休息日、停办期间和停办的事项不能取号，答复会写明下次开放时间；调休上班日照常取号。现场号可有起止时间和每日
    上限（见预约规则），预计闭厅前叫不到的不再发号，答复会写明何时、何处可办；预约过时未到的名额让给现场。已取的号
    闭厅后照样办完。预约不受开放日、起止时间和上限所限。
    评价键 rating_key、查看键 ticket_key 只在这里给出，请随号交给本人；转办后仍用首张号的 id 评价。

    ---
    Takes a ticket on arrival. With an appointment, give its code: this checks it in (its owner,
    the staff and the devices of the hall only). A person has one walk-in ticket for an item in
    a hall; a second request is a 409 that names it. Credit needs a document that staff or a device
    saw, or for the elderly the ID number of the verified account; none is stored in clear. On a
    closed day, inside a closure and for an item that is closed there are no tickets: the 409 names
    the next opening. Official make-up days are open. A hall may begin walk-in tickets shortly
    before it opens, end them before it closes, and limit them a day (see its policy), besides the
    places of who booked and has not come; nor is one issued that would not be called before the
    hall closes: the 409 names when and where else. Whoever has a ticket by then is still served.
    Who has an appointment may come on any day, and is not limited. The keys to rate and to follow
    the ticket are given here only, for the person served; after a transfer the first ticket's id
    and key rate.
    """
    issued = await service.issue(swap, keyring, caller, request, now)
    response.headers["Location"] = f"/api/v1/tickets/{issued.ticket.id}"
    return views.issued_ticket(issued, keyring, language)


@appointment_router.post(
    "/check-in",
    operation_id="check_in_appointment",
    summary="到场签到并取号 | Check in on arrival, and get the ticket",
    responses=problem_responses(StateConflict, TooEarly, TooLate, AlreadyTicketed, HallClosed),
)
async def check_in_appointment(
    appointment: Reference,
    swap: Swap,
    keyring: RequestKeyring,
    now: Now,
    language: Language,
    caller: Annotated[Caller, allow("citizen", "clerk", "hall_manager", "device")],
    wanted: ChangeRequest | None = None,
) -> CheckedInView:
    """本人、工作人员或大厅设备签到；自助机可直接用预约码。签到即取号（`ticket`），不用再取，请凭此号等候叫号。

    ---

    By the owner, the staff or a device of the hall; kiosks may use the public code. Checking in
    gives the `ticket` at once: it is the one that is called.
    """
    version = wanted.version if wanted else None
    arrival = await arriving.check_in(swap, keyring, caller, appointment, version, now)
    return views.checked_in(arrival, caller, keyring, language)
