"""The SQL of pre-checks: one read each."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.people.rules import ACCOUNT
from services.appointments.pre_checks.models import PreCheck, PreCheckState
from services.appointments.pre_checks.rules import Listed
from shared.database.engine import DirectPool
from shared.database.narrowing import narrowed
from shared.database.rows import columns, loaded, rest

# The ticket is asked of its table itself, because this room knows no tickets.
_SEEN = f"""
SELECT {columns(PreCheck, "p")}, i.name, i.department_code, g.content->'materials', ARRAY(
  SELECT ROW(f.id, f.number, f.material, f.kind, f.size_bytes, f.added_at)
  FROM pre_check_file f WHERE f.pre_check_id = p.id ORDER BY f.number
)
FROM pre_check p JOIN item i ON i.code = p.item_code
LEFT JOIN guide g ON g.item_code = p.item_code AND g.version = p.guide_version
"""
_FIND = f"{_SEEN} WHERE p.id = $1"
_OF_TICKET = f"""p.id IN (
  SELECT q.id FROM ticket t JOIN pre_check q ON q.appointment_id = t.appointment_id
  WHERE t.id = {{0}} AND q.item_code = ANY(t.items)
  UNION
  SELECT q.id FROM ticket t JOIN pre_check q ON q.owner = substr(t.citizen_key, {len(ACCOUNT) + 1})
  WHERE t.id = {{0}} AND t.citizen_key LIKE '{ACCOUNT}%' AND q.item_code = ANY(t.items)
)"""
_CONTENT = """
SELECT kind, content_sealed FROM pre_check_file WHERE pre_check_id = $1 AND id = $2
"""
REMOVE = "DELETE FROM pre_check_file WHERE pre_check_id = :pre_check AND id = :file"
REMOVE_ALL = "DELETE FROM pre_check_file WHERE pre_check_id = :pre_check"
_MATTER = """
SELECT i.name, i.department_code, i.guide_version, g.version, g.content->'materials', (
  SELECT p.id FROM pre_check p WHERE p.owner = $5 AND p.hall_code = $2 AND p.item_code = $1
    AND p.state IN ('submitted', 'missing')
)
FROM item i JOIN hall_item s ON s.item_code = i.code AND s.hall_code = $2
LEFT JOIN guide g ON g.item_code = i.code
  AND g.version = coalesce(nullif($3::integer, 0), i.guide_version)
WHERE i.code = $1 AND i.valid_from <= $4 AND (i.valid_to IS NULL OR i.valid_to >= $4)
"""


class AddedFile(NamedTuple):
    """A file without its content."""

    id: UUID
    number: int
    material: int
    kind: str
    size_bytes: int
    added_at: datetime


class SeenPreCheck(NamedTuple):
    """A pre-check with what is shown of its item and guide."""

    one: PreCheck
    item_name: str
    department_code: str
    materials: list[Listed]
    files: list[AddedFile]


class Matter(NamedTuple):
    """An item at a hall, with the guide that it is checked against; `open_id` is of who asks."""

    item_name: str
    department_code: str
    guide_version: int
    materials: list[Listed]
    open_id: UUID | None


async def find(direct: DirectPool, pre_check_id: UUID) -> SeenPreCheck | None:
    row = await direct.fetchrow(_FIND, pre_check_id)
    return None if row is None else _seen(row)


async def listed(
    direct: DirectPool,
    *,
    owner: str | None,
    places: Sequence[str] | None,
    hall: str | None,
    state: PreCheckState | None,
    appointment: UUID | None,
    ticket: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[SeenPreCheck]:
    """Of a person, or of these halls and departments (None: of all); the oldest first."""
    found = narrowed(
        ("p.owner = {}", owner),
        (
            "(p.hall_code = ANY({0}) OR i.department_code = ANY({0}))",
            None if places is None else list(places),
        ),
        ("p.hall_code = {}", hall),
        ("p.state = {}", state),
        ("p.appointment_id = {}", appointment),
        (_OF_TICKET, ticket),
        ("p.id > {}", after),
    )
    sql = f"{_SEEN} WHERE {found.where} ORDER BY p.id LIMIT {found.another(limit)}"
    return [_seen(row) for row in await direct.fetch(sql, *found.values)]


async def matter(
    direct: DirectPool, item: str, hall: str, version: int, on: date, owner: str
) -> Matter | None:
    """None where the hall does not deal with the item on that day; `version` 0: as in force."""
    row = await direct.fetchrow(_MATTER, item, hall, version, on, owner)
    if row is None:
        return None
    name, department, in_force, found, materials, open_id = row
    return Matter(name, department, found or in_force, _materials(materials), open_id)


async def content(direct: DirectPool, pre_check_id: UUID, file_id: UUID) -> tuple[str, str] | None:
    """Kind and sealed content of a file of that pre-check."""
    row = await direct.fetchrow(_CONTENT, pre_check_id, file_id)
    return None if row is None else (row[0], row[1])


def _seen(row: Iterable[Any]) -> SeenPreCheck:
    values = [*row]
    name, department, materials, files = rest(PreCheck, values)
    added = [AddedFile(*one) for one in files]
    return SeenPreCheck(loaded(PreCheck, values), name, department, _materials(materials), added)


def _materials(found: Any) -> list[Listed]:
    known = json.loads(found) if isinstance(found, str) else found or []
    return [
        Listed(one["name"], one.get("required", True), one.get("may_follow", False))
        for one in known
    ]
