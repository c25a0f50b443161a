"""What the tests of this service make for themselves: a unit, a project, a trigger event."""

from datetime import date
from itertools import count
from random import SystemRandom
from typing import Any

import asyncpg
import httpx

_number = count(SystemRandom().randrange(10_000, 800_000))


async def unit(sql: asyncpg.Connection) -> str:
    """A responsible unit of its own."""
    code = f"T{next(_number)}"
    await sql.execute(
        "INSERT INTO responsible_unit (code, name, name_en, valid_from)"
        " VALUES ($1, $2, 'Test unit', DATE '2000-01-01')",
        code,
        f"测试单位{code}",
    )
    return code


def project_code() -> str:
    """A project code that no other test uses."""
    return f"2401-359900-48-01-{next(_number):06d}"


async def project(
    sql: asyncpg.Connection, unit: str | None = None, *, code: str | None = None
) -> str:
    """A project of its own."""
    code = code or project_code()
    await sql.execute(
        "INSERT INTO project (code, name, approval_kind, phase, lead_unit_code, scope_basis,"
        " version, updated_at) VALUES ($1, $2, 'examine', 'approval', $3, '测试', 1, now())",
        code,
        f"测试工程{code[-6:]}号",
        unit,
    )
    return code


def event(project: str, unit: str, on: date | str | None, **others: Any) -> dict[str, Any]:
    """The body of POST /events."""
    day = on.isoformat() if isinstance(on, date) else on
    body = {
        "project_code": project,
        "unit_code": unit,
        "item_code": "MP-02-01",
        "kind": "formed",
        "on": day,
    }
    return body | others


async def exempted(
    client: httpx.AsyncClient, duty_id: str, asks: dict[str, str], grants: dict[str, str], **by: Any
) -> httpx.Response:
    """Exempts a duty by two persons; the decision's answer."""
    order = {"document": "宁政办〔2026〕1号", "article": "条例第14条", "reason": "依法", **by}
    return await by_two(client, duty_id, "exempt", order, asks, grants)


async def by_two(
    client: httpx.AsyncClient,
    duty_id: str,
    action: str,
    order: dict[str, Any],
    asks: dict[str, str],
    grants: dict[str, str],
) -> httpx.Response:
    """A ruling that one person asks for and another makes; the decision's answer."""
    path = f"/api/v1/duties/{duty_id}/{action}"
    asked = await client.post(path, json=order, headers=asks)
    assert asked.status_code == 200, asked.text
    path = f"/api/v1/exemptions/{asked.json()['asked_ruling']['id']}/decide"
    granted = {"ruling": "granted", "reason": "核对了文件"}
    return await client.post(path, json=granted, headers=grants)


async def duty(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any]
) -> dict[str, Any]:
    """The one duty that the event makes."""
    answer = await client.post("/api/v1/events", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    [made] = answer.json()["duties"]
    return dict(made)
