"""What an office prints itself is nobody's secret, and never uncovers anybody else's number."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.redaction.office_numbers import spellings
from services.feedback.redaction.rules import Known, given_away, mask, unresolved
from services.feedback.redaction.spans import Own, SpanKind

OFFICES = spellings("0772-3812345") | spellings("12345") | spellings("13800138000")
KNOWN = Known(offices=OFFICES)


@pytest.mark.parametrize(
    "text",
    [
        "请拨打0772-3812345咨询",
        "请拨打（0772）3812345或12345",
        "电话：3812345",
        "值班手机138 0013 8000",
        "电话+86 772 3812345、12345",
        "２０２６-11-30起拨打0772－3812345",
        "8:30-17:30拨打0772-3812345",
    ],
)
def test_a_number_of_an_office_is_shown_and_blocks_nothing(text: str) -> None:
    assert mask(text, KNOWN) == text
    assert unresolved(text, [], OFFICES) == []
    assert given_away([text], OFFICES) == frozenset()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请拨打0772-3812345，他的是13859120033", "请拨打0772-3812345，他的是［电话］"),
        ("电话3812345、13859120033", "电话3812345、［电话］"),
        ("他的号是138 1234 5678", "他的号是［电话］"),
        ("找他：1381 2345 678", "找他：［电话］"),
    ],
)
def test_somebodys_number_is_hidden_beside_and_around_one_of_an_office(
    text: str, shown: str
) -> None:
    assert mask(text, KNOWN) == shown


def test_the_senders_own_number_is_hidden_even_if_an_office_has_it() -> None:
    own = frozenset({Own("13800138000", SpanKind.PHONE)})
    assert "13800138000" not in mask("我的电话13800138000", Known(own, offices=OFFICES))


@given(st.from_regex(re.compile(r"1[3-9][0-9]{9}"), fullmatch=True), st.data())
def test_no_spelling_of_a_mobile_number_passes_as_an_offices(
    number: str, data: st.DataObject
) -> None:
    """Even if a part of it is the number of an office."""
    cuts = data.draw(st.sets(st.integers(1, 10), max_size=4))
    spelled = "".join((" " if at in cuts else "") + digit for at, digit in enumerate(number))
    start = data.draw(st.integers(0, 6))
    offices = spellings(number[start : start + 5])
    shown = mask(f"电话{spelled}请回复", Known(offices=offices))
    assert not any(c.isdigit() for c in shown), shown
