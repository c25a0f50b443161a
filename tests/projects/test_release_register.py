"""先审后发: what goes out was checked and approved by others, and is numbered."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.projects.publishing.models import RegisteredReleaseState
from services.projects.publishing.workflow import WORKFLOW, RegisteredReleaseAction
from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.release_register import (
    APPROVER,
    AUDITOR,
    AUTHOR,
    CHECKER,
    DOCUMENT,
    STEPS,
    Register,
    new_project,
)
from tests.provoking import provokes
from tests.support import Connect

NOBODY = "00000000-0000-7000-8000-000000000000"
WHY = {"reason": "标题与文件不一致"}
PLACES = {"places": [{"url": "https://www.example.gov.cn/a.html"}]}
BODIES: dict[str, dict[str, Any] | None] = {
    "check": STEPS[2][2],
    "reject": WHY,
    "withdraw": WHY,
    "release": PLACES,
    "verify": WHY,
    "attach": DOCUMENT,
}
_KEPT = {"name": "批复.pdf", "kind": "pdf", "size": 9, "sha256": "0"}
S, A = RegisteredReleaseState, RegisteredReleaseAction


@pytest.fixture
async def register(projects: httpx.AsyncClient, as_: Headers, sql: Connect) -> Register:
    return Register(projects, as_, await make.unit(await sql("projects")), new_project())


def body_of(register: Register, action: str) -> dict[str, Any] | None:
    return register.subject if action == A.REVISE else BODIES.get(action)


async def put_in_state(sql: Connect, release: dict[str, Any], state: str) -> None:
    """The release in its first version, in that state, decided on by nobody; what is out was
    pushed, and its document is not here."""
    is_here = state not in {row.state for row in WORKFLOW.rows if not row.of_register}
    await (await sql("projects")).execute(
        "UPDATE registered_release SET state = $2, version = 1, checked_by = NULL,"
        " approved_by = NULL, approved_at = NULL, register_no = NULL, register_seq = NULL,"
        " released_at = now(), claimed_at = now(), document = $3, origin = $4,"
        " authors = '[\"author-a\"]' WHERE id = $1",
        release["id"],
        state,
        json.dumps(_KEPT) if is_here else None,
        "register" if is_here else "push",
    )


async def test_a_draft_is_checked_approved_numbered_and_released(register: Register) -> None:
    release = await register.released("https://www.example.gov.cn/b.html")
    year = clock.today(clock.now()).year
    assert release["state"] == "released"
    assert release["register_no"] == f"{register.unit}-{year}-00001"
    assert (release["checked_by"], release["approved_by"]) == (CHECKER, APPROVER)
    assert release["claimed_at"] == release["released_at"]
    assert [place["url"] for place in release["places"]] == ["https://www.example.gov.cn/b.html"]
    again = await register.read(release)
    assert again == release


@provokes("check_release", "four-eyes")
@provokes("approve_release", "four-eyes")
@provokes("reject_release", "four-eyes")
async def test_its_author_neither_checks_nor_approves_nor_does_the_checker_approve(
    register: Register,
) -> None:
    for action, sub in (
        ("check", AUTHOR),
        ("reject", AUTHOR),
        ("approve", AUTHOR),
        ("approve", CHECKER),
    ):
        release = await register.come_to("check" if action == "reject" else action)
        alone = await register.send(release, action, sub, BODIES.get(action), role="reviewer")
        assert (alone.status_code, alone.json()["type"]) == (409, "/problems/four-eyes")
        assert await register.read(release) == release


async def test_whoever_changed_or_submitted_it_is_an_author_too(register: Register) -> None:
    draft = await register.draft()
    colleague = register.as_("officer", register.unit, sub=APPROVER)
    revised = await register.client.put(
        f"/api/v1/release-register/{draft['id']}",
        json=register.subject | {"title": "第三水厂工程建议书批复（修改稿）"},
        headers=colleague,
    )
    assert revised.json()["authors"] == [AUTHOR, APPROVER]
    release = await register.take(revised.json(), *STEPS[0])
    release = await register.take(release, "submit", AUTHOR)
    release = await register.take(release, *STEPS[2])
    refused = await register.send(release, "approve", APPROVER)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/four-eyes")


async def test_the_database_refuses_an_author_who_approves_whoever_asks(
    register: Register, sql: Connect
) -> None:
    release, rows = await register.come_to("approve"), await sql("projects")
    for by in (AUTHOR, CHECKER):
        with pytest.raises(Exception, match="approved_by_another"):
            await rows.execute(
                "UPDATE registered_release SET approved_by = $2, approved_at = now(),"
                " register_no = 'x' WHERE id = $1",
                release["id"],
                by,
            )


async def test_what_was_sent_back_is_checked_anew_once_it_was_revised(register: Register) -> None:
    release = await register.come_to("approve")
    rejected = await register.take(release, "reject", APPROVER, WHY)
    assert (rejected["state"], rejected["rejection"]) == ("rejected", WHY["reason"])
    revised = await register.client.put(
        f"/api/v1/release-register/{release['id']}",
        json=register.subject,
        headers=register.by(AUTHOR),
    )
    assert (revised.json()["state"], revised.json()["checked_by"]) == ("draft", None)
    assert revised.json()["rejection"] is None


async def test_two_approved_at_once_get_two_numbers(register: Register) -> None:
    waiting = [await register.come_to("approve") for _ in range(3)]
    done = await asyncio.gather(*(register.take(one, *STEPS[3]) for one in waiting))
    numbers = sorted(one["register_no"].rpartition("-")[2] for one in done)
    assert numbers == ["00001", "00002", "00003"]


BY_PEOPLE = [row for row in WORKFLOW.rows if row.roles]


async def test_each_row_of_the_table_leads_where_it_says(register: Register, sql: Connect) -> None:
    release = await register.draft()
    for row in BY_PEOPLE:
        await put_in_state(sql, release, row.state)
        sub, body = (AUDITOR if row.not_by_unit else APPROVER), body_of(register, row.action)
        answer = await register.send(release, row.action, sub, body, role=" ".join(row.roles))
        assert answer.status_code == 200, (row, answer.text)
        assert answer.json()["state"] == row.to, row


async def test_nothing_leads_on_from_where_the_table_ends(register: Register, sql: Connect) -> None:
    release = await register.draft()
    for state in WORKFLOW.ends:
        await put_in_state(sql, release, state)
        for action in {row.action for row in BY_PEOPLE}:
            sub, role = AUDITOR, "auditor officer reviewer"
            body = body_of(register, action)
            answer = await register.send(release, action, sub, body, role=role)
            assert (answer.status_code, answer.json()["state"]) == (409, state), action


STEP_NAMES = ("submit", "check", "approve", "reject", "withdraw", "release", "verify")


@provokes("revise_release", "state-conflict")
@provokes("submit_release", "state-conflict")
@provokes("check_release", "state-conflict")
@provokes("approve_release", "state-conflict")
@provokes("reject_release", "state-conflict")
@provokes("withdraw_draft", "state-conflict")
@provokes("release_draft", "state-conflict")
@provokes("verify_release", "state-conflict")
async def test_nobody_decides_on_what_they_have_not_seen(register: Register) -> None:
    release = await register.draft() | {"version": 7}
    for action in STEP_NAMES:
        sub = AUDITOR if action == "verify" else APPROVER
        role = "auditor" if action == "verify" else "officer reviewer"
        answer = await register.send(release, action, sub, BODIES.get(action), role=role)
        assert (answer.status_code, answer.json()["version"]) == (409, 1), action
    revised = await register.client.put(
        f"/api/v1/release-register/{release['id']}",
        json=register.subject,
        headers=register.by(AUTHOR) | {"If-Match": '"7"'},
    )
    assert revised.status_code == 409


@provokes("draft_release", "not-found")
@provokes("read_registered_release", "not-found")
@provokes("revise_release", "not-found")
@provokes("submit_release", "not-found")
@provokes("check_release", "not-found")
@provokes("approve_release", "not-found")
@provokes("reject_release", "not-found")
@provokes("withdraw_draft", "not-found")
@provokes("release_draft", "not-found")
@provokes("verify_release", "not-found")
async def test_an_officer_acts_for_their_own_unit_only(register: Register, sql: Connect) -> None:
    release = await register.draft()
    other = await make.unit(await sql("projects"))
    strangers = register.as_("officer reviewer", other)
    path = f"/api/v1/release-register/{release['id']}"
    drafted = await register.client.post(
        "/api/v1/release-register", json=register.subject, headers=strangers
    )
    assert drafted.status_code == 404
    assert (await register.client.get(path, headers=strangers)).status_code == 404
    put = await register.client.put(path, json=register.subject, headers=strangers)
    assert put.status_code == 404
    for action in STEP_NAMES:
        headers, at = strangers, path
        if action == "verify":
            headers, at = register.by(AUDITOR), f"/api/v1/release-register/{NOBODY}"
        answer = await register.client.post(
            f"{at}/{action}", json=BODIES.get(action), headers=headers
        )
        assert answer.status_code == 404, action
    listed = await register.client.get("/api/v1/release-register", headers=strangers)
    assert listed.json()["items"] == []


@provokes("draft_release", "unknown-reference")
@provokes("revise_release", "unknown-reference")
@provokes("release_draft", "unknown-reference")
async def test_what_it_refers_to_is_there(register: Register) -> None:
    unknown = register.subject | {"item_code": "ZZ-99"}
    headers = register.by(AUTHOR)
    drafted = await register.client.post("/api/v1/release-register", json=unknown, headers=headers)
    assert drafted.json()["type"] == "/problems/unknown-reference"
    release = await register.draft()
    other = register.subject | {"duty_id": NOBODY}
    revised = await register.client.put(
        f"/api/v1/release-register/{release['id']}", json=other, headers=headers
    )
    assert revised.json()["type"] == "/problems/unknown-reference"
    approved = await register.come_to("release")
    nowhere = {"places": [{"carrier_code": "no-such-carrier"}]}
    out = await register.send(approved, "release", AUTHOR, nowhere)
    assert out.json()["type"] == "/problems/unknown-reference"


async def test_a_planned_time_releases_nothing_by_itself_and_is_found(
    register: Register, sql: Connect
) -> None:
    soon = clock.now() + timedelta(hours=1)
    release = await register.come_to("release", planned_at=soon.isoformat())
    later = await register.draft(planned_at=(soon + timedelta(days=9)).isoformat())
    rows = await sql("projects")
    await rows.execute(
        "UPDATE registered_release SET planned_at = now() - interval '1 day' WHERE id = $1",
        release["id"],
    )
    assert (await register.read(release))["state"] == "approved"
    due = await register.listed(AUTHOR, planned_before=soon.isoformat())
    assert due == [release["id"]]
    assert later["id"] in await register.listed(AUTHOR, state="draft")


async def test_everybody_finds_what_waits_for_them_and_nobody_their_own_to_approve(
    register: Register,
) -> None:
    draft = (await register.draft())["id"]
    submitted = (await register.come_to("check"))["id"]
    checked = (await register.come_to("approve"))["id"]
    approved = (await register.come_to("release"))["id"]
    unit = register.unit
    assert await register.listed(AUTHOR, mine=True, unit=unit) == [draft, approved]
    assert await register.listed(CHECKER, mine=True) == [submitted]
    assert await register.listed(APPROVER, mine=True) == [submitted, checked]
    assert await register.listed(AUDITOR, unit=unit) == [draft, submitted, checked, approved]
