"""What is decided about one thing and all that belongs to it is decided with what has just come.

Nothing of that stands in the row itself, so that its version alone would not tell.
"""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.appointments import test_deferrals as deferrals
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_outreach_events import announced
from tests.appointments.test_pre_check_files import PNG, add
from tests.appointments.test_pre_checks import ANSWERS, act, guided, officer, submit
from tests.waiting import until_it_waits

__all__ = ["guided"]

FILES = "SELECT count(*) FROM pre_check_file WHERE pre_check_id = $1"
KEEPS_THE_NUMBER = (
    "INSERT INTO pre_check_file VALUES (gen_random_uuid(), $1, 1, 1, 'png', 9, 'x', now())"
)


async def test_a_file_that_comes_while_a_pre_check_is_withdrawn_is_not_kept(
    guided: Office, other: asyncpg.Connection
) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    await other.execute(KEEPS_THE_NUMBER, sent["id"])
    adding = asyncio.create_task(add(guided, sent, me))
    await until_it_waits(other, adding)
    withdrawing = asyncio.create_task(act(guided, sent, "withdraw", me))
    await until_it_waits(other, withdrawing, many=2)
    await other.execute("ROLLBACK")

    good(await adding, 201)
    assert good(await withdrawing)["files"] == []
    assert await guided.owner.fetchval(FILES, sent["id"]) == 0


@pytest.mark.parametrize("what", ["added", "removed"])
async def test_who_answers_has_seen_all_files(guided: Office, what: str) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    seen = good(await add(guided, sent, me), 201)
    if what == "added":
        good(await add(guided, seen, me, PNG + b"another"), 201)
    else:
        url = f"/api/v1/pre-checks/{sent['id']}/files/{seen['files'][0]['id']}"
        good(await guided.client.delete(url, headers=me))

    answer = {**ANSWERS["complete"], "version": seen["version"]}
    late = await act(guided, sent, "answer", officer(guided), **answer)
    again = {**answer, "version": problem(late, 409, "state-conflict")["version"]}
    assert good(await act(guided, sent, "answer", officer(guided), **again))["state"] == "complete"


async def test_papers_are_promised_only_for_a_ticket_that_is_still_served(
    guided: Office, other: asyncpg.Connection
) -> None:
    ticket = UUID(await deferrals.ticket(guided, guided.citizen()))
    taken_back = "UPDATE ticket SET state = 'called', version = version + 1 WHERE id = $1"
    await other.execute(taken_back, ticket)
    promising = asyncio.create_task(deferrals.promise(guided, str(ticket)))
    await until_it_waits(other, promising)
    await other.execute("COMMIT")

    assert problem(await promising, 409, "state-conflict")["state"] == "called"


async def test_whoever_calls_it_off_counts_who_has_just_registered(
    office: Office, other: asyncpg.Connection
) -> None:
    event = await announced(office)
    registered = "UPDATE outreach_event SET taken = taken + 2 WHERE id = $1"
    await other.execute(registered, UUID(event.made["id"]))
    cancelling = asyncio.create_task(event.do("cancel", office.manager()))
    await until_it_waits(other, cancelling)
    await other.execute("COMMIT")

    assert good(await cancelling)["state"] == "cancelled"
    assert [one["taken"] for one in await office.events("outreach_event.cancelled")] == [2]


async def test_one_key_submits_once(guided: Office) -> None:
    me = {**guided.citizen(), "Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(submit(guided, me) for _ in range(4)))
    assert len({good(answer, 201)["id"] for answer in answers}) == 1
