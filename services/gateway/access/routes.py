"""Signing in and out, and one's own account, over HTTP."""

import base64
import binascii
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import Depends, Form, Request, Response, status
from pydantic import SecretStr

from services.gateway.access import accounts as administration
from services.gateway.access import links, oauth, rules, service
from services.gateway.access.schemas import (
    Me,
    PasswordByLink,
    PasswordChange,
    PasswordLinkNotice,
    PasswordSet,
    RevocationForm,
    TokenAnswer,
    TokenForm,
)
from services.gateway.access.service import SignInContext
from services.gateway.guessing.rules import LockedOut
from shared.errors import StateConflict, problem_responses
from shared.security.identity import ROLES, Caller
from shared.web.answers import kept_by_nobody
from shared.web.dependencies import Direct, Now, RequestKeyring, Session, Swap, allow, public
from shared.web.routing import Router

clients = Router(prefix="/auth", tags=["system"], route_class=oauth.OAuthRoute)
"""What OAuth clients call."""
tokens = Router(prefix="/auth", tags=["system"])


async def _context(request: Request, direct: Direct, keyring: RequestKeyring) -> SignInContext:
    state = request.state
    return SignInContext(
        direct, state.sessions, keyring, state.access.issuer, state.access.hashing, state.network
    )


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
    if "\0" in unquote_plus(name):
        raise rules.InvalidClient
    proof = {"client_id": unquote_plus(name), "client_secret": SecretStr(unquote_plus(secret))}
    return form.model_copy(update=proof)


@clients.post(
    "/token",
    operation_id="issue_token",
    summary="登录，换取令牌 | Sign in for tokens",
    responses=problem_responses(
        rules.InvalidTokenRequest,
        rules.InvalidGrant,
        rules.InvalidClient,
        rules.UnauthorizedClient,
        rules.UnsupportedGrantType,
        LockedOut,
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
    kept_by_nobody(response)
    await oauth.ensure_plain(request)
    return await service.token(context, _client_of(request, form), now)


@clients.post(
    "/revoke",
    operation_id="revoke_token",
    summary="退出登录 | Sign out",
    status_code=status.HTTP_200_OK,
    responses=problem_responses(rules.InvalidTokenRequest),
)
async def revoke_token(
    request: Request,
    form: Annotated[RevocationForm, Form()],
    direct: Direct,
    now: Now,
    _: Annotated[Caller | None, public()],
) -> None:
    """作废刷新令牌或访问令牌，以及同一次登录的全部令牌（RFC 7009）。未知的令牌同样响应成功。
    ---
    Revokes a refresh or an access token and all that came of the same sign-in (RFC 7009). An
    unknown token is answered in the same way.
    """
    await oauth.ensure_plain(request)
    if form.token is None:
        raise rules.InvalidTokenRequest.missing("token")
    token = form.token.get_secret_value()
    await service.sign_out(direct, request.state.verifier, token, now)


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
    swap: Swap,
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
    return PasswordSet.model_validate(await links.set_password(context, swap, token, password, now))


@tokens.post(
    "/password",
    operation_id="change_password",
    summary="修改自己的密码 | Change your password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(rules.WrongPassword, LockedOut),
    openapi_extra={"x-operation-class": "signing-in"},
)
async def change_password(
    change: PasswordChange,
    context: Annotated[SignInContext, Depends(_context)],
    swap: Swap,
    now: Now,
    caller: Annotated[Caller, allow(*ROLES)],
) -> None:
    """须出示现有密码；改好后全部登录随即结束，请用新密码重新登录。现有密码输错，与登录失败一并计数。
    ---
    The present password is needed. All sign-ins end; please sign in again with the new one. A wrong
    present password counts like a failed sign-in.
    """
    await service.change_password(context, swap, caller, change, now)
