"""Numbers that stand for a person: read however they are typed, told apart, and masked.

One phone or ID number is one person, so whatever is counted or found by one is found by its normal
form; `crypto.Keyring.phone_index` and `document_index` see to that.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.errors import Text

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BETWEEN = re.compile(r"[\s.·()\-\u2010-\u2015\u2212]+")
_PHONE = re.compile(r"(\+|00)?([0-9]{5,15})")
_NOT_A_PHONE = Text(
    "应为电话号码，例如 13800138000 或 025-84700000",
    "Must be a phone number, such as 13800138000 or 025-84700000",
)
_NOT_AN_ID = Text("身份证号码有误，请核对", "Not a valid citizen ID number")


def normalise_phone(typed: str) -> str:
    """`+` and all digits: country, area without its 0, number; a number without country is China's.

    Raises ValueError for what is no phone number.
    """
    found = _PHONE.fullmatch(_BETWEEN.sub("", unicodedata.normalize("NFKC", typed)))
    if found is None:
        raise ValueError(_NOT_A_PHONE)
    abroad, digits = found.groups()
    # Without + or 00 only 86 and a whole number after it can be meant: none in China starts so.
    if digits.startswith("86") and (abroad or len(digits) in (12, 13)):
        return "+86" + digits[2:].removeprefix("0")
    return f"+{digits}" if abroad else "+86" + digits.removeprefix("0")


def normalise_id_number(typed: str) -> str:
    """The number of an ID card or certificate: half-width, upper case, nothing in between."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", typed)).upper()


def valid_id_number(typed: str) -> bool:
    """Whether this is a citizen number 公民身份号码 (GB 11643): length, birth date, check digit."""
    number = normalise_id_number(typed)
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]


def mask_name(name: str) -> str:
    """The surname and stars: 张**."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_phone(phone: str) -> str:
    """138****1234 for a mobile however it was typed; other numbers keep their last two digits."""
    try:
        mobile = normalise_phone(phone).removeprefix("+86")
    except ValueError:
        mobile = ""
    if len(mobile) == 11 and mobile.startswith("1"):
        return f"{mobile[:3]}****{mobile[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:]


def mask_id_number(number: str) -> str:
    """The region and the last digit: 110***************X."""
    return number[:3] + "*" * max(len(number) - 4, 1) + number[-1:]


def _phone_as_typed(typed: str) -> str:
    normalise_phone(typed)
    return typed.strip()


def _id_number(typed: str) -> str:
    if not valid_id_number(typed):
        raise ValueError(_NOT_AN_ID)
    return normalise_id_number(typed)


Phone = Annotated[
    str,
    Field(max_length=32, examples=["13800138000"]),
    AfterValidator(_phone_as_typed),
]
"""A phone number as people write it, with or without +86, spaces and dashes."""
IdNumber = Annotated[str, Field(min_length=18, max_length=32), AfterValidator(_id_number)]
"""A citizen number, in its normal form after validation."""
