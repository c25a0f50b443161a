"""Projects as the Open Contracting for Infrastructure Data Standards (OC4IDS 0.9) write them. Pure.

The standard has no approval kind, no reason for being in scope and fewer phases than ours: these
stand among a project's classifications, under schemes of our own, and are read back from there.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from services.projects.register.models import UNIT_CODE, ApprovalKind, Phase, Project
from services.projects.register.schemas import ImportRow, PackageRow
from shared.errors import Text
from shared.web import imports
from shared.web.imports import Line, LineError
from shared.web.validation_messages import message_for

CODE_SCHEME = "CN-TZXM"
"""投资项目统一代码 (国办发〔2015〕12号), among a project's identifiers."""
APPROVAL_SCHEME, PHASE_SCHEME, SCOPE_SCHEME = "CN-APPROVAL-KIND", "CN-PROJECT-PHASE", "CN-SCOPE"
CURRENCY, UNIT = "CNY", 10_000
"""Investments are held in 10,000 yuan."""
NATIONAL_CODE = re.compile(r"\d{4}-\d{6}-\d{2}-\d{2}-\d{6}")

STATUS_OF = {
    Phase.APPROVAL: "preparation",
    Phase.BIDDING: "implementation",
    Phase.CONSTRUCTION: "implementation",
    Phase.COMPLETED: "completion",
}
"""The standard's stage of each phase: its implementation begins with the procurement."""
_PHASE_OF = {
    "identification": Phase.APPROVAL,
    "preparation": Phase.APPROVAL,
    "implementation": Phase.CONSTRUCTION,
    "completion": Phase.COMPLETED,
    "maintenance": Phase.COMPLETED,
    "decommissioning": Phase.COMPLETED,
    "decommissioned": Phase.COMPLETED,
}
_NAMES = {
    "code": "id",
    "name": "title",
    "lead_unit": "publicAuthority",
    "approval_kind": "additionalClassifications",
    "scope_basis": "additionalClassifications",
    "investment_10k_yuan": "budget",
    "phase": "status",
}
"""Where in the standard a field of ours is read."""
_READ = frozenset(
    ("id", "identifiers", "title", "status", "additionalClassifications", "budget")
    + ("publicAuthority", "updated", "language")
)
"""What of a project is read here, and what only says when and how it was written."""
_OWN_SCHEMES = (APPROVAL_SCHEME, PHASE_SCHEME, SCOPE_SCHEME)
_PUT = {"approval_kind": ApprovalKind.EXAMINE, "phase": Phase.APPROVAL}
_COLUMN_OF = {"lead_unit": "lead_unit_code"}
_NO_PACKAGE = Text(
    "不是项目数据包：应列出各个项目",
    "not an OC4IDS project package: it lists its projects",
)
_CANCELLED = Text("已取消的项目不导入", "a cancelled project is not imported")


def read(content: bytes, *, max_rows: int) -> tuple[list[Line[ImportRow]], list[LineError]]:
    """The projects of an OC4IDS package and what is wrong with others; a line is a place in the
    list of projects, from 1. Raises ImportRefused for what is no such package.

    A project goes under its unified code where its identifiers have one, and else under its own
    OC4IDS id, which is the only one of its kind in the world. Where it does not say how it was
    approved, it is one that government examines: what the standard is about is invested in by
    government (政府投资条例 art. 9). An investment in another currency is not known in ours. What a
    package does not say is put so for new projects alone (`as_known`).
    """
    package = _package(content)
    projects, source = _projects(package, max_rows), _source(package)
    lines: list[Line[ImportRow]] = []
    errors: list[LineError] = []
    for number, project in enumerate(projects, start=1):
        if not isinstance(project, dict):
            errors.append(LineError(number, "", f"{_NO_PACKAGE.zh} | {_NO_PACKAGE.en}"))
        elif project.get("status") == "cancelled":
            errors.append(LineError(number, "status", f"{_CANCELLED.zh} | {_CANCELLED.en}"))
        else:
            try:
                lines.append(Line(number, PackageRow.model_validate(_values(project, source))))
            except ValidationError as error:
                errors += _named(number, error)
    return lines, errors


def _named(number: int, error: ValidationError) -> Iterator[LineError]:
    for each in error.errors():
        name = str(each["loc"][0]) if each["loc"] else ""
        yield LineError(number, _NAMES.get(name, name), " | ".join(message_for(each)))


def _package(content: bytes) -> dict[str, Any]:
    try:
        package = json.loads(content)
    except (ValueError, RecursionError):
        package = None
    return package if isinstance(package, dict) else {}


def _source(package: Mapping[str, Any]) -> str:
    """What is said of the scope of a project that does not say itself."""
    uri = package.get("uri")
    return f"OC4IDS {uri}"[:300] if isinstance(uri, str) else "OC4IDS"


def _projects(package: Mapping[str, Any], max_rows: int) -> list[Any]:
    projects = package.get("projects")
    if not isinstance(projects, list) or not projects:
        raise imports.refuse([LineError(1, "projects", f"{_NO_PACKAGE.zh} | {_NO_PACKAGE.en}")])
    if len(projects) > max_rows:
        too_many = f"最多 {max_rows} 个项目 | at most so many"
        raise imports.refuse([LineError(max_rows + 1, "projects", too_many)])
    return projects


def _values(project: Mapping[str, Any], source: str) -> dict[str, Any]:
    classified = {
        each.get("scheme"): each
        for each in _dicts(project.get("additionalClassifications"))
        if isinstance(each.get("scheme"), str)
    }
    stage = str(project.get("status"))
    phase = classified.get(PHASE_SCHEME, {}).get("id")
    said = {
        "approval_kind": classified.get(APPROVAL_SCHEME, {}).get("id"),
        "phase": phase or _PHASE_OF.get(stage),
        "scope_basis": classified.get(SCOPE_SCHEME, {}).get("description"),
        "lead_unit": _authority(project),
        "investment_10k_yuan": _investment(project.get("budget")),
    }
    unsaid = {name for name, value in said.items() if value is None}
    put = {**_PUT, "scope_basis": source}
    return {
        **{name: value for name, value in said.items() if value is not None},
        **{name: put[name] for name in unsaid & put.keys()},
        "code": _code(project),
        "name": project.get("title"),
        "unsaid": unsaid,
        "stage": None if phase else stage,
        "not_taken": _not_taken(project),
    }


def _not_taken(project: Mapping[str, Any]) -> set[str]:
    """The fields of a project that are not read, as far as it has them."""
    others = {name for name, value in project.items() if name not in _READ and value}
    classified = _dicts(project.get("additionalClassifications"))
    if any(each.get("scheme") not in _OWN_SCHEMES for each in classified):
        others.add("additionalClassifications")
    return others


def as_known(row: PackageRow, known: Project) -> PackageRow:
    """The row for a project that is registered: what the package does not say stays, and so does a
    phase that the standard does not tell from the one it names."""
    kept = {name: getattr(known, _COLUMN_OF.get(name, name)) for name in row.unsaid}
    if row.stage is not None and STATUS_OF[known.phase] == row.stage:
        kept["phase"] = known.phase
    return row.model_copy(update=kept)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _code(project: Mapping[str, Any]) -> Any:
    """Its unified code, whichever the scheme that the file calls it by; else its own id."""
    known = (each.get("id") for each in _dicts(project.get("identifiers")))
    national = [each for each in known if isinstance(each, str) and NATIONAL_CODE.fullmatch(each)]
    return national[0] if national else project.get("id")


def _authority(project: Mapping[str, Any]) -> str | None:
    authority = project.get("publicAuthority")
    code = authority.get("id") if isinstance(authority, dict) else None
    return code if isinstance(code, str) and re.fullmatch(UNIT_CODE, code) else None


def _investment(budget: Any) -> int | None:
    amount = budget.get("amount") if isinstance(budget, dict) else None
    if not isinstance(amount, dict) or amount.get("currency") != CURRENCY:
        return None
    value = amount.get("amount")
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value / UNIT)
