from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from shared.errors import Invalid
from shared.web.pagination import PageRequest, decode, encode, page


def test_a_cursor_brings_its_key_back() -> None:
    key = (datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), date(2026, 11, 23), uuid4(), "D01", 7, None)
    assert decode(encode(key)) == key


@pytest.mark.parametrize("cursor", ["x", "!!!", "bnVsbA", "W3siYSI6MX1d", "W1sidCIsIngiXV0", "é"])
def test_a_bad_cursor_is_the_callers_to_correct(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode(cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(Invalid):
        PageRequest(10, ("D01",)).key(int)


def test_the_last_page_has_no_cursor() -> None:
    def cut(rows: list[int]) -> tuple[list[str], str | None]:
        made = page(rows, PageRequest(2, None), key=lambda r: (r,), view=str)
        return made.items, made.next_cursor

    assert cut([1, 2, 3]) == (["1", "2"], encode((2,)))
    assert cut([1, 2]) == (["1", "2"], None)
    assert cut([]) == ([], None)
