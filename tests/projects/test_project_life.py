"""A project's life line: everything that must be published about it, for everyone to read."""

import httpx

from tests.conftest import Headers
from tests.projects import make
from tests.support import Connect


async def test_a_project_shows_its_life_line_to_everyone(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, unit, "2026-01-30"))
    body = make.event(project, unit, None, item_code="MP-08-03")
    await make.duty(projects, as_("system"), body)
    life = (await projects.get(f"/api/v1/projects/{project}")).json()
    assert [item["item_code"] for item in life["items"]] == ["MP-02-01", "MP-08-03"]
    assert (life["published"], life["due"], life["ahead"]) == (0, 2, 0)
    assert life["items"][0]["light"] == "grey"
    assert life["next_cursor"] is None
    path = f"/api/v1/projects/{project}"
    first = (await projects.get(path, params={"limit": 1})).json()
    rest = (await projects.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [*first["items"], *rest["items"]] == life["items"]
    assert (first["due"], rest["due"], rest["next_cursor"]) == (2, 2, None)
    wrong = await projects.get(path, params={"cursor": "eA"})
    assert wrong.status_code == 422
    assert (await projects.get("/api/v1/projects/2401-359900-48-01-000000")).status_code == 404
