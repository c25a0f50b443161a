"""A push that its source has signed (RFC 9421): by its own key, of this request, now, and once."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.release_register import AUTHOR, Register, new_project, signature
from tests.provoking import provokes
from tests.support import PUSHER, Connect

URL = "https://www.example.gov.cn/zdxm/s1.html"


@pytest.fixture
async def register(projects: httpx.AsyncClient, as_: Headers, sql: Connect) -> Register:
    return Register(projects, as_, await make.unit(await sql("projects")), new_project())


async def test_what_is_signed_says_when_and_what_is_not_says_nothing(register: Register) -> None:
    now = clock.now()
    signed = await register.push(URL, signed_at=now)
    assert signed["signed_at"] is not None
    bearer = await register.push(URL, title="第三水厂工程建议书批复之二")
    assert (bearer["state"], bearer["signed_at"]) == ("released", None)


REFUSED: dict[str, dict[str, Any]] = {
    "another secret": {"secret": "a secret that was guessed, and long enough"},
    "the key of another account": {"key_id": "another-system"},
    "a key of the account that is not known": {"key_id": f"{PUSHER}/2027"},
    "another path": {"path": "/api/v1/release-register"},
    "another method": {"method": "PUT"},
    "no body": {"covered": '"@method" "@path"'},
    "no path": {"covered": '"@method" "content-digest"'},
}


@provokes("push_publication", "signature-refused")
@pytest.mark.parametrize("how", REFUSED)
async def test_what_does_not_hold_is_refused_whole(register: Register, how: str) -> None:
    body = register.pushed(URL)
    headers = register.as_("system", register.unit, sub=PUSHER)
    answer = await register.send_push(body, headers | signature(body, clock.now(), **REFUSED[how]))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/signature-refused")
    assert await register.listed(AUTHOR) == []


async def test_a_signature_is_of_its_own_body_and_of_now(register: Register) -> None:
    body, now = register.pushed(URL), clock.now()
    headers = register.as_("system", register.unit, sub=PUSHER)
    of_another = signature(register.pushed(URL, title="另一份文件的批复"), now)
    swapped = signature(body, now) | {"Content-Digest": of_another["Content-Digest"]}
    half = {"Signature": signature(body, now)["Signature"]}
    for wrong in (
        of_another,
        swapped,
        half,
        signature(body, now - timedelta(minutes=11)),
        signature(body, now + timedelta(minutes=11)),
    ):
        answer = await register.send_push(body, headers | wrong)
        assert answer.status_code == 403, wrong
    assert await register.listed(AUTHOR) == []


async def test_nobody_sends_for_another_what_that_one_has_signed(register: Register) -> None:
    body = register.pushed(URL)
    thief = register.as_("system", register.unit, sub="thief")
    answer = await register.send_push(body, thief | signature(body, clock.now()))
    assert answer.status_code == 403


async def test_what_was_signed_is_taken_once_and_again_by_a_new_signature(
    register: Register,
) -> None:
    now = clock.now()
    at = now - timedelta(seconds=2)
    first = await register.push(URL, at=now, signed_at=at)
    await register.push(URL, at=now, signed_at=at, status=403)
    again = await register.push(URL, at=now, signed_at=now)
    assert (again["id"], again["released_at"]) == (first["id"], first["released_at"])
    assert again["signed_at"] > first["signed_at"]
    for old in (at, now):
        await register.push(URL, at=now, signed_at=old, status=403)


async def test_what_came_unsigned_is_not_attested_later(register: Register) -> None:
    now = clock.now()
    first = await register.push(URL, at=now)
    again = await register.push(URL, at=now, signed_at=now)
    assert (again["id"], again["signed_at"]) == (first["id"], None)
