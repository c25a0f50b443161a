"""Bodies by which a list is asked for, a page at a time. Pure.

All its pages stand at one address, so a page is named by what differs in its body, as the fragment
of that address: `https://example.gov.cn/list#page.current=2`.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, unquote, urldefrag, urlencode

import orjson

Form = Literal["json", "form"]
TYPES: Mapping[Form, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
}


def address(url: str, path: str, value: str) -> str:
    """The address of the page for which `value` stands at `path` of the body."""
    return f"{urldefrag(url).url}#{quote(path, safe='')}={quote(value, safe='')}"


def turned(body: Mapping[str, Any], url: str) -> dict[str, Any]:
    """The body that asks for the page at `url`; the first page has no fragment."""
    name, _, value = urldefrag(url).fragment.partition("=")
    path = unquote(name)
    return _with(body, path.split("."), unquote(value)) if has(body, path) else dict(body)


def has(body: Mapping[str, Any], path: str) -> bool:
    """Whether a value, and nothing that holds others, stands at a path of the body."""
    found: Any = body
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    return not isinstance(found, Mapping | list)


def is_flat(body: Mapping[str, Any]) -> bool:
    """Whether it can be sent as a form."""
    return all(type(each) in (str, int, float) for each in body.values())


def written(body: Mapping[str, Any], form: Form) -> bytes:
    """The bytes that are sent, always the same for the same body."""
    return urlencode(body).encode() if form == "form" else orjson.dumps(dict(body))


def _with(body: Mapping[str, Any], names: list[str], value: str) -> dict[str, Any]:
    """Another value of the same type: a number where the rule has one."""
    name, *below = names
    before = body[name]
    if below:
        return {**body, name: _with(before, below, value)}
    is_number = isinstance(before, int) and not isinstance(before, bool) and value.isdecimal()
    return {**body, name: int(value) if is_number else value}
