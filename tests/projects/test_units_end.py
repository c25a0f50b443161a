"""A unit is there until it merges, or until nobody waits for it any more."""

from collections.abc import Callable

import httpx

from tests.projects import make
from tests.provoking import provokes
from tests.support import Connect

Headers = Callable[..., dict[str, str]]


@provokes("put_unit", "unit-still-open")
@provokes("put_unit", "unknown-region")
async def test_a_unit_ends_by_a_merger_or_once_nothing_of_it_is_open(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows, admin = await sql("projects"), as_("admin", "*")
    unit, into = await make.unit(rows), await make.unit(rows)
    await make.duty(projects, as_("system"), make.event(await make.project(rows), unit, None))
    path = f"/api/v1/units/{unit}"
    ending = {"name": "原局", "valid_from": "2000-01-01", "valid_to": "2026-06-30", "version": 1}
    refused = (await projects.put(path, json=ending, headers=admin)).json()
    assert (refused["type"], refused["open"]["duties"]) == ("/problems/unit-still-open", 1)
    nowhere = await projects.put(path, json=ending | {"region": "CN-99"}, headers=admin)
    assert nowhere.json()["type"] == "/problems/unknown-region"
    named = {**ending, "valid_to": None, "region": "CN-33"}
    changed = (await projects.put(path, json=named, headers=admin)).json()
    assert (changed["region"], changed["version"]) == ("CN-33", 2)
    order = {"successor_code": into, "merged_on": "2026-03-16", "document": "宁编〔2026〕3号"}
    await projects.post(f"{path}/merge", json=order | {"version": 2}, headers=admin)
    back = await projects.put(path, json=named | {"version": 3}, headers=admin)
    assert (back.status_code, back.json()["state"]) == (409, "merged")
    kept = await projects.put(
        path, json=ending | {"valid_to": "2026-03-15", "version": 3}, headers=admin
    )
    assert kept.json()["successor_code"] == into
