"""`If-Match`: the version of a resource that the caller has seen."""

from typing import Annotated

from fastapi import Depends, Header

from shared.errors import StateConflict, Text

_PATTERN = r'^(\*|(W/)?"?[0-9]{1,9}"?)$'
_STALE = Text("内容已被他人更新，请刷新后再办", "Someone has changed this meanwhile; please reload")


def _expected(
    if_match: Annotated[
        str | None,
        Header(pattern=_PATTERN, description="所见版本号 | The version that you have seen"),
    ] = None,
) -> int | None:
    if if_match is None or if_match == "*":
        return None
    return int(if_match.removeprefix("W/").strip('"'))


ExpectedVersion = Annotated[int | None, Depends(_expected)]
"""The number in `If-Match`; None where the caller does not insist on one."""


def ensure_version(expected: int | None, *, version: int, state: str) -> None:
    """Raises StateConflict, which names the present state, if the caller saw another version."""
    if expected is not None and expected != version:
        raise StateConflict(_STALE, state=state, version=version)
