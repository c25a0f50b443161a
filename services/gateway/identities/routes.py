"""The identity of an account over HTTP."""

from typing import Annotated
from uuid import UUID

from services.gateway.access import rules
from services.gateway.identities import service, views
from services.gateway.identities.schemas import IdentityIn, IdentityView
from shared.errors import problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Now, RequestKeyring, Session, allow
from shared.web.routing import Router

router = Router(prefix="/accounts", tags=["admin"])


@router.put(
    "/{account_id}/identity",
    operation_id="identify_account",
    summary="登记账号的实名信息 | Record whom an account belongs to",
    responses=problem_responses(rules.OwnGrant),
)
async def identify_account(
    account_id: UUID,
    wanted: IdentityIn,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> IdentityView:
    """核对证件后登记本人姓名、电话和身份证号码，加密保存，只回显脱敏信息。此后账号、身份证号码、电话
    指向同一个人：别人代约的也出现在本人的预约中，限额合并计算。再次登记即更正。
    ---
    Records name, phone and citizen number after a look at the document; they are stored encrypted
    and shown masked. From then on account, number and phone are one person: what others booked for
    them is in their list, and caps count together. Another call corrects it.
    """
    found = await service.identify(session, keyring, account_id, wanted, caller, now)
    return views.masked(found, keyring)


@router.get(
    "/{account_id}/identity",
    operation_id="get_account_identity",
    summary="查看账号的实名信息（脱敏） | Show whom an account belongs to, masked",
)
async def get_account_identity(
    account_id: UUID,
    session: Session,
    keyring: RequestKeyring,
    _: Annotated[Caller, allow("admin", "auditor")],
) -> IdentityView:
    """是否已实名、由谁在何时核验；姓名和号码只显示一部分。
    ---
    Whether the account was identified, by whom and when; name and numbers are masked.
    """
    return views.masked(await service.identity_of(session, account_id), keyring)
