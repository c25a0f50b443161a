"""A refusal is a value: what is kept of it for the next caller holds nothing of the last one."""

import pytest

from shared.errors import Conflict, Text


def test_a_refusal_said_anew_has_its_words_and_nothing_of_who_met_it_first() -> None:
    first = Conflict(Text("已满", "It is full"), pointer="/body/slot", retry_after=3, free=0)
    with pytest.raises(Conflict):
        raise first
    again = first.anew()
    assert first.__traceback__ is not None
    assert again.__traceback__ is None
    assert (again.detail, again.pointer, again.retry_after, again.members) == (
        first.detail, first.pointer, 3, {"free": 0}
    )  # fmt: skip
    assert str(again) == str(first) == "It is full"
