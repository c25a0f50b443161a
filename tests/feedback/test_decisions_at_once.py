"""Two who decide about one letter at the same moment: one of them wins, and nothing is left of the
other's decision.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.feedback.letters.models import LetterState as S
from tests import support
from tests.feedback.isolated_service import IsolatedService
from tests.feedback.letter_helpers import Letter, LetterOffice

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_LEFT = text("""
    SELECT (SELECT count(*) FROM letter_transition WHERE letter_id = :id),
        (SELECT count(*) FROM deadline WHERE subject_id = :id),
        (SELECT count(*) FROM deadline_change c JOIN deadline d ON d.id = c.deadline_id
         WHERE d.subject_id = :id),
        (SELECT count(*) FROM outbox WHERE convert_from(body, 'UTF8') LIKE '%' || :id || '%')
""")


async def left_of(letter: Letter) -> tuple[int, ...]:
    """How many steps, clocks, lines of their history and events there are of the letter."""
    async with letter.office.isolated.sessions() as session:
        return tuple((await session.execute(_LEFT, {"id": letter.id})).one())


async def while_locked(
    isolated: IsolatedService,
    sql: str,
    letter: Letter,
    *acts: Coroutine[Any, Any, httpx.Response],
) -> list[httpx.Response]:
    """The acts, all of them decided and about to be written while somebody else does `sql`."""

    async def all_wait() -> bool:
        async with isolated.sessions() as other:
            return bool((await other.execute(_WAITING)).scalar_one() == len(acts))

    async with isolated.sessions() as session, session.begin():
        await session.execute(text(sql), {"id": letter.id})
        begun = [asyncio.create_task(act) for act in acts]
        await support.eventually(all_wait)
    return await asyncio.gather(*begun)


LOCKED = "SELECT 1 FROM letter WHERE id = :id FOR UPDATE"


@pytest.mark.parametrize(
    ("state", "action"),
    [(S.ACCEPTED, "dispatch"), (S.IN_REVIEW, "approve"), (S.HANDLING, "ask_citizen")],
)
async def test_of_two_who_decide_one_wins_and_nothing_is_left_of_the_other(
    office: LetterOffice, state: S, action: str
) -> None:
    alone, letter = await office.letter_in(state), await office.letter_in(state)
    assert (await alone.act(action)).status_code == 200
    seen = letter.version
    answers = await while_locked(
        office.isolated, LOCKED, letter, *(letter.act(action) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer.json() for answer in answers if answer.status_code == 409]
    assert (refused["state"], refused["version"]) == (letter.state, seen + 1)
    assert await left_of(letter) == await left_of(alone)


async def test_who_is_overtaken_by_a_sweep_decides_anew(office: LetterOffice) -> None:
    alone, letter = await office.letter_in(S.IN_REVIEW), await office.letter_in(S.IN_REVIEW)
    assert (await alone.act("approve")).status_code == 200
    [late] = await while_locked(
        office.isolated,
        "UPDATE deadline SET version = version + 1 WHERE subject_id = :id",
        letter,
        letter.act("approve"),
    )
    assert (late.status_code, late.json()["state"]) == (200, "replied")
    assert await left_of(letter) == await left_of(alone)


@pytest.mark.parametrize("first", ["merge", "refuse"])
async def test_a_letter_that_joins_one_that_just_ends_does_not_wait_for_ever(
    office: LetterOffice, first: str
) -> None:
    main, other = await office.letter_in(S.REGISTERED), await office.write()
    acts = {"merge": other.act("merge", into=main.id), "refuse": main.act("refuse")}
    second = next(name for name in acts if name != first)
    answers = await while_locked(office.isolated, LOCKED, main, acts[first], acts[second])
    assert {answer.status_code for answer in answers} <= {200, 409}
    ended, waits = (await main.seen())["state"], (await other.seen())["state"]
    assert (ended, waits) == ("not_accepted", "received")


async def test_two_letters_join_a_third_at_once(office: LetterOffice) -> None:
    main, *others = [await office.write() for _ in range(3)]
    answers = await while_locked(
        office.isolated, LOCKED, main, *(one.act("merge", into=main.id) for one in others)
    )
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_the_same_request_twice_at_once_is_one_decision_and_one_answer(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.HANDLING)
    headers = {
        **office.headers("officer"),
        "If-Match": f'"{letter.version}"',
        "Idempotency-Key": "one-request-sent-twice",
    }
    path = f"/api/v1/letters/{letter.id}/actions/submit_reply"
    body = {"text": "路灯已修复。"}
    answers = await while_locked(
        office.isolated,
        LOCKED,
        letter,
        *(office.client.post(path, json=body, headers=headers) for _ in range(2)),
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
