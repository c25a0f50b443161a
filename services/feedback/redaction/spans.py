"""What can be personal in a text, where it stands, and what is shown in its place. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from services.feedback.redaction import names


class SpanKind(StrEnum):
    ID_NUMBER = "id_number"
    OLD_ID_NUMBER = "old_id_number"
    PHONE = "phone"
    LANDLINE = "landline"
    BANK_CARD = "bank_card"
    PLATE = "plate"
    EMAIL = "email"
    ACCOUNT = "account"
    ADDRESS = "address"
    NAME = "name"
    DIGITS = "digits"
    OTHER = "other"


MARKS: dict[SpanKind, str] = {
    SpanKind.ID_NUMBER: "［证件号］",
    SpanKind.OLD_ID_NUMBER: "［证件号］",
    SpanKind.PHONE: "［电话］",
    SpanKind.LANDLINE: "［电话］",
    SpanKind.BANK_CARD: "［卡号］",
    SpanKind.PLATE: "［车牌］",
    SpanKind.EMAIL: "［邮箱］",
    SpanKind.ACCOUNT: "［账号］",
    SpanKind.ADDRESS: "［门牌］",
    SpanKind.NAME: "某",
    SpanKind.DIGITS: "［号码］",
    SpanKind.OTHER: "［略］",
}


class Span(NamedTuple):
    """Characters `start` up to `end` of a text, and what they are."""

    start: int
    end: int
    kind: SpanKind


class Own(NamedTuple):
    """Something of the sender's own, as it is written somewhere."""

    value: str
    kind: SpanKind


def redact(text: str, accepted: Iterable[Span]) -> str:
    """The text with each accepted span replaced by its mark, a name by surname and 某."""
    parts, at = [], 0
    for span in sorted(accepted):
        if span.start < at:
            continue
        parts += [text[at : span.start], mark_for(text[span.start : span.end], span.kind)]
        at = span.end
    return "".join([*parts, text[at:]])


def mark_for(piece: str, kind: SpanKind) -> str:
    """What stands in the place of `piece`."""
    if kind is not SpanKind.NAME:
        return MARKS[kind]
    # In letters either part may be the family name: Zhang Wei, Wei Zhang.
    is_chinese = "\u3400" <= piece[:1] <= "\u9fff"
    return names.surname_of(piece) + "某" if is_chinese else "某某"
