"""Long numbers by their digits, whatever separates them, and those that are nobody's. Pure.

Expects folded text. A Chinese numeral is a digit where it stands among others: 一 in 一直 is none.
"""

import re
from collections.abc import Iterator

from services.feedback.redaction.characters import digits_read

BETWEEN = r"[\W_]{0,3}"
"""What may stand between two digits of one number: up to three signs, blanks or line breaks."""

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
_MOBILE, _WITH_AREA = re.compile(r"1[3-9]\d{9}"), re.compile(r"0\d{9,11}")
_UNIT = (
    "元|万|亿|人|户|吨|平方|㎡|公里|千米|米|亩|斤|公斤|千克|次|件|度"
    "|年|月|日|岁|分|点|名|个|张|辆|套"
)
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
    r"|(?<![0-9:])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![0-9:])"
    r"|[A-Z]{2,6}-LX-[0-9]{8}-[0-9]{4,9}-[0-9]"
    r"|(?:GB|DB|JGJ|CJJ|ISO|IEC)[/A-Z]*\s?[0-9.]{2,7}[-—][0-9]{4}"
    r"|[〔\[(【][0-9]{4}[〕\])】]\s?第?[0-9]{1,5}号"
)
_AFTER_ORDERED = re.compile(rf"{_ORDERED}([A-Za-z0-9][A-Za-z0-9-]{{5,29}})")
_AMOUNT = re.compile(
    r"(?<![0-9])[1-9](?:[0-9]{0,2}(?:,[0-9]{3})+|[0-9]{6,9})(?:\.[0-9]+)?"
    r"(?=\s?(?:元|万|亿|人|户|吨|平方|㎡|公里|千米|米|亩|斤|公斤|千克|次|件|度))"
)


def read(text: str) -> str:
    """The same length, with Chinese numerals as digits where they are digits, and with what is
    exempt left out: dates, times, order numbers, amounts, numbers of documents and of letters.
    """
    plain = list(text)
    for start, end in exempt(text):
        plain[start:end] = NEITHER * (end - start)
    blanked = "".join(plain)
    return digits_read(_WORD_PART.sub(NEITHER, blanked))


def exempt(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers stand that are nobody's."""
    yield from (match.span() for match in _EXEMPT.finditer(text))
    for match in _AFTER_ORDERED.finditer(text):
        if not _MOBILE.fullmatch(match[1]) and not re.fullmatch(r"[0-9]{17}[0-9Xx]", match[1]):
            yield match.span(1)
    yield from (match.span() for match in _AMOUNT.finditer(text))


def runs(digits: str) -> Iterator[tuple[int, int]]:
    """Seven digits or more that may be one number; not what counts or lists several things."""
    for match in _RUN.finditer(digits):
        if not _LISTING.search(match[0]) or not _is_listing(match, digits):
            yield match.span()


def _is_listing(match: re.Match[str], digits: str) -> bool:
    """3000，2500，1200元 or 3、5、8、12、15、20、25日, but never what makes up a phone number."""
    groups = _GROUP.findall(match[0])
    if any(_makes_phone(groups[at:]) for at in range(len(groups))):
        return False
    return max(map(len, groups)) <= 2 or _COUNTED.match(digits, match.end()) is not None


def _makes_phone(groups: list[str]) -> bool:
    """Whether the first groups together are a phone number."""
    together = ""
    for group in groups[:12]:
        together += group
        if _MOBILE.fullmatch(together) or _WITH_AREA.fullmatch(together):
            return True
        if len(together) > 12:
            return False
    return False
