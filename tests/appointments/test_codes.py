"""Signed codes of appointments and tickets: checked without network, by published keys."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.appointments.codes import rules
from shared.security.crypto import Keyring
from tests import support
from tests.appointments.conftest import Build
from tests.appointments.offices import KEYRING, NINE, Office
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes


def plain(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def checked(code: str, keys: list[dict[str, Any]]) -> dict[str, Any]:
    """What the code says, as a kiosk without network finds it. Raises InvalidSignature."""
    header, claims, signature = code.split(".")
    of = json.loads(plain(header))
    assert (of["alg"], of["typ"]) == ("EdDSA", "onedoor-code")
    [key] = [one for one in keys if one["kid"] == of["kid"]]
    public = Ed25519PublicKey.from_public_bytes(plain(key["x"]))
    public.verify(plain(signature), f"{header}.{claims}".encode())
    found: dict[str, Any] = json.loads(plain(claims))
    return found


async def keys(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return list(good(await client.get("/api/v1/codes/keys"))["keys"])


async def reprint(floor: Floor, ticket: dict[str, Any], headers: Any = None) -> httpx.Response:
    url = f"/api/v1/tickets/{ticket['id']}/reprint"
    headers = {"Idempotency-Key": uuid4().hex, **(headers or floor.clerk())}
    return await floor.client.post(url, headers=headers)


@provokes("get_ticket_code", "state-conflict")
async def test_the_code_of_a_ticket_is_checked_without_network(hall: Build) -> None:
    floor = await hall()
    ticket = await floor.issue()
    url = f"/api/v1/tickets/{ticket['id']}/code"

    given = good(await floor.client.get(url, headers={"Ticket-Key": ticket["ticket_key"]}))
    says = checked(given["code"], await keys(floor.client))

    assert says.pop("exp") - says.pop("iat") == timedelta(days=1).total_seconds()
    assert says.pop("d")
    assert says == {
        "k": "ticket",
        "sub": ticket["id"],
        "h": floor.code,
        "n": ticket["number"],
        "i": floor.items[:1],
        "p": 0,
    }
    assert len(given["code"]) < 450, "too much for a QR code that a cheap scanner reads"
    problem(await floor.client.get(url), 404, "not-found")
    problem(await floor.client.get(url, headers=floor.sign("clerk", "OTHER")), 404, "not-found")
    await floor.done(ticket, "abandon")
    problem(await floor.client.get(url, headers=floor.clerk()), 409, "state-conflict")


async def test_who_changes_a_code_is_found_out(hall: Build) -> None:
    floor = await hall()
    ticket = await floor.issue()
    url = f"/api/v1/tickets/{ticket['id']}/code"
    code = good(await floor.client.get(url, headers=floor.clerk()))["code"]
    header, claims, signature = code.split(".")
    says = {**json.loads(plain(claims)), "n": "A999"}
    forged = base64.urlsafe_b64encode(json.dumps(says).encode()).decode().rstrip("=")
    published = await keys(floor.client)

    with pytest.raises(InvalidSignature):
        checked(f"{header}.{forged}.{signature}", published)
    assert all("d" not in key for key in published), "a private key was published"


@provokes("get_appointment_code", "state-conflict")
async def test_the_code_of_an_appointment_checks_in(office: Office) -> None:
    me = office.citizen()
    slot = await office.slot(office.clock.at + timedelta(hours=1))
    held = await office.hold(slot, headers=me)
    url = f"appointments/{held['id']}/code"

    problem(await office.get(url, headers=me), 409, "state-conflict")
    good(await office.do(held, "confirm", me))
    given = good(await office.get(url, headers=me))
    says = checked(given["code"], await keys(office.client))

    assert (says["k"], says["h"], says["i"]) == ("appointment", office.code, office.items[:1])
    assert says["exp"] - says["s"] == timedelta(hours=12).total_seconds()
    problem(await office.get(url, headers=office.citizen()), 404, "not-found")
    arrived = await office.client.post(
        f"/api/v1/appointments/{says['c']}/check-in", headers=office.device()
    )
    assert good(arrived)["state"] == "checked_in"


@provokes("reprint_ticket", "state-conflict")
async def test_a_reprint_is_marked_counted_and_audited(
    hall: Build, owner: asyncpg.Connection
) -> None:
    floor = await hall()
    ticket = await floor.issue()

    first = good(await reprint(floor, ticket))
    second = good(await reprint(floor, ticket, floor.sign("device", floor.code)))

    assert [first["mark"], second["mark"]] == ["补打（第 1 次）", "补打（第 2 次）"]
    assert (second["number"], second["reprint"]) == (ticket["number"], 2)
    published = await keys(floor.client)
    assert [checked(one["code"], published)["p"] for one in (first, second)] == [1, 2]
    noted = await owner.fetchval(
        "SELECT count(*) FROM audit_log WHERE action = 'ticket.reprinted' AND object = $1",
        f"ticket:{ticket['id']}",
    )
    assert noted == 2
    assert (await floor.see(ticket))["version"] == ticket["version"]
    problem(await reprint(floor, ticket, floor.sign("clerk", "OTHER")), 404, "not-found")
    await floor.done(ticket, "abandon")
    problem(await reprint(floor, ticket), 409, "state-conflict")


def test_a_new_index_key_brings_a_new_key_and_ends_the_old_after_a_while() -> None:
    [before] = rules.keys(KEYRING, NINE)
    later = f"{support.INDEX_KEY},20261124:Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M="
    both = Keyring(support.COLUMN_KEYS, later)

    new, old = rules.keys(both, NINE)
    only = rules.keys(both, NINE + timedelta(days=182))

    assert old.kid == before.kid != new.kid
    assert [key.kid for key in only] == [new.kid]
