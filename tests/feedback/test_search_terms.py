import random

import pytest

from services.feedback.publication import search
from shared.errors import Invalid

CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动"
    "同工也能下过子说产种面而方后多定行学法所民得经"
)


def generated(count: int, seed: int = 7) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(CHARACTERS, k=draw.randint(20, 80))) for _ in range(count)]


def test_every_fragment_that_like_finds_is_found_by_its_pairs() -> None:
    texts = generated(300)
    indexed = [(hay := search.haystack(text), set(search.grams(hay))) for text in texts]
    draw = random.Random(1)
    for _ in range(500):
        source = draw.choice(texts)
        start = draw.randrange(len(source) - 6)
        fragment = source[start : start + draw.randint(1, 6)]
        wanted = search.wanted(fragment)
        found = {i for i, (hay, has) in enumerate(indexed) if has.issuperset(wanted.grams)}
        liked = {i for i, (hay, _) in enumerate(indexed) if fragment in hay}
        assert liked <= found


def test_width_and_case_do_not_matter() -> None:
    assert search.wanted("ＷＩＦＩ").terms == search.wanted("wifi").terms


def test_wildcards_are_only_characters() -> None:
    assert search.wanted("50%_\\").patterns == [r"%50\%\_\\%"]


@pytest.mark.parametrize("query", ["", "   ", "一 二 三 四 五 六"])
def test_nothing_and_too_much_are_refused(query: str) -> None:
    with pytest.raises(Invalid):
        search.wanted(query)


def test_a_snippet_shows_the_word_in_its_place() -> None:
    text = "甲" * 50 + "路灯不亮" + "乙" * 90
    shown = search.snippet((text,), ["路灯"])
    assert "路灯不亮" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= search.SNIPPET_LENGTH + 2
