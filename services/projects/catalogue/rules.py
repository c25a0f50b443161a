"""How the catalogue file is read. Its columns mix meanings; each is split into columns of one."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from services.projects.calendar.clocks import ClockRule, as_data
from services.projects.calendar.models import CountedIn, RuleKind
from services.projects.calendar.rules import asked_clock
from services.projects.calendar.schemas import RuleInput
from services.projects.catalogue.models import (
    AudienceKind,
    DisclosureLimitUnit,
    DutyKind,
    NotAuditable,
)
from services.projects.catalogue.schemas import FileLine, ItemRow
from shared.errors import Invalid
from shared.web import imports
from shared.web.imports import Columns, LineError
from shared.web.validation_messages import message_for

T = TypeVar("T")

COLUMNS = Columns(tuple(FileLine.model_fields), required=FileLine.model_fields.keys() - {"clock"})
MAX_ITEMS = 5_000
PUBLISHED = "主动"
"""The mode of what is published without being asked for."""
_SHORT_LIMIT = "short_limit_if_licence_or_penalty_WD"
_COLUMN_OF = {
    "body_types": "responsible_body_type",
    "month_day": "limit_value",
    "short_limit_wd": _SHORT_LIMIT,
    "licence": "is_licence_or_penalty",
}
"""Where a value comes from a column of another name."""
UNVERIFIED = "(general-unverified)"
_ONLINE = re.compile(r"网|平台|两微一端|媒体|信用中国|公报|网络")
_DISPLAYS = {DutyKind.MIN_PERIOD, DutyKind.MIN_PUBLICITY}


class CatalogueUnreadable(ValueError):
    """A row of the file is wrong; the message names the line and the column."""


def read(lines: Iterable[str]) -> list[ItemRow]:
    """The items of a catalogue file (columns of DOMAIN b.5). Raises CatalogueUnreadable."""
    return list(_read(lines))


def _read(lines: Iterable[str]) -> Iterator[ItemRow]:
    for number, raw in enumerate(csv.DictReader(lines), start=2):
        try:
            yield ItemRow(**split(raw))
        except (KeyError, ValueError) as error:
            reason = error.errors()[0] if isinstance(error, ValidationError) else error
            raise CatalogueUnreadable(f"line {number}: {reason}") from error


class _WrongCell(ValueError):
    """The column that cannot be read."""


def read_file(content: bytes) -> list[ItemRow]:
    """The items of a catalogue file that is imported. Raises ImportRefused with every error."""
    lines, errors = imports.read(content, FileLine, COLUMNS, max_rows=MAX_ITEMS)
    errors += imports.repeated(lines, "item_code")
    items = []
    for number, line in lines:
        try:
            items.append(ItemRow(**split(line.model_dump())))
        except ValidationError as error:
            errors += [
                LineError(number, _column(e["loc"]), " | ".join(message_for(e)))
                for e in error.errors()
            ]
        except _WrongCell as wrong:
            errors.append(LineError(number, str(wrong), "不是可用的值 | not one of the values"))
    if not items and not errors:
        errors.append(LineError(2, "", "文件里没有事项 | there are no items"))
    if errors:
        raise imports.refuse(sorted(errors, key=lambda error: error.line))
    return items


def _column(where: tuple[int | str, ...]) -> str:
    name = str(where[0]) if where else ""
    return _COLUMN_OF.get(name, name)


def _cell(raw: dict[str, str], column: str, read: Callable[[str], T]) -> T:
    try:
        return read(raw[column])
    except ValueError:
        raise _WrongCell(column) from None


def split(raw: dict[str, str]) -> dict[str, Any]:
    """The values of one row, each column holding one meaning."""
    unit = _cell(raw, "limit_unit", DisclosureLimitUnit)
    kind = _cell(raw, "duty_kind", DutyKind)
    audience, channels = _parts(raw["audience"]), _parts(raw["channels"])
    licence = raw["is_licence_or_penalty"]
    counted = unit in (DisclosureLimitUnit.WORKING_DAYS, DisclosureLimitUnit.CALENDAR_DAYS)
    n = _cell(raw, "limit_value", int) if counted else None
    return {
        "item_code": raw["item_code"],
        "domain": raw["domain"],
        "category_l1": raw["category_l1"],
        "item_l2": raw["item_l2"],
        "content_elements": elements(raw["content_elements"]),
        "body_types": _parts(raw["responsible_body_type"]),
        "clock_start_event": raw["clock_start_event"],
        "duty_kind": kind,
        "limit_value": n,
        "limit_unit": unit,
        "month_day": raw["limit_value"] if unit is DisclosureLimitUnit.MONTH_DAY else None,
        "short_limit_wd": _cell(raw, _SHORT_LIMIT, lambda text: int(text or 0)) or None,
        "clock": _clock_cell(raw, kind, unit, n),
        "licence": licence.removesuffix(UNVERIFIED).strip(),
        "licence_verified": not licence.endswith(UNVERIFIED),
        "channels": channels,
        "audience": [part.removeprefix("特定群体:") for part in audience],
        "audience_kind": audience_kind(audience),
        "mode": raw["mode"],
        "legal_basis": _parts(raw["legal_basis"]),
        "basis_verified": raw["basis_status"] == "sourced",
        "sources": _parts(raw["source"]),
        "notes": raw["notes"],
        "not_auditable": not_auditable(raw["mode"], audience, channels),
    }


def _clock_cell(
    raw: dict[str, str], kind: DutyKind, unit: DisclosureLimitUnit, n: int | None
) -> dict[str, Any] | None:
    if raw.get("clock"):
        return _cell(raw, "clock", _clock)
    rule = clock_of(raw["mode"], kind, unit, n)
    return None if rule is None else as_data(rule)


def _clock(text: str) -> dict[str, Any]:
    """The clock that a file gives in its own column, as the calculator takes it (JSON)."""
    try:
        return as_data(asked_clock(RuleInput.model_validate_json(text)))
    except Invalid as refused:
        raise ValueError(str(refused)) from refused


def clock_of(
    mode: str, kind: DutyKind, unit: DisclosureLimitUnit, n: int | None
) -> ClockRule | None:
    """The clock of an item, where its kind and number do not say all of it.

    A time on display is a least time, so it rolls to no later day: 公示期不得少于3日
    (招标投标法实施条例 art. 54).
    """
    if mode != PUBLISHED:
        return None
    if kind is DutyKind.WITH_NOTICE:
        return ClockRule(RuleKind.SAME_TIME_AS)
    if kind in _DISPLAYS and n is not None:
        counted = CountedIn.WORKING_DAYS
        if unit is DisclosureLimitUnit.CALENDAR_DAYS:
            counted = CountedIn.CALENDAR_DAYS
        return ClockRule(RuleKind.MIN_DISPLAY, n, roll_forward=False, counted_in=counted)
    return None


def _parts(text: str) -> list[str]:
    return [part for part in (p.strip() for p in re.split(r"[;；]", text)) if part]


def elements(text: str) -> list[str]:
    """The content elements: separated by 、 or 。;, except inside brackets."""
    parts = re.split(r"[、;；](?![^(（]*[)）])", text)
    return [part for part in (p.strip() for p in parts) if part]


def audience_kind(audience: list[str]) -> AudienceKind:
    """Everyone as soon as 全社会 is named; the rest are groups, or the administration itself."""
    if "全社会" in audience:
        return AudienceKind.EVERYONE
    inside = all(part in ("内部", "行政机关") for part in audience)
    return AudienceKind.INTERNAL if inside else AudienceKind.GROUP


def not_auditable(mode: str, audience: list[str], channels: list[str]) -> NotAuditable | None:
    """Why the open web cannot tell whether this item was published in time; None: it can.

    Absence on the web is lawful where the audience is a group or the place a village board.
    """
    if mode != PUBLISHED:
        return NotAuditable.NOT_A_PUBLICATION
    if audience_kind(audience) is not AudienceKind.EVERYONE:
        return NotAuditable.AUDIENCE_IS_A_GROUP
    if not any(_ONLINE.search(channel) for channel in channels):
        return NotAuditable.PLACE_IS_NOT_ONLINE
    return None
