"""What a text is found by: its single characters and pairs, hashed, with the text to check. Pure.

Pairs find every fragment that LIKE finds, for any two neighbouring characters are one; word
segmentation loses a third of short queries.
"""

from typing import NamedTuple
from zlib import crc32

from services.feedback.letters.terms import terms_of
from services.feedback.redaction.characters import fold

SNIPPET_BEFORE, SNIPPET_LENGTH = 20, 90


class Wanted(NamedTuple):
    """The words of a query, and what the index and LIKE look for."""

    terms: list[str]
    grams: list[int]
    patterns: list[str]


def haystack(*texts: str) -> str:
    """The texts as they are searched: folded, one a line."""
    return "\n".join(fold(text, caseless=True).text for text in texts)


def grams(hay: str) -> list[int]:
    """Hashes of all characters and pairs within a line."""
    found = {pair for line in hay.split("\n") for pair in _pairs(line)} | set(hay)
    return sorted({_hash(gram) for gram in found})


def wanted(query: str) -> Wanted:
    """What to look for: every word of the query. Raises Invalid for nothing or too many words."""
    terms = terms_of(query)
    hashes = {_hash(gram) for term in terms for gram in _pairs(term) or {term}}
    return Wanted(terms, sorted(hashes), [f"%{_escaped(term)}%" for term in terms])


def snippet(texts: tuple[str, ...], terms: list[str]) -> str:
    """The neighbourhood of the first word found, from the text as it is published."""
    for text in texts:
        folded = fold(text, caseless=True)
        places = [at for term in terms if (at := folded.text.find(term)) >= 0]
        if places:
            return _cut(text, folded.origin[min(places)])
    return _cut(texts[0], 0)


def _cut(text: str, at: int) -> str:
    start = max(at - SNIPPET_BEFORE, 0)
    end = start + SNIPPET_LENGTH
    shown = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


def _pairs(text: str) -> set[str]:
    return {a + b for a, b in zip(text, text[1:], strict=False)}


def _hash(gram: str) -> int:
    """Signed 32 bits; two grams of one hash cost a recheck, never a wrong answer."""
    return crc32(gram.encode()) - 2**31


def _escaped(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
