"""The proof of a verdict as one file: it is checked without the system, and every change shows."""

import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from deploy import check_proof
from services.projects.duties import following, observing, ruling
from services.projects.duties.models import ClaimKind, RulingKind
from services.projects.duties.rules import Sighting
from services.projects.duties.schemas import Extension
from services.projects.evidence import service as evidence
from shared import clock
from shared.security.identity import Caller
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.projects.proofs import forged, proof_of, said
from tests.provoking import provokes

SEEN_AT = datetime(2026, 11, 20, 2, tzinfo=UTC)
PAGE = "<h1>建议书批复</h1><p>发布时间：2026-11-20 09:00</p>".encode()
SCRIPT = Path(check_proof.__file__).resolve()
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        await world.register()
        yield world


@pytest.fixture
async def published(desk: Desk, world: World) -> str:
    """A duty whose page was captured, between two others, on a day that is sealed since."""
    duty = await world.record(on=date(2026, 11, 2))
    url = f"{world.address}/a"
    captures = [await _capture(desk, world.unit, url, body) for body in (b"1", PAGE, b"3")]
    sighting = Sighting(
        duty_id=UUID(duty),
        url=url,
        observed_at=SEEN_AT,
        last_absent_at=SEEN_AT - timedelta(days=2),
        claim_kind=ClaimKind.LABEL,
        claimed_at=SEEN_AT - timedelta(hours=1),
        evidence_id=captures[1],
    )
    async with desk.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM evidence_day WHERE day = DATE '2026-11-20'"))
        await evidence.seal_days(session, SEEN_AT + timedelta(days=2))
        await observing.record_sightings(session, [sighting], clock.now(), actor="test")
    return duty


async def _capture(desk: Desk, chain: str, url: str, body: bytes) -> UUID:
    answer = evidence.Answer(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/html", "server": "x"},
        fetched_at=SEEN_AT,
        size=len(body),
        sha256=await desk.files.put(body),
        charset="utf-8",
        request_headers={"Accept": "text/html"},
    )
    async with desk.sessions() as session, session.begin():
        return (await evidence.record(session, chain, answer, is_public=True)).id


async def test_a_proof_holds_all_that_the_verdict_follows_from(
    desk: Desk, published: str, tmp_path: Path
) -> None:
    files = await proof_of(desk.client, published)

    assert json.loads(files["verdict.json"])["verdict"] == "on_time"
    [page] = [body for name, body in files.items() if name.endswith("page.bin")]
    assert page == PAGE
    assert "on_time" in files["README.md"].decode()
    assert said(files) == []
    assert await proof_of(desk.client, published) == files, "on one day the same bytes"


async def test_the_check_needs_nothing_of_ours(desk: Desk, published: str, tmp_path: Path) -> None:
    answer = await desk.client.get(f"/api/v1/duties/{published}/proof.zip")
    proof = tmp_path / "proof.zip"
    proof.write_bytes(answer.content)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # -I and -S: no path of ours, no installed library.
        command = [sys.executable, "-I", "-S", str(SCRIPT), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
        )

    whole = run("proof.zip")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "on_time" in whole.stdout
    other_root = run("proof.zip", "--root", f"2026-11-20={'0' * 64}")
    assert other_root.returncode == 1
    assert "the root of its day is not the one given" in other_root.stdout
    proof.write_bytes(b"no zip")
    assert run("proof.zip").returncode == 2


async def test_each_file_that_is_changed_lost_or_slipped_in_is_named(
    desk: Desk, published: str
) -> None:
    files = await proof_of(desk.client, published)
    named = [name for name in files if name != "manifest.json"]
    for name in named:
        body = files[name]
        for other in (body[:-1] + bytes([body[-1] ^ 1]), body + b" "):
            found = said({**files, name: other})
            assert any(each.startswith(name.rpartition("/")[0] or name) for each in found), name
        lost = said({each: kept for each, kept in files.items() if each != name})
        assert f"{name}: the file is missing" in lost
    assert said({**files, "more.txt": b""}) == ["more.txt: the manifest does not name this file"]


def _set(*path: Any, to: Any) -> Callable[[Any], None]:
    def edit(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        assert content[path[-1]] != to
        content[path[-1]] = to

    return edit


def _rest_in_the_year(calendar: dict[str, Any]) -> None:
    for day in calendar["days"]:
        day["is_workday"] = False


FORGERIES: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "formed later": ("duty.json", _set("formed_on", to="2026-11-09"), "the due day is"),
    "a longer limit": ("duty.json", _set("clock", "n", to=30), "the due day is"),
    "an extension": ("duty.json", _set("clock", "extended_by", to=5), "the due day is"),
    "an exemption": ("duty.json", _set("hold", to="exempt"), "the reason of the verdict is"),
    "seen earlier": (
        "facts.json",
        _set(0, "observed_at", to="2026-11-03T02:00:00+00:00"),
        "the observation was changed",
    ),
    "no claim": ("facts.json", _set(0, "claimed_at", to=None), "the observation was changed"),
    "another page": ("facts.json", _set(0, "url", to="https://x.cn/"), "of another address"),
    "a push": ("facts.json", _set(0, "received_at", to=SEEN_AT.isoformat()), "was changed"),
    "a time to stay": (
        "duty.json",
        lambda duty: duty["clock"].update(keep={"kind": "min_display", "n": 5}),
        "it has to stay until 2026-11-25",
    ),
    "another event": ("duty.json", _set("event_on", to="2026-11-09"), "its clock begins on"),
    "evidence of nothing": (
        "facts.json",
        _set(0, "evidence_id", to=NOBODY),
        "the evidence is missing",
    ),
    "no working days": ("calendar.json", _rest_in_the_year, "the due day is"),
    "another verdict": ("verdict.json", _set("verdict", to="late"), "the reason of the verdict"),
    "another reason": ("verdict.json", _set("reason", to="claim_in_time"), "the reason of the"),
    "another delay": ("verdict.json", _set("over_by", to=3), "it is over by None"),
    "another due day": ("verdict.json", _set("due_on", to="2026-12-31"), "the due day is"),
    "another address": (
        "capture.json",
        _set("capture", "covered", "url", to="https://x.cn/"),
        "the record (capture) was changed",
    ),
    "another header": (
        "capture.json",
        _set("capture", "covered", "headers", "server", to="y"),
        "the record (capture) was changed",
    ),
    "another request": (
        "capture.json",
        _set("capture", "covered", "request_headers", "Accept", to="*/*"),
        "the record (capture) was changed",
    ),
    "another time": (
        "capture.json",
        _set("capture", "covered", "fetched_at", to="2026-11-03T02:00:00+00:00"),
        "it is of another day than its time",
    ),
    "other bytes": (
        "capture.json",
        _set("capture", "covered", "sha256", to="0" * 64),
        "the bytes are not those of the hash",
    ),
    "another hash": (
        "capture.json",
        _set("capture", "hash", to="0" * 64),
        "its path does not lead to the root of the day",
    ),
    "none before": (
        "capture.json",
        _set("before", to=None),
        "it does not join the capture before it",
    ),
    "another one after": (
        "capture.json",
        _set("after", "covered", "previous_hash", to="0" * 64),
        "the capture after it does not join it",
    ),
    "another path": ("capture.json", _set("proof", 0, "hash", to="0" * 64), "its path does not"),
    "another root": ("capture.json", _set("day_root", to="0" * 64), "its path does not lead"),
}


async def test_who_forges_a_proof_with_its_manifest_is_found_by_what_follows_from_it(
    desk: Desk, published: str
) -> None:
    files = await proof_of(desk.client, published)
    found = {how: said(forged(files, edit, name)) for how, (name, edit, _) in FORGERIES.items()}
    unfound = {
        how: found[how]
        for how, (_, _, words) in FORGERIES.items()
        if not any(words in each for each in found[how])
    }
    assert unfound == {}
    with pytest.raises(check_proof.UnknownProof):
        said(forged(files, _set("rule_version", to=99), "verdict.json"))
    with pytest.raises(check_proof.UnknownProof):
        said(forged(files, _set("clock", "kind", to="moon"), "duty.json"))


async def test_an_absence_is_proven_by_the_lists_that_were_read(desk: Desk, world: World) -> None:
    duty = await world.record()
    await world.open()
    await world.walk(2)

    files = await proof_of(desk.client, duty)

    assert json.loads(files["verdict.json"])["verdict"] == "overdue"
    [walked] = json.loads(files["walks.json"])["lists"]
    pages = [files[f"evidence/{each}/page.bin"].decode() for each in walked["captures"]]
    assert pages == [world.served.pages["/list"]]
    assert said(files) == []
    day = clock.today(clock.now())
    assert {each.en for each in check_proof.doubts(files, {})} <= {f"{day} is not sealed yet"}
    earlier = _set("walked_at", to="2026-01-05T00:00:00+00:00")
    assert said(forged(files, earlier, "walks.json")) == [
        "verdict.json: the reason of the verdict is no_capture_since_due"
    ]
    grown = json.loads(files["verdict.json"])["over_by"] + 1
    forgery = forged(files, _set("over_by", to=grown), "verdict.json")
    assert said(forgery) == [f"verdict.json: it is over by {grown - 1}"]


@provokes("get_proof", "not-found", "evidence-damaged")
async def test_a_proof_of_pages_that_are_not_public_is_for_the_unit_and_auditors(
    desk: Desk, world: World, published: str, as_: Headers
) -> None:
    path = f"/api/v1/duties/{published}/proof.zip"
    await desk.do("UPDATE capture SET is_public = false WHERE chain = :unit", unit=world.unit)

    for nobody in (None, as_("citizen"), as_("officer", "D99")):
        hidden = await desk.client.get(path, headers=nobody)
        assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/not-found")
    for reader in (as_("officer", world.unit), as_("auditor"), as_("supervisor")):
        assert said(await proof_of(desk.client, published, reader)) == []
    unknown = await desk.client.get(f"/api/v1/duties/{NOBODY}/proof.zip", headers=as_("auditor"))
    assert unknown.status_code == 404

    sha256 = hashlib.sha256(PAGE).hexdigest()
    kept = desk.folder / sha256[:2] / sha256[2:4] / sha256
    kept.chmod(0o600)
    kept.write_bytes(PAGE + b"!")
    damaged = await desk.client.get(path, headers=as_("auditor"))
    assert (damaged.status_code, damaged.json()["type"]) == (409, "/problems/evidence-damaged")
    kept.unlink()


async def test_what_is_not_public_of_a_unit_that_is_followed_is_not_for_its_follower(
    desk: Desk, world: World, published: str, as_: Headers
) -> None:
    await desk.do("UPDATE capture SET is_public = false WHERE chain = :unit", unit=world.unit)
    async with new_world(desk, as_) as other:
        body = make.event("", other.unit, None, item_code="PR-02-01")
        body |= {"project_code": None, "subject": "关于办法的解读", "with_duty_id": published}
        duty = await make.duty(desk.client, as_("system"), body)
    async with desk.sessions() as session, session.begin():
        await following.follow(session, clock.now())

    for reader, sees in ((as_("officer", other.unit), False), (as_("auditor"), True)):
        files = await proof_of(desk.client, duty["id"], reader)
        follows = json.loads(files["duty.json"])["follows"]
        assert follows["published_on"] == "2026-11-20"
        assert (follows["facts"] is not None) is sees
        assert (world.address.encode() in b"".join(files.values())) is sees
        assert any(name.endswith("page.bin") for name in files) is sees
        assert said(files) == []
    assert json.loads(files["duty.json"])["formed_on"] == "2026-11-20"


async def test_on_what_a_ruling_rests_is_not_for_everybody(
    desk: Desk, published: str, as_: Headers
) -> None:
    order = Extension(document="市府办〔2026〕7号", reason="延长", days=3, version=1)
    async with desk.sessions() as session, session.begin():
        kind, by = RulingKind.EXTEND, Caller("auditor", frozenset({"auditor"}))
        await ruling.rule(session, UUID(published), kind, order, clock.now(), by)

    for reader, document in ((None, None), (as_("auditor"), order.document)):
        files = await proof_of(desk.client, published, reader)
        [found] = json.loads(files["duty.json"])["rulings"]
        assert (found["kind"], found["days"], found["document"]) == ("extend", 3, document)
        assert said(files) == []
    assert said(forged(files, _set("rulings", 0, "days", to=9), "duty.json")) == [
        "duty.json: the rulings add 9 days"
    ]
