"""What an action on a duty answers, before any of it can be read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from shared import clock
from tests.projects import make
from tests.support import Connect

Headers = Callable[..., dict[str, str]]
RULING = {"document": "宁政办〔2026〕1号", "reason": "测试"}


async def test_what_an_action_answers_is_what_is_read_afterwards(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    """Nothing is read of what was just written: the answer is made of what was decided."""
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    # Of a clock that has not run out: then one person rules.
    on = (clock.today(clock.now()) - timedelta(days=1)).isoformat()
    body = make.event(project, unit, on, item_code="MP-02-06", kind="decided")
    made = await make.duty(projects, as_("system"), body)
    path = f"/api/v1/duties/{made['id']}"

    async def read() -> dict[str, Any]:
        return dict((await projects.get(path, headers=as_("auditor"))).json())

    assert made.items() <= (await read()).items()
    actions: list[tuple[str, dict[str, Any]]] = [
        ("extend", {"days": 3}),
        ("dispute", {}),
        ("suspend", {}),
        ("extend", {"days": 2}),
        ("restore", {}),
    ]
    for version, (action, more) in enumerate(actions, made["version"]):
        order = {**RULING, **more, "version": version}
        answer = await projects.post(f"{path}/{action}", json=order, headers=as_("auditor"))
        assert answer.status_code == 200, answer.text
        assert answer.json() == await read(), action
