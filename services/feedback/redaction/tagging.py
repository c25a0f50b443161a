"""Names that no rule announces, as a tagger of words sees them: hints for a reviewer, no more.

rjieba, loaded at the first use of a process: a quarter of a second and 41 MB; a letter of the
greatest length takes a millisecond.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.feedback.redaction.simplified import simplified
from services.feedback.redaction.spans import Span, SpanKind
from services.feedback.redaction.surnames import COMMON_WORDS, COMPOUND, FREQUENT

_PERSON = frozenset({"nr", "nrfg", "nrt"})
_NAMELIKE = _PERSON | {"nz"}
_AFTER_A_FAMILY_NAME = _NAMELIKE | {"n", "ns", "a"}
"""What a given name alone is taken for: 建军, 海波, 永福, 明亮."""

_COMPOUND = re.compile(COMPOUND)
_HAN = re.compile(r"[\u4e00-\u9fff]{1,2}")
_NEVER_GIVEN = re.compile(r"[我你您他她它们的了是不说某周月日年]")
_OF_A_PLACE = re.compile(
    r"大道|大桥|大厦|广场|公园|小区|社区|花园|[路街巷坊桥湖山河江水库村乡镇县市区湾坝沟坪院园厂站局所校店寺楼城苑府里门牌]"
)
_ENDS_NO_NAME = re.compile(r"[区路街坊镇村县市局乡园院所湖桥站厂湾灯店校寺法沟坪坝坡岭洞]\Z")
_WORDS = frozenset(
    {"高峰", "阳光", "安全", "安康", "成都", "白天", "时光", "金牌", "于是", "常年", "孔子"}
)
_LONGEST_GIVEN = 2
_ENDS_NO_GIVEN = frozenset("收说把拿打骂叫住去问做给被就也没当很跟对向带跑要看又都还")
"""What the tagger takes for the end of a name: 赵明收."""
_FAMILIAR = re.compile(rf"[老小](?![{COMMON_WORDS}])[{FREQUENT}]")


class _Word(NamedTuple):
    text: str
    tag: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_NOTHING = _Word("", "", -1)


def hints(text: str, taken: Iterable[Span], allowed: frozenset[str] = frozenset()) -> list[Span]:
    """Names in the text that touch none of the spans already `taken` and none that are `allowed`,
    for the tagger may see but a part of these.
    """
    covered = bytearray(len(text))
    shown = (match.span() for name in allowed for match in re.finditer(re.escape(name), text))
    for start, end in [*((span.start, span.end) for span in taken), *shown]:
        covered[start:end] = b"\1" * (end - start)
    return [
        Span(start, end, SpanKind.NAME)
        for start, end in _names(simplified(text))
        if not any(covered[start:end])
    ]


def _names(text: str) -> Iterator[tuple[int, int]]:
    words = [*_tagged(text), _NOTHING, _NOTHING]
    beyond = 0
    for at, word in enumerate(words[:-2]):
        if word.start < beyond:
            continue
        follows, after = words[at + 1], words[at + 2]
        if word.tag in _PERSON and _FAMILIAR.fullmatch(word.text):
            yield word.start, word.end
            continue
        family = _family_name(word.text)
        if not family:
            continue
        given = word.text[len(family) :]
        if given and word.tag in _PERSON:
            name, behind = family + given, follows
            if len(given) > _LONGEST_GIVEN and given.endswith("家"):
                name = name[:-1]
        elif not given and follows.start == word.end and _is_given(family, word, follows):
            name, behind = family + follows.text, after
        else:
            continue
        if len(name) - len(family) == _LONGEST_GIVEN and name[-1] in _ENDS_NO_GIVEN:
            name = name[:-1]
        if _looks_right(name, family) and not _OF_A_PLACE.match(behind.text):
            beyond = word.start + len(name)
            yield word.start, beyond


def _family_name(word: str) -> str:
    compound = _COMPOUND.match(word)
    return compound[0] if compound else word[:1] if word[:1] in FREQUENT else ""


def _is_given(family: str, word: _Word, follows: _Word) -> bool:
    """Whether the word after a family name is what a given name is taken for."""
    if _HAN.fullmatch(follows.text) is None:
        return False
    if len(follows.text) == 1 or family in COMMON_WORDS:
        return follows.tag in _PERSON
    sure = word.tag in _PERSON or len(family) > 1
    return follows.tag in (_AFTER_A_FAMILY_NAME if sure else _NAMELIKE)


def _looks_right(name: str, family: str) -> bool:
    given = name[len(family) :]
    return (
        0 < len(given) <= _LONGEST_GIVEN
        and name not in _WORDS
        and not _NEVER_GIVEN.search(given)
        and not _ENDS_NO_NAME.search(name)
    )


def _tagged(text: str) -> Iterator[_Word]:
    """The words of the text with their tags (those of ICTCLAS), where they stand."""
    import rjieba

    at = 0
    for word, tag in rjieba.tag(text):
        at = text.index(word, at)
        yield _Word(word, tag, at)
        at += len(word)
