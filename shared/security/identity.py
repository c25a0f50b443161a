"""Who calls: every service verifies the gateway's tokens itself and trusts nothing else.

Place and ownership are checked where the object is known.
"""

import asyncio
import json
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet
from starlette.requests import Request

from shared.cache import Kept
from shared.errors import Text, Unauthorized, Unavailable

ROLES: dict[str, Text] = {
    "citizen": Text("群众", "citizen"),
    "clerk": Text("窗口人员", "window clerk"),
    "hall_manager": Text("大厅管理员", "hall manager"),
    "officer": Text("部门经办人", "department officer"),
    "reviewer": Text("审核人", "reviewer"),
    "auditor": Text("监察人员", "auditor"),
    "dispatcher": Text("信件登记分派人员", "dispatcher of letters"),
    "supervisor": Text("督办人员", "supervisor"),
    "admin": Text("系统管理员", "administrator"),
    "device": Text("大厅设备", "hall device"),
    "system": Text("外部系统", "other system"),
}
GATEWAY = "gateway"
"""Whom the gateway's own tokens speak for: no account, whose subject is an id."""
ALGORITHMS = ["EdDSA"]
TOKEN_TYPE = "at+jwt"
LEEWAY_SECONDS = 60
ACCESS_SECONDS = 600
"""How long an access token lasts."""
REFUSED_SECONDS = ACCESS_SECONDS + 2 * LEEWAY_SECONDS
"""How long the end of a sign-in is remembered: no token that came of it is good any longer."""
CACHED_TOKENS = 10_000
REFETCH_SECONDS = 60

# RFC 9864 retires the name EdDSA for one that says the curve; the keys here are Ed25519 anyhow.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

log = structlog.get_logger()

_EXPIRED = Text("登录已失效，请重新登录", "Your sign-in has expired; please sign in again")
_NOT_KNOWN = Text("暂时无法核验登录，请稍后再试", "Sign-ins cannot be verified right now")


@dataclass(frozen=True)
class Caller:
    """Who calls: subject, roles, and the hall and department codes they act for.

    `name` is what colleagues know the account by, where the token says it: to show, never to
    decide or to log by.
    """

    sub: str
    roles: frozenset[str]
    places: frozenset[str] = field(default_factory=frozenset)
    name: str | None = None

    def has(self, *roles: str) -> bool:
        """Whether any of `roles` is theirs."""
        return not self.roles.isdisjoint(roles)

    def at(self, place: str) -> bool:
        """Whether they act for that hall or department; `*` stands for everywhere."""
        return place in self.places or "*" in self.places


class Verified(NamedTuple):
    """What a good token says; `sign_in` is the sign-in that it came of, in the claim `sid`."""

    expires_at: float
    caller: Caller
    sign_in: str | None


def _read(claims: Mapping[str, Any]) -> Verified:
    roles = frozenset(map(str, claims.get("roles", ()))) & ROLES.keys()
    caller = Caller(
        sub=str(claims["sub"]),
        roles=roles,
        # A citizen acts for nobody but themselves, whatever was granted.
        places=frozenset(map(str, claims.get("places", ())))
        if roles - {"citizen"}
        else frozenset(),
        name=claims.get("preferred_username"),
    )
    return Verified(float(claims["exp"]), caller, claims.get("sid"))


class Refusals:
    """The sign-ins that ended lately, whose tokens would otherwise be good until they expire.

    A process that was just started knows of none, and until it has `learned` them it can tell no
    good token from an ended one: then nobody is let in by a token that came of a sign-in.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self.known = False

    def learned(self) -> None:
        """From now on everything is known that ended before this process began."""
        self.known = True

    def refuse(self, sign_in: str, ended_at: float) -> None:
        """`ended_at` in seconds since 1970. Forgets those that need no refusal any more."""
        self._until[sign_in] = ended_at + REFUSED_SECONDS
        now = time.time()
        # In the order in which they ended, or nearly so: what is left over goes with a later one.
        while self._until and self._until[oldest := next(iter(self._until))] < now:
            del self._until[oldest]

    def __contains__(self, sign_in: str | None) -> bool:
        return sign_in in self._until


class Verifier:
    """Verifies access tokens against the gateway's published keys; both are cached."""

    def __init__(self, jwks_url: str, *, issuer: str, audience: str, refusals: Refusals) -> None:
        self._url, self._issuer, self._audience = jwks_url, issuer, audience
        self._refusals = refusals
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._verified: Kept[str, Verified] = Kept(most=CACHED_TOKENS, clock=time.time)

    async def caller(self, token: str) -> Caller:
        """Raises Unauthorized, or Unavailable while it is not known yet what is good: no key could
        ever be fetched, or nobody said which sign-ins have ended.
        """
        return (await self._verify(token)).caller

    def known(self, token: str) -> Caller | None:
        """The caller of a token that was verified before and is still good; else None."""
        verified = self._verified.get(token)
        if verified is None or verified.sign_in in self._refusals:
            return None
        if verified.sign_in is not None and not self._refusals.known:
            return None
        return verified.caller

    async def sign_in(self, token: str) -> UUID | None:
        """The sign-in that an access token came of; None if it is no good one, or came of none."""
        try:
            known = (await self._verify(token)).sign_in
        except (Unauthorized, Unavailable):
            return None
        return None if known is None else UUID(known)

    async def _verify(self, token: str) -> Verified:
        # Not read back from the memory: that keeps nothing which is good by the leeway alone.
        verified = self._verified.get(token)
        if verified is None:
            verified = _read(await self._claims(token))
            self._verified.put(token, verified, until=verified.expires_at)
        if verified.sign_in in self._refusals:
            raise Unauthorized(_EXPIRED)
        if verified.sign_in is not None and not self._refusals.known:
            raise Unavailable(_NOT_KNOWN, retry_after=2)
        return verified

    async def _claims(self, token: str) -> dict[str, Any]:
        keys = self._keys or await self._fetch()
        try:
            decoded = self._decode(token, keys)
        except (JoseError, ValueError):
            # Perhaps the keys were rotated: look once more, at most once a minute.
            if (fresh := await self._fetch()) is keys:
                raise Unauthorized(_EXPIRED) from None
            try:
                decoded = self._decode(token, fresh)
            except (JoseError, ValueError):
                raise Unauthorized(_EXPIRED) from None
        return decoded

    def _decode(self, token: str, keys: KeySet) -> dict[str, Any]:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if decoded.header.get("typ") != TOKEN_TYPE or "kid" not in decoded.header:
            raise ValueError("not an access token")
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(decoded.claims)
        return dict(decoded.claims)

    async def _fetch(self) -> KeySet:
        async with self._fetching:
            recent = time.monotonic() - self._fetched_at < (REFETCH_SECONDS if self._keys else 1)
            if not recent:
                self._fetched_at = time.monotonic()
                self._keys = await self._read() or self._keys
        if self._keys is None:
            raise Unavailable(_NOT_KNOWN, retry_after=2)
        return self._keys

    async def _read(self) -> KeySet | None:
        try:
            parts = urlsplit(self._url)
            if parts.scheme == "file":
                document = json.loads(await asyncio.to_thread(Path(parts.path).read_text))
            else:
                async with httpx.AsyncClient(timeout=3) as client:
                    document = (await client.get(self._url)).raise_for_status().json()
            return KeySet.import_key_set(document)
        except (httpx.HTTPError, OSError, ValueError, JoseError) as error:
            log.warning("keys_not_fetched", error=type(error).__name__)
            return None


async def identify(request: Request) -> Caller | None:
    """The verified caller, None without a token. Raises Unauthorized for a bad one."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    token = bearer(request.headers.get("authorization", ""))
    if token is None:
        return None
    verifier: Verifier = request.state.verifier
    request.state.caller = caller = await verifier.caller(token)
    return caller


def bearer(authorization: str) -> str | None:
    """The token in the value of an Authorization header, None where it brings none."""
    kind, _, token = authorization.partition(" ")
    return token.strip() if kind.lower() == "bearer" and token else None
