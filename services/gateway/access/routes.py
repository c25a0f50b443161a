"""Tokens, public keys and accounts over HTTP."""

import base64
import binascii
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response, status

from services.gateway.access import accounts as administration
from services.gateway.access import rules, service
from services.gateway.access.schemas import (
    AccountCreated,
    AccountView,
    Grants,
    Me,
    NewAccount,
    PasswordChange,
    RevocationForm,
    StateChange,
    TokenAnswer,
    TokenForm,
)
from services.gateway.access.service import SignInContext
from services.gateway.access.workflow import AccountAction
from shared.errors import StateConflict, problem_responses
from shared.security.identity import ROLES, Caller
from shared.web.dependencies import Direct, Now, Paging, RequestKeyring, Session, allow, public
from shared.web.pagination import Page, page
from shared.web.routing import Router

tokens = Router(prefix="/auth", tags=["system"])
accounts = Router(prefix="/accounts", tags=["admin"])


def _context(request: Request, direct: Direct, keyring: RequestKeyring) -> SignInContext:
    state = request.state
    return SignInContext(
        direct, state.sessions, keyring, state.access.issuer, state.access.hashing, state.network
    )


def _client_of(request: Request, form: TokenForm) -> TokenForm:
    """Client id and secret may come by HTTP Basic instead (RFC 6749 section 2.3.1)."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic" or form.client_id is not None:
        return form
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise rules.InvalidClient from None
    return TokenForm.model_validate(
        {**form.model_dump(), "client_id": name[:64], "client_secret": secret[:256]}
    )


@tokens.post(
    "/token",
    operation_id="issue_token",
    summary="登录，换取令牌 | Sign in for tokens",
    responses=problem_responses(rules.InvalidGrant, rules.InvalidClient, rules.LockedOut),
)
async def issue_token(
    request: Request,
    response: Response,
    form: Annotated[TokenForm, Form()],
    context: Annotated[SignInContext, Depends(_context)],
    now: Now,
    _: Annotated[Caller | None, public()],
) -> TokenAnswer:
    """OAuth 2.0 令牌端点（RFC 6749）：账号密码、刷新令牌、客户端凭据。访问令牌 10 分钟有效；
    每次刷新换得新的刷新令牌：30 秒内重复使用旧的，得到同一个新令牌；再晚使用，即结束整个登录。
    连续失败 10 次锁定 15 分钟。
    ---
    The OAuth 2.0 token endpoint (RFC 6749): password, refresh token, client credentials. An access
    token lasts 10 minutes. Each refresh gives the next refresh token: the old one gives the same
    next one for 30 seconds, after which using it ends the whole sign-in. Ten failures in a row lock
    for 15 minutes.
    """
    response.headers["Cache-Control"] = "no-store"
    return await service.token(context, _client_of(request, form), now)


@tokens.post(
    "/revoke",
    operation_id="revoke_token",
    summary="退出登录 | Sign out",
    status_code=status.HTTP_200_OK,
)
async def revoke_token(
    form: Annotated[RevocationForm, Form()],
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
) -> None:
    """作废刷新令牌及同一次登录的全部后续令牌（RFC 7009）。未知的令牌同样回答成功。
    ---
    Revokes the refresh token and all that came of the same sign-in (RFC 7009). An unknown token is
    answered in the same way.
    """
    await service.sign_out(session, form.token.get_secret_value(), now)


@tokens.get("/me", operation_id="get_me", summary="我是谁 | Who am I")
async def get_me(caller: Annotated[Caller, allow(*ROLES)], session: Session) -> Me:
    """令牌代表的账号、身份和所属大厅或部门。
    ---
    The account, roles and places (halls, departments) that the token stands for.
    """
    found = await administration.name_of(session, caller.sub)
    return Me(
        sub=caller.sub, account=found, roles=sorted(caller.roles), places=sorted(caller.places)
    )


@tokens.post(
    "/password",
    operation_id="change_password",
    summary="修改自己的口令 | Change your password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(rules.WrongPassword, rules.LockedOut),
    openapi_extra={"x-operation-class": "signing-in"},
)
async def change_password(
    change: PasswordChange,
    context: Annotated[SignInContext, Depends(_context)],
    now: Now,
    caller: Annotated[Caller, allow(*ROLES)],
) -> None:
    """须出示现有口令；改好后全部登录随即结束，请用新口令重新登录。现有口令输错，与登录失败一并计数。
    ---
    The present password is needed. All sign-ins end; please sign in again with the new one. A wrong
    present password counts like a failed sign-in.
    """
    await service.change_password(context, caller, change, now)


@accounts.get("", operation_id="list_accounts", summary="账号列表 | List accounts")
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


@accounts.get("/{account_id}", operation_id="get_account", summary="查看账号 | Show an account")
async def get_account(
    account_id: UUID, session: Session, _: Annotated[Caller, allow("admin", "auditor")]
) -> AccountView:
    """一个账号的身份、所属和状态，不含口令。
    ---
    The roles, places and state of one account; never its password.
    """
    return AccountView.model_validate(await administration.get_account(session, account_id))


@accounts.post(
    "",
    operation_id="create_account",
    summary="新建账号 | Create an account",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(rules.RolesExclude, rules.AccountTaken),
)
async def create_account(
    wanted: NewAccount, session: Session, now: Now, caller: Annotated[Caller, allow("admin")]
) -> AccountCreated:
    """初始口令只在此回答中出现一次。系统管理、审计与业务角色不得兼任（三员分立）。
    ---
    The initial password is told once, in this answer. Administration, audit and the roles of the
    trade stay in different hands.
    """
    account, password = await administration.create_account(session, wanted, caller, now)
    return _created(account, password)


def _created(account: object, password: str) -> AccountCreated:
    shown = AccountView.model_validate(account).model_dump()
    return AccountCreated(**shown, initial_password=password)


@accounts.post(
    "/{account_id}/password",
    operation_id="reset_password",
    summary="重置口令 | Reset a password",
    responses=problem_responses(rules.OwnGrant, StateConflict),
)
async def reset_password(
    account_id: UUID,
    wanted: StateChange,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountCreated:
    """忘记口令时用：新的初始口令只在此回答中出现一次，该账号的全部登录随即结束。
    ---
    For a password that was forgotten: the new one is told once, in this answer, and every sign-in
    of the account ends.
    """
    account, password = await administration.reset_password(
        session, account_id, wanted.version, caller, now
    )
    return _created(account, password)


@accounts.put(
    "/{account_id}/grants",
    operation_id="grant_account",
    summary="更改权限 | Change grants",
    responses=problem_responses(rules.OwnGrant, rules.RolesExclude, StateConflict),
)
async def grant_account(
    account_id: UUID,
    wanted: Grants,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountView:
    """替换账号的身份与所属，并结束其全部登录。管理员不能更改自己。
    ---
    Replaces roles and places and ends every sign-in of the account. Nobody changes their own.
    """
    return AccountView.model_validate(
        await administration.grant(session, account_id, wanted, caller, now)
    )


@accounts.post(
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


@accounts.post(
    "/{account_id}/enable",
    operation_id="enable_account",
    summary="启用账号 | Enable an account",
    responses=problem_responses(rules.OwnGrant, StateConflict),
)
async def enable_account(
    account_id: UUID,
    wanted: StateChange,
    session: Session,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountView:
    """恢复已停用的账号。
    ---
    Lets a disabled account sign in again.
    """
    action, version = AccountAction.ENABLE, wanted.version
    return AccountView.model_validate(
        await administration.take(session, account_id, action, version, caller, now)
    )
