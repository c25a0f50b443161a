"""Pictures and scans that come with a pre-check: sealed, bounded, and handed out to be saved."""

import asyncio
import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.appointments.forgetting import service as forgetting
from services.appointments.pre_checks import files
from shared.database.engine import Sessions
from shared.errors import Invalid
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_pre_checks import ANSWERS, act, guided, officer, submit
from tests.provoking import provokes

__all__ = ["guided"]

PNG = b"\x89PNG\r\n\x1a\n" + b"picture of 110105" * 9
PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def add(
    office: Office, one: dict[str, Any], me: dict[str, str], content: bytes = PNG, material: int = 1
) -> httpx.Response:
    body = {"material": material, "content": encoded(content)}
    url = f"/api/v1/pre-checks/{one['id']}/files"
    return await office.client.post(url, json=body, headers=me)


async def test_a_file_is_kept_sealed_and_handed_out_to_be_saved(guided: Office) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)

    [added] = good(await add(guided, sent, me), 201)["files"]
    url = f"pre-checks/{sent['id']}/files/{added['id']}"
    own = await guided.get(url, headers=me)
    theirs = await guided.get(url, headers=officer(guided))

    assert (added["kind"], added["material"], added["size_bytes"]) == ("png", 1, len(PNG))
    assert own.content == theirs.content == PNG
    assert own.headers["content-type"] == "application/octet-stream"
    assert own.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in own.headers["content-security-policy"]
    sealed = await guided.owner.fetchval(
        "SELECT content_sealed FROM pre_check_file WHERE id = $1", added["id"]
    )
    assert encoded(PNG)[:40] not in sealed
    read = await guided.owner.fetch(
        "SELECT details FROM audit_log WHERE object = $1 AND action = 'pre_check.file_read'",
        f"pre_check:{sent['id']}",
    )
    assert len(read) == 1
    problem(await guided.get(url, headers=guided.citizen()), 404, "not-found")
    other = f"pre-checks/{sent['id']}/files/{uuid4()}"
    problem(await guided.get(other, headers=me), 404, "not-found")


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00 a program",
        b"<svg onload=alert(1)>",
        b"PK\x03\x04 an archive",
        PDF + b" /S /JavaScript /JS (app.alert(1))",
        PDF + b" /S /J#61v#61Script",
        PDF + b" /Launch",
        PDF + b" /EmbeddedFile",
        PNG + b"0" * files.LARGEST,
    ],
)
def test_what_is_no_plain_picture_or_scan_is_not_taken(content: bytes) -> None:
    with pytest.raises(Invalid):
        files.read(encoded(content))


def test_kinds_are_known_by_their_first_bytes() -> None:
    assert [files.read(encoded(one))[1] for one in (PNG, PDF, b"\xff\xd8\xff\xe0 jpeg")] == [
        "png",
        "pdf",
        "jpeg",
    ]
    with pytest.raises(Invalid):
        files.read("no base64!")


async def test_a_file_as_large_as_may_be_comes_through(guided: Office) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    largest = PNG + b"0" * (files.LARGEST - len(PNG))

    [added] = good(await add(guided, sent, me, largest), 201)["files"]
    wrong = problem(await add(guided, sent, me, b"MZ a program"), 422, "invalid-request")

    assert added["size_bytes"] == files.LARGEST
    assert wrong["errors"][0]["pointer"] == "/body/content"
    unknown = problem(await add(guided, sent, me, material=9), 422, "invalid-request")
    assert unknown["errors"][0]["pointer"] == "/body/material"


async def test_there_are_never_more_than_twenty(guided: Office) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    await guided.owner.execute(
        "INSERT INTO pre_check_file SELECT gen_random_uuid(), $1, n, 1, 'png', 9, 'x', $2"
        " FROM generate_series(1, 19) n",
        sent["id"],
        guided.clock(),
    )

    answers = await asyncio.gather(*(add(guided, sent, me) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_all_that_are_sent_at_once_are_taken(guided: Office) -> None:
    """As a page sends them: each goes by those before it, and none is sent away for that."""
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)

    answers = await asyncio.gather(*(add(guided, sent, me) for _ in range(12)))

    assert [answer.status_code for answer in answers] == [201] * 12
    shown = good(await guided.get(f"pre-checks/{sent['id']}", headers=me))["files"]
    assert [one["number"] for one in shown] == [*range(1, 13)]


@provokes("add_pre_check_file", "state-conflict")
@provokes("remove_pre_check_file", "state-conflict")
async def test_once_it_is_answered_for_good_its_files_stay_as_they_are(guided: Office) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    [first] = good(await add(guided, sent, me), 201)["files"]
    both = good(await add(guided, sent, me, PDF), 201)["files"]
    url = f"/api/v1/pre-checks/{sent['id']}/files/{first['id']}"

    strange = await guided.client.delete(url, headers=guided.citizen())
    left = good(await guided.client.delete(url, headers=me))["files"]
    again = await guided.client.delete(url, headers=me)
    good(await act(guided, sent, "answer", officer(guided), **ANSWERS["complete"]))
    late = f"/api/v1/pre-checks/{sent['id']}/files/{both[1]['id']}"

    assert [one["id"] for one in left] == [both[1]["id"]]
    problem(strange, 404, "not-found")
    problem(again, 404, "not-found")
    problem(await add(guided, sent, me), 409, "state-conflict")
    problem(await guided.client.delete(late, headers=me), 409, "state-conflict")


async def test_files_are_forgotten_after_ninety_days(guided: Office, sessions: Sessions) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    good(await add(guided, sent, me), 201)

    async with sessions() as session, session.begin():
        await forgetting.forget(session, guided.clock() + timedelta(days=89))
    kept = good(await guided.get(f"pre-checks/{sent['id']}", headers=me))["files"]
    async with sessions() as session, session.begin():
        await forgetting.forget(session, guided.clock() + timedelta(days=91))
    gone = good(await guided.get(f"pre-checks/{sent['id']}", headers=me))["files"]

    assert (len(kept), gone) == (1, [])


async def test_of_what_is_withdrawn_nothing_is_kept(guided: Office) -> None:
    """Else whoever submits and withdraws again and again fills the disk, too."""
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    good(await add(guided, sent, me), 201)
    seen = good(await add(guided, sent, me), 201)["files"]

    late = await act(guided, sent, "withdraw", me, version=9)
    problem(late, 409, "state-conflict")
    assert len(good(await guided.get(f"pre-checks/{sent['id']}", headers=me))["files"]) == len(seen)
    withdrawn = good(await act(guided, sent, "withdraw", me))

    assert withdrawn["files"] == []
    assert withdrawn == good(await guided.get(f"pre-checks/{sent['id']}", headers=me))
    gone = await guided.get(f"pre-checks/{sent['id']}/files/{seen[0]['id']}", headers=me)
    problem(gone, 404, "not-found")
