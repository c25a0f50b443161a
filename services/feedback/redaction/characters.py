"""Text folded for matching, with the way back to where each character stood."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from services.feedback.redaction.simplified import simplified

BETWEEN = r"[\W_]{0,3}"
"""What may stand between two digits of one number: up to three signs, blanks or line breaks."""

_NUMERALS = str.maketrans("零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789")
_WRITTEN_NUMBERS = frozenset({"Nd", "Nl", "No"})

_LOOKALIKES = str.maketrans("OoΟοОоIilІі", "00000011111")
_WORD, _ALIKE = re.compile(r"[^\W_\u4e00-\u9fff]+"), re.compile(r"[0-9OoΟοОоIlІі]+[Xx]?\Z")
_MOST_CHARACTERS = 8192
_LONGEST_GAP, _FEWEST_ALIKE, _FEWEST_DIGITS = 3, 7, 3


class Folded(NamedTuple):
    """Folded characters, and for each the index of the original character it came from."""

    text: str
    origin: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original span of the folded characters `start` up to `end`."""
        return self.origin[start], self.origin[end - 1] + 1


def fold(text: str, *, caseless: bool = False) -> Folded:
    """NFKC a character at a time; invisible format characters are left out."""
    return _folded(text, _caseless if caseless else _seen)


def as_read(text: str) -> Folded:
    """As `fold`, in simplified characters, and each way of writing a digit as that digit: ❶, ٣."""
    return _folded(text, _read)


def letters_and_digits(text: str) -> Folded:
    """Only these, whatever stands between them: no blank, sign, width, case, accent, way of
    writing a digit or older form of a character makes a difference when somebody's own data is
    looked for.
    """
    return _folded(text, _bare)


def digits_read(text: str) -> str:
    """The same length, with Chinese numerals as digits: 一三八 reads 138."""
    return text.translate(_NUMERALS)


def lookalikes_as_digits(text: str) -> str:
    """The same length, with every O as 0 and every I or l as 1."""
    return text.translate(_LOOKALIKES)


def lookalikes_read(text: str) -> str:
    """The same length, with O, I and l as digits where all around them are: l38-OO13-8OOO."""
    pieces = list(text)
    chain: list[re.Match[str]] = []
    for word in (*_WORD.finditer(text), None):
        if chain and (word is None or not _goes_on(text, chain[-1], word)):
            _read_chain(chain, pieces)
            chain = []
        if word is not None and _ALIKE.match(word[0]):
            chain.append(word)
    return "".join(pieces)


def _goes_on(text: str, last: re.Match[str], word: re.Match[str]) -> bool:
    """Whether a word may belong to the number that the last one did."""
    between = text[last.end() : word.start()]
    signs = len(between) <= _LONGEST_GAP and not any(map(str.isalnum, between))
    return signs and _ALIKE.match(word[0]) is not None


def _read_chain(chain: list[re.Match[str]], pieces: list[str]) -> None:
    together = "".join(word[0] for word in chain)
    digits = sum(map(str.isdigit, together))
    if digits == len(together) or len(together) < _FEWEST_ALIKE or digits < _FEWEST_DIGITS:
        return
    for word in chain:
        pieces[word.start() : word.end()] = lookalikes_as_digits(word[0])


def _folded(text: str, plain: Callable[[str], str]) -> Folded:
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        read = plain(character)
        folded.append(read)
        origin.extend([index] * len(read))
    return Folded("".join(folded), origin)


# Remembered for the characters of a language: a letter has thousands, of some hundred kinds.


@lru_cache(_MOST_CHARACTERS)
def _seen(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""
    return unicodedata.normalize("NFKC", character)


@lru_cache(_MOST_CHARACTERS)
def _caseless(character: str) -> str:
    return _seen(character).casefold()


@lru_cache(_MOST_CHARACTERS)
def _read(character: str) -> str:
    return simplified("".join(map(_digit, _seen(character))))


@lru_cache(_MOST_CHARACTERS)
def _bare(character: str) -> str:
    kept = filter(str.isalnum, digits_read(_read(character)))
    return "".join(map(_without_accent, kept)).casefold()


def _digit(character: str) -> str:
    """A number of another script or in a circle by its digits, anything else as it is."""
    if unicodedata.category(character) not in _WRITTEN_NUMBERS:
        return character
    value = unicodedata.numeric(character)
    return str(int(value)) if value == int(value) else character


def _without_accent(character: str) -> str:
    return unicodedata.normalize("NFD", character)[0] if character.isalpha() else character
