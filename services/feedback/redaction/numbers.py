"""Long numbers by their digits, whatever separates them, and those that are nobody's. Pure.

Expects folded text. A Chinese numeral is a digit where it stands among others: 一 in 一直 is none.
"""

import re
from collections.abc import Iterable, Iterator

from services.feedback.redaction import office_numbers
from services.feedback.redaction.characters import BETWEEN, digits_read, lookalikes_read

Where = tuple[int, int]
"""Characters from the first up to, without, the second."""

NEITHER = "数"
"""Neither a digit nor a sign between two."""
_HAN, _NUMERAL = "\u4e00-\u9fff", "零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_WORD_PART = re.compile(
    rf"(?<=[0-9])[{_NUMERAL}](?=(?![{_NUMERAL}])[{_HAN}])"
    rf"|(?<=[{_HAN}])(?<![{_NUMERAL}])[{_NUMERAL}](?=[0-9])(?!.[0-9])"
)
_RUN = re.compile(rf"\d(?:{BETWEEN}\d){{6,}}")
_LISTING = re.compile(r"[,，、;；:：。|\n]")
_GROUP = re.compile(r"\d+")
_PIECE, _SIGNS = re.compile(r"[0-9]+[Xx]?(?![A-Za-z])|[0-9]+"), re.compile(r"[\W_]")
_MOBILE, _WITH_AREA = re.compile(r"1[3-9]\d{9}"), re.compile(r"0\d{9,11}")
_COUNTRY, _ID = re.compile(r"^(?:00)?86(?=1)"), re.compile(r"[1-9][0-9]{16}[0-9Xx]")
_UNIT = (
    "元|万|亿|人|户|吨|平方|㎡|公里|千米|米|亩|斤|公斤|千克|次|件|度"
    "|年|月|日|岁|分|点|名|个|张|辆|套"
)
_OF_A_SUM = "元(?![旦宵月])|吨|平方|㎡|立方|公里|千米|千瓦|亩|公斤|千克"
"""Units of which there may be seven digits; of households or times there are never so many."""
_COUNTED = re.compile(rf"\s?(?:{_UNIT})")

_DATE = (
    r"(?:19|20)[0-9]{2}([-/.])(?:0?[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01]|[1-9])"
    r"(?:[T ]{1,2}[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?(?![0-9])"
)
_ORDERED = (
    r"(?:订单|工单|督办单|受理单|办件|业务|流水|快递|运单|物流|案件|受理|合同|发票|票据)"
    r"(?:编号|单号|号码|号)[是为:\s]{0,3}"
)
_EXEMPT = re.compile(
    rf"(?<![0-9])(?<!1[3-9][0-9][-/. ]){_DATE}"
    r"|[A-Z]{2,6}-LX-[0-9]{8}-[0-9]{4,9}-[0-9]"
    r"|(?:GB|DB|JGJ|CJJ|ISO|IEC)[/A-Z]*\s?[0-9.]{2,7}[-—][0-9]{4}"
    r"|[〔\[(【][0-9]{4}[〕\])】]\s?第?[0-9]{1,5}号"
)
_TIME = re.compile(r"(?<![0-9:])(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9])?(?![0-9:])")
_SPELLED_MOBILE = re.compile(
    rf"(?<!\d)(?:\+?86{BETWEEN})?1{BETWEEN}[3-9](?:{BETWEEN}\d){{9}}(?!\d)"
)
_AFTER_ORDERED = re.compile(rf"{_ORDERED}([A-Za-z0-9][A-Za-z0-9-]{{5,29}})")
_AMOUNT = re.compile(
    rf"(?<![0-9])[1-9](?:[0-9]{{0,2}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?(?=\s?(?:{_UNIT}))"
    rf"|[0-9]{{6,9}}(?:\.[0-9]+)?(?=\s?(?:{_OF_A_SUM})))"
)
_BEHIND = re.compile(rf"[0-9A-Za-z]+(?:{BETWEEN}[0-9A-Za-z]+)*")
_BEFORE = re.compile(rf"(?<!\d)[01](?:{BETWEEN}\d){{0,9}}{BETWEEN}\Z")
_FARTHEST = 40
_LONGEST_COUNT = 6
"""More digits than these are no item of a listing, but a number that stands in one."""


def read(text: str, offices: frozenset[str] = frozenset()) -> str:
    """The same length, with Chinese numerals as digits where they are digits, and with what is
    exempt left out: dates, times, order numbers, amounts, numbers of documents and of letters, and
    those of `offices` (`office_numbers.spellings`). Letters that look like digits are some there.
    """
    text = lookalikes_read(text)
    blanked = _without(text, exempt(text))
    if offices:
        blanked = _without(blanked, office_numbers.find(digits_read(blanked), offices))
    return digits_read(_WORD_PART.sub(NEITHER, blanked))


def exempt(text: str) -> Iterator[Where]:
    """Where numbers stand that are nobody's.

    What makes up a telephone number is one, whatever word stands before it or unit behind it.
    """
    digits = digits_read(text)
    found = [
        match.span()
        for pattern in (_EXEMPT, _AMOUNT)
        for match in pattern.finditer(text)
        if not _ends_phone(digits, *match.span())
    ]
    found += [
        match.span(1)
        for match in _AFTER_ORDERED.finditer(text)
        if not _begins_personal(digits, *match.span(1))
    ]
    yield from found
    yield from _times(text, _without(digits, found))


def _times(text: str, digits: str) -> Iterator[Where]:
    """Times of day, unless a mobile number was written with colons: there no number is whole
    without what looks like a time, and not all of it looks so.
    """
    times = [m.span() for m in _TIME.finditer(text) if not _ends_phone(digits, *m.span())]
    torn = [m.span() for m in _SPELLED_MOBILE.finditer(digits)] if times else []
    if torn:
        left = _without(digits, times)
        whole = [m.span() for m in _SPELLED_MOBILE.finditer(left)]
        torn = [
            (start, end)
            for start, end in torn
            if not _overlap((start, end), whole) and any(map(str.isdigit, left[start:end]))
        ]
    yield from (time for time in times if not _overlap(time, torn))


def _overlap(one: Where, others: Iterable[Where]) -> bool:
    return any(one[0] < end and start < one[1] for start, end in others)


def _without(text: str, spans: Iterable[Where]) -> str:
    """The same length, with nothing that is read as a digit or a sign in these places."""
    plain = list(text)
    for start, end in spans:
        plain[start:end] = NEITHER * (end - start)
    return "".join(plain)


def _ends_phone(digits: str, start: int, end: int) -> bool:
    """Whether these digits are a telephone number, or the rest of one that begins before them."""
    before = _BEFORE.search(digits, max(start - _FARTHEST, 0), start)
    whole = _SIGNS.sub("", digits[before.start() if before else start : end])
    return bool(_MOBILE.fullmatch(whole) or _WITH_AREA.fullmatch(whole))


def _begins_personal(digits: str, start: int, end: int) -> bool:
    """Whether a telephone or ID number begins in what an order's number is taken for, be it that
    blanks or signs tear it apart.
    """
    behind = _BEHIND.match(digits, start)
    if behind is None:
        return False
    pieces = list(_PIECE.finditer(digits, start, behind.end()))
    within = [at for at, piece in enumerate(pieces) if piece.start() < end]
    words = [piece[0] for piece in pieces]
    return any(_makes_phone(words[at:]) or _makes_id(words[at:]) for at in within)


def runs(digits: str) -> Iterator[tuple[int, int]]:
    """Seven digits or more that may be one number; not what counts or lists several things."""
    for match in _RUN.finditer(digits):
        if not _LISTING.search(match[0]) or not _is_listing(match, digits):
            yield match.span()


def _is_listing(match: re.Match[str], digits: str) -> bool:
    """3000，2500，1200元 or 3、5、8、12、15、20、25日, but never what makes up a phone number."""
    groups = _GROUP.findall(match[0])
    if max(map(len, groups)) > _LONGEST_COUNT:
        return False
    if any(_makes_phone(groups[at:]) for at in range(len(groups))):
        return False
    return max(map(len, groups)) <= 2 or _COUNTED.match(digits, match.end()) is not None


def _makes_phone(groups: list[str]) -> bool:
    """Whether the first groups together are a phone number, be it with the country's before it."""
    together = ""
    for group in groups[:16]:
        together += group
        bare = _COUNTRY.sub("", together)
        if _MOBILE.fullmatch(bare) or _WITH_AREA.fullmatch(together):
            return True
        if len(bare) > 12:
            return False
    return False


def _makes_id(groups: list[str]) -> bool:
    """Whether the first groups together are as long as an ID number, whatever its check says."""
    together = ""
    for group in groups[:18]:
        together += group
        if len(together) >= 18:
            return _ID.fullmatch(together) is not None
    return False
