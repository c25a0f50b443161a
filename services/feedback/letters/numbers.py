"""Registration numbers such as `NC-LX-20261123-0012-7`. Pure.

The second part is the class of the document, `LX` for 来信 (a letter), and not the kind of the
letter: a number on an envelope must not tell that the letter is an accusation.
"""

import re
from datetime import date

_SHAPE = re.compile(r"([A-Z]{2,6})-LX-(\d{8})-(\d{4,9})-(\d)", re.ASCII)


def registration_number(region: str, day: date, serial: int) -> str:
    """The number of the day's `serial`-th letter, check digit included."""
    stem = f"{region}-LX-{day:%Y%m%d}-{serial:04d}"
    return f"{stem}-{check_digit(stem)}"


def is_registration_number(text: str) -> bool:
    """Whether `text` has the shape of a number and its check digit holds."""
    found = _SHAPE.fullmatch(text)
    return found is not None and check_digit(text[:-2]) == found[4]


def check_digit(stem: str) -> str:
    """One decimal digit by ISO/IEC 7064 MOD 11,10: it finds every single wrong digit.

    Letters count as two digits each (A is 10, Z is 35); hyphens do not count.
    """
    product = 10
    for digit in "".join(str(int(c, 36)) for c in stem if c != "-"):
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)
