"""What in a text looks like personal data, and what stands in its place. Pure.

Rules propose; a person decides each proposal. Borders are digit-aware, for a word border never
lies between a Chinese character and a digit. Whatever digits no rule knows are proposed too.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from services.feedback.redaction import addresses, names, numbers
from services.feedback.redaction.characters import (
    BETWEEN,
    Folded,
    as_read,
    digits_read,
    lookalikes_read,
)
from services.feedback.redaction.own_data import occurrences
from services.feedback.redaction.simplified import simplified
from services.feedback.redaction.spans import Own, Span, SpanKind, redact
from shared.security.personal import valid_id_number

LONGEST_FREE_RUN = 6


class Known(NamedTuple):
    """What is known beforehand: the sender's own data, names that may be shown, and the numbers of
    offices as they are spelled, which nobody has to hide.
    """

    personal: frozenset[Own] = frozenset()
    allowed: frozenset[str] = frozenset()
    offices: frozenset[str] = frozenset()


NOTHING_KNOWN = Known()

_B = BETWEEN
_PHONE = re.compile(rf"(?<!\d)(?:\+?86{_B})?1{_B}[3-9](?:{_B}\d){{9}}(?!\d)")
_ID = re.compile(rf"(?<!\d)[1-9](?:{_B}\d){{16}}{_B}[\dXx](?![\dA-Za-z])")
_OLD_ID = re.compile(r"(?<!\d)[1-9]\d{14}(?!\d)")
_DOCUMENT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\d{8}(?![A-Za-z0-9])")
_LANDLINE = re.compile(
    rf"(?<!\d)(?<!\d[ -])(?:\(0\d{{2,3}}\)|0\d{{2,3}}){_B}\d{{3,4}}{_B}\d{{4}}(?!\d)"
)
_CARD = re.compile(r"(?<!\d)[1-9](?:[ -]{0,3}\d){12,18}(?!\d)")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    r"\s?[A-HJ-NP-Za-hj-np-z][·•.\s-]{0,3}(?=[A-Za-z]{0,5}\d)[A-Za-z0-9]{4,5}(?:[A-Za-z0-9]|[挂学警港澳])"
    r"(?![A-Za-z0-9])"
)
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+-]+\s?(?:@|艾特)\s?[A-Za-z0-9-]+(?:\s?(?:\.|点)\s?[A-Za-z0-9-]+)+"
)
_ACCOUNT = re.compile(
    r"(?:微信|薇信|威信|[Vv]信|微x|加微|加[Vv]|(?<![A-Za-z])(?:[VvWw][Xx]|[Ww]ei[Xx]in|[Ww]e[Cc]hat)"
    r"|QQ|qq|扣扣|抖音|快手|小红书|钉钉|支付宝)"
    r"(?:号码|号|群|账号|[Ii][Dd])?[是为:,，\s]{0,3}([A-Za-z0-9_-]{5,25})"
)
_OF_A_PERSON = re.compile(
    r"(?:工号|警号|胸牌号?|胸卡号?|员工编?号|执法证号?|学号|病历号|病案号|住院号|门诊号|就诊卡号?|户号"
    r"|护照号?码?|驾驶证号?|社保号|医保号|车架号)[是为:\s]{0,3}([A-Za-z0-9-]{3,20})"
)
_BED = re.compile(r"(?<![\d共增设达有近张余多])\d{1,2}\s?号?床(?![位铺单上垫])")


def propose(text: str, known: Known = NOTHING_KNOWN) -> list[Span]:
    """Spans that look personal, in order, none overlapping another.

    What the rules know comes first; whatever `unresolved` would still block is proposed as well.
    """
    folded = as_read(text)
    taken: list[Span] = []
    covered = bytearray(len(text))

    def take(span: Span) -> None:
        if not any(covered[span.start : span.end]):
            taken.append(span)
            covered[span.start : span.end] = b"\1" * (span.end - span.start)

    for own in occurrences(text, known.personal):
        take(own)
    for found in _candidates(folded, known):
        take(Span(*folded.span(found.start, found.end), found.kind))
    for left in unresolved(text, list(taken), known.offices):
        take(left)
    return sorted(taken)


def unresolved(
    text: str, decided: Iterable[Span], offices: frozenset[str] = frozenset()
) -> list[Span]:
    """What must not be published undecided: digit runs of seven or more, and dwelling numbers.

    `decided` are the spans that a reviewer has accepted or rejected.
    """
    folded = as_read(text)
    covered = bytearray(len(text))
    for span in decided:
        covered[span.start : span.end] = b"\1" * len(covered[span.start : span.end])
    digits = digits_read(folded.text)
    runs = [(*where, SpanKind.DIGITS) for where in numbers.runs(numbers.read(folded.text, offices))]
    dwellings = [(*where, SpanKind.ADDRESS) for where in addresses.dwellings(digits)]
    spans = [Span(*folded.span(start, end), kind) for start, end, kind in runs + dwellings]
    pieces = [p for s in spans for p in _left_over(s, covered)]
    return sorted(piece for piece in pieces if _still_reveals(text, piece))


def left_over(text: str, span: Span, decided: Iterable[Span]) -> list[Span]:
    """The pieces of a span of `text` that none of `decided` covers."""
    covered = bytearray(len(text))
    for other in decided:
        covered[other.start : other.end] = b"\1" * len(covered[other.start : other.end])
    return _left_over(span, covered)


def mask(text: str, known: Known = NOTHING_KNOWN) -> str:
    """The text with everything that looks personal replaced, for lists that nobody reviews."""
    return redact(text, propose(text, known))


def given_away(
    texts: Iterable[str], offices: frozenset[str] = frozenset(), place: str = ""
) -> frozenset[Own]:
    """What senders write that leads to them: their numbers, addresses, and names of their own. A
    `place` besides is read as one.
    """
    where = as_read(place)
    numbered = [where.span(*at) for at in addresses.of_a_place(digits_read(where.text))]
    own = {Own(place[start:end], SpanKind.ADDRESS) for start, end in numbered}
    known = Known(offices=offices)
    for text in texts:
        others = {s for s in propose(text, known) if s.kind is not SpanKind.NAME}
        folded = as_read(text)
        named = {Span(*folded.span(*at), SpanKind.NAME) for at in names.find_own(folded.text)}
        own |= {Own(text[s.start : s.end], s.kind) for s in others | named}
    return frozenset(own)


def _candidates(folded: Folded, known: Known) -> Iterator[Span]:
    """Likely spans of the folded text, the surest kind first; later ones yield to earlier."""
    text, digits = folded.text, digits_read(folded.text)
    whole = numbers.read(text, known.offices)
    allowed = {simplified(name) for name in known.allowed}
    yield from _matches(_EMAIL, text, SpanKind.EMAIL)
    yield from _matches(_ID, whole, SpanKind.ID_NUMBER, lambda m: valid_id_number(_digits_of(m)))
    yield from _matches(_PHONE, whole, SpanKind.PHONE)
    yield from _matches(_OLD_ID, whole, SpanKind.OLD_ID_NUMBER, _is_old_id)
    yield from _matches(_CARD, whole, SpanKind.BANK_CARD, _passes_luhn)
    yield from _matches(_LANDLINE, whole, SpanKind.LANDLINE)
    yield from _matches(_PLATE, text, SpanKind.PLATE)
    yield from (Span(*m.span(1), SpanKind.ACCOUNT) for m in _ACCOUNT.finditer(whole))
    yield from (Span(*m.span(1), SpanKind.DIGITS) for m in _OF_A_PERSON.finditer(text))
    yield from _matches(_DOCUMENT, whole, SpanKind.ID_NUMBER)
    yield from _matches(_BED, text, SpanKind.OTHER)
    yield from (Span(*where, SpanKind.ADDRESS) for where in addresses.find(digits))
    yield from (
        Span(*where, SpanKind.NAME)
        for where in names.find(text)
        if text[slice(*where)] not in allowed
    )


def _matches(
    pattern: re.Pattern[str], text: str, kind: SpanKind, holds: Callable[[str], bool] | None = None
) -> Iterator[Span]:
    for match in pattern.finditer(text):
        if holds is None or holds(match[0]):
            yield Span(*match.span(), kind)


def _left_over(span: Span, covered: bytearray) -> list[Span]:
    """The pieces of `span` that no decided span covers."""
    pieces: list[Span] = []
    for at in range(span.start, span.end):
        if covered[at]:
            continue
        if pieces and pieces[-1].end == at:
            pieces[-1] = pieces[-1]._replace(end=at + 1)
        else:
            pieces.append(Span(at, at + 1, span.kind))
    return pieces


def _still_reveals(text: str, piece: Span) -> bool:
    """Whether a piece left over is a dwelling, or still a long run of digits."""
    read = digits_read(lookalikes_read(as_read(text[piece.start : piece.end]).text))
    digits = sum(map(str.isdigit, read))
    return piece.kind is SpanKind.ADDRESS or digits > LONGEST_FREE_RUN


def _digits_of(match: str) -> str:
    return re.sub(r"[\W_]", "", match)


def _is_old_id(match: str) -> bool:
    """Fifteen digits with a birth date of the last century (GB 11643-1989)."""
    try:
        date(1900 + int(match[6:8]), int(match[8:10]), int(match[10:12]))
    except ValueError:
        return False
    return True


def _passes_luhn(match: str) -> bool:
    digits = [int(d) for d in reversed(_digits_of(match))]
    doubled = [d if i % 2 == 0 else sum(divmod(d * 2, 10)) for i, d in enumerate(digits)]
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0
