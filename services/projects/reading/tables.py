"""Tables of a page: forms with labels and values by turns, and records under a row of heads."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from selectolax.lexbor import LexborNode

from services.projects.reading.dates import Printed, leading_moment
from services.projects.reading.facts import (
    CODE_LABELS,
    DOCUMENT_LABELS,
    FORMED_LABELS,
    NAME_LABELS,
    PROJECT_CODE,
    document_numbers,
)
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.labels import KNOWN, Labelled, word_of
from services.projects.reading.others import is_within
from services.projects.reading.text import node_text, one_line

MAX_TABLES, MAX_RECORDS = 30, 2000
MAX_CELLS = 20_000
_MAX_SPAN, _MAX_COLUMNS = 1000, 60
_HEAD_WITHIN = 4
"""A table's own title may stand in rows above its heads."""

_NUMBER = "序号"
"""It moves with every row that is put above."""
_HEADS = frozenset(KNOWN) | {_NUMBER, "备注"}
_NAME_HEAD = re.compile(
    r"(?:(?:投资|建设|申报)?(?:项目|工程)(?:\(.{1,6}\))?名称|(?:投资|建设|申报|工程|许可|重大|重点)项目)"
    r"(?:[(/、及和与](?:项目|统一|及|和)*(?:代码|编码|编号)\)?)?"
)
"""项目 alone stands above any labels."""
_CODE_HEAD = re.compile(r".{0,6}(?:项目|统一)代码|代码")
_DOCUMENT_HEAD = re.compile(r".{0,6}(?:文号|证号|证书编号|许可证编号)")
_BESIDE_NAME = re.compile(rf"[\s(]*(?:项目|统一)*(?:代码)?:?\s*{PROJECT_CODE.pattern}[\s)]*")
_FORMED_HEAD = re.compile(r"(?:批复|审批|核准|备案|发证|决定|许可)(?:时间|日期)")
_TOTAL = re.compile(r"合计|总计|小计|共计")


@dataclass(frozen=True)
class Record:
    """A row of a table: its cells by the word at their head, and all of it in one line."""

    cells: dict[str, str]
    text: str
    published: Printed | None = None
    """When the row says that it was published itself."""
    is_prose: bool = False
    """Whether it is a sentence of the page, and no row of a table."""

    @property
    def name(self) -> str | None:
        named = self._first(NAME_LABELS, _NAME_HEAD)
        return (_BESIDE_NAME.sub("", named) or None) if named else None

    @property
    def is_exact(self) -> bool:
        """Whether it names a code or a document where its heads promise one."""
        return bool(self.codes or self._documents)

    @property
    def doc_no(self) -> str | None:
        return _only(self._documents)

    @property
    def _documents(self) -> set[str]:
        named = self._first(DOCUMENT_LABELS, _DOCUMENT_HEAD)
        return document_numbers([named]) if named else set()

    @property
    def formed_on(self) -> date | None:
        named = self._first(FORMED_LABELS, _FORMED_HEAD)
        moment = leading_moment(named) if named else None
        return moment.on if moment else None

    @property
    def code(self) -> str | None:
        """Its project's; a row that names several is not of one of them for sure."""
        return _only(self.codes)

    @property
    def codes(self) -> set[str]:
        under_head = PROJECT_CODE.findall(self._first(CODE_LABELS, _CODE_HEAD) or "")
        return set(under_head or PROJECT_CODE.findall(self.text))

    def _first(self, words: Sequence[str], alike: re.Pattern[str]) -> str | None:
        exact = (self.cells[word] for word in words if self.cells.get(word))
        like = (cell for head, cell in self.cells.items() if cell and alike.fullmatch(head))
        return next(exact, None) or next(like, None)


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


@dataclass(frozen=True)
class Tables:
    """What the tables of a page say; `lists` are the memory ids of those with several records."""

    labels: dict[str, list[Labelled]] = field(default_factory=lambda: defaultdict(list))
    records: list[Record] = field(default_factory=list)
    lists: set[int] = field(default_factory=set)


Cell = tuple[str, bool]
"""What a cell holds, and whether it is a head cell."""


def read_tables(
    root: LexborNode | None, others: frozenset[int], hidden: frozenset[int] = frozenset()
) -> Tables:
    """The page's own tables, as far as they are shown.

    Raises SourceFault(too_large) for more records than any page has.
    """
    found, budget = Tables(), MAX_CELLS
    for table in root.css("table")[:MAX_TABLES] if root is not None else []:
        if len(table.css("table")) > 1 or is_within(table, others):
            continue
        rows = list(_rows(table, budget, hidden))
        budget -= sum(map(len, rows))
        records = _records([row for row in rows if any(text for text, _ in row)])
        if len(records) > 1:
            found.records.extend(records)
            found.lists.add(table.mem_id)
        else:
            _add(found.labels, _pairs(rows, records))
    if len(found.records) > MAX_RECORDS or (found.records and budget <= 0):
        raise SourceFault(Fault.TOO_LARGE, f"more than {MAX_RECORDS} records in its tables")
    return found


def rows_of_file(
    rows: Sequence[Sequence[str]],
) -> tuple[dict[str, list[Labelled]], list[Record]]:
    """The labels or the records of a file's table, none of whose cells is marked as a head.

    Raises SourceFault(too_large).
    """
    cells = [[(one_line(text), False) for text in row[:_MAX_COLUMNS]] for row in rows]
    filled = [row for row in cells if any(text for text, _ in row)]
    records, labels = _records(filled), defaultdict[str, list[Labelled]](list)
    if len(records) > MAX_RECORDS:
        raise SourceFault(Fault.TOO_LARGE, f"more than {MAX_RECORDS} records in its tables")
    if len(records) > 1:
        return labels, records
    _add(labels, _pairs(filled, records))
    return labels, []


def _add(labels: dict[str, list[Labelled]], pairs: Iterator[tuple[str, str]]) -> None:
    for label, value in pairs:
        word = word_of(label)
        if word and value:
            labels[word].append(Labelled(value, -1))


def _rows(table: LexborNode, budget: int, hidden: frozenset[int]) -> Iterator[list[Cell]]:
    """Rows with every cell that reaches into them, so that a merged cell stands in each."""
    reaching: dict[int, tuple[int, Cell]] = {}
    for row in table.css("tr"):
        if hidden and is_within(row, hidden):
            continue
        cells: dict[int, Cell] = {}
        for column, (left, cell) in list(reaching.items()):
            cells[column] = cell
            reaching[column] = (left - 1, cell)
            if left <= 1:
                del reaching[column]
        column = 0
        for node in row.iter():
            cell = (one_line(node_text(node, but=hidden)), node.tag == "th")
            spans = node.attributes
            down = _span(spans.get("rowspan"))
            for _ in range(_span(spans.get("colspan"))):
                while column in cells:
                    column += 1
                if column >= _MAX_COLUMNS:
                    break
                cells[column] = cell
                if down > 1:
                    reaching[column] = (down - 1, cell)
        yield [cells[at] for at in sorted(cells)]
        budget -= len(cells)
        if budget <= 0:
            return


def _span(text: str | None) -> int:
    if text is None:
        return 1
    value = text.strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() and len(value) < 6 else 1


def _records(rows: Sequence[Sequence[Cell]]) -> list[Record]:
    """The rows below a row of heads, if there is one that names projects or their codes."""
    for at, row in enumerate(rows[:_HEAD_WITHIN]):
        heads = [word_of(text) for text, _ in row]
        if _are_heads(heads, row):
            below = (_record(heads, following) for following in rows[at + 1 :])
            records = [record for record in below if record is not None]
            # In a form labels and values stand by turns as well; only its rows are no records.
            return [] if _by_turns(row) and not any(r.is_exact for r in records) else records
    return []


def _are_heads(heads: Sequence[str], row: Sequence[Cell]) -> bool:
    known = {head for head in heads if head in _HEADS or _NAME_HEAD.fullmatch(head)}
    known |= {head for head in heads if _CODE_HEAD.fullmatch(head)}
    keys = [h for h in known if _NAME_HEAD.fullmatch(h) or _CODE_HEAD.fullmatch(h)]
    are_marked = all(is_head for _, is_head in row)
    return bool(keys) and len(set(heads)) > 1 and (len(known) > 1 or are_marked)


def _by_turns(row: Sequence[Cell]) -> bool:
    row = _collapsed(row)
    labels, values = row[::2], row[1::2]
    are_labels = [is_head or word_of(text) in _HEADS for text, is_head in labels]
    are_values = [not is_head and word_of(text) not in _HEADS for text, is_head in values]
    return bool(values) and all(are_labels) and all(are_values)


def _collapsed(row: Sequence[Cell]) -> list[Cell]:
    """The row with a merged cell once."""
    return [cell for at, cell in enumerate(row) if at == 0 or cell != row[at - 1]]


def _record(heads: Sequence[str], row: Sequence[Cell]) -> Record | None:
    """The record of a row; None for the heads once more, a sum, or a row that names nothing."""
    texts = [text for text, _ in row]
    if len(set(texts)) < 2 or [word_of(text) for text in texts] == list(heads):
        return None
    cells: dict[str, str] = {}
    for head, text in zip(heads, texts, strict=False):
        if head != _NUMBER:
            cells.setdefault(head, text)
    record = Record(cells, one_line(" ".join(dict.fromkeys(cells.values())))[:MAX_CELLS])
    is_sum = any(_TOTAL.fullmatch(word_of(text)) for text in texts)
    return record if (record.name or record.codes) and not is_sum else None


def _pairs(rows: Sequence[Sequence[Cell]], records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Label and value side by side, or under the heads of one record."""
    side_by_side = [
        (label, value)
        for row in map(_collapsed, rows)
        if [is_head for _, is_head in row] == [True, False] * (len(row) // 2) or _by_turns(row)
        for (label, _), (value, _) in zip(row[::2], row[1::2], strict=False)
    ]
    if side_by_side:
        yield from side_by_side
    elif records:
        yield from records[0].cells.items()
    elif len(rows) == 2 and len(rows[0]) == len(rows[1]) > 2:
        yield from ((label, value) for (label, _), (value, _) in zip(*rows, strict=True))
