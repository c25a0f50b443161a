"""How an import file of projects is read: every line checked, or nothing imported. Pure."""

from codecs import BOM_UTF8
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from services.projects.register import oc4ids, workbooks
from services.projects.register.models import Project
from services.projects.register.schemas import ImportRow
from shared.errors import Conflict, Text
from shared.web import imports
from shared.web.imports import Columns, Line, LineError

COLUMNS = Columns(
    (
        "code",
        "name",
        "approval_kind",
        "phase",
        "lead_unit",
        "scope_basis",
        "investment_10k_yuan",
        "list_year",
        "list_title",
    ),
    required={"code", "name", "approval_kind", "scope_basis"},
    numbers={"investment_10k_yuan", "list_year"},
)
MAX_ROWS = 100_000
MAX_BYTES = 32_000_000


class UnitStillOpen(Conflict):
    """A unit ends of which something is open, and nobody would be there to see to it.

    Member `open`: how many duties, orders, disputes, exemptions, releases, portals and packs.
    """

    type = "/problems/unit-still-open"
    title = Text("该单位还有未了结的事项", "Something of this unit is still open")
    advice = Text(
        "已并入其他单位的，请办理并入；否则请先了结未公开的义务和案件，停用其栏目和公开包",
        "If it becomes part of another unit, please record that merger; otherwise see to its duties"
        " and cases first, and switch off its portals and packs",
    )


def ends(before: date | None, last_day: date | None) -> bool:
    """Whether a unit that existed until `before` (None: without an end) ends now, or earlier."""
    return last_day is not None and (before is None or last_day < before)


def renamed(
    project: Project, name: str, aliases: Sequence[str], now: datetime, *, by_officer: bool
) -> dict[str, Any]:
    """The columns of a project that a change to these names writes; none if they are the same.

    An officer's names count only once they are confirmed, and never make a proof of absence too
    old; an administrator's count at once, and the project's duties are matched again by them. Who
    leaves the names as they are confirms none: that is asked for by itself.
    """
    given, known = [name, *aliases], [project.name, *project.aliases]
    if given == known:
        return {}
    counting = project.confirmed_names or known
    if given == counting:
        return {"match_wanted": True, "confirmed_names": None}
    if by_officer:
        return {"match_wanted": True, "confirmed_names": counting}
    return {"match_wanted": True, "confirmed_names": None, "names_since": now}


def read(content: bytes) -> list[Line[ImportRow]]:
    """The projects of a file with their lines: of a CSV file (UTF-8 or GB18030), of the first sheet
    of an XLSX file, or of an OC4IDS package, whichever its first characters say that it is.

    Raises ImportRefused with every error.
    """
    if is_package(content):
        lines, errors = oc4ids.read(content, max_rows=MAX_ROWS)
    elif workbooks.is_workbook(content):
        lines, errors = workbooks.read(content, ImportRow, COLUMNS, max_rows=MAX_ROWS)
    else:
        lines, errors = imports.read(content, ImportRow, COLUMNS, max_rows=MAX_ROWS)
    errors += imports.repeated(lines, "code")
    errors += [
        LineError(number, "list_title", "年度与清单名称须同时填写 | both or none")
        for number, row in lines
        if (row.list_year is None) is not (row.list_title is None)
    ]
    if errors:
        raise imports.refuse(sorted(errors, key=lambda error: error.line))
    return lines


def is_package(content: bytes) -> bool:
    """Whether the file is JSON: no heading of a table begins so."""
    return content.removeprefix(BOM_UTF8).lstrip()[:1] in (b"{", b"[")
