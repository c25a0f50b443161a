"""Identifiers: time-ordered row ids, codes that people read aloud, secrets that people type."""

import secrets
from datetime import UTC, date, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.clock import today

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so nothing is misread at a window."""

_ALIASES = str.maketrans("ILO", "110", "- ")


def new_id() -> UUID:
    """A UUIDv7: unguessable in its random part, ordered by time for the index."""
    return uuid7()


_VERSION_7, _LATEST_MS = 7, 253402214400_000
"""The last moment that a date can tell, in every time zone."""


def made_on(row_id: UUID) -> date | None:
    """The day in Asia/Shanghai on which `new_id` made an id; None for one of another kind."""
    milliseconds = row_id.int >> 80
    if row_id.version != _VERSION_7 or milliseconds >= _LATEST_MS:
        return None
    return today(datetime.fromtimestamp(milliseconds / 1000, UTC))


def check_digit(text: str) -> str:
    """The check digit of `text` (Luhn modulo 32): finds every single error, nearly all swaps."""
    total = 0
    for place, letter in enumerate(reversed(text)):
        value = ALPHABET.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def public_code(prefix: str = "", length: int = 8) -> str:
    """A random code with a check digit at its end, to show and to read aloud: `A7K2M9Q4ZB`."""
    body = normal_code(prefix) + secret_code(length)
    return body + check_digit(body)


def secret_code(length: int = 10) -> str:
    """A random Crockford code (5 bits a character); only its hash is ever stored."""
    # 256 is a multiple of 32, so the low five bits of a random byte favour no letter.
    return "".join(ALPHABET[byte & 31] for byte in secrets.token_bytes(length))


def normal_code(typed: str) -> str:
    """The code as stored: upper case, without spaces and hyphens, I and L read as 1, O as 0."""
    return typed.upper().translate(_ALIASES)


def check_code(typed: str) -> bool:
    """Whether a typed code could be one of ours: known letters and a right check digit."""
    code = normal_code(typed)
    known = len(code) > 1 and all(letter in ALPHABET for letter in code)
    return known and check_digit(code[:-1]) == code[-1]
