"""Problems a caller can be told about, rendered as RFC 9457 `application/problem+json`."""

from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"


class Text(NamedTuple):
    """What people read, in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class FieldError(BaseModel):
    """One wrong field: where it is (RFC 6901 pointer) and what to do."""

    pointer: str
    detail: str


class ProblemDetails(BaseModel):
    """RFC 9457 section 3. Extension members: `errors`, `request_id` and those of the problem."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: list[FieldError] | None = None


class Problem(Exception):
    """Base of every error a caller may see. Subclasses name the problem, not the status code.

    `pointer` names the field that is wrong (`/body/phone`); `members` are further JSON members of
    the document, such as the present state or alternatives.
    """

    status: ClassVar[HTTPStatus]
    type: ClassVar[str]
    title: ClassVar[Text]

    def __init__(
        self,
        detail: Text | None = None,
        *,
        pointer: str | None = None,
        retry_after: int | None = None,
        **members: Any,
    ) -> None:
        super().__init__((detail or self.title).en)
        self.detail, self.pointer = detail, pointer
        self.retry_after, self.members = retry_after, members


class BadRequest(Problem):
    status, type = HTTPStatus.BAD_REQUEST, "/problems/bad-request"
    title = Text("请求无法读懂", "The request cannot be read")


class Unauthorized(Problem):
    status, type = HTTPStatus.UNAUTHORIZED, "/problems/unauthorized"
    title = Text("请先登录", "Please sign in first")


class Forbidden(Problem):
    status, type = HTTPStatus.FORBIDDEN, "/problems/forbidden"
    title = Text("您的身份不能办理此操作", "Your role may not do this")


class NotFound(Problem):
    status, type = HTTPStatus.NOT_FOUND, "/problems/not-found"
    title = Text("没有找到", "Not found")


class MethodNotAllowed(Problem):
    status, type = HTTPStatus.METHOD_NOT_ALLOWED, "/problems/method-not-allowed"
    title = Text("此地址不支持这种请求方法", "This address does not take that method")


class Conflict(Problem):
    status, type = HTTPStatus.CONFLICT, "/problems/conflict"
    title = Text("与现有情况冲突", "This conflicts with the present state")


class StateConflict(Conflict):
    """A compare-and-swap that lost: members `state` and `version` name the present ones."""

    type = "/problems/state-conflict"
    title = Text("当前状态不允许此操作", "The present state does not allow this")


class PreconditionRequired(Problem):
    status, type = HTTPStatus.PRECONDITION_REQUIRED, "/problems/precondition-required"
    title = Text("请带上版本号（If-Match）再提交", "Please send the version in If-Match")


class PayloadTooLarge(Problem):
    status, type = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "/problems/payload-too-large"
    title = Text("内容太大", "The content is too large")


class Invalid(Problem):
    """Input that cannot be accepted."""

    status, type = HTTPStatus.UNPROCESSABLE_ENTITY, "/problems/invalid-request"
    title = Text("填写的内容有误，请按提示修改", "Some of the input is wrong; please correct it")


class TooMany(Problem):
    status, type = HTTPStatus.TOO_MANY_REQUESTS, "/problems/too-many-requests"
    title = Text("操作太频繁，请稍后再试", "Too many requests; please try again later")


class Unavailable(Problem):
    status, type = HTTPStatus.SERVICE_UNAVAILABLE, "/problems/unavailable"
    title = Text("服务暂时繁忙，请稍后再试", "The service is busy; please try again shortly")


class Internal(Problem):
    status, type = HTTPStatus.INTERNAL_SERVER_ERROR, "/problems/internal"
    title = Text("系统出错了，我们已记录", "Something went wrong on our side; it has been recorded")


def problem_responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: which problems it can answer with, for the OpenAPI document."""
    responses: dict[int | str, dict[str, Any]] = {}
    for problem in problems:
        status = int(problem.status)
        known = responses.get(status)
        line = f"{problem.title.zh} | {problem.title.en} (`{problem.type}`)"
        responses[status] = {
            "description": f"{known['description']}\n{line}" if known else line,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
    return responses
