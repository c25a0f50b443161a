"""Problems a caller can be told about, rendered as RFC 9457 `application/problem+json`."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"


class Text(NamedTuple):
    """What people read, in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        return self.en if language == "en" else self.zh


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number of things in English: `1 minute`, `2 minutes`, `3 entries`."""
    return f"{n} {one if n == 1 else many or f'{one}s'}"


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
    advice: ClassVar[Text | None] = None
    """What to do next; the detail where the problem is raised without one of its own."""

    def __init__(
        self,
        detail: Text | None = None,
        *,
        pointer: str | None = None,
        retry_after: int | None = None,
        **members: Any,
    ) -> None:
        super().__init__((detail or self.title).en)
        self.detail, self.pointer = detail or self.advice, pointer
        self.retry_after, self.members = retry_after, members

    def anew(self) -> Self:
        """The same refusal for another caller: one that was raised keeps the frames it met."""
        fresh = type(self).__new__(type(self), *self.args)
        fresh.__dict__.update(self.__dict__)
        return fresh


class BadRequest(Problem):
    status, type = HTTPStatus.BAD_REQUEST, "/problems/bad-request"
    title = Text("请求无法读懂", "The request cannot be read")
    advice = Text("请对照接口文档检查地址和内容", "Please check address and content: see /docs")


class Unauthorized(Problem):
    status, type = HTTPStatus.UNAUTHORIZED, "/problems/unauthorized"
    title = Text("请先登录", "Please sign in first")
    advice = Text(
        "登录以后再试；程序如何登录见 /docs",
        "Please sign in and try again; how programs do so is at /docs",
    )


class Forbidden(Problem):
    status, type = HTTPStatus.FORBIDDEN, "/problems/forbidden"
    title = Text("您的身份不能办理此操作", "Your role may not do this")
    advice = Text(
        "请由有相应身份的人员办理，或请管理员授权",
        "Somebody with that role has to do it, or an administrator to grant it",
    )


class NotFound(Problem):
    status, type = HTTPStatus.NOT_FOUND, "/problems/not-found"
    title = Text("没有找到", "Not found")
    advice = Text(
        "请核对编号或地址；也可能已经没有，或不属于您能看到的范围",
        "Please check the number or address; it may be gone, or not yours to see",
    )


class MethodNotAllowed(Problem):
    status, type = HTTPStatus.METHOD_NOT_ALLOWED, "/problems/method-not-allowed"
    title = Text("此地址不支持这种请求方法", "This address does not take that method")
    advice = Text("可用的方法见接口文档", "The documents at /docs say which it takes")


class Conflict(Problem):
    status, type = HTTPStatus.CONFLICT, "/problems/conflict"
    title = Text("与现有情况冲突", "This conflicts with the present state")
    advice = Text("请刷新后查看现状，再决定怎么办", "Please reload and see how it stands")


class StateConflict(Conflict):
    """A compare-and-swap that lost: members `state` and `version` name the present ones."""

    type = "/problems/state-conflict"
    title = Text("情况已有变化，不能这样办", "It stands differently now, which rules this out")
    advice = Text(
        "可能已有他人先办；请刷新，按现在的状态再办",
        "Somebody may have been faster; please reload and go by the present state",
    )


class FourEyes(Conflict):
    """No matter of roles: the same caller may decide whatever they had no part in."""

    type = "/problems/four-eyes"
    title = Text("须由另一位同事办理", "Another person has to do this")
    advice = Text(
        "请交由没有经手过的同事办理", "Please let a colleague who had no part in it do so"
    )


class PreconditionRequired(Problem):
    status, type = HTTPStatus.PRECONDITION_REQUIRED, "/problems/precondition-required"
    title = Text("请看过最新情况再提交", "Please look at how it stands first")
    advice = Text(
        "请重新打开，看过以后再提交；程序如何说明所见的版本见 /docs",
        "Please open it again and go by what you see; how programs say which version that was is"
        " at /docs",
    )


class PayloadTooLarge(Problem):
    status, type = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "/problems/payload-too-large"
    title = Text("内容太大", "The content is too large")
    advice = Text("请删减后再提交，或分几次提交", "Please send less, or in several parts")


class UnsupportedMediaType(Problem):
    status, type = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "/problems/unsupported-media-type"
    title = Text("内容的格式不对", "The content has the wrong format")
    advice = Text(
        "请用 Content-Type: application/json 提交",
        "Please send it as Content-Type: application/json",
    )


class Invalid(Problem):
    """Input that cannot be accepted."""

    status, type = HTTPStatus.UNPROCESSABLE_ENTITY, "/problems/invalid-request"
    title = Text("填写的内容有误，请按提示修改", "Some of the input is wrong; please correct it")
    advice = Text("请按提示逐项修改", "Please correct what is listed")


class TooMany(Problem):
    status, type = HTTPStatus.TOO_MANY_REQUESTS, "/problems/too-many-requests"
    title = Text("操作太频繁，请稍后再试", "Too many requests; please try again later")
    advice = Text("请稍等片刻再试", "Please wait a moment and try again")


class Unavailable(Problem):
    status, type = HTTPStatus.SERVICE_UNAVAILABLE, "/problems/unavailable"
    title = Text("服务暂时繁忙，请稍后再试", "The service is busy; please try again shortly")
    advice = Text(
        "请稍等片刻再试；不确定是否已经办成时，请先查看",
        "Please wait a moment and try again; if you are not sure whether it was done, look first",
    )
    same_again: ClassVar[Text] = Text(
        "请稍等片刻，原样再提交一次，不会重复办理",
        "Wait a moment, then send the same again: nothing is done twice",
    )
    """The advice for a request that may be repeated."""
    read_again: ClassVar[Text] = Text("请稍后再读一次", "Please read it again in a moment")
    """The advice for a request that only reads."""


class Internal(Problem):
    status, type = HTTPStatus.INTERNAL_SERVER_ERROR, "/problems/internal"
    title = Text("系统出错了，我们已记录", "Something went wrong on our side; it has been recorded")
    advice = Text(
        "请稍后再试；若仍不行，请把请求编号告诉我们",
        "Please try again later; if it goes on, tell us the number of the request",
    )


class MalformedRequest(Problem):
    """What the server's own parser refuses, before any application sees it; so the three below."""

    status, type = HTTPStatus.BAD_REQUEST, "/problems/malformed-request"
    title = Text("请求不符合 HTTP 规范", "The request is not valid HTTP")
    advice = Text("请检查客户端或中间的代理", "Please check the client, or a proxy on the way")


class RequestTooSlow(Problem):
    status, type = HTTPStatus.REQUEST_TIMEOUT, "/problems/request-too-slow"
    title = Text("请求发送过慢", "The request came too slowly")
    advice = Text("请检查网络后重新发送", "Please check the network and send it again")


class AddressTooLong(Problem):
    status, type = HTTPStatus.REQUEST_URI_TOO_LONG, "/problems/address-too-long"
    title = Text("请求地址过长", "The address is too long")
    advice = Text("请减少查询参数", "Please send fewer query parameters")


class HeadersTooLarge(Problem):
    status, type = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "/problems/headers-too-large"
    title = Text("请求头过大", "The request headers are too large")
    advice = Text("请减少请求头和 Cookie", "Please send fewer headers and cookies")


def all_problems(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every class below `base` that names a type of its own, as far as modules are imported."""
    for kind in base.__subclasses__():
        if "type" in vars(kind):
            yield kind
        yield from all_problems(kind)


def describe(problem: type[Problem]) -> str:
    """`中文 | English` in one line: what the problem is called and what to do next."""
    zh, en = problem.title
    if problem.advice is not None:
        zh, en = f"{zh}：{problem.advice.zh}", f"{en}: {problem.advice.en}"
    return f"{zh} | {en}"


Responses = dict[int | str, dict[str, Any]]
"""The `responses=` of a route, by status."""


def problem_responses(*problems: type[Problem]) -> Responses:
    """The `responses=` of a route: which problems it can answer with, for the OpenAPI document."""
    responses: Responses = {}
    for problem in problems:
        status = int(problem.status)
        known = responses.get(status)
        line = f"{describe(problem)} (`{problem.type}`)"
        responses[status] = {
            "description": f"{known['description']}\n{line}" if known else line,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
    return responses
