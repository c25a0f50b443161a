"""What a page says about the decision it publishes: the start of the clock, never its end."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.projects.reading.dates import plain, read_day
from services.projects.reading.labels import Labelled

_PROJECT_CODE = re.compile(r"(?<![\d-])\d{4}-\d{6}-\d{2}-\d{2}-\d{6}(?![\d-])")
_DOCUMENT = re.compile(
    r"([一-鿿]{2,16})\s*[〔\[(【]\s*((?:19|20)\d{2})\s*[〕\])】]\s*(?:第\s*)?(\d{1,5})\s*号"
)
_CODE_LABELS = ("项目统一代码", "投资项目统一代码", "项目代码")
_DOCUMENT_LABELS = (
    *("批复文号", "审批文号", "核准文号", "决定书文号", "许可证编号", "许可证号", "发证编号"),
    *("证书编号", "备案编号", "发文字号", "文号"),
)
_FORMED_LABELS = (
    *("批复时间", "批复日期", "审批时间", "审批日期", "核准时间", "核准日期", "发证日期"),
    *("发证时间", "许可决定日期", "作出决定日期", "决定日期", "备案日期", "签发日期"),
    *("成文日期", "成文时间", "生成日期", "产生日期"),
)
_NAME_LABELS = ("项目名称", "建设项目名称", "工程名称")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class DecisionFacts:
    """项目统一代码, 批复文号, 批复时间 (with the label it stood under) and the project's name."""

    project_code: str | None = None
    doc_no: str | None = None
    formed_on: date | None = None
    formed_label: str | None = None
    project_name: str | None = None


def read_facts(labels: Mapping[str, Labelled], title: str, text: str) -> DecisionFacts:
    """The decision facts of a page, from its labels, then from its title and text."""
    formed_label, formed_on = _formed(labels)
    return DecisionFacts(
        project_code=_project_code(labels, f"{title}\n{text}"),
        doc_no=_document_no(labels, title),
        formed_on=formed_on,
        formed_label=formed_label,
        project_name=_first(labels, _NAME_LABELS),
    )


def normal_document_no(text: str) -> str:
    """A document number in one form: `宁发改审批 [2026] 第 12 号` is 宁发改审批〔2026〕12号."""
    match = _DOCUMENT.search(plain(text))
    if match:
        return f"{match[1]}〔{match[2]}〕{match[3]}号"
    return _SPACES.sub("", plain(text))


def _first(labels: Mapping[str, Labelled], words: Iterable[str]) -> str | None:
    return next((labels[word].value for word in words if word in labels), None)


def _project_code(labels: Mapping[str, Labelled], everything: str) -> str | None:
    """The labelled code; without one, the only code on the page."""
    labelled = _PROJECT_CODE.search(plain(_first(labels, _CODE_LABELS) or ""))
    if labelled:
        return labelled.group()
    codes = set(_PROJECT_CODE.findall(plain(everything)))
    return codes.pop() if len(codes) == 1 else None


def _document_no(labels: Mapping[str, Labelled], title: str) -> str | None:
    """The labelled number or the one in the title: a body also cites the documents it rests on."""
    text = _first(labels, _DOCUMENT_LABELS)
    if text is None:
        text = match.group() if (match := _DOCUMENT.search(plain(title))) else None
    return normal_document_no(text)[:100] if text else None


def _formed(labels: Mapping[str, Labelled]) -> tuple[str | None, date | None]:
    for word in _FORMED_LABELS:
        day = read_day(labels[word].value) if word in labels else None
        if day is not None:
            return word, day
    return None, None
