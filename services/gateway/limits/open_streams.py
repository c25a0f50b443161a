"""How many lasting answers one caller may have open: one address must not take every place."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Text, TooMany

_TOO_MANY = Text(
    "同一来源打开的实时连接过多，请先关闭不用的页面",
    "Too many live streams are open from here; please close some pages first",
)


class OpenStreams:
    """Counts them while they are open; a caller is an account, or else a network."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._open: Counter[str] = Counter()

    @contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """A place for one more. Raises TooMany."""
        if self._open[caller] >= self._each:
            raise TooMany(_TOO_MANY, retry_after=30)
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
