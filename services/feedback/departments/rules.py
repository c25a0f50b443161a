"""How an import file of departments is read, and what a line changes. Pure."""

from typing import Any

from services.feedback.departments.models import Department
from services.feedback.departments.schemas import DepartmentRow
from shared.web import imports
from shared.web.imports import Columns

COLUMNS = Columns(
    ("code", "name", "name_en", "english_name", "is_active", "staff_names", "numbers"),
    required={"code", "name"},
    lists={"staff_names", "numbers"},
    truths={"is_active"},
)
_OF_STAFF = {"staff_names"}


def read(content: bytes) -> list[DepartmentRow]:
    """The departments of a CSV file (UTF-8 or GB18030). Raises ImportRefused with every error."""
    lines, errors = imports.read(content, DepartmentRow, COLUMNS)
    errors += imports.repeated(lines, "code")
    if errors:
        raise imports.refuse(sorted(errors, key=lambda error: error.line))
    return [line.row for line in lines]


def new(row: DepartmentRow) -> dict[str, Any]:
    """The columns of a department that is not known yet."""
    given = row.model_dump(exclude=_OF_STAFF, exclude_none=True)
    return {"english_name": "", "is_active": True, "numbers": [], "version": 1, **given}


def changes(known: Department, row: DepartmentRow) -> dict[str, Any]:
    """The columns that the line gives and that are another in the known department."""
    given = row.model_dump(exclude={"code", *_OF_STAFF}, exclude_none=True)
    return {name: value for name, value in given.items() if getattr(known, name) != value}
