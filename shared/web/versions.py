"""The version of a resource that the caller has seen: nobody overwrites what they have not seen.

It comes in `If-Match`. An operation whose body has a field `version` takes it there, too: for such
a one the router puts the header into the body, so that a room has only one place to look.
"""

import re
from collections.abc import Iterable
from typing import Any, get_args

from fastapi import Request
from pydantic import BaseModel

from shared.errors import Invalid, PreconditionRequired, Text
from shared.web.bodies import JsonRequest
from shared.workflow import refuse

PATTERN = r'^(\*|(W/)?"?[0-9]{1,9}"?)$'
_STALE = Text("内容已被他人更新，请刷新后再办", "Someone has changed this meanwhile; please reload")
_UNREADABLE = Text(
    '请填写所见的版本号，例如 "3"', 'Please give the version that you have seen, such as "3"'
)
_NOT_LOOKED_AT = Text(
    "这项操作不核对版本号，请不带版本号重新提交",
    "This operation looks at no version; please send it without one",
)
_TWO = Text("与正文中的版本号不一致，请只填一处", "Not the version in the body; give one only")
PARAMETER = {
    "name": "if-match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": PATTERN},
    "description": "所见版本号，可代替正文中的 version | The version that you have seen; it may"
    " stand for `version` in the body",
}


def number(if_match: str | None) -> int | None:
    """The version in `If-Match`, None where there is none. Raises Invalid."""
    if if_match is None or if_match == "*":
        return None
    if not re.fullmatch(PATTERN, if_match):
        raise Invalid(_UNREADABLE, pointer="/header/if-match")
    return int(if_match.removeprefix("W/").strip('"'))


def ensure_none(if_match: str | None) -> None:
    """For an operation that looks at no version. Raises Invalid: a version that is ignored would
    let somebody overwrite what they have not seen, and believe that they had not."""
    if if_match is not None and if_match.strip() != "*":
        raise Invalid(_NOT_LOOKED_AT, pointer="/header/if-match")


def required(expected: int | None) -> int:
    """The version, for an operation that takes none without. Raises PreconditionRequired."""
    if expected is None:
        raise PreconditionRequired
    return expected


def ensure(expected: int | None, *, version: int, state: str) -> None:
    """Raises StateConflict, which names the present state, if the caller saw another version.

    It is asked first of all: what the state would allow is of no use to who has seen another one.
    """
    if expected is not None and expected != version:
        refuse(state, version, _STALE)


def is_in(bodies: Iterable[Any]) -> bool:
    """Whether one of an operation's body types has a field `version`."""
    types = [kind for body in bodies for kind in (body, *get_args(body))]
    models = [t for t in types if isinstance(t, type) and issubclass(t, BaseModel)]
    return any("version" in model.model_fields for model in models)


async def put_into_body(request: Request) -> Request:
    """The request with `If-Match` as its body's `version`.

    Raises Invalid if the header cannot be read or the body says another.
    """
    seen = number(request.headers.get("if-match"))
    if seen is None:
        return request
    if isinstance(request, JsonRequest):
        body = await request.json()
    elif await request.body():
        return request  # no JSON: to be refused where every body is read
    else:
        body = None
    body = {} if body is None else body
    if not isinstance(body, dict):
        return request  # no object: likewise
    if body.get("version", seen) not in (seen, None):
        raise Invalid(_TWO, pointer="/header/if-match")
    sent = await request.body() or b"{}"
    return JsonRequest(request, sent, {**body, "version": seen}, sent=body)
