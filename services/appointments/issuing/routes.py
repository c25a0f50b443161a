from typing import Annotated

from fastapi import Header, Response, status

from services.appointments.display.schemas import with_estimate
from services.appointments.issuing import service
from services.appointments.issuing.rules import AlreadyTicketed
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.priority.rules import EvidenceRefused
from services.appointments.queueing.schemas import TicketView
from shared.clock import Now
from shared.crypto import Vault
from shared.db import Session
from shared.errors import problem_responses
from shared.identity import Caller, allow
from shared.routing import Router

router = Router(prefix="/tickets", tags=["citizen"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="issue_ticket",
    summary="取号 | Take a ticket",
    responses=problem_responses(AlreadyTicketed, EvidenceRefused),
)
async def issue_ticket(
    request: TicketRequest,
    response: Response,
    session: Session,
    vault: Vault,
    now: Now,
    caller: Annotated[Caller, allow("citizen", "device", "clerk", "hall_manager")],
    idempotency_key: Annotated[str, Header(max_length=255)],
) -> TicketView:
    """到场取号。有预约的请填预约码（即完成签到）；优先照顾须凭身份证号码或经核验的证件，不存明文。

    ---
    Takes a ticket on arrival. With an appointment, give its code: this checks it in. Credit needs
    an ID number or a certificate that was checked; neither is stored in clear.
    """
    issued = await service.issue(session, vault, caller, request, now)
    response.headers["Location"] = f"/api/v1/tickets/{issued.ticket.id}"
    return with_estimate(issued.ticket, issued.estimate)
