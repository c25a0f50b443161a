"""How alike two letters are, from keyed sketches that do not give their text away. Pure.

A sketch is a banded MinHash over a text's character bigrams: each of its numbers is made of three
minima, and two texts that have the share J of their bigrams in common have about J³ of the numbers
in common. So chance resemblance finds nothing, and an index over the numbers finds the alike ones.
Without the key the numbers cannot be turned back into bigrams by trying all of them.
"""

import unicodedata
from functools import lru_cache
from hashlib import blake2b
from math import ceil
from random import Random

BANDS, ROWS = 32, 3
ALIKE = 0.5
SAME_TEXT = 0.7
"""Texts so alike are one, written a little differently: by a blank, another numeral, a number."""
CONSIDERED = 1000
"""Characters that are looked at: what a letter is about stands at its beginning."""

_PRIME = 2**61 - 1


def sketch(text: str, key: bytes) -> list[int]:
    """The text's `BANDS` numbers; none for a text below two characters."""
    hashes = [_hash(pair.encode(), key) % _PRIME for pair in _bigrams(text)]
    if not hashes:
        return []
    minima = [min((a * h + b) % _PRIME for h in hashes) for a, b in _permutations(key)]
    bands = (minima[at : at + ROWS] for at in range(0, BANDS * ROWS, ROWS))
    return [_signed(_hash(repr((n, band)).encode(), key)) for n, band in enumerate(bands)]


def likeness(in_common: int) -> float:
    """The estimated share of bigrams that two texts share, from how many numbers they share."""
    share: float = (in_common / BANDS) ** (1 / ROWS)
    return round(share, 2)


def numbers_in_common(share: float, of: int = BANDS) -> int:
    """How many of a sketch's first numbers two texts have in common that share so much."""
    return ceil(share**ROWS * of)


def _bigrams(text: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", text[:CONSIDERED]).casefold()
    plain = [c for c in folded if c.isalnum()]
    return {a + b for a, b in zip(plain, plain[1:], strict=False)}


@lru_cache(maxsize=4)
def _permutations(key: bytes) -> list[tuple[int, int]]:
    draw = Random(key)
    return [(draw.randrange(1, _PRIME), draw.randrange(_PRIME)) for _ in range(BANDS * ROWS)]


def _hash(data: bytes, key: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8, key=key).digest(), "big")


def _signed(number: int) -> int:
    return number - 2**63
