"""What a page says about the decision it publishes: the start of the clock, never its end."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.projects.reading.dates import leading_moment, plain
from services.projects.reading.labels import Labelled

PROJECT_CODE = re.compile(r"(?<![\d-])\d{4}-\d{6}-\d{2}-\d{2}-\d{6}(?![\d-])")
_DOCUMENT = re.compile(
    r"([一-鿿]{2,16})\s*[〔\[(【]\s*((?:19|20)\d{2})\s*[〕\])】]\s*(?:第\s*)?(\d{1,5})\s*号"
)
CODE_LABELS = ("项目统一代码", "投资项目统一代码", "项目代码")
DOCUMENT_LABELS = (
    *("批复文号", "审批文号", "核准文号", "决定书文号", "许可证编号", "许可证号", "发证编号"),
    *("证书编号", "备案编号", "发文字号", "文号"),
)
FORMED_LABELS = (
    *("批复时间", "批复日期", "审批时间", "审批日期", "核准时间", "核准日期", "发证日期"),
    *("发证时间", "许可决定日期", "作出决定日期", "决定日期", "备案日期", "签发日期"),
    *("成文日期", "成文时间", "生成日期", "产生日期"),
)
NAME_LABELS = ("项目名称", "建设项目名称", "工程名称")
_INDEX_LABELS = ("索引号", "信息索引号")
_INDEX_NO = re.compile(r"[\w一-鿿〔〕\[\]()./:-]{4,60}")
_SPACES = re.compile(r"\s+")

Labels = Mapping[str, Sequence[Labelled]]


@dataclass(frozen=True)
class DecisionFacts:
    """项目统一代码, 批复文号, 批复时间 (with its label), the project's name and 索引号."""

    project_code: str | None = None
    doc_no: str | None = None
    formed_on: date | None = None
    formed_label: str | None = None
    project_name: str | None = None
    index_no: str | None = None


def read_facts(labels: Labels, title: str, text: str) -> DecisionFacts:
    """The decision facts of a page, from its labels, then from its title and text.

    What a page says of several decisions is a fact of none.
    """
    formed_label, formed_on = _formed(labels)
    return DecisionFacts(
        project_code=_project_code(labels, f"{title}\n{text}"),
        doc_no=_document_no(labels, title),
        formed_on=formed_on,
        formed_label=formed_label,
        project_name=_only(labels, NAME_LABELS),
        index_no=_index_no(labels),
    )


def normal_document_no(text: str) -> str:
    """A document number in one form: `宁发改审批 [2026] 第 12 号` is 宁发改审批〔2026〕12号."""
    match = _DOCUMENT.search(plain(text))
    if match:
        return f"{match[1]}〔{match[2]}〕{match[3]}号"
    return _SPACES.sub("", plain(text))


def document_numbers(texts: Iterable[str]) -> set[str]:
    """The different document numbers that these texts give, each in one form."""
    given = [text for text in texts if any(map(str.isdigit, text))]
    each = [
        [match.group() for match in _DOCUMENT.finditer(plain(text))] or [text] for text in given
    ]
    return {normal_document_no(number)[:100] for numbers in each for number in numbers}


def _values(labels: Labels, words: Iterable[str]) -> list[str]:
    """The values of the first of these labels that the page has, each once."""
    found = next((labels[word] for word in words if word in labels), ())
    return list(dict.fromkeys(each.value for each in found))


def _only(labels: Labels, words: Iterable[str]) -> str | None:
    values = _values(labels, words)
    return values[0] if len(values) == 1 else None


def _project_code(labels: Labels, everything: str) -> str | None:
    """The labelled code; without one, the only code on the page."""
    labelled = set(PROJECT_CODE.findall(plain(" ".join(_values(labels, CODE_LABELS)))))
    codes = labelled or set(PROJECT_CODE.findall(plain(everything)))
    return codes.pop() if len(codes) == 1 else None


def _document_no(labels: Labels, title: str) -> str | None:
    """The labelled number or the one in the title: a body also cites the documents it rests on."""
    values = _values(labels, DOCUMENT_LABELS)
    numbers = document_numbers(values)
    if not values and (match := _DOCUMENT.search(plain(title))):
        numbers = {normal_document_no(match.group())[:100]}
    return numbers.pop() if len(numbers) == 1 else None


def _formed(labels: Labels) -> tuple[str | None, date | None]:
    for word in FORMED_LABELS:
        moments = [leading_moment(each.value) for each in labels.get(word, ())]
        days = {moment.on for moment in moments if moment is not None}
        if days:
            return (word, days.pop()) if len(days) == 1 else (None, None)
    return None, None


def _index_no(labels: Labels) -> str | None:
    """As printed: there is no national form, and it is not unique."""
    value = _only(labels, _INDEX_LABELS)
    found = _INDEX_NO.match(value) if value else None
    return found.group() if found and any(map(str.isdigit, found.group())) else None
