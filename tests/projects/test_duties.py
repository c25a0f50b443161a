"""Trigger events make duties; who sees them; what is refused; rulings."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.projects import make
from tests.provoking import provokes
from tests.support import Connect

Headers = Callable[..., dict[str, str]]


async def test_a_formed_document_makes_a_duty_with_its_last_day(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    made = await make.duty(
        projects, as_("officer", unit), make.event(project, unit, "2026-01-30", doc_no="1号")
    )
    assert made["due_on"] == "2026-03-05"
    words = {"zh": "20个工作日内公开", "en": "within 20 working days"}
    assert made["rule"] == {"kind": "working_days", "n": 20, "version": 1, "words": words}
    assert made["published"]["first_seen_at"] is None
    assert made["verdict"] == "unknown_source_down"
    listed = await projects.get("/api/v1/duties", params={"unit": unit}, headers=as_("auditor"))
    assert listed.json() == {"items": [made], "next_cursor": None}


@pytest.mark.parametrize(
    ("item_code", "kind", "n"),
    [
        ("MP-02-13", "working_days", 7),
        ("MP-02-04", "working_days", 20),
        ("MP-03-02", "calendar_days", 3),
        ("MP-03-01", "promptly", 20),
        ("MP-01-01", "realtime", None),
        ("GEN-05", "fixed_date", None),
    ],
)
async def test_the_catalogue_decides_the_clock(
    projects: httpx.AsyncClient,
    as_: Headers,
    sql: Connect,
    item_code: str,
    kind: str,
    n: int | None,
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02", item_code=item_code)
    made = await make.duty(projects, as_("officer", unit), body)
    assert (made["rule"]["kind"], made["rule"]["n"]) == (kind, n)


async def test_an_unconfirmed_licence_is_reported_under_both_limits(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02", item_code="MP-02-06", kind="decided")
    made = await make.duty(projects, as_("officer", unit), body)
    detail = (await projects.get(f"/api/v1/duties/{made['id']}", headers=as_("auditor"))).json()
    assert detail["due_on"] == "2026-03-30"
    assert detail["if_licence"]["n"] == 7
    assert detail["if_licence"]["due_on"] == "2026-03-11"


async def test_what_the_web_cannot_show_is_not_applicable(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02", item_code="MP-01-02", kind="changed")
    made = await make.duty(projects, as_("officer", unit), body)
    assert made["verdict"] == "not_applicable"
    assert made["reasons"][0]["code"] == "not_auditable"


@pytest.mark.parametrize(
    ("item_code", "due_on", "reason"),
    [
        # Served on those who are heard, so many days before: nothing that is published.
        ("DE-02", None, "clock_unsupported"),
        # On the village's board: its clock runs, and the web says nothing about it.
        ("PW-04", "2026-03-02", "not_auditable"),
    ],
)
async def test_an_item_that_the_web_cannot_show_says_so(
    projects: httpx.AsyncClient,
    as_: Headers,
    sql: Connect,
    item_code: str,
    due_on: str | None,
    reason: str,
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02", item_code=item_code)
    made = await make.duty(projects, as_("system"), body)
    assert (made["verdict"], made["due_on"]) == ("not_applicable", due_on)
    assert made["reasons"][0]["code"] == reason


async def test_an_unknown_formation_date_is_unknown_never_in_time(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    made = await make.duty(projects, as_("officer", unit), make.event(project, unit, None))
    assert (made["verdict"], made["due_on"], made["formed_on"]) == ("unknown", None, None)


@provokes("record_trigger_event", "already-recorded")
async def test_the_same_event_twice_is_a_conflict_that_names_the_duty(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02")
    answers = await asyncio.gather(
        *(projects.post("/api/v1/events", json=body, headers=as_("system")) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    made = next(a.json()["duties"][0]["id"] for a in answers if a.status_code == 201)
    assert {tuple(a.json()["duties"]) for a in answers if a.status_code == 409} == {(made,)}


async def test_a_key_replays_the_answer(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    headers = {**as_("officer", unit), "Idempotency-Key": str(uuid4())}
    body = make.event(project, unit, "2026-03-02")
    first = await projects.post("/api/v1/events", json=body, headers=headers)
    again = await projects.post("/api/v1/events", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"project_code": "2401-359900-48-01-000000"}, "/body/project_code"),
        ({"unit_code": "NOBODY"}, "/body/unit_code"),
        ({"item_code": "XX-99-99"}, "/body/item_code"),
        ({"on": "2026-13-01"}, "/body/on"),
        ({"on": "2999-01-01"}, "/body/on"),
        ({"kind": "imagined"}, "/body/kind"),
        ({"project_code": "x"}, "/body/project_code"),
        ({"colour": "red"}, "/body/colour"),
    ],
)
async def test_bad_input_names_the_field_and_writes_nothing(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, change: dict[str, str], pointer: str
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02") | change
    answer = await projects.post("/api/v1/events", json=body, headers=as_("admin", "*"))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    count = "SELECT count(*) FROM trigger_event WHERE unit_code = $1"
    assert await rows.fetchval(count, unit) == 0


@provokes("read_duty", "not-found")
@provokes("read_duty_clock", "not-found")
@provokes("record_trigger_event", "not-found")
async def test_an_officer_sees_only_their_own_unit(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, other, project = await make.unit(rows), await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-03-02")
    made = await make.duty(projects, as_("officer", unit), body)
    stranger = as_("officer", other)
    for path in (f"/duties/{made['id']}", f"/duties/{made['id']}/clock", f"/duties?unit={unit}"):
        answer = await projects.get(f"/api/v1{path}", headers=stranger)
        assert answer.status_code == 404, path
    assert (await projects.get("/api/v1/duties", headers=stranger)).json()["items"] == []
    own = await projects.get("/api/v1/duties", headers=as_("officer", unit))
    assert [duty["id"] for duty in own.json()["items"]] == [made["id"]]
    foreign = await projects.post("/api/v1/events", json=body, headers=stranger)
    assert foreign.status_code == 404


async def test_the_clock_is_shown_day_by_day(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    body = make.event(project, unit, "2026-04-30", item_code="MP-02-13", kind="decided")
    made = await make.duty(projects, as_("officer", unit), body)
    answer = await projects.get(f"/api/v1/duties/{made['id']}/clock", headers=as_("auditor"))
    clock = answer.json()
    assert (clock["due_on"], clock["days"][-1]["date"]) == ("2026-05-13", "2026-05-13")
    assert sum(day["counted"] for day in clock["days"]) == 7
    kinds = {day["date"]: day["kind"] for day in clock["days"]}
    assert (kinds["2026-05-01"], kinds["2026-05-09"]) == ("rest_day", "working_weekend")


async def test_the_list_turns_pages(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    made = [
        await make.duty(projects, as_("system"), make.event(project, unit, f"2026-03-{day:02d}"))
        for day in range(2, 7)
    ]
    seen, cursor = [], None
    while True:
        params: dict[str, str | int] = {"unit": unit, "limit": 2}
        if cursor:
            params["cursor"] = cursor
        found = await projects.get("/api/v1/duties", params=params, headers=as_("auditor"))
        seen += [duty["id"] for duty in found.json()["items"]]
        if not (cursor := found.json()["next_cursor"]):
            break
    assert seen == [duty["id"] for duty in made]


RULING = {"document": "宁政办〔2026〕1号", "reason": "测试", "version": 1}


async def test_an_extension_moves_the_last_day_by_working_days(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    made = await make.duty(projects, as_("system"), make.event(project, unit, "2026-01-30"))
    path, extended = f"/api/v1/duties/{made['id']}/extend", {**RULING, "days": 3}
    auditors = as_("auditor"), as_("auditor", sub="auditor-b")
    await make.by_two(projects, made["id"], "extend", extended, *auditors)
    duty = await projects.get(f"/api/v1/duties/{made['id']}", headers=as_("auditor"))
    assert duty.json()["due_on"] == "2026-03-10"
    refused = await projects.post(path, json={**RULING, "days": 3}, headers=as_("officer", unit))
    assert refused.status_code == 403


@provokes("extend_duty", "state-conflict")
@provokes("suspend_duty", "state-conflict")
async def test_of_two_rulings_on_one_version_one_wins(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    made = await make.duty(projects, as_("system"), make.event(project, unit, "2026-01-30"))
    path = f"/api/v1/duties/{made['id']}"
    answers = await asyncio.gather(
        projects.post(f"{path}/dispute", json=RULING, headers=as_("officer", unit)),
        projects.post(f"{path}/extend", json={**RULING, "days": 3}, headers=as_("auditor")),
        projects.post(f"{path}/suspend", json=RULING, headers=as_("auditor")),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    for late, body in (("extend", {**RULING, "days": 3}), ("suspend", RULING)):
        answer = await projects.post(f"{path}/{late}", json=body, headers=as_("auditor"))
        assert answer.status_code == 409, late


async def test_what_was_recorded_cannot_be_changed(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, unit, "2026-01-30"))
    steps = ("rectification_step", "rectification_policy")
    seen = ("trigger_event", "verdict_event", "publication_fact", "full_walk", "report")
    for table in (*seen, *steps):
        with pytest.raises(asyncpg.RestrictViolationError):
            await rows.execute(f"DELETE FROM {table}")
