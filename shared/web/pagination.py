"""Lists: cursor pagination in one shape, `{"items": [...], "next_cursor": ...}`."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.errors import Invalid, Text
from shared.web.models import View

T = TypeVar("T")
R = TypeVar("R")

_BAD_CURSOR = Text(
    "翻页标记无效，请从第一页重新开始", "The cursor is not valid; please start from the first page"
)
_READERS: dict[str, Callable[[str], Any]] = {
    "d": date.fromisoformat,
    "t": datetime.fromisoformat,
    "u": UUID,
}


class Page(View, Generic[T]):
    """A part of a list; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """A plain name for the documents: `HallViewPage`, where pydantic would say `Page[...]`."""
        return f"{params[0].__name__}Page"


@dataclass(frozen=True)
class PageRequest:
    """How many rows, and after which key; query with `LIMIT limit + 1` in the key's order."""

    limit: int
    after: tuple[Any, ...] | None

    def key(self, *types: type) -> tuple[Any, ...] | None:
        """`after`, checked to be of these types; raises Invalid for a cursor of another list."""
        if self.after is None:
            return None
        fits = len(self.after) == len(types) and all(
            _is_of(value, kind) for value, kind in zip(self.after, types, strict=True)
        )
        if not fits:
            raise Invalid(_BAD_CURSOR, pointer="/query/cursor")
        return self.after


def _is_of(value: Any, kind: type) -> bool:
    """A moment is a date to Python, and the key of another list to us."""
    return isinstance(value, kind) and (kind is not date or not isinstance(value, datetime))


def page(
    rows: Sequence[R],
    paging: PageRequest,
    key: Callable[[R], tuple[Any, ...]],
    view: Callable[[R], T],
) -> Page[T]:
    """The page that `rows` (one more than asked for, if there is more) make."""
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    return Page(
        items=[view(r) for r in shown], next_cursor=encode(key(shown[-1])) if more else None
    )


def encode(key: tuple[Any, ...]) -> str:
    """An opaque cursor of the key's values: text, numbers, dates, moments, ids."""
    packed = json.dumps([_pack(value) for value in key], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[Any, ...]:
    """The key in a cursor. Raises Invalid."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return tuple(_unpack(value) for value in json.loads(raw))
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        raise Invalid(_BAD_CURSOR, pointer="/query/cursor") from None


def _pack(value: Any) -> Any:
    match value:
        case datetime():
            return ["t", value.isoformat()]
        case date():
            return ["d", value.isoformat()]
        case UUID():
            return ["u", str(value)]
        case _:
            return value


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        kind, text = value
        return _READERS[kind](text)
    if isinstance(value, dict):
        raise TypeError("a cursor holds plain values")
    return value
