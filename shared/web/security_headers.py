"""What every answer tells a browser: to take nothing for what it is not, and to run nothing in it.

A page that brings a policy of its own keeps it; any other may show its text, its styles and images
that lie in it, and nothing else: no script, no frame, nothing from elsewhere.
"""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOSNIFF = (b"x-content-type-options", b"nosniff")
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
_POLICY = (b"content-security-policy", PAGE_POLICY.encode())


class SecurityHeaders:
    """ASGI middleware, the outermost: refusals and forwarded answers pass it too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = completed(message["headers"])
            await send(message)

        await self._app(scope, receive, guarded)


def completed(given: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, with what every answer says."""
    headers, kind, has_nosniff, has_policy = list(given), b"", False, False
    for name, value in given:
        known = name.lower()
        if known == b"content-type":
            kind = value
        elif known == NOSNIFF[0]:
            has_nosniff = True
        elif known == _POLICY[0]:
            has_policy = True
    if not has_nosniff:
        headers.append(NOSNIFF)
    if not has_policy and kind.lower().startswith(b"text/html"):
        headers.append(_POLICY)
    return headers
