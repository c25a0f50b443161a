"""Text folded for matching, with the way back to where each character stood."""

import unicodedata
from typing import NamedTuple

BETWEEN = r"[\W_]{0,3}"
"""What may stand between two digits of one number: up to three signs, blanks or line breaks."""

_NUMERALS = str.maketrans("零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789")


class Folded(NamedTuple):
    """Folded characters, and for each the index of the original character it came from."""

    text: str
    origin: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original span of the folded characters `start` up to `end`."""
        return self.origin[start], self.origin[end - 1] + 1


def fold(text: str, *, caseless: bool = False) -> Folded:
    """NFKC a character at a time; invisible format characters are left out."""
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        plain = unicodedata.normalize("NFKC", character)
        plain = plain.casefold() if caseless else plain
        folded.append(plain)
        origin.extend([index] * len(plain))
    return Folded("".join(folded), origin)


def letters_and_digits(text: str) -> Folded:
    """Only these, whatever stands between them: no blank, sign, width, case or way of writing a
    digit makes a difference when somebody's own data is looked for.
    """
    folded = fold(text, caseless=True)
    plain = digits_read(folded.text)
    kept = [at for at, character in enumerate(plain) if character.isalnum()]
    read = [str(unicodedata.decimal(plain[at], None) or plain[at]) for at in kept]
    return Folded("".join(read), [folded.origin[at] for at in kept])


def digits_read(text: str) -> str:
    """The same length, with Chinese numerals as digits: 一三八 reads 138."""
    return text.translate(_NUMERALS)
