"""Signed codes over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header

from services.appointments.booking.schemas import Reference
from services.appointments.codes import rules, service
from services.appointments.codes.schemas import CodeKey, CodeKeys, ReprintedTicket, SignedCode
from shared.errors import StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import (
    Deciding,
    Direct,
    Language,
    Now,
    RequestKeyring,
    Session,
    allow,
    public,
)
from shared.web.routing import Router

router = Router(tags=["citizen"])

Anybody = Annotated[Caller | None, public()]
TicketKey = Annotated[
    str | None, Header(max_length=64, description="取号时得到的键 | The key given with the ticket")
]


@router.get(
    "/codes/keys",
    operation_id="list_code_keys",
    summary="核验二维码的公钥 | The public keys of the codes",
)
async def list_code_keys(keyring: RequestKeyring, now: Now, _: Anybody) -> CodeKeys:
    """二维码是 JWS 紧凑格式（RFC 7515，Ed25519），头部 `kid` 指明公钥、`typ` 为 onedoor-code。
    设备存好公钥，断网也能核验号票和预约确由本系统发出；是否已取消须联网查。

    ---

    A code is a compact JWS (RFC 7515, Ed25519); its header names the key (`kid`) and the `typ`
    onedoor-code. With the keys kept, a device proves without network that this system gave out the
    ticket or appointment; whether it was given up since takes a look-up.
    """
    public_keys = [key.as_dict(private=False) for key in rules.keys(keyring, now)]
    return CodeKeys(keys=[CodeKey(kid=one["kid"], x=one["x"]) for one in public_keys])


@router.get(
    "/tickets/{ticket_id}/code",
    operation_id="get_ticket_code",
    summary="号票的二维码 | The code of a ticket",
    responses=problem_responses(StateConflict),
)
async def get_ticket_code(
    ticket_id: UUID,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Anybody,
    ticket_key: TicketKey = None,
) -> SignedCode:
    """可断网核验的二维码内容，不含个人信息。本人、本大厅人员和设备可取；
    未登录的凭取号时得到的键（请求头 Ticket-Key）。

    ---

    What to draw as a QR code that can be checked without network; nothing in it is about a person.
    For its owner, the staff and devices of the hall, and whoever sends the key given with the
    ticket in Ticket-Key.
    """
    signed = await service.of_ticket(session, keyring, ticket_id, caller, ticket_key, now)
    return SignedCode(code=signed.code, expires_at=signed.expires_at)


@router.get(
    "/appointments/{appointment}/code",
    operation_id="get_appointment_code",
    summary="预约的二维码 | The code of an appointment",
    responses=problem_responses(StateConflict),
)
async def get_appointment_code(
    appointment: Reference,
    direct: Direct,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("citizen", "clerk", "hall_manager", "device")],
) -> SignedCode:
    """确认后的预约的二维码内容，含签到用的预约码，可断网核验。本人、本大厅人员和设备可取。

    ---

    What to draw as a QR code for a confirmed appointment: it holds the code to check in by, and can
    be checked without network. For its owner and the staff and devices of its hall.
    """
    signed = await service.of_appointment(direct, keyring, appointment, caller, now)
    return SignedCode(code=signed.code, expires_at=signed.expires_at)


@router.post(
    "/tickets/{ticket_id}/reprint",
    operation_id="reprint_ticket",
    tags=["hall"],
    summary="补打号票 | Print a ticket once more",
    responses=problem_responses(StateConflict),
)
async def reprint_ticket(
    ticket_id: UUID,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    language: Language,
    caller: Annotated[Caller, allow("clerk", "hall_manager", "device")],
) -> ReprintedTicket:
    """号票丢失或看不清时补打：号不变，票上印补打标记和新的二维码，次数记入审计。

    ---

    For a ticket that was lost or cannot be read: the number stays, the paper bears a mark and a
    code that counts the reprint, and the audit log says who printed it.
    """
    ticket = await service.reprint(session, ticket_id, caller, now)
    signed = rules.of_ticket(keyring, ticket, now)
    return ReprintedTicket(
        **ticket.model_dump(include={"number", "hall_code", "items", "issued_at"}),
        ticket_id=ticket.id,
        reprint=ticket.reprints,
        mark=rules.mark(ticket.reprints).say(language),
        code=signed.code,
        expires_at=signed.expires_at,
    )
