"""`If-Match`: the version of a resource that the caller has seen."""

from typing import Annotated

from fastapi import Depends, Header

from shared.errors import Invalid, StateConflict, Text

_NO_VERSION = Text('应为版本号，例如 "3"', 'Must be a version number, such as "3"')
_STALE = Text("内容已被他人更新，请刷新后再办", "Someone has changed this meanwhile; please reload")


def _expected(
    if_match: Annotated[
        str | None, Header(description="所见版本号 | The version that you have seen")
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    typed = if_match.strip().removeprefix("W/").strip('"')
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise Invalid(_NO_VERSION, pointer="/header/If-Match")
    return int(typed)


ExpectedVersion = Annotated[int | None, Depends(_expected)]
"""The number in `If-Match`; None where the caller does not insist on one."""


def ensure_version(expected: int | None, *, version: int, state: str) -> None:
    """Raises StateConflict, which names the present state, if the caller saw another version."""
    if expected is not None and expected != version:
        raise StateConflict(_STALE, state=state, version=version)
