"""A push that its source has signed: HTTP message signatures (RFC 9421) by a secret of its own.

Signed are method, path, body (by its `Content-Digest`, RFC 9530) and the moment, with HMAC-SHA-256.
The address is the one that everybody reaches the gateway by, whatever stands between. Nothing that
is signed is taken twice, nor later than minutes after.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import Request
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import HMAC_SHA256

from services.projects.settings import ProjectsSettings, PushKeys
from shared.errors import Problem, Text
from shared.security.identity import Caller

MOST_AGE = timedelta(minutes=5)
COVERED = ("@method", "@path", "content-digest")
"""What a signature covers at least, besides when it was made and by which key."""
_HEADERS = ("signature", "signature-input")


class SignatureRefused(Problem):
    """The request names a signature that does not hold: nothing of it is taken."""

    status, type = HTTPStatus.FORBIDDEN, "/problems/signature-refused"
    title = Text("签名核验未通过", "The signature does not hold")
    advice = Text(
        "请用本账号的密钥，按现在的时间重新签名后再报送；签名方法见 /docs",
        "Please sign it anew, now and with this account's own key; how to sign is at /docs",
    )


TAKEN = Text(
    "这一签名的报送已经收到过；确需再次报送，请重新签名",
    "What was signed so was received before; to push it again, please sign it anew",
)


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = MOST_AGE


@dataclass(frozen=True)
class _Signed:
    """A request as its source has signed it."""

    method: str
    url: str
    headers: Mapping[str, str]


async def signed_at(
    request: Request, settings: ProjectsSettings, caller: Caller
) -> datetime | None:
    """When the caller's own key signed the request; None where nobody did.

    Raises SignatureRefused for a signature by another key, of another request, or of too long ago.
    """
    if not any(name in request.headers for name in _HEADERS):
        return None
    message = _Signed(request.method, f"{settings.public_url}{_target(request)}", request.headers)
    keys = keys_of(caller.sub, settings.push_keys)
    resolver = MappingKeyResolver(public_keys=keys, private_keys={})
    verifier = _Verifier(signature_algorithm=HMAC_SHA256, key_resolver=resolver)
    try:
        [result] = verifier.verify(
            message, max_age=MOST_AGE, require_components=COVERED, body=await request.body()
        )
    except HTTPMessageSignaturesException:
        raise SignatureRefused from None
    return datetime.fromtimestamp(int(result.parameters["created"]), UTC)


def _target(request: Request) -> str:
    """Path and query as they were sent."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("ascii")


def keys_of(sub: str, secrets: PushKeys) -> dict[str, bytes]:
    """The keys that sign for an account: by its name, or by its name, a slash and a word."""
    return {
        key: secret.get_secret_value().encode()
        for key, secret in secrets
        if key == sub or key.startswith(f"{sub}/")
    }
