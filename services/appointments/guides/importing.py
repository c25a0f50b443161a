"""Service items from a printed list and the terms laid down for them. Pure."""

import csv
import io
import json
from typing import Any, NamedTuple

from services.appointments.guides.schemas import GuideContent, ItemIn


class ImportedItem(NamedTuple):
    """An item of the list with its terms and its guide."""

    code: str
    item: ItemIn
    guide: GuideContent


class ItemReport(NamedTuple):
    """What became of the list's lines."""

    rows: int
    duplicates: list[str]
    without_terms: list[str]
    unused_terms: list[str]


def read_items(
    table: str, terms: str, *, prefix: str, department: str
) -> tuple[list[ImportedItem], ItemReport]:
    """The items of the CSV list, coded in its order; a name met again is a duplicate.

    `terms` is a JSON list of what the list itself does not say. An item without terms is left out
    and reported, for its minutes and limits would be guesses.
    """
    known: dict[str, dict[str, Any]] = {one["name"]: one for one in json.loads(terms)}
    taken: dict[str, ImportedItem] = {}
    duplicates, missing, rows = [], [], 0
    for row in csv.DictReader(io.StringIO(table)):
        rows += 1
        name = row["item_zh"].strip()
        if name in taken:
            duplicates.append(name)
        elif name not in known:
            missing.append(name)
        else:
            code = f"{prefix}-{len(taken) + 1:02}"
            taken[name] = _item(code, row, known[name], department)
    unused = [name for name in known if name not in taken]
    return list(taken.values()), ItemReport(rows, duplicates, missing, unused)


def _item(code: str, row: dict[str, str], terms: dict[str, Any], department: str) -> ImportedItem:
    values = {key: value for key, value in terms.items() if key != "guide"}
    item = ItemIn(
        **values,
        name_en=row["item_en"].strip(),
        group=row["group"].strip(),
        department_code=department,
    )
    return ImportedItem(code, item, GuideContent.model_validate(terms["guide"]))
