"""Renders every error as a problem document: ours, the framework's and the database's."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared import errors
from shared.clock import SHANGHAI
from shared.database.faults import is_bad_value, postgres_error
from shared.errors import MEDIA_TYPE, Invalid, Problem, Text
from shared.web.answers import language_wanted
from shared.web.idempotency import SAFE, may_repeat
from shared.web.validation_messages import message_for

log = structlog.get_logger()

_BY_STATUS: dict[int, type[Problem]] = {
    int(problem.status): problem
    for problem in (
        errors.BadRequest,
        errors.Unauthorized,
        errors.Forbidden,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.Unavailable,
    )
}
_UNREADABLE = Text(
    "内容无法解析：请用 UTF-8 编码的 JSON，嵌套不要过深，数字不要过长",
    "The body cannot be parsed: send JSON in UTF-8, not nested too deeply, no over-long numbers",
)
_NO_ADDRESS = Text("没有这个地址，请对照接口文档", "No such address; please see the API documents")
_BAD_VALUE = Text("有一个值超出了允许的范围", "One of the values is outside what can be stored")


def language_of(request: Request) -> str:
    """`en` when the caller's first choice is English, else `zh`."""
    return language_wanted(request.headers.get("accept-language", ""))


def render(request: Request, problem: Problem) -> JSONResponse:
    """The problem document in the caller's language."""
    language, detail = language_of(request), _detail(request, problem)
    body: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title.say(language),
        "status": int(problem.status),
    }
    if detail is not None:
        body["detail"] = detail.say(language)
    if problem.pointer and detail is not None:
        body["errors"] = [{"pointer": problem.pointer, "detail": detail.say(language)}]
    body |= {name: _rendered(value, language) for name, value in problem.members.items()}
    return _answer(request, int(problem.status), body, problem.retry_after)


def _detail(request: Request, problem: Problem) -> Text | None:
    """What to do; that nothing is done twice is said only where it is so, and who only reads has
    nothing to send again."""
    if problem.detail is not errors.Unavailable.advice:
        return problem.detail
    if request.method in SAFE:
        return errors.Unavailable.read_again
    if may_repeat(request.method, request.headers.raw):
        return errors.Unavailable.same_again
    return problem.detail


def _rendered(value: Any, language: str) -> Any:
    if isinstance(value, Text):
        return value.say(language)
    return value.astimezone(SHANGHAI).isoformat() if isinstance(value, datetime) else value


def _answer(
    request: Request, status: int, body: dict[str, Any], retry_after: int | None = None
) -> JSONResponse:
    body["request_id"] = getattr(request.state, "request_id", None)
    headers = {"Content-Language": language_of(request), "Vary": "Accept-Language"}
    headers["Cache-Control"] = "no-store"
    if retry_after is None and status in (429, 503):
        retry_after = 1
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers["Connection"] = "close"
    if status == 401:
        headers["WWW-Authenticate"] = _challenge(request, body["type"])
    if body["type"] == errors.Forbidden.type:
        headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def _challenge(request: Request, kind: str) -> str:
    """How to prove who one is: RFC 6750 section 3; a client has to prove it by RFC 7617."""
    if kind == "/problems/invalid-client":
        return 'Basic realm="onedoor", charset="UTF-8"'
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        return "Bearer"
    return f'Bearer error="invalid_token", error_description="{errors.Unauthorized.title.en}"'


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(asyncpg.PostgresError, _database)
    app.add_exception_handler(asyncpg.InterfaceError, _database)
    app.add_exception_handler(asyncpg.InternalClientError, _database)
    app.add_exception_handler(PoolTimeout, _busy)
    app.add_exception_handler(TimeoutError, _busy)
    app.add_exception_handler(OSError, _busy)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return render(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(e["type"] == "json_invalid" for e in error.errors()):
        detail = Text("内容不是有效的 JSON", "The body is not valid JSON")
        return render(request, errors.BadRequest(detail, pointer="/body"))
    language = language_of(request)
    problem = Invalid(Text("请检查标出的字段", "Please check the fields named"))
    problem.members["errors"] = [
        {"pointer": _pointer(e["loc"]), "detail": message_for(e).say(language)}
        for e in error.errors()[:50]
    ]
    return render(request, problem)


def _pointer(location: tuple[int | str, ...]) -> str:
    """RFC 6901: `/body/contact/phone`."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "/" + "/".join(parts)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return render(request, errors.BadRequest(_UNREADABLE, pointer="/body"))
    kind = _BY_STATUS.get(error.status_code)
    if kind is errors.NotFound:
        return render(request, errors.NotFound(_NO_ADDRESS))
    if kind is not None:
        return render(request, kind())
    phrase = HTTPStatus(error.status_code).phrase
    body = {"type": "about:blank", "title": phrase, "status": error.status_code}
    return _answer(request, error.status_code, body)


async def _database(request: Request, error: Exception) -> JSONResponse:
    """Bad values are the caller's; a lost race is a conflict; the rest is ours and passes."""
    cause = postgres_error(error)
    kind = type(cause or error).__name__
    if is_bad_value(error):
        return render(request, Invalid(_BAD_VALUE))
    if isinstance(cause, asyncpg.IntegrityConstraintViolationError | IntegrityError):
        log.warning("constraint_refused", constraint=getattr(cause, "constraint_name", None))
        return render(request, errors.Conflict())
    if isinstance(cause, asyncpg.SyntaxOrAccessError):
        log.error("statement_refused", error=kind)
        return render(request, errors.Internal())
    log.warning("database_unavailable", error=kind)
    return render(request, errors.Unavailable(retry_after=2))


async def _busy(request: Request, error: Exception) -> JSONResponse:
    log.warning("resource_unavailable", error=type(error).__name__)
    return render(request, errors.Unavailable(retry_after=2))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """The server ends the connection after a defect: said so, or who sends on it is not heard."""
    log.error("unexpected_error", error=type(error).__name__)
    answer = render(request, errors.Internal())
    answer.headers["connection"] = "close"
    return answer
