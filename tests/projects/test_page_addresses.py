"""One page has one address, whoever visits it and however often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projects.reading.lists import page_address

BASE = "https://www.example.gov.cn/zdxm/index.htm"
SESSION = st.text("0123456789ABCDEFabcdef", min_size=20, max_size=40)


@given(
    one=SESSION,
    other=SESSION,
    form=st.sampled_from(
        [
            "t1.htm;jsessionid={}",
            "t1.jsp;JSESSIONID={}?id=7",
            "t1.php?PHPSESSID={}&id=7",
            "t1.php?id=7&phpsessid={}",
            "t1.asp?ASPSESSIONIDQACDRT={}",
            "t1.do?id=7&sid={}&column=3",
            "t1.cfm?CFID={}&CFTOKEN={}&id=7",
        ]
    ),
)
def test_two_visits_find_the_same_page(one: str, other: str, form: str) -> None:
    first, second = (page_address(form.replace("{}", visit), BASE) for visit in (one, other))
    assert first == second
    assert first is not None
    assert ("id=7" in first) == ("id=7" in form)


@pytest.mark.parametrize(
    "href",
    [
        "t1.htm?id=7&sid=12",
        "t1.htm?session=2026",
        "list;v=2.htm",
        "t.htm?a=1&a=2&b=",
        "t.htm?%E9%A1",
    ],
)
def test_what_names_the_page_stays_in_its_address(href: str) -> None:
    assert page_address(href, BASE) == f"https://www.example.gov.cn/zdxm/{href}"
