"""Forged, borrowed, stale and crooked tokens, at the gateway and at every service behind it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from deploy.services import SERVICES
from tests.security.operations import operations
from tests.support import Tokens

Forge = Callable[[Tokens], str]


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Header, claims and signature of a token."""
    header, claims, signature = token.split(".")
    read = [json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in (header, claims)]
    return read[0], read[1], signature


def signed(tokens: Tokens, header: Mapping[str, Any] = MappingProxyType({}), **claims: Any) -> str:
    """A token by the right key, with another header or other claims (None removes)."""
    good_header, good_claims, _ = parts(tokens("admin", "*"))
    said = {k: v for k, v in {**good_claims, **claims}.items() if v is not None}
    head = {k: v for k, v in {**good_header, **header}.items() if v is not None}
    body = f"{b64(head)}.{b64(said)}"
    key: Any = tokens.key.private_key
    return f"{body}.{b64(key.sign(body.encode()))}"


def unsigned(tokens: Tokens, **header: Any) -> str:
    head, claims, _ = parts(tokens("admin", "*"))
    return f"{b64({**head, **header})}.{b64(claims)}."


def with_hmac(tokens: Tokens, secret: bytes) -> str:
    """HS256 with something public as the secret."""
    head, claims, _ = parts(tokens("admin", "*"))
    body = f"{b64({**head, 'alg': 'HS256'})}.{b64(claims)}"
    return f"{body}.{b64(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"


def by_stranger(tokens: Tokens, **header: Any) -> str:
    """By another key that claims to be ours, or brings itself along."""
    stranger = OKPKey.generate_key("Ed25519")
    _, claims, _ = parts(tokens("admin", "*"))
    head = {"alg": "EdDSA", "typ": "at+jwt", "kid": "test", **header}
    if head.get("jwk") == "own":
        head["jwk"] = stranger.as_dict(private=False)
    body = f"{b64(head)}.{b64(claims)}"
    key: Any = stranger.private_key
    return f"{body}.{b64(key.sign(body.encode()))}"


def by_other_curve(tokens: Tokens) -> str:
    _, claims, _ = parts(tokens("admin", "*"))
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "test"}
    return jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])


def tampered(tokens: Tokens) -> str:
    token = tokens("citizen")
    header, claims, signature = parts(token)
    return f"{b64(header)}.{b64({**claims, 'roles': ['admin']})}.{signature}"


def public_pem(tokens: Tokens) -> bytes:
    return bytes(tokens.key.as_pem(private=False))


def now() -> int:
    return int(time.time())


FORGERIES: dict[str, Forge] = {
    "alg none": lambda t: unsigned(t, alg="none"),
    "alg None": lambda t: unsigned(t, alg="None"),
    "alg empty": lambda t: unsigned(t, alg=""),
    "signature stripped": unsigned,
    "signature cut": lambda t: t("admin", "*")[:-8],
    "signature of zeros": lambda t: t("admin", "*").rpartition(".")[0] + "." + b64(b"\0" * 64),
    "hs256 with the public pem": lambda t: with_hmac(t, public_pem(t)),
    "hs256 with the public jwk": lambda t: with_hmac(t, t.jwks.read_bytes()),
    "hs256 with the public x": lambda t: with_hmac(
        t, str(t.key.as_dict(private=False)["x"]).encode()
    ),
    "hs256 with nothing": lambda t: with_hmac(t, b""),
    "claims tampered": tampered,
    "a stranger's key": by_stranger,
    "a key brought along": lambda t: by_stranger(t, jwk="own"),
    "a key from an address": lambda t: by_stranger(t, jku="http://127.0.0.1:9/jwks.json"),
    "a certificate from an address": lambda t: by_stranger(t, x5u="http://127.0.0.1:9/x"),
    "another curve": by_other_curve,
    "kid unknown": lambda t: signed(t, {"kid": "other"}),
    "kid missing": lambda t: signed(t, {"kid": None}),
    "kid a path": lambda t: by_stranger(t, kid="../../../../dev/null"),
    "kid a statement": lambda t: by_stranger(t, kid="' OR 1=1 --"),
    "typ missing": lambda t: signed(t, {"typ": None}),
    "typ of an id token": lambda t: signed(t, {"typ": "JWT"}),
    "a critical extension": lambda t: signed(t, {"crit": ["x"], "x": 1}),
    "payload not encoded": lambda t: signed(t, {"b64": False, "crit": ["b64"]}),
    "issuer another": lambda t: signed(t, iss="https://evil.example"),
    "issuer missing": lambda t: signed(t, iss=None),
    "audience another": lambda t: signed(t, aud="other"),
    "audience missing": lambda t: signed(t, aud=None),
    "audience a list without us": lambda t: signed(t, aud=["a", "b"]),
    "subject missing": lambda t: signed(t, sub=None),
    "expired": lambda t: signed(t, iat=now() - 900, exp=now() - 120),
    "never expires": lambda t: signed(t, exp=None),
    "expiry not a number": lambda t: signed(t, exp="tomorrow"),
    "not yet valid": lambda t: signed(t, nbf=now() + 600),
    "issued in the future": lambda t: signed(t, iat=now() + 600, exp=now() + 1200),
    "roles a word": lambda t: signed(t, roles="admin"),
    "roles unknown": lambda t: signed(t, roles=["root", "ADMIN", "*"]),
    "roles missing": lambda t: signed(t, roles=None),
    "five parts": lambda t: t("admin", "*") + ".a.b",
    "two parts": lambda t: t("admin", "*").rpartition(".")[0],
    "not base64": lambda t: "a!b.c!d.e!f",
    "very long": lambda t: "a" * 12_000,
    "json instead": lambda t: json.dumps({"sub": "x", "roles": ["admin"]}),
}


def guarded(service: str) -> str:
    """A reading operation of the service that an administrator or auditor may call."""
    return next(
        o.address
        for o in operations()
        if o.service == service and o.method == "GET" and {"admin", "auditor"} & o.roles
    )


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_opens_nothing(
    everyone: Mapping[str, httpx.AsyncClient], tokens: Tokens, name: str
) -> None:
    headers = {"Authorization": f"Bearer {FORGERIES[name](tokens)}"}
    refused = 403 if name.startswith("roles") else 401, "application/problem+json"
    answered = {s: await _answer(client, s, headers) for s, client in everyone.items()}
    assert answered == dict.fromkeys(SERVICES, refused)


async def _answer(
    client: httpx.AsyncClient, service: str, headers: dict[str, str]
) -> tuple[int, str]:
    answer = await client.get(guarded(service), headers=headers)
    return answer.status_code, answer.headers["content-type"]


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "Bearer,"])
async def test_a_good_token_under_another_scheme_opens_nothing(
    everyone: Mapping[str, httpx.AsyncClient], tokens: Tokens, scheme: str
) -> None:
    for role in ("admin", "auditor"):
        headers = {"Authorization": f"{scheme} {tokens(role, '*')}"}
        answered = {s: await _answer(client, s, headers) for s, client in everyone.items()}
        assert answered == dict.fromkeys(SERVICES, (401, "application/problem+json"))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_good_token_opens_what_it_should(
    everyone: Mapping[str, httpx.AsyncClient], tokens: Tokens, service: str
) -> None:
    outcomes = set()
    for role in ("admin", "auditor"):
        headers = {"Authorization": f"bearer {tokens(role, '*')}"}
        outcomes.add((await everyone[service].get(guarded(service), headers=headers)).status_code)
    assert outcomes - {401, 403}


async def test_a_token_in_the_address_is_no_token(
    everyone: Mapping[str, httpx.AsyncClient], tokens: Tokens
) -> None:
    token = tokens("admin", "*")
    for service, client in everyone.items():
        path = guarded(service)
        cookie = {"Cookie": f"access_token={token}"}
        assert (await client.get(path, headers=cookie)).status_code == 401
        answer = await client.get(f"{path}?access_token={token}")
        assert answer.status_code in (401, 422)  # 422: there is no such query parameter
        assert token not in answer.text
