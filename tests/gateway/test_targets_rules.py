"""Targets that a door lets through: what is written must mean the same to everybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.forwarding.targets import TARGET_LIMIT, fault
from shared.errors import Text

LONG = Text("地址太长", "the address is too long")
UNESCAPED = Text("路径中有必须转义的字符", "the path holds characters that need escaping")
HIDDEN = Text("路径中藏有斜杠或控制字符", "the path hides a slash or a control character")
NOT_UTF8 = Text("路径不是 UTF-8 编码", "the path is not UTF-8")
DOTS = Text("路径中有“.”或“..”段", "the path holds a dot segment")
QUERY_UNESCAPED = Text(
    "查询参数中有必须转义的字符", "the query holds characters that need escaping"
)
QUERY_BROKEN = Text("查询参数中有不完整的转义或空字符", "the query holds a broken escape or a NUL")
QUERY_NOT_UTF8 = Text("查询参数不是 UTF-8 编码", "the query is not UTF-8")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"/", None),
        (b"/api/v1/letters", None),
        (b"/a/%E5%8D%97", None),
        (b"/a;b=1,2/@me:x/~(!$&'*+)", None),
        (b"/a.b/..c/d..", None),
        (b"/a%20b", None),
        (b"", UNESCAPED),
        (b"a", UNESCAPED),
        (b"/a b", UNESCAPED),
        (b"/a\\b", UNESCAPED),
        (b"/\xe5\x8d\x97", UNESCAPED),
        (b"//a", UNESCAPED),
        (b"/a//b", UNESCAPED),
        (b"/a%", HIDDEN),
        (b"/a%2", HIDDEN),
        (b"/a%zz", HIDDEN),
        (b"/a%2Fb", HIDDEN),
        (b"/a%2fb", HIDDEN),
        (b"/a%5Cb", HIDDEN),
        (b"/a%5cb", HIDDEN),
        (b"/a%00", HIDDEN),
        (b"/a%0a", HIDDEN),
        (b"/a%1F", HIDDEN),
        (b"/a%7f", HIDDEN),
        (b"/a%ff", NOT_UTF8),
        (b"/a%E5%8D", NOT_UTF8),
        (b"/.", DOTS),
        (b"/a/./b", DOTS),
        (b"/a/../b", DOTS),
        (b"/a/%2e/b", DOTS),
        (b"/a/%2E%2e", DOTS),
        (b"/a/.%2e/b", DOTS),
    ],
)
def test_paths(path: bytes, found: Text | None) -> None:
    assert fault(path, b"") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", None),
        (b"q=%E5%8D%97&a[]=1|{}^", None),
        (b"q=a b", QUERY_UNESCAPED),
        (b"q=\xe5", QUERY_UNESCAPED),
        (b"q=#", QUERY_UNESCAPED),
        (b"q=%", QUERY_BROKEN),
        (b"q=%4", QUERY_BROKEN),
        (b"q=%00", QUERY_BROKEN),
        (b"q=%0A", None),
        (b"q=%2F%2e%2e", None),
        (b"q=%ff", QUERY_NOT_UTF8),
        (b"q=%E5%8D", QUERY_NOT_UTF8),
    ],
)
def test_queries(query: bytes, found: Text | None) -> None:
    assert fault(b"/a", query) == found


def test_the_path_is_judged_before_the_query() -> None:
    assert fault(b"/a/..", b"q=%") == DOTS


def test_eight_kilobytes_of_path_and_query_together_are_the_limit() -> None:
    rest = TARGET_LIMIT - 2
    assert fault(b"/a", b"q" * rest) is None
    assert fault(b"/a", b"q" * (rest + 1)) == LONG
    assert fault(b"/" + b"a" * rest, b"q") is None
    assert fault(b"/" + b"a" * rest, b"qq") == LONG
    assert TARGET_LIMIT == 8192


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b"\n\n"])
def test_a_line_break_at_the_end_is_refused(end: bytes) -> None:
    assert fault(b"/a" + end, b"") == UNESCAPED
    assert fault(b"/a", b"q=1" + end) == QUERY_UNESCAPED


@given(st.binary(max_size=12))
def test_a_path_let_through_has_one_reading(tail: bytes) -> None:
    path = b"/" + tail
    if fault(path, b"") is None:
        assert b"//" not in path
        assert not {b".", b".."} & set(path.split(b"/"))
        assert not set(path) & set(b"\\?# \0\r\n")
