"""The administration of accounts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, status

from services.gateway.access import accounts as administration
from services.gateway.access import links, rules
from services.gateway.access.links import IssuedLink
from services.gateway.access.pages import PASSWORD_PAGE
from services.gateway.access.places import Places
from services.gateway.access.schemas import (
    AccountView,
    AccountWithLink,
    Grants,
    NewAccount,
    PasswordLinkView,
    StateChange,
)
from services.gateway.access.workflow import AccountAction
from shared.errors import FourEyes, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Deciding, Now, Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/accounts", tags=["admin"])


async def _known_places(request: Request) -> Places:
    places: Places = request.state.access.places
    return places


KnownPlaces = Annotated[Places, Depends(_known_places)]


@router.get("", operation_id="list_accounts", summary="账号列表 | List accounts")
async def list_accounts(
    session: Session, paging: Paging, _: Annotated[Caller, allow("admin", "auditor")]
) -> Page[AccountView]:
    """按账号名排列。管理员与监察人员可看。
    ---
    Ordered by name, for administrators and auditors.
    """
    (after,) = paging.key(str) or (None,)
    rows = await administration.list_accounts(session, after, paging.limit + 1)
    return page(rows, paging, lambda row: (row.name,), AccountView.model_validate)


@router.get("/{account_id}", operation_id="get_account", summary="查看账号 | Show an account")
async def get_account(
    account_id: UUID, session: Session, _: Annotated[Caller, allow("admin", "auditor")]
) -> AccountView:
    """一个账号的身份、所属和状态，不含密码。
    ---
    The roles, places and state of one account; never its password.
    """
    return AccountView.model_validate(await administration.get_account(session, account_id))


@router.post(
    "",
    operation_id="create_account",
    summary="新建账号 | Create an account",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(rules.RolesExclude, rules.AccountTaken, rules.UnknownPlaces),
)
async def create_account(
    wanted: NewAccount,
    session: Deciding,
    places: KnownPlaces,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountWithLink:
    """响应中的一次性链接交给账号本人设置密码，只出现这一次。系统管理、审计与业务角色不得兼任（三员分立）；管理、监察、
    审核、督办账号须另一位管理员批准后才能使用。
    ---
    The one-time link in the answer is shown this once: hand it to the owner, who sets a password.
    Administration, audit and the roles of the trade stay in different hands; the account of an
    administrator, auditor, reviewer or supervisor waits for a second administrator's approval.
    """
    await places.ensure_known(wanted.places)
    account = await administration.create_account(session, wanted, caller, now)
    return _with_link(account, await links.issue(session, account.id, caller, now))


def _with_link(account: object, link: IssuedLink) -> AccountWithLink:
    shown = AccountView.model_validate(account).model_dump()
    address = f"{PASSWORD_PAGE}#{link.token}"
    view = PasswordLinkView(address=address, token=link.token, expires_at=link.expires_at)
    return AccountWithLink(**shown, password_link=view)


@router.post(
    "/{account_id}/password",
    operation_id="reset_password",
    summary="签发设密链接 | Issue a link to set the password",
    responses=problem_responses(rules.OwnGrant, StateConflict),
)
async def reset_password(
    account_id: UUID,
    wanted: StateChange,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountWithLink:
    """忘记密码时用：把一次性链接交给账号本人，由本人设置新密码；管理员看不到密码。原密码在新密码设好前仍然有效，
    本人登录后会看到已签发链接。
    ---
    For a password that was forgotten: hand the link to the owner, who sets a new one that no
    administrator sees. The present password works until then, and the owner sees at the next
    sign-in that a link was issued.
    """
    account, link = await links.reissue(session, account_id, wanted.version, caller, now)
    return _with_link(account, link)


@router.put(
    "/{account_id}/grants",
    operation_id="grant_account",
    summary="更改权限 | Change grants",
    responses=problem_responses(
        rules.OwnGrant, rules.RolesExclude, rules.UnknownPlaces, StateConflict
    ),
)
async def grant_account(
    account_id: UUID,
    wanted: Grants,
    session: Session,
    places: KnownPlaces,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountView:
    """替换账号的身份与所属，并结束其全部登录。管理员不能更改自己；管理、监察、审核、督办账号须另一位管理员批准后才能再用。
    ---
    Replaces roles and places and ends every sign-in of the account. Nobody changes their own. The
    account of an administrator, auditor, reviewer or supervisor then waits for a second
    administrator's approval.
    """
    await places.ensure_known(wanted.places)
    return AccountView.model_validate(
        await administration.grant(session, account_id, wanted, caller, now)
    )


@router.post(
    "/{account_id}/disable",
    operation_id="disable_account",
    summary="停用账号 | Disable an account",
    responses=problem_responses(rules.OwnGrant, StateConflict),
)
async def disable_account(
    account_id: UUID,
    wanted: StateChange,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountView:
    """账号不能再登录，已有登录随即结束；已发出的访问令牌数秒内即被各服务拒绝。
    ---
    The account can no longer sign in and its sign-ins end; within seconds every service refuses the
    access tokens already given out.
    """
    action, version = AccountAction.DISABLE, wanted.version
    return AccountView.model_validate(
        await administration.take(session, account_id, action, version, caller, now)
    )


@router.post(
    "/{account_id}/enable",
    operation_id="enable_account",
    summary="启用账号 | Enable an account",
    responses=problem_responses(rules.OwnGrant, StateConflict),
)
async def enable_account(
    account_id: UUID,
    wanted: StateChange,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountView:
    """恢复已停用的账号；管理、监察、审核、督办账号须另一位管理员批准。
    ---
    Lets a disabled account sign in again; that of an administrator, auditor, reviewer or supervisor
    after a second administrator's approval.
    """
    action, version = AccountAction.ENABLE, wanted.version
    return AccountView.model_validate(
        await administration.take(session, account_id, action, version, caller, now)
    )


@router.post(
    "/{account_id}/approve",
    operation_id="approve_account",
    summary="批准账号 | Approve an account",
    responses=problem_responses(rules.OwnGrant, FourEyes, rules.PasswordNotSet, StateConflict),
)
async def approve_account(
    account_id: UUID,
    wanted: StateChange,
    session: Deciding,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountView:
    """由另一位管理员批准待批准的账号。请先向账号本人核实：密码确由本人所设，权限确属应有。
    ---
    A second administrator approves what the first one did. Ask the owner first: was it they who set
    the password, and are the grants right?
    """
    return AccountView.model_validate(
        await administration.approve(session, account_id, wanted.version, caller, now)
    )
