"""Units, projects and their import: all or nothing, line by line."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.projects import make
from tests.provoking import provokes
from tests.support import Connect, eventually

Headers = Callable[..., dict[str, str]]

PROJECT = {
    "name": "测试大桥工程",
    "approval_kind": "examine",
    "phase": "bidding",
    "scope_basis": "2026年重点项目清单",
    "investment_10k_yuan": 5000,
}
HEAD = (
    "code,name,approval_kind,phase,lead_unit,scope_basis,investment_10k_yuan,list_year,list_title"
)


async def upload(
    projects: httpx.AsyncClient, headers: dict[str, str], content: str | bytes, **params: bool
) -> httpx.Response:
    body = content.encode() if isinstance(content, str) else content
    headers = {**headers, "Content-Type": "text/csv"}
    return await projects.post(
        "/api/v1/projects:import", content=body, headers=headers, params=params
    )


@provokes("put_project", "state-conflict")
async def test_a_project_is_registered_then_changed_by_version(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit = await make.unit(await sql("projects"))
    code, admin = make.project_code(), as_("admin", "*")
    path = f"/api/v1/projects/{code}"
    made = await projects.put(path, json=PROJECT | {"lead_unit": unit}, headers=admin)
    assert (made.status_code, made.json()["version"]) == (201, 1)
    again = await projects.put(path, json=PROJECT, headers=admin)
    assert (again.status_code, again.json()["version"]) == (409, 1)
    change = PROJECT | {"phase": "completed", "version": 1, "lead_unit": unit}
    answers = await asyncio.gather(
        *(projects.put(path, json=change, headers=admin) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    life = (await projects.get(path)).json()
    assert (life["project"]["phase"], life["project"]["version"]) == ("completed", 2)


@pytest.mark.parametrize("code", ["2024-359900-48-01-000001", "2401-359900-48-01-000001"])
async def test_codes_of_both_eras_are_taken(
    projects: httpx.AsyncClient, as_: Headers, code: str
) -> None:
    answer = await projects.put(f"/api/v1/projects/{code}", json=PROJECT, headers=as_("admin", "*"))
    assert answer.status_code == 201


@provokes("put_project", "not-found")
async def test_an_officer_registers_projects_of_their_own_unit_only(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    own, other = await make.unit(rows), await make.unit(rows)
    officer = as_("officer", own)
    path = f"/api/v1/projects/{make.project_code()}"
    foreign = await projects.put(path, json=PROJECT | {"lead_unit": other}, headers=officer)
    assert foreign.status_code == 404
    mine = await projects.put(path, json=PROJECT | {"lead_unit": own}, headers=officer)
    assert mine.status_code == 201
    path = f"/api/v1/projects/{await make.project(rows, other)}"
    taken = await projects.put(
        path, json=PROJECT | {"lead_unit": own, "version": 1}, headers=officer
    )
    assert taken.status_code == 404


@provokes("read_project", "not-found")
async def test_an_import_creates_updates_and_lists(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit = await make.unit(await sql("projects"))
    one, two = make.project_code(), make.project_code()
    title = f"清单{one}"
    lines = [
        HEAD,
        f"{one},一号工程,examine,bidding,{unit},清单,100,2026,{title}",
        f"{two},二号工程,confirm,,,清单,,2026,{title}",
    ]
    admin = as_("admin", "*")
    dry = await upload(projects, admin, "\n".join(lines), dry_run=True)
    counts = {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "without_unit": 1}
    unmoved = {"renamed": 0, "emptied": [], "not_taken": []}
    assert dry.json() == {"dry_run": True, **counts, **unmoved}
    assert (await projects.get(f"/api/v1/projects/{one}")).status_code == 404
    done = await upload(projects, admin, "\ufeff" + "\r\n".join(lines))
    assert done.json()["created"] == 2
    lines[1] = lines[1].replace("bidding", "completed")
    again = await upload(projects, admin, "\n".join(lines).encode("gb18030"))
    assert {**again.json(), "dry_run": None} == {
        "dry_run": None,
        "rows": 2,
        "created": 0,
        "updated": 1,
        "unchanged": 1,
        "without_unit": 1,
        **unmoved,
    }
    life = (await projects.get(f"/api/v1/projects/{one}")).json()
    assert (life["project"]["phase"], life["lists"][0]["title"]) == ("completed", title)
    params: dict[str, str | int] = {"q": "号工程", "year": 2026, "limit": 200}
    found = (await projects.get("/api/v1/projects", params=params)).json()["items"]
    assert {one, two} <= {project["code"] for project in found}


async def somebody_waits_for(held: asyncpg.Connection, rows: asyncpg.Connection) -> None:
    """Until another transaction waits for the one that `held` has open."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
    await eventually(lambda: rows.fetchval(waiting, held.get_server_pid()), 20)


@pytest.mark.parametrize("is_new", [True, False])
async def test_an_import_changes_what_somebody_else_registers_or_changes_meanwhile(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, is_new: bool
) -> None:
    held, rows = await sql("projects"), await sql("projects")
    before = make.project_code() if is_new else await make.project(rows)
    fresh = make.project_code()
    lines = [HEAD, *(f"{code},导入工程,examine,completed,,清单,,," for code in (fresh, before))]
    async with held.transaction():
        if is_new:
            await make.project(held, code=before)
        else:
            await held.execute("UPDATE project SET version = 2 WHERE code = $1", before)
        uploading = asyncio.create_task(upload(projects, as_("admin", "*"), "\n".join(lines)))
        await somebody_waits_for(held, rows)
    done = await uploading
    assert done.status_code == 200, done.text
    assert {**done.json(), "dry_run": None} == {
        "dry_run": None,
        "rows": 2,
        "created": 1,
        "updated": 1,
        "unchanged": 0,
        "without_unit": 2,
        "renamed": 1,
        "emptied": [],
        "not_taken": [],
    }
    raced = (await projects.get(f"/api/v1/projects/{before}")).json()["project"]
    assert (raced["name"], raced["version"]) == ("导入工程", 2 if is_new else 3)


async def test_an_import_refuses_what_another_unit_registers_meanwhile(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    held, rows = await sql("projects"), await sql("projects")
    own, other = await make.unit(rows), await make.unit(rows)
    taken, fresh = make.project_code(), make.project_code()
    lines = [HEAD, *(f"{code},导入工程,examine,,{own},清单,,," for code in (fresh, taken))]
    async with held.transaction():
        await make.project(held, other, code=taken)
        uploading = asyncio.create_task(upload(projects, as_("officer", own), "\n".join(lines)))
        await somebody_waits_for(held, rows)
    refused = await uploading
    assert refused.status_code == 422, refused.text
    assert [(e["line"], e["field"]) for e in refused.json()["lines"]] == [(3, "lead_unit")]
    assert (await projects.get(f"/api/v1/projects/{fresh}")).status_code == 404


@provokes("import_projects", "import-refused")
async def test_one_wrong_line_and_nothing_is_imported(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    good = make.project_code()
    lines = [
        HEAD,
        f"{good},好工程,examine,,,清单,,,",
        "2401-1-2,坏代码,examine,,,清单,,,",
        f"{make.project_code()},坏种类,imagined,,,清单,,,",
        f"{make.project_code()},坏单位,examine,,NOBODY,清单,,,",
        f"{good},重复,examine,,,清单,,,",
        f"{make.project_code()},坏金额,examine,,,清单,-5,,",
        f"{make.project_code()},缺清单名,examine,,,清单,,2026,",
    ]
    refused = await upload(projects, as_("admin", "*"), "\n".join(lines))
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/import-refused"
    wrong = [(line["line"], line["field"]) for line in refused.json()["lines"]]
    assert wrong == [
        *[(3, "code"), (4, "approval_kind"), (6, "code"), (7, "investment_10k_yuan")],
        (8, "list_title"),
    ]
    assert (await projects.get(f"/api/v1/projects/{good}")).status_code == 404
    unknown = "\n".join([HEAD, lines[1], lines[4]])
    refused = await upload(projects, as_("admin", "*"), unknown)
    assert [(e["line"], e["field"]) for e in refused.json()["lines"]] == [(3, "lead_unit")]
    assert (await projects.get(f"/api/v1/projects/{good}")).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name,code\nx,y",
        (HEAD + ",colour\n").encode(),
        b"\xff\xfe\x00broken",
        (HEAD + '\n"unclosed').encode(),
        (HEAD + "\n1,2,3,4,5,6,7,8,9,10,11").encode(),
    ],
)
async def test_what_is_no_import_file_is_refused(
    projects: httpx.AsyncClient, as_: Headers, content: bytes
) -> None:
    answer = await upload(projects, as_("admin", "*"), content)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_units_are_listed_with_their_other_names(
    projects: httpx.AsyncClient, sql: Connect
) -> None:
    rows = await sql("projects")
    unit = await make.unit(rows)
    await rows.execute("INSERT INTO unit_alias VALUES ($1, $2)", f"别名{unit}", unit)
    found, cursor = [], None
    while True:
        params: dict[str, str | int] = {"limit": 200}
        if cursor:
            params["cursor"] = cursor
        answer = (await projects.get("/api/v1/units", params=params)).json()
        found += answer["items"]
        if not (cursor := answer["next_cursor"]):
            break
    [mine] = [each for each in found if each["code"] == unit]
    assert mine["aliases"] == [f"别名{unit}"]


UNIT = {"name": "数据局", "name_en": "Data Bureau", "valid_from": "2024-01-01"}


@provokes("put_unit", "state-conflict")
@provokes("put_unit", "not-found")
async def test_a_unit_is_registered_with_its_names_and_changed_by_its_version(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    code, admin = f"U{uuid4().hex[:10].upper()}", as_("admin", "*")
    path, mine = f"/api/v1/units/{code}", [f"{code}办", f"市{code}"]
    missing = await projects.put(path, json={**UNIT, "version": 1}, headers=admin)
    assert missing.status_code == 404
    made = await projects.put(path, json={**UNIT, "aliases": mine}, headers=admin)
    assert (made.status_code, made.json()["aliases"]) == (201, sorted(mine))
    again = await projects.put(path, json=UNIT, headers=admin)
    assert (again.status_code, again.json()["version"]) == (409, 1)
    body = {**UNIT, "aliases": mine[:1], "valid_to": "2026-06-30", "version": 1}
    changed = await projects.put(path, json=body, headers=admin)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (changed.json()["aliases"], changed.json()["valid_to"]) == (mine[:1], "2026-06-30")
    stale = await projects.put(path, json=body, headers=admin)
    assert (stale.status_code, stale.json()["version"]) == (409, 2)
    officer = await projects.put(path, json=body, headers=as_("officer", code))
    assert officer.status_code == 403
    other = await projects.put(f"{path}X", json={**UNIT, "aliases": mine}, headers=admin)
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "/body/aliases"
    backwards = {**UNIT, "valid_to": "2023-12-31"}
    refused = await projects.put(f"{path}Y", json=backwards, headers=admin)
    assert refused.json()["errors"][0]["pointer"] == "/body/valid_to"


async def test_a_table_may_come_as_plain_octets(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit, code = await make.unit(await sql("projects")), make.project_code()
    content = f"{HEAD}\n{code},导入工程,examine,,{unit},清单,,,".encode()
    headers = as_("admin", "*") | {"Content-Type": "application/octet-stream"}
    path = "/api/v1/projects:import"
    answer = await projects.post(path, content=content, headers=headers)
    assert (answer.status_code, answer.json().get("created")) == (200, 1), answer.text
    page = as_("admin", "*") | {"Content-Type": "text/html"}
    assert (await projects.post(path, content=content, headers=page)).status_code == 415
