"""Whom notices of promises, pre-checks, outreach, follow-ups and consultations are for."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.appointments.notices import service
from services.appointments.notices.matters import MATTERS
from shared.database.engine import Sessions
from tests.appointments import test_deferrals as deferrals
from tests.appointments import test_outreach_events as gatherings
from tests.appointments import test_outreach_visits as visits
from tests.appointments import test_pre_checks as pre_checks
from tests.appointments.conftest import Build
from tests.appointments.consultation_helpers import opened
from tests.appointments.followup_helpers import FollowedUp, lay_down, served
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good
from tests.appointments.test_guides import put_guide
from tests.appointments.test_notices import due, handed

PHONE = "13900000001"


@pytest.fixture
async def guided(office: Office) -> Office:
    """An office whose first item has a guide with a material that may follow."""
    good(await put_guide(office, materials=pre_checks.MATERIALS))
    return office


async def test_papers_that_were_promised_are_spoken_of_until_they_are_there(
    guided: Office, sessions: Sessions
) -> None:
    account = str(uuid4())
    me, clerk = guided.citizen(account), guided.clerk()
    ticket = await deferrals.ticket(guided, me)
    made = good(await deferrals.promise(guided, ticket), 201)
    for kind in ("deferral_promised", "deferral_reminder"):
        known = await handed(guided, kind, made["id"])
        assert (known["applies"], known["account_id"]) == (True, account)
        assert (known["facts"]["materials"], known["facts"]["due_on"]) == ("照片", made["due_on"])
    assert not (await handed(guided, "deferral_lapsed", made["id"]))["applies"]

    good(await deferrals.act(guided, made, "supply", clerk))
    assert not (await handed(guided, "deferral_reminder", made["id"]))["applies"]
    other = good(await deferrals.promise(guided, ticket), 201)
    await deferrals.sweep(sessions, date.fromisoformat(other["due_on"]).replace(year=2027))
    assert (await handed(guided, "deferral_lapsed", other["id"]))["account_id"] == account


@pytest.mark.parametrize("outcome", sorted(pre_checks.ANSWERS))
async def test_of_a_pre_check_its_answer_is_told_and_no_word_of_it(
    guided: Office, outcome: str
) -> None:
    account = str(uuid4())
    sent = good(await pre_checks.submit(guided, guided.citizen(account)), 201)
    officer, answer = pre_checks.officer(guided), pre_checks.ANSWERS[outcome]
    good(await pre_checks.act(guided, sent, "answer", officer, **answer))
    known = await handed(guided, f"pre_check_{outcome}", sent["id"])
    assert (known["applies"], known["account_id"], known["phone"]) == (True, account, None)
    assert known["facts"]["missing"] == str(len(answer.get("missing", [])))
    assert not [word for word in ("居住证明", "区公安分局", "原件") if word in str(known)]
    others = [kind for kind in MATTERS if kind.startswith("pre_check_")]
    holding = [kind for kind in others if (await handed(guided, kind, sent["id"]))["applies"]]
    assert holding == [f"pre_check_{outcome}"]


async def test_who_is_visited_is_reached_by_the_phone_that_they_gave(office: Office) -> None:
    asked = await visits.requested(office)
    good(await asked.do("plan", office.clerk()))
    known = await handed(office, "outreach_visit_planned", asked.made["id"])
    assert known["phone"] == PHONE
    assert known["facts"]["starts_at"] == "2026-11-26T01:30:00+00:00"
    assert "幸福小区" not in str(known), "where somebody lives is known to who goes there alone"
    good(await asked.do("cancel", office.clerk()))
    assert (await handed(office, "outreach_visit_cancelled", asked.made["id"]))["applies"]
    assert not (await handed(office, "outreach_visit_planned", asked.made["id"]))["applies"]


async def test_who_gave_up_a_visit_themselves_is_not_told(office: Office) -> None:
    asked = await visits.requested(office)
    good(await asked.do("cancel", asked.me))
    assert not (await handed(office, "outreach_visit_cancelled", asked.made["id"]))["applies"]


async def test_when_an_outreach_event_is_moved_or_off_whoever_has_places_is_told(
    office: Office, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    event = await gatherings.announced(office)
    account = str(uuid4())
    mine = good(await event.register(2, office.citizen(account), phone=PHONE), 201)
    gone = good(await event.register(headers=office.clerk()), 201)
    known = await handed(office, "outreach_registered", mine["id"])
    assert (known["account_id"], known["phone"], known["facts"]["people"]) == (account, PHONE, "2")
    good(await event.settle(gone, "cancel", office.clerk()))
    assert (await handed(office, "outreach_registration_cancelled", gone["id"]))["applies"]

    for action, kind in (("move", "outreach_event_moved"), ("cancel", "outreach_event_cancelled")):
        good(await event.do(action, office.manager()))
        assert (await handed(office, kind, mine["id"]))["applies"]
        async with sessions() as session, session.begin():
            about = office.code, UUID(event.made["id"])
            await service.notify_registered(session, kind, *about, action)
    moved, told = await due(owner, mine["id"])
    assert (moved["kind"], told["kind"]) == ("outreach_event_moved", "outreach_event_cancelled")
    assert await due(owner, gone["id"]) == []
    assert (await handed(office, told["kind"], mine["id"]))["phone"] == PHONE
    assert not (await handed(office, "outreach_registered", mine["id"]))["applies"]


async def test_who_is_asked_how_it_went_is_whose_ticket_it_was(
    hall: Build, sessions: Sessions, owner: asyncpg.Connection
) -> None:
    floor, account = await hall(), str(uuid4())
    await floor.open()
    await lay_down(floor)
    case = await served(floor, owner)
    await owner.execute("UPDATE ticket SET owner = $2 WHERE id = $1", case.case_id, account)
    asked = FollowedUp(floor, sessions, owner, case)
    assert await asked.draw()
    asked.id = str(good(await asked.ask())["id"])
    known = await handed(floor, "followup_invited", asked.id)
    assert (known["account_id"], known["facts"]["item_name"]) == (account, case.item_name)
    good(await asked.answer())
    assert not (await handed(floor, "followup_invited", asked.id))["applies"]


@pytest.mark.parametrize("in_a_case", [True, False])
async def test_the_answer_of_a_consultation_is_told_to_whose_case_it_came_up_in(
    guided: Office, in_a_case: bool
) -> None:
    account = str(uuid4())
    case = await deferrals.ticket(guided, guided.citizen(account)) if in_a_case else None
    asked = await opened(guided, case_id=case)
    assert not (await handed(guided, "consultation_answered", asked.made["id"]))["applies"]
    for department in (asked.one, asked.other):
        await asked.opinion(department)
    good(await asked.do("answer", asked.officer()))
    known = await handed(guided, "consultation_answered", asked.made["id"])
    assert (known["applies"], known["account_id"]) == (True, account if in_a_case else None)
    assert "三份材料" not in str(known)


@pytest.mark.parametrize("kind", sorted(MATTERS))
async def test_what_nobody_knows_is_handed_to_nobody(office: Office, kind: str) -> None:
    known: dict[str, Any] = await handed(office, kind, uuid4())
    assert known == {"applies": False, "account_id": None, "phone": None, "facts": {}}
