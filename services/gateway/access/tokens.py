"""Access tokens: EdDSA JWTs of ten minutes in the profile of RFC 9068; and refresh tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import KeySet

from services.gateway.access.keys import NoKeys, SigningKeys
from shared.ids import new_id
from shared.security.crypto import Keyring
from shared.security.identity import ACCESS_SECONDS, TOKEN_TYPE, Refusals, Verifier

FIRST_PARTY = "onedoor"
ALGORITHM = "EdDSA"
"""Over Ed25519. RFC 9864 renames it, but most verifiers in use know it by this name only."""


@dataclass(frozen=True)
class Holder:
    """Whom a token speaks for; `amr` is how they proved it (RFC 8176).

    `name` is what colleagues know the account by; a citizen's stands in no token.
    """

    sub: str
    roles: Sequence[str]
    places: Sequence[str]
    amr: str
    sign_in_id: UUID
    client_id: str = FIRST_PARTY
    name: str | None = None


class Issuer:
    """Signs access tokens with the current key."""

    def __init__(self, keys: SigningKeys, *, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience

    def access_token(self, holder: Holder, now: datetime) -> str:
        key = self._keys.signing(now)
        issued = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": holder.sub,
            "client_id": holder.client_id,
            "roles": list(holder.roles),
            "places": list(holder.places),
            "amr": [holder.amr],
            "iat": issued,
            "exp": issued + ACCESS_SECONDS,
            "jti": str(new_id()),
            "sid": str(holder.sign_in_id),
        }
        if holder.name is not None:
            claims["preferred_username"] = holder.name  # OpenID Connect Core 1.0, 5.1
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


class OwnKeysVerifier(Verifier):
    """The verifier of the process that holds the keys: it reads them, it does not fetch them."""

    def __init__(
        self, keys: SigningKeys, *, issuer: str, audience: str, refusals: Refusals
    ) -> None:
        super().__init__("own keys", issuer=issuer, audience=audience, refusals=refusals)
        self._own = keys

    async def _read(self) -> KeySet | None:
        try:
            self._own.read()
        except (NoKeys, OSError, ValueError):
            return None
        return self._own.key_set()


def new_refresh_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def successor(keyring: Keyring, refresh_token: str) -> str:
    """The token that follows: the same whenever it is asked for, and kept by nobody meanwhile.

    It is derived, because the answer to a refresh may get lost and only digests are stored. Without
    the index key it cannot be told from a random one.
    """
    return keyring.blind_index(refresh_token, where="refresh_token.successor")


def stored(refresh_token: str) -> str:
    """What is kept of a refresh token."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()
