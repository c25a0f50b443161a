"""The identity of an account over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from services.gateway.access import rules as access_rules
from services.gateway.guessing.rules import LockedOut
from services.gateway.identities import service, views
from services.gateway.identities.rules import IdentityDiffers, IdentityTaken
from services.gateway.identities.schemas import (
    IdentityApproval,
    IdentityIn,
    IdentityView,
    ListedState,
    Withdrawal,
)
from services.gateway.identities.service import Approval
from shared.errors import FourEyes, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import (
    Deciding,
    Direct,
    ExpectedVersion,
    Now,
    Paging,
    RequestKeyring,
    Session,
    allow,
)
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/accounts", tags=["admin"])
lists = Router(prefix="/account-identities", tags=["admin"])


@lists.get(
    "",
    operation_id="list_account_identities",
    summary="实名信息列表（脱敏） | List whom accounts belong to, masked",
)
async def list_account_identities(
    session: Session,
    keyring: RequestKeyring,
    paging: Paging,
    _: Annotated[Caller, allow("admin", "auditor")],
    state: Annotated[
        ListedState,
        Query(
            description="待批准、已生效，或号码与另一账号重复"
            " | Waits for approval, counts, or has the number of another account as well"
        ),
    ] = "pending",
) -> Page[IdentityView]:
    """默认列出待另一位管理员批准的登记，请核对证件后批准或撤回。
    ---
    By default what waits for another administrator, who approves it by the document or withdraws
    it.
    """
    (after,) = paging.key(UUID) or (None,)
    rows = await service.identities(session, state, after, paging.limit + 1)
    shown = [views.masked(row, keyring) for row in rows]
    return page(shown, paging, lambda row: (row.account_id,), lambda row: row)


@router.put(
    "/{account_id}/identity",
    operation_id="identify_account",
    summary="登记账号的实名信息 | Record whom an account belongs to",
    responses=problem_responses(access_rules.OwnGrant, IdentityTaken),
)
async def identify_account(
    account_id: UUID,
    wanted: IdentityIn,
    session: Deciding,
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
    session: Deciding,
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


@router.delete(
    "/{account_id}/identity/proposal",
    operation_id="withdraw_identity_proposal",
    summary="撤回待批准的实名信息 | Withdraw an identity that waits",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(access_rules.OwnGrant, StateConflict),
)
async def withdraw_identity_proposal(
    account_id: UUID,
    session: Deciding,
    now: Now,
    expected: ExpectedVersion,
    caller: Annotated[Caller, allow("admin")],
    reason: Annotated[
        Withdrawal | None,
        Query(
            description="登记有误、不是本人、号码已属另一账号、其他"
            " | Wrong details, not that person, another account's number, or else"
        ),
    ] = None,
) -> None:
    """核对不符、登记有误或号码已属他人时用；待批准的不再生效，之前生效的不变。原因记入审计。
    ---
    For what does not match the document, was a mistake, or has another account's number: it never
    counts, and what counted before stays. The reason is noted in the audit log.
    """
    await service.withdraw(session, account_id, expected, reason, caller, now)


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
