"""The identity of an account over HTTP."""

from typing import Annotated
from uuid import UUID

from services.gateway.access import rules as access_rules
from services.gateway.guessing.rules import LockedOut
from services.gateway.identities import service, views
from services.gateway.identities.rules import IdentityDiffers, IdentityTaken
from services.gateway.identities.schemas import IdentityApproval, IdentityIn, IdentityView
from services.gateway.identities.service import Approval
from shared.errors import FourEyes, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Direct, Now, RequestKeyring, Session, allow
from shared.web.routing import Router

router = Router(prefix="/accounts", tags=["admin"])


@router.put(
    "/{account_id}/identity",
    operation_id="identify_account",
    summary="登记账号的实名信息 | Record whom an account belongs to",
    responses=problem_responses(access_rules.OwnGrant, IdentityTaken),
)
async def identify_account(
    account_id: UUID,
    wanted: IdentityIn,
    session: Session,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> IdentityView:
    """核对证件后登记本人姓名、电话和身份证号码，加密保存，只回显脱敏信息；另一位管理员批准后生效
    （演示账号立即生效）。此后账号、身份证号码、电话指向同一个人：别人代约的也出现在本人的预约中，限额
    合并计算。再次登记即更正。一个身份证号码只属于一个账号。
    ---
    Records name, phone and citizen number after a look at the document; they are stored encrypted
    and shown masked, and count once another administrator has approved (for a demo account at
    once). From then on account, number and phone are one person: what others booked for them is in
    their list, and caps count together. Another call corrects it. A number has one account.
    """
    found = await service.identify(session, keyring, account_id, wanted, caller, now)
    return views.masked(found, keyring)


@router.post(
    "/{account_id}/identity/approve",
    operation_id="approve_account_identity",
    summary="批准账号的实名信息 | Approve whom an account belongs to",
    responses=problem_responses(
        access_rules.OwnGrant, FourEyes, IdentityDiffers, IdentityTaken, LockedOut, StateConflict
    ),
)
async def approve_account_identity(
    account_id: UUID,
    wanted: IdentityApproval,
    session: Session,
    direct: Direct,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> IdentityView:
    """由没有登记过的另一位管理员对照证件原件，自己填写身份证号码和电话后批准；与登记一致才生效，此后各项服务即按此
    认人。不一致的不生效，并记入审计；连续多次不一致的，稍后才能再试。
    ---
    Another administrator looks at the document itself and types the ID number and the phone number
    as they read them; only where they are those recorded do they count, and every service knows the
    person by them from then on. What differs changes nothing and is noted in the audit log; after
    several in a row one has to wait.
    """
    read = Approval(account_id, wanted, caller)
    found = await service.approve(session, direct, keyring, read, now)
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
    """是否已实名、由谁在何时核验，以及待批准的登记；姓名和号码只显示一部分。
    ---
    Whether the account was identified, by whom and when, and what waits for approval; name and
    numbers are masked.
    """
    return views.masked(await service.identity_of(session, account_id), keyring)
