"""Operations of OAuth: whatever they cannot read is refused as its clients know it."""

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from services.gateway.access.rules import InvalidTokenRequest
from shared.errors import BadRequest, Invalid, Text, UnsupportedMediaType
from shared.web import bodies
from shared.web.routing import Handler, Route

_UNREADABLE = Text("参数无法读懂", "The parameters cannot be read")
_NUL = Text("参数含有不允许的空字符", "A parameter holds a NUL character, which is not allowed")


class OAuthRoute(Route):
    """RFC 6749 section 5.2: a request that is malformed in any way is `invalid_request`, with 400.

    Section 4: parameters come as `application/x-www-form-urlencoded`, and in no other form.
    """

    def answering(self, handle: Handler) -> Handler:
        inner = super().answering(handle)

        async def answer(request: Request) -> Response:
            if bodies.is_form(request):
                raise InvalidTokenRequest.no_form()
            try:
                return await inner(request)
            except UnsupportedMediaType:
                raise InvalidTokenRequest.no_form() from None
            except (BadRequest, Invalid) as problem:
                raise InvalidTokenRequest(problem.detail or _UNREADABLE) from None
            except RequestValidationError:
                raise InvalidTokenRequest(_UNREADABLE) from None

        return answer


async def ensure_plain(request: Request) -> None:
    """No parameter comes twice (RFC 6749 section 3.2) or holds NUL, which no column can hold.

    Raises InvalidTokenRequest.
    """
    names = [name for name, _ in (await request.form()).multi_items()]
    for name, value in (await request.form()).multi_items():
        if "\0" in name or "\0" in str(value):
            raise InvalidTokenRequest(_NUL)
        if names.count(name) > 1:
            raise InvalidTokenRequest.twice(name[:50])
