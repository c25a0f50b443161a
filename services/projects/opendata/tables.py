"""The public lists as tables for spreadsheets, under heads in one language. Pure."""

from collections.abc import Iterable
from datetime import datetime

from services.projects.opendata import rules
from services.projects.opendata.facts import PublicDuty, PublicProject
from services.projects.opendata.oc4ids import APPROVAL_NAMES
from services.projects.register.schemas import UnitView
from services.projects.reports.rules.wording import PHASES, VERDICT_NAMES
from shared.clock import moment_text
from shared.errors import Text
from shared.web import spreadsheets

_PROJECT_HEADS = (
    Text("项目代码", "project code"),
    Text("项目名称", "project"),
    Text("立项方式", "approval"),
    Text("阶段", "phase"),
    Text("牵头单位代码", "lead unit code"),
    Text("牵头单位", "lead unit"),
    Text("投资额（万元）", "investment in 10,000 yuan"),
    Text("列入范围的依据", "basis"),
)
_UNIT_HEADS = (
    Text("单位代码", "unit code"),
    Text("单位名称", "unit"),
    Text("英文名称", "name in English"),
    Text("其他名称", "other names"),
    Text("存在之日", "since"),
    Text("撤并之日", "until"),
)
_PUBLICATION_HEADS = (
    Text("义务编号", "duty"),
    Text("项目代码", "project code"),
    Text("项目名称", "project"),
    Text("单位代码", "unit code"),
    Text("公开主体", "unit"),
    Text("事项代码", "item code"),
    Text("事项", "item"),
    Text("形成日期", "formed on"),
    Text("届满日", "due on"),
    Text("结论", "verdict"),
    Text("公开时间", "published at"),
    Text("首次看见", "first seen"),
    Text("时间可信度", "trust in the time"),
    Text("网址", "address"),
)


def projects(rows: Iterable[PublicProject], language: str) -> bytes:
    """A line a project."""
    lines = (
        (
            row.code,
            row.name,
            APPROVAL_NAMES[row.approval_kind].say(language),
            PHASES[row.phase].say(language),
            row.lead_unit_code,
            row.lead_unit_name,
            row.investment_10k_yuan,
            row.scope_basis,
        )
        for row in rows
    )
    return _csv(_PROJECT_HEADS, lines, language)


def units(rows: Iterable[UnitView], language: str) -> bytes:
    """A line a unit."""
    lines = (
        (row.code, row.name, row.name_en, ";".join(row.aliases), row.valid_from, row.valid_to)
        for row in rows
    )
    return _csv(_UNIT_HEADS, lines, language)


def publications(rows: Iterable[PublicDuty], language: str) -> bytes:
    """A line a publication; its times are those of Shanghai."""
    lines = (
        (
            row.id,
            row.project_code,
            row.project_name,
            row.unit_code,
            row.unit_name,
            row.item_code,
            row.item_name,
            row.formed_on,
            row.due_on,
            VERDICT_NAMES[row.verdict].say(language),
            _moment(rules.published_at(row)),
            _moment(row.first_seen_at),
            row.trust,
            row.url,
        )
        for row in rows
    )
    return _csv(_PUBLICATION_HEADS, lines, language)


def _csv(heads: Iterable[Text], lines: Iterable[tuple[object, ...]], language: str) -> bytes:
    return spreadsheets.to_csv([head.say(language) for head in heads], lines)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment_text(at)
