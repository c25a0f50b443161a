"""The sums that are kept of letters give what counting their rows gives, whatever happened."""

import random
from contextlib import suppress
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.workflow import MOVES
from services.feedback.letters.models import LetterState as S
from services.feedback.statistics import queries, service
from services.feedback.statistics.schemas import LetterGrouping
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import AS_SENDER, BODY, FIELDS, WAY, LetterOffice
from tests.feedback.reviewing import published

FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
KINDS = ("consultation", "help", "suggestion", "complaint", "accusation")
ACTIONS = {*FIELDS, *AS_SENDER, *chain(*WAY.values())} - {"merge"}
CHANGES = (
    "UPDATE letter SET kind = 'complaint' WHERE id = :id AND kind = 'help'",
    "UPDATE letter SET kind = 'help' WHERE id = :id AND kind = 'complaint'",
    "UPDATE letter SET wants_public = NOT wants_public WHERE id = :id",
    "UPDATE letter SET replied_at = received_at + interval '3 days' WHERE id = :id",
    "UPDATE letter SET department_code = NULL WHERE id = :id AND state = 'registered'",
    "UPDATE deadline SET state = 'cancelled', met_at = NULL, paused_on = NULL"
    " WHERE subject_id = :id AND kind <> 'letter_register'",
    "UPDATE deadline SET state = 'met', met_at = started_at + interval '2 days', paused_on = NULL"
    " WHERE subject_id = :id",
    "UPDATE deadline SET due_at = due_at + interval '1 day', due_on = due_on + 1"
    " WHERE subject_id = :id",
    "UPDATE deadline SET provisional = NOT provisional WHERE subject_id = :id",
    "UPDATE published_letter SET taken_down_at = now() WHERE letter_id = :id",
    "UPDATE published_letter SET taken_down_at = NULL WHERE letter_id = :id",
    "UPDATE redaction SET state = 'declined', declined_for = 'opposed' WHERE letter_id = :id",
    "INSERT INTO letter_rating (letter_id, answer_no, grade, at)"
    " SELECT :id, coalesce(max(answer_no), 0) + 1, (ARRAY['satisfied', 'dissatisfied'])"
    "[1 + floor(random() * 2)], now() FROM letter_rating WHERE letter_id = :id",
)
"""As another version might write it: whoever writes, the letter is marked."""

NEXT = (
    "UPDATE counted_day SET proven_at"
    " = CASE day WHEN '2026-05-04' THEN now() - interval '9 days' ELSE now() END"
)
"""That day is the next to be proven."""


async def read(session: AsyncSession, places: list[str], now: Any) -> dict[str, Any]:
    """All that anybody could be shown."""
    period: dict[str, Any] = {"first": FIRST, "last": LAST, "now": now}
    found: dict[str, Any] = {
        "public": await queries.public_figures(session, list(LetterGrouping), **period)
    }
    for group_by in LetterGrouping:
        for own in (None, places):
            key = f"{group_by} of {own or 'all'}"
            found[key] = await queries.figures(session, group_by=group_by, own=own, **period)
    return found


async def read_both_ways(office: LetterOffice, now: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """By the sums that are kept, and as if none were."""
    async with office.isolated.sessions() as session:
        by_sums = await read(session, [office.department], now)
        await session.execute(text("DELETE FROM counted_day"))
        by_rows = await read(session, [office.department], now)
        await session.rollback()
    return by_sums, by_rows


async def counted(office: LetterOffice) -> None:
    while await office.isolated.run(service.count):
        pass


async def change(office: LetterOffice, letter_id: str, rng: random.Random) -> None:
    async with office.isolated.sessions() as session:
        with suppress(IntegrityError):  # not every change fits every letter
            await session.execute(text(rng.choice(CHANGES)), {"id": letter_id})
            await session.commit()


@pytest.mark.parametrize("seed", range(3))
async def test_the_sums_give_what_the_rows_give(office: LetterOffice, seed: int) -> None:
    rng, clock = random.Random(seed), office.isolated.clock
    clock.now = at("2026-10-01 09:00") + timedelta(days=rng.randrange(5))
    letters = [(await published(office)).letter, await office.letter_in(S.AWAITING_CITIZEN)]
    await counted(office)
    for step in range(30):
        clock.advance(hours=rng.choice((0, 1, 20, 300 if step == 20 else 2)))
        match rng.randrange(5):
            case 0:
                kind = rng.choice(KINDS)
                letters.append(await office.write(kind=kind, body=BODY + uuid4().hex))
            case 1:
                letter = rng.choice(letters)
                actions = [m.action for m in MOVES if m.state is letter.state]
                await letter.act(rng.choice([each for each in actions if each in ACTIONS]))
            case 2 | 3:
                await change(office, rng.choice(letters).id, rng)
            case _:
                await counted(office)
        if step % 6 == 5:
            for ahead in (timedelta(), timedelta(days=9), timedelta(days=90)):
                by_sums, by_rows = await read_both_ways(office, clock.now + ahead)
                assert by_sums == by_rows
    await counted(office)
    by_sums, by_rows = await read_both_ways(office, clock.now)
    assert by_sums == by_rows
    async with office.isolated.sessions() as session:
        assert (await session.execute(text("SELECT count(*) FROM letter_recount"))).scalar() == 0
        for _ in range(40):
            assert await service.prove(session, clock.now) == 0


async def test_what_is_kept_wrong_is_found_and_set_right(office: LetterOffice) -> None:
    office.isolated.clock.now = at("2026-05-04 10:00")
    await office.letter_in(S.REPLIED)
    await counted(office)
    good = await read_both_ways(office, office.isolated.clock.now)
    for broken in (
        "UPDATE letter_tally SET replied = replied + 1 WHERE day = '2026-05-04'",
        "UPDATE counted_letter SET registered = 0, answered_in = 77 WHERE day = '2026-05-04'",
        "DELETE FROM letter_tally WHERE day = '2026-05-04' AND grouping = 'all'",
    ):
        async with office.isolated.sessions() as session, session.begin():
            await session.execute(text(broken))
            await session.execute(text(NEXT))
        assert await office.isolated.run(service.prove) > 0
        assert await read_both_ways(office, office.isolated.clock.now) == good
        assert good[0] == good[1]


async def test_a_mark_made_while_letters_are_counted_is_not_lost(office: LetterOffice) -> None:
    office.isolated.clock.now = at("2026-05-06 10:00")
    letter = await office.letter_in(S.REPLIED)
    await counted(office)
    sessions = office.isolated.sessions
    async with sessions() as writer, sessions() as counter:
        rate = text(
            "INSERT INTO letter_rating (letter_id, answer_no, grade, at)"
            " VALUES (:id, 1, 'satisfied', now())"
        )
        await writer.execute(rate, {"id": letter.id})
        await change(office, letter.id, random.Random(2))
        assert await service.count(counter, office.isolated.clock.now) >= 0
        await writer.commit()
        await counter.commit()
    by_sums, by_rows = await read_both_ways(office, office.isolated.clock.now)
    assert by_sums == by_rows
    await counted(office)
    assert (await read_both_ways(office, office.isolated.clock.now))[0] == by_rows
