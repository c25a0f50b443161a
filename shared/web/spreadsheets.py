"""Tables for spreadsheets: the one place that writes them, for a spreadsheet runs what it reads."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = "=+-@\t\r\n＝＋－＠"
_MARK = "\ufeff"
"""In front, so that a spreadsheet reads the Chinese as UTF-8."""


def to_csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The rows under their heads, as CSV in UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([guarded(value) for value in row] for row in rows)
    return f"{_MARK}{out.getvalue()}".encode()


def guarded(value: object) -> object:
    """A text that would be taken for a formula has an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" \ufeff\u3000").startswith(tuple(_FORMULA)):
        return f"'{value}"
    return value
