"""Labelled values in a page's text: 项目统一代码：…, as lines, cells or run together. Pure.

A flattened table has no separators left (项目名称…申报单位…建设地点…): there a value ends where the
next known label begins. A label stands in one line; only its value may stand in the next.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.projects.reading.dates import Printed, leading_moment, plain
from services.projects.reading.text import JOINT, unjoined

KNOWN = (
    *("项目名称", "工程名称", "建设项目名称", "事项名称", "项目统一代码", "投资项目统一代码"),
    *("项目代码", "批复文号", "审批文号", "核准文号", "文号", "发文字号", "发证编号", "许可证编号"),
    *("许可证号", "证书编号", "备案编号", "决定书文号", "批复时间", "批复日期", "审批时间"),
    *("审批日期", "核准时间", "核准日期", "发证日期", "发证时间", "许可决定日期", "决定日期"),
    *("作出决定日期", "成文日期", "成文时间", "生成日期", "产生日期", "签发日期", "备案日期"),
    *("批复单位", "审批单位", "审批部门", "发证机关", "审批结果", "发布机构", "申报单位"),
    *("建设单位", "建设地点", "工程造价", "开竣工时间", "建设规模及主要内容", "建设内容"),
    *("总投资", "预算及资金来源", "索引号", "信息索引号", "信息来源"),
)
MAX_VALUE = 1000

_OPENING = f" {JOINT}[【(*·•>"
_CLOSING = f" {JOINT}]】)"
_LINE_LABEL = re.compile(
    rf"^[{re.escape(_OPENING)}]*([一-鿿]{{2,16}}?)[{re.escape(_CLOSING)}]*:", re.MULTILINE
)
_COLON_AFTER = re.compile(rf"[{re.escape(_CLOSING)}]*:")
_OF_ANOTHER = re.compile(r"(?:原|拟|待|计划|预计|申请|[上前首][次期]|一次|最近|历史|变更前)$")
"""原批复时间 and 计划批复时间 are not the time of this decision."""
_PROSE = re.compile("[。,!?]")
_QUOTES = re.compile("[“”「」『』]")
_NO_WORD = re.compile(rf"[\s{JOINT}\[\]【】:*]")
_FORWARDED = re.compile(r"(?:原文|全文|转发|转载|摘录|抄录)[^\n。]{0,8}如下")
_AS_HEAD = 60


@dataclass(frozen=True)
class Labelled:
    """A label's value and where the label begins in the page's text; -1 in a table."""

    value: str
    offset: int


class Quoted:
    """Where a text quotes: between quotation marks, also over lines, that are closed again."""

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        begin: int | None = None
        for mark in _QUOTES.finditer(text):
            if mark.group() in "“「『":
                begin = mark.start() if begin is None else begin
            elif begin is not None:
                self._starts.append(begin)
                self._ends.append(mark.end())
                begin = None
        forwarded = _FORWARDED.search(text)
        self.forwarded_at = forwarded.start() if forwarded else len(text)

    def holds(self, offset: int) -> bool:
        place = bisect_right(self._starts, offset) - 1
        return place >= 0 and offset < self._ends[place]


def spelled(words: Sequence[str]) -> re.Pattern[str]:
    """The words, the longest first, with spaces or joints between their letters."""
    longest_first = sorted(words, key=len, reverse=True)
    gap = f"[ {JOINT}]{{0,4}}"
    return re.compile("|".join(gap.join(map(re.escape, word)) for word in longest_first))


_spelled = lru_cache(maxsize=256)(spelled)
"""The words of a rule, which are the same for each page of its portal."""
_LABEL = spelled(KNOWN)


def read_labels(text: str) -> dict[str, list[Labelled]]:
    """The values of every label in `text`; of unknown labels only where its line starts so, once.

    What stands within quotation marks is said by somebody else.
    """
    found: dict[str, list[Labelled]] = defaultdict(list)
    quoted = Quoted(text)
    marks = [mark for mark in _marks(text) if not quoted.holds(mark[1])]
    for place, (word, start, end) in enumerate(marks):
        following = marks[place + 1][1] if place + 1 < len(marks) else len(text)
        value = _value(text[end : min(following, end + MAX_VALUE)])
        if value:
            found[word].append(Labelled(value, start))
    for match in _LINE_LABEL.finditer(text):
        value = _value(text[match.end() : match.end() + MAX_VALUE])
        if value and not quoted.holds(match.start(1)):
            found[match.group(1)] = found.get(match.group(1)) or [Labelled(value, match.start(1))]
    return dict(found)


def label_moments(text: str, words: Sequence[str]) -> list[Printed]:
    """Every moment that stands right after one of `words`, where the page itself says it.

    The word is not part of another, not within a sentence and not quoted: 页面生成时间 is no 时间,
    and a date without a label is no time of publication at all.
    """
    text = plain(text)
    label, found = _spelled(tuple(words)), []
    if label.search(text) is None:
        return []
    quoted = Quoted(text)
    for start, line in _lines(text):
        for match in label.finditer(line):
            offset = start + match.start()
            is_quoted = quoted.holds(offset) or offset > quoted.forwarded_at
            if not is_quoted and _is_whole(line, match) and _is_info(line[: match.start()]):
                rest = text[start + match.end() : start + match.end() + _AS_HEAD]
                moment = leading_moment(_beside(rest))
                found += [moment] if moment else []
    return found


def word_of(text: str) -> str:
    """A label without spaces, brackets and its colon."""
    return _NO_WORD.sub("", text)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _marks(text: str) -> Iterator[tuple[str, int, int]]:
    """Known words that are labels, with their place: before a colon, as a cell of their own, or in
    a line that runs together, which is one that begins with a label.
    """
    for start, line in _lines(text):
        chain: bool | None = None
        """Whether labels of the line have a colon; None where it does not begin with one."""
        for match in _LABEL.finditer(line):
            before = line[: match.start()]
            has_colon = _COLON_AFTER.match(line, match.end()) is not None
            begins = not before.strip(_OPENING)
            if begins:
                chain = has_colon
            is_apart = has_colon and before[-1:] in (" ", JOINT, ";", "|")
            runs_on = chain is False or (chain and has_colon)
            is_label = (begins or is_apart or runs_on) and not _OF_ANOTHER.search(before[-4:])
            if is_label and _is_whole(line, match):
                yield word_of(match.group()), start + match.start(), start + match.end()


def _is_whole(line: str, match: re.Match[str]) -> bool:
    """Whether the word is one: not the end of a title and the beginning of what follows it."""
    word = match.group()
    letters = word_of(word)
    if len(letters) == len(word) or not line[: match.start()].strip(_OPENING):
        return True
    return JOINT not in word and len(re.findall(" +", word)) == len(letters) - 1


def _is_info(before: str) -> bool:
    """Whether a label may stand after this: at the head of a line, or apart in a line of labels."""
    if not before.strip(_OPENING):
        return True
    return before[-1] in f" {JOINT}|;[【" and not _PROSE.search(before[-_AS_HEAD:])


def _beside(rest: str) -> str:
    """A label's value: beside it, or in the next line if nothing else stands in its own."""
    own, _, following = rest.partition("\n")
    return unjoined(own) if own.strip(f"{_CLOSING}:") else unjoined(following.partition("\n")[0])


def _value(rest: str) -> str:
    return _beside(rest).lstrip(f"{_CLOSING}:").strip()
