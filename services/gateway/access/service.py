"""Sign-in, refresh, sign-out, and the administration of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from services.gateway.access import accounts, endings, passwords, queries, rules, statement, tokens
from services.gateway.access.models import AccountState
from services.gateway.access.passwords import HashingLimit
from services.gateway.access.schemas import (
    PasswordChange,
    TokenAnswer,
    TokenForm,
)
from services.gateway.access.statement import Begun, NewSignIn
from services.gateway.access.tokens import Holder, Issuer
from services.gateway.guessing import service as guessing
from services.gateway.guessing.service import Attempt
from shared.database.engine import DirectPool, Sessions
from shared.database.pruning import Pruned
from shared.database.swap_statement import SwapStatement
from shared.errors import NotFound
from shared.ids import new_id
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import ACCESS_SECONDS, Caller, Verifier

_REFUSED, _LOCKED = _UNPROVEN = ("sign_in.refused", "sign_in.locked")
_MONTH = timedelta(days=30)
FORGOTTEN = (
    # With each sign-in go its refresh tokens, of which there may be some thousand.
    *(Pruned("sign_in", since, _MONTH, batch=100) for since in ("expires_at", "ended_at")),
    # Of which administrators make a few: no index is worth it.
    *(Pruned("password_link", since, _MONTH) for since in ("expires_at", "ended_at")),
)
"""What ended a month ago, one way or the other."""

log = structlog.get_logger()


@dataclass(frozen=True)
class SignInContext:
    """What signing in needs: connections, keys, the issuer, and where the caller stands."""

    direct: DirectPool
    sessions: Sessions
    keyring: Keyring
    issuer: Issuer
    hashing: HashingLimit
    network: str


class Proven(NamedTuple):
    """An account whose secret was shown, by which of its hashes, and the attempt that it was."""

    account_id: UUID
    password_hash: str
    roles: Sequence[str]
    attempt: Attempt


async def token(context: SignInContext, form: TokenForm, now: datetime) -> TokenAnswer:
    """The answer to a token request, whichever grant it names.

    Raises InvalidGrant, InvalidClient, UnauthorizedClient, UnsupportedGrantType,
    InvalidTokenRequest, LockedOut or TooMany.
    """
    match form.grant_type:
        case "password":
            await guessing.take_turn(context.direct, context.keyring, context.network, now)
            return await _by_password(context, form, now)
        case "refresh_token":
            # Nothing can be guessed here, and a whole hall behind one address refreshes all day.
            return await _by_refresh(context, form, now)
        case "client_credentials":
            await guessing.take_turn(context.direct, context.keyring, context.network, now)
            return await _by_client(context, form, now)
        case None:
            raise rules.InvalidTokenRequest.missing("grant_type")
        case _:
            raise rules.UnsupportedGrantType


async def _by_password(context: SignInContext, form: TokenForm, now: datetime) -> TokenAnswer:
    if not form.username or form.password is None:
        raise rules.InvalidTokenRequest.missing("username, password")
    proven = await _proven(context, form.username, form.password.get_secret_value(), now)
    if proven is None:
        raise rules.InvalidGrant
    refresh = tokens.new_refresh_token()
    holder = await _begin(context, proven, "pwd", now, rules.SIGN_IN_LASTS, refresh)
    if holder is None:
        raise rules.InvalidGrant
    return _answer(context.issuer, holder, now, refresh)


async def _begin(
    context: SignInContext,
    proven: Proven,
    method: str,
    now: datetime,
    lasts: timedelta,
    refresh: str | None,
) -> Holder | None:
    """Of a new sign-in, by which the failures before it are forgotten and which is noted; None
    where the password or the account's state changed meanwhile.
    """
    new = NewSignIn(
        new_id(),
        proven.account_id,
        method,
        now,
        now + lasts,
        None if refresh is None else tokens.stored(refresh),
        proven.password_hash,
    )
    whose, noted = str(new.account), {"network": _network(context), "method": method}
    line = audit_log.part("begun", whose, "signed_in", f"account:{whose}", now, noted)
    besides = [*guessing.forgiving(proven.attempt, now), line]
    begun = await statement.begin_sign_in(context.direct, new, besides)
    if begun is None:
        return None
    log.info("signed_in", account=whose)
    return _holder(begun, method, new.sign_in)


async def _by_client(context: SignInContext, form: TokenForm, now: datetime) -> TokenAnswer:
    if not form.client_id or form.client_secret is None:
        raise rules.InvalidClient
    proven = await _proven(context, form.client_id, form.client_secret.get_secret_value(), now)
    if proven is None:
        raise rules.InvalidClient
    if {"system", "device"}.isdisjoint(proven.roles):
        await guessing.succeeded(context.direct, proven.attempt, now)
        raise rules.UnauthorizedClient
    holder = await _begin(context, proven, "client", now, rules.CLIENT_SIGN_IN_LASTS, None)
    if holder is None:
        raise rules.InvalidClient
    return _answer(context.issuer, replace(holder, client_id=form.client_id), now, None)


async def _by_refresh(context: SignInContext, form: TokenForm, now: datetime) -> TokenAnswer:
    if form.refresh_token is None:
        raise rules.InvalidTokenRequest.missing("refresh_token")
    known = form.refresh_token.get_secret_value()
    old, fresh = tokens.stored(known), tokens.successor(context.keyring, known)
    spent = await statement.exchange(context.direct, old, tokens.stored(fresh), now)
    if spent is None:
        await _end_if_reused(context, old, now)
        raise rules.InvalidGrant
    whose = Begun(*(spent[part] for part in Begun._fields))
    holder = _holder(whose, spent["method"], spent["sign_in_id"])
    return _answer(context.issuer, holder, now, fresh)


async def _end_if_reused(context: SignInContext, token_hash: str, now: datetime) -> None:
    """Whoever brings a token that was spent before may have stolen it: nothing of it goes on."""
    async with context.sessions() as session, session.begin():
        ended = await endings.end_reused(session, token_hash, now)
    if ended is not None:
        context.direct.wake()
        await _note(context, "sign_in.token_reused", ended, now)


async def _proven(context: SignInContext, name: str, secret: str, now: datetime) -> Proven | None:
    """The account whose secret this is, None if it is not. Raises LockedOut.

    Names that do not exist are counted and take as long as those that do. Whoever goes on by it
    has the failures before it forgotten (`guessing.forgiving`).
    """
    name, direct = name.strip().lower(), context.direct
    by = guessing.trying(context.keyring, name, context.network)
    async with context.hashing.turn():
        attempt, found = await guessing.take(direct, by, now, queries.by_name(name))
        matches = await passwords.matches(found["password_hash"], secret)
    account_id, known = found["id"], found["password_hash"]
    if not matches or found["state"] != AccountState.ACTIVE:
        await _note_refusal(context, account_id, attempt, now)
        return None
    if passwords.is_outdated(known):
        renewed = await passwords.hashed(secret)
        await queries.replace_hash(direct, account_id, known, renewed)
        known = renewed
    return Proven(account_id, known, found["roles"], attempt)


async def _note_refusal(
    context: SignInContext, account_id: UUID | None, attempt: Attempt, now: datetime
) -> None:
    """Into the audit log, with the account if there is one: a name that is none may be anything."""
    whom = account_id or f"unknown:{attempt.key[:16]}"
    await _note(context, _LOCKED if attempt.locks else _REFUSED, whom, now)


async def _note(context: SignInContext, action: str, account: UUID | str, now: datetime) -> None:
    """Who did not sign in, and a digest of where from (GB/T 22239-2019 8.1.4.3)."""
    log.info(action.replace(".", "_"), account=str(account))
    # Who failed to prove it is not the account's owner as far as anybody knows.
    actor = "unknown" if action in _UNPROVEN else str(account)
    noted = {"network": _network(context)}
    await audit_log.note(context.direct, actor, action, f"account:{account}", now, noted)


def _network(context: SignInContext) -> str:
    return context.keyring.blind_index(context.network, where="audit_log.network")[:16]


def _holder(found: Begun, amr: str, sign_in: UUID) -> Holder:
    name = None if "citizen" in found.roles else found.name
    return Holder(str(found.id), found.roles, found.places, amr, sign_in, name=name)


def _answer(issuer: Issuer, holder: Holder, now: datetime, refresh: str | None) -> TokenAnswer:
    return TokenAnswer(
        access_token=issuer.access_token(holder, now),
        expires_in=ACCESS_SECONDS,
        refresh_token=refresh,
        scope=" ".join(holder.roles),
    )


async def sign_out(direct: DirectPool, verifier: Verifier, token: str, now: datetime) -> None:
    """Ends the sign-in that a refresh or an access token came of.

    A token that is none of ours, or good no more, is none of anybody's business (RFC 7009, 2.2).
    """
    seen = await statement.signed_in_by(direct, tokens.stored(token), now)
    if seen is None and (sign_in := await verifier.sign_in(token)) is not None:
        seen = await statement.signed_in(direct, sign_in, now)
    if seen is not None:
        await endings.sign_out(direct, seen, now)


async def change_password(
    context: SignInContext,
    statement: SwapStatement,
    by: Caller,
    change: PasswordChange,
    now: datetime,
) -> None:
    """Replaces the caller's own password and ends all of their sign-ins.

    A wrong present password counts like a failed sign-in. Raises WrongPassword, LockedOut, Invalid
    or NotFound. It holds no connection while it waits for its turn to hash: the request's
    transaction, which also keeps its answer, begins behind that.
    """
    account_id = accounts.as_uuid(by.sub)
    name = await queries.name_of(context.direct, account_id)
    if name is None:
        raise NotFound
    current = change.current_password.get_secret_value()
    proven = await _proven(context, name, current, now)
    if proven is None:
        raise rules.WrongPassword
    await guessing.succeeded(context.direct, proven.attempt, now)
    wanted = change.new_password.get_secret_value()
    rules.ensure_strong(wanted, name, current)
    async with context.hashing.turn():
        will = await passwords.hashed(wanted)
    known = proven.password_hash
    session = await statement.begin()
    if not await queries.change_password(session, account_id, known, will, now):
        raise rules.WrongPassword  # it was changed meanwhile
    await endings.end_all(session, account_id, now, "password_changed")
    await queries.end_links(session, account_id, now, "password_changed")
    about = f"account:{account_id}"
    await audit_log.write(session, str(account_id), "password.changed", about, now)
