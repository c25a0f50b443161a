"""How an import file of projects is read: every line checked, or nothing imported. Pure."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.projects.register.models import Project
from services.projects.register.schemas import ImportRow
from shared.errors import Invalid, Text, counted
from shared.web.validation_messages import message_for

COLUMNS = (
    "code",
    "name",
    "approval_kind",
    "phase",
    "lead_unit",
    "scope_basis",
    "investment_10k_yuan",
    "list_year",
    "list_title",
)
REQUIRED = {"code", "name", "approval_kind", "scope_basis"}
NUMBERS = {"investment_10k_yuan", "list_year"}
MAX_ROWS = 20_000
MAX_BYTES = 5_000_000
_WHOLE = re.compile(r"-?[0-9]{1,15}")


class ImportRefused(Invalid):
    """The file has errors; member `lines` says which line, which column and what is wrong."""

    type = "/problems/import-refused"
    title = Text("文件有误，未导入任何一行", "The file has errors; nothing was imported")
    advice = Text("请逐行改正所列的错误后重新导入", "Correct the lines listed and import again")


def renamed(
    project: Project, name: str, aliases: Sequence[str], now: datetime, *, by_officer: bool
) -> dict[str, Any]:
    """The columns of a project that a change to these names writes; none if they are the same.

    An officer's names count only once they are confirmed, and never make a proof of absence too
    old; an administrator's count at once, and the project's duties are matched again by them.
    """
    given, known = [name, *aliases], [project.name, *project.aliases]
    counting = project.confirmed_names or known
    if by_officer:
        confirmed = None if given == counting else counting
        is_same = given == known
        return {} if is_same else {"match_wanted": True, "confirmed_names": confirmed}
    if given == counting:
        return {} if given == known else {"match_wanted": True, "confirmed_names": None}
    return {"match_wanted": True, "confirmed_names": None, "names_since": now}


@dataclass(frozen=True)
class LineError:
    """What is wrong with a line; line 1 is the heading."""

    line: int
    field: str
    detail: str


def refuse(errors: list[LineError]) -> ImportRefused:
    """The problem that names every wrong line (the first hundred)."""
    detail = Text(
        f"共 {len(errors)} 处错误，请改正后重新上传",
        f"{counted(len(errors), 'error')}; please correct what is listed and upload again",
    )
    return ImportRefused(detail, pointer="/body", lines=[vars(error) for error in errors[:100]])


def read(content: bytes) -> list[ImportRow]:
    """The projects of a CSV file (UTF-8 or GB18030). Raises ImportRefused with every error."""
    reader = csv.DictReader(io.StringIO(_text(content), newline=""), restkey="", strict=True)
    try:
        names = set(reader.fieldnames or ())
        wrong = [*(names - set(COLUMNS)), *(REQUIRED - names)]
        if wrong:
            raise refuse(
                [LineError(1, name, "列名不认识或缺失 | unknown or missing") for name in wrong]
            )
        raw = list(reader)
    except csv.Error as error:
        raise refuse([LineError(reader.line_num, "", str(error))]) from None
    if len(raw) > MAX_ROWS:
        raise refuse([LineError(MAX_ROWS + 2, "", f"最多 {MAX_ROWS} 行 | at most so many")])
    return _rows(raw)


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refuse([LineError(1, "", "文字编码应为 UTF-8 或 GB18030 | unknown encoding")])


def _numbers(filled: dict[str, str]) -> dict[str, int]:
    """What a file can only write as text; what is no number stays, to be named."""
    numbers = {name: filled[name] for name in NUMBERS & filled.keys()}
    return {name: int(text) for name, text in numbers.items() if _WHOLE.fullmatch(text)}


def _rows(raw: list[dict[str, Any]]) -> list[ImportRow]:
    rows: list[ImportRow] = []
    errors: list[LineError] = []
    lines: dict[str, int] = {}
    for line, values in enumerate(raw, start=2):
        if "" in values:
            errors.append(LineError(line, "", "列数太多 | too many columns"))
            continue
        filled = {name: text.strip() for name, text in values.items() if text and text.strip()}
        try:
            row = ImportRow.model_validate(filled | _numbers(filled))
        except ValidationError as error:
            errors += [
                LineError(line, str(e["loc"][-1]), " | ".join(message_for(e)))
                for e in error.errors()
            ]
            continue
        if row.code in lines:
            errors.append(LineError(line, "code", f"与第 {lines[row.code]} 行重复 | repeated"))
        if (row.list_year is None) is not (row.list_title is None):
            errors.append(LineError(line, "list_title", "年度与清单名称须同时填写 | both or none"))
        lines.setdefault(row.code, line)
        rows.append(row)
    if errors:
        raise refuse(errors)
    return rows
