"""Passwords that everybody thinks of: made of well-known words, runs of the keyboard and dates.

GB/T 22239-2019 8.1.4.1 asks for complexity, and people meet it with `Password123!`. So a password
is taken apart: what is left once everything well-known is gone is what somebody has to guess.
"""

import re
from importlib.resources import files

OWN_CHARACTERS = 4
"""Fewer than this of one's own, and the rest is in every list of leaked passwords."""

_WORDS = set(files(__package__).joinpath("common_words.txt").read_text("ascii").split())
_RUNS = (
    "01234567890",
    "09876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "poiuytrewq",
    "lkjhgfdsa",
    "mnbvcxz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!@#$%^&*()",
)
_NUMBERS = (
    "520",
    "521",
    "1314",
    "5201314",
    "666",
    "888",
    "168",
    "110",
    "119",
    "12345",
    "147258",
    "007",
)
_LEET = str.maketrans(
    {"@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t"}
)


def _pieces_of_runs() -> set[str]:
    return {run[i : i + n] for run in _RUNS for n in range(3, 9) for i in range(len(run) - n + 1)}


def _any(pieces: set[str]) -> re.Pattern[str]:
    longest_first = sorted(pieces, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


_KNOWN = _any(_WORDS | {*_NUMBERS} | _pieces_of_runs())
_WORD = _any(_WORDS)
_DATE = re.compile(r"(?:19|20)\d{2}(?:[-./]?[01]\d(?:[-./]?[0-3]\d)?)?")
_REPEATED = re.compile(r"(.+?)\1+")
_DECORATION = re.compile(r"[\W_]+")


def is_common(password: str) -> bool:
    """Whether hardly anything of the password is its owner's own."""
    small = _DATE.sub(" ", password.lower())
    return min(map(_own, (small, small.translate(_LEET)))) < OWN_CHARACTERS


def _own(small: str) -> int:
    """How many characters are left without words, runs, dates, signs and repetitions."""
    left = _WORD.sub(" ", small)
    left = _KNOWN.sub(" ", left)
    left = _DECORATION.sub("", left)
    return len(_REPEATED.sub(r"\1", left))
