"""Tokens, public keys and accounts over HTTP."""

import base64
import binascii
from typing import Annotated
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Depends, Form, Request, Response, status
from pydantic import SecretStr

from services.gateway.access import accounts as administration
from services.gateway.access import links, rules, service
from services.gateway.access.links import IssuedLink
from services.gateway.access.pages import PASSWORD_PAGE
from services.gateway.access.places import Places
from services.gateway.access.schemas import (
    AccountView,
    AccountWithLink,
    Grants,
    Me,
    NewAccount,
    PasswordByLink,
    PasswordChange,
    PasswordLinkNotice,
    PasswordLinkView,
    PasswordSet,
    RevocationForm,
    StateChange,
    TokenAnswer,
    TokenForm,
)
from services.gateway.access.service import SignInContext
from services.gateway.access.workflow import AccountAction
from shared.errors import FourEyes, StateConflict, problem_responses
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


async def _known_places(request: Request) -> Places:
    places: Places = request.state.access.places
    return places


KnownPlaces = Annotated[Places, Depends(_known_places)]


async def _ensure_once(request: Request) -> None:
    """No parameter may come twice (RFC 6749 section 3.2). Raises InvalidTokenRequest."""
    names = [name for name, _ in (await request.form()).multi_items()]
    for name in names:
        if names.count(name) > 1:
            raise rules.InvalidTokenRequest(name[:50], twice=True)


def _client_of(request: Request, form: TokenForm) -> TokenForm:
    """Client id and secret may come by HTTP Basic instead (RFC 6749 section 2.3.1).

    Both are form-encoded before they are put together.
    """
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic" or form.client_id is not None:
        return form
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise rules.InvalidClient from None
    proof = {"client_id": unquote_plus(name), "client_secret": SecretStr(unquote_plus(secret))}
    return form.model_copy(update=proof)


@tokens.post(
    "/token",
    operation_id="issue_token",
    summary="登录，换取令牌 | Sign in for tokens",
    responses=problem_responses(
        rules.InvalidTokenRequest,
        rules.InvalidGrant,
        rules.InvalidClient,
        rules.UnauthorizedClient,
        rules.UnsupportedGrantType,
        rules.LockedOut,
    ),
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
    await _ensure_once(request)
    return await service.token(context, _client_of(request, form), now)


@tokens.post(
    "/revoke",
    operation_id="revoke_token",
    summary="退出登录 | Sign out",
    status_code=status.HTTP_200_OK,
    responses=problem_responses(rules.InvalidTokenRequest),
)
async def revoke_token(
    request: Request,
    form: Annotated[RevocationForm, Form()],
    session: Session,
    now: Now,
    _: Annotated[Caller | None, public()],
) -> None:
    """作废刷新令牌或访问令牌，以及同一次登录的全部令牌（RFC 7009）。未知的令牌同样回答成功。
    ---
    Revokes a refresh or an access token and all that came of the same sign-in (RFC 7009). An
    unknown token is answered in the same way.
    """
    if form.token is None:
        raise rules.InvalidTokenRequest("token")
    token = form.token.get_secret_value()
    await service.sign_out(session, request.state.verifier, token, now)


@tokens.get("/me", operation_id="get_me", summary="我是谁 | Who am I")
async def get_me(caller: Annotated[Caller, allow(*ROLES)], session: Session) -> Me:
    """令牌代表的账号、身份和所属大厅或部门，以及最近一次为您签发的设密链接：如非您本人所求，请立即联系管理员。
    ---
    The account, roles and places (halls, departments) that the token stands for, and the last link
    to set your password: if you did not ask for it, call an administrator at once.
    """
    name, link = await administration.about(session, caller.sub)
    return Me(
        sub=caller.sub,
        account=name,
        roles=sorted(caller.roles),
        places=sorted(caller.places),
        password_link=None if link is None else PasswordLinkNotice.model_validate(link),
    )


@tokens.post(
    "/password/link",
    operation_id="set_password_by_link",
    summary="用一次性链接设置密码 | Set a password by a one-time link",
    responses=problem_responses(rules.LinkEnded, StateConflict),
    openapi_extra={"x-operation-class": "signing-in"},
)
async def set_password_by_link(
    wanted: PasswordByLink,
    context: Annotated[SignInContext, Depends(_context)],
    now: Now,
    _: Annotated[Caller | None, public()],
) -> PasswordSet:
    """链接由管理员交给您，24 小时内有效，只能用一次；设好后该账号的全部登录随即结束。
    管理、监察、审核、督办账号还须另一位管理员批准（`pending`）才能登录。
    ---
    An administrator hands the link to you; it works once, for 24 hours, and ends every sign-in of
    the account. An administrator's, auditor's, reviewer's or supervisor's account then waits for a
    second administrator's approval (`pending`).
    """
    token, password = wanted.token.get_secret_value(), wanted.new_password.get_secret_value()
    return PasswordSet.model_validate(await links.set_password(context, token, password, now))


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
    responses=problem_responses(rules.RolesExclude, rules.AccountTaken, rules.UnknownPlaces),
)
async def create_account(
    wanted: NewAccount,
    session: Session,
    places: KnownPlaces,
    now: Now,
    caller: Annotated[Caller, allow("admin")],
) -> AccountWithLink:
    """回答中的一次性链接交给账号本人设置密码，只出现这一次。系统管理、审计与业务角色不得兼任（三员分立）；管理、监察、
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


@accounts.post(
    "/{account_id}/password",
    operation_id="reset_password",
    summary="签发设密链接 | Issue a link to set the password",
    responses=problem_responses(rules.OwnGrant, StateConflict),
)
async def reset_password(
    account_id: UUID,
    wanted: StateChange,
    session: Session,
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


@accounts.put(
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
    """恢复已停用的账号；管理、监察、审核、督办账号须另一位管理员批准。
    ---
    Lets a disabled account sign in again; that of an administrator, auditor, reviewer or supervisor
    after a second administrator's approval.
    """
    action, version = AccountAction.ENABLE, wanted.version
    return AccountView.model_validate(
        await administration.take(session, account_id, action, version, caller, now)
    )


@accounts.post(
    "/{account_id}/approve",
    operation_id="approve_account",
    summary="批准账号 | Approve an account",
    responses=problem_responses(rules.OwnGrant, FourEyes, rules.PasswordNotSet, StateConflict),
)
async def approve_account(
    account_id: UUID,
    wanted: StateChange,
    session: Session,
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
