"""`If-None-Match` means one thing wherever it is asked (RFC 9110 section 13.1.2)."""

import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from shared.web.conditions import is_known, unless_known

OPAQUE = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=12)


@given(
    tag=OPAQUE, others=st.lists(OPAQUE, max_size=3), weak=st.tuples(st.booleans(), st.booleans())
)
def test_a_tag_is_found_among_others_weak_or_not(
    tag: str, others: list[str], weak: tuple[bool, bool]
) -> None:
    own = f'{"W/" if weak[0] else ""}"{tag}"'
    asked = [*(f'"{each}"' for each in others), f'{"W/" if weak[1] else ""}"{tag}"']
    assert is_known(own, ", ".join(asked))
    assert is_known(own, ",".join(reversed(asked)))
    assert is_known(own, f'"{tag}x"') is False


@pytest.mark.parametrize(
    ("asked", "known"), [("*", True), (" * ", True), ("", False), (None, False), ("a", False)]
)
def test_a_star_is_any_content_and_what_is_no_tag_is_none(asked: str | None, known: bool) -> None:
    assert is_known('"a"', asked) is known


def test_a_304_says_all_but_what_is_said_of_a_body() -> None:
    headers = {"ETag": 'W/"a"', "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    whole = Response("{}", media_type="application/json", headers=headers)
    answer = unless_known(whole, '"a"')
    assert (answer.status_code, answer.body, dict(answer.headers)) == (
        304,
        b"",
        {name.lower(): value for name, value in headers.items()},
    )
    assert unless_known(whole, '"b"') is whole
