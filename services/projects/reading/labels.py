"""Labelled values in a page's text: 项目统一代码：…, as lines, table cells or run together.

A flattened table has no separators left (项目名称…申报单位…建设地点…): there a value ends where the
next known label begins.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.projects.reading.dates import plain

KNOWN = (
    *("项目名称", "工程名称", "建设项目名称", "事项名称", "项目统一代码", "投资项目统一代码"),
    *("项目代码", "批复文号", "审批文号", "核准文号", "文号", "发文字号", "发证编号", "许可证编号"),
    *("许可证号", "证书编号", "备案编号", "决定书文号", "批复时间", "批复日期", "审批时间"),
    *("审批日期", "核准时间", "核准日期", "发证日期", "发证时间", "许可决定日期", "决定日期"),
    *("作出决定日期", "成文日期", "成文时间", "生成日期", "产生日期", "签发日期", "备案日期"),
    *(
        "批复单位",
        "审批单位",
        "审批部门",
        "发证机关",
        "审批结果",
        "发布机构",
        "申报单位",
        "建设单位",
    ),
    *("建设地点", "工程造价", "开竣工时间", "建设规模及主要内容", "建设内容", "总投资"),
    *("预算及资金来源", "索引号", "信息来源"),
)
MAX_TEXT = 100_000
"""What is said further down than this many characters is not looked for."""

MAX_TABLES, MAX_TABLE_ROWS, MAX_VALUE = 30, 200, 1000

_LINE_LABEL = re.compile(r"^[\s\[【(]*([一-鿿]{2,16}?)[\s\]】)]*:", re.MULTILINE)
_HIDDEN = ["script", "style", "noscript", "template"]


def _spaced(word: str) -> str:
    return r"\s{0,4}".join(word)


_LABEL = re.compile(
    "|".join(_spaced(word) for word in sorted(KNOWN, key=len, reverse=True)), re.DOTALL
)
_COLON_AFTER = re.compile(r"[\s\]】)]*:")
_LINE_END = re.compile(r"\n")


@dataclass(frozen=True)
class Labelled:
    """A label's value and where the label begins in the page's text."""

    value: str
    offset: int


def page_text(page: LexborHTMLParser, body: str | None = None) -> str:
    """The visible text in one width, one text node a line; script and style are left out."""
    for hidden in page.css(",".join(_HIDDEN)):
        hidden.decompose()
    chosen = page.css_first(body) if body else None
    return node_text(chosen or page.body)


def node_text(node: LexborNode | None) -> str:
    text = plain(node.text(separator="\n")[:MAX_TEXT])[:MAX_TEXT] if node else ""
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def read_labels(text: str) -> dict[str, Labelled]:
    """The first value of every label in `text`; of unknown labels only where its line starts so."""
    found: dict[str, Labelled] = {}
    marks = _marks(text)
    for place, match in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        value = _value(text[match.end() : min(end, match.end() + MAX_VALUE)])
        if value:
            found.setdefault(_word(match.group()), Labelled(value, match.start()))
    for match in _LINE_LABEL.finditer(text):
        value = _value(text[match.end() : match.end() + MAX_VALUE])
        if value:
            found.setdefault(match.group(1), Labelled(value, match.start(1)))
    return found


def read_table_labels(page: LexborHTMLParser) -> dict[str, Labelled]:
    """Labelled values of tables: label and value side by side, or under the heads of one record."""
    found: dict[str, Labelled] = {}
    for table in page.css("table")[:MAX_TABLES]:
        rows = [row.css("th,td") for row in table.css("tr")[:MAX_TABLE_ROWS]]
        texts = [[node_text(cell) for cell in row] for row in rows]
        pairs = [pair for row, text in zip(rows, texts, strict=True) for pair in _pairs(row, text)]
        for label, value in pairs or _one_record([text for text in texts if any(text)]):
            if label and value:
                found.setdefault(_word(label), Labelled(value, -1))
    return found


def _pairs(cells: Sequence[LexborNode], texts: Sequence[str]) -> list[tuple[str, str]]:
    """Label and value by turns, where every label is a head cell."""
    heads = [cell.tag == "th" for cell in cells]
    by_turns = heads == [True, False] * (len(heads) // 2)
    return list(zip(texts[::2], texts[1::2], strict=True)) if heads and by_turns else []


def _one_record(rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) > 2:
        return list(zip(*rows, strict=True))
    return []


def _word(text: str) -> str:
    return re.sub(r"\s", "", text)


def _marks(text: str) -> list[re.Match[str]]:
    """Known words that are labels: before a colon, as a cell of their own, or in a line that runs
    together, which is one that begins with a label without a colon.
    """
    ends_of_lines = [match.start() for match in _LINE_END.finditer(text)]
    runs_together: dict[int, bool] = {}
    marks = []
    for match in _LABEL.finditer(text):
        line = bisect_left(ends_of_lines, match.start())
        begins_line = match.start() == (ends_of_lines[line - 1] + 1 if line else 0)
        has_colon = _COLON_AFTER.match(text, match.end()) is not None
        if begins_line:
            runs_together[line] = not has_colon
        if has_colon or begins_line or runs_together.get(line):
            marks.append(match)
    return marks


def _value(rest: str) -> str:
    stripped = rest.lstrip(" \n\t:]】)")
    return stripped.split("\n", 1)[0].strip()
