"""The proof of a verdict as one file: it is checked without the system, and every change shows."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from deploy import check_proof
from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.projects.proofs import forged, proof_of, said
from tests.projects.proofs_world import NOBODY, PAGE, SEEN_AT, publish

SCRIPT = Path(check_proof.__file__).resolve()


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        await world.register()
        yield world


@pytest.fixture
async def published(desk: Desk, world: World) -> str:
    """A duty whose page was captured, between two others, on a day that is sealed since."""
    return await publish(desk, world)


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
