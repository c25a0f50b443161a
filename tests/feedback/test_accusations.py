"""信访工作条例 art. 30: an accusation never reaches whom it accuses, by any way."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.feedback.letters.models import LetterState as S
from services.feedback.reminders import service as reminders
from services.feedback.supervision import escalation
from services.feedback.supervision.events import SupervisionIssued
from tests.feedback.isolated_service import at, outbox
from tests.feedback.letter_helpers import API, WAY, Letter, LetterOffice, new_department
from tests.paging import walked
from tests.provoking import provokes


@provokes("letter_dispatch", "department-accused")
@provokes("read_letter_papers", "not-found")
@provokes("read_original_letter", "not-found")
@provokes("read_redaction", "not-found")
async def test_an_accusation_never_reaches_whom_it_accuses(office: LetterOffice) -> None:
    letter = await office.write(kind="accusation", title="举报违规收费")
    unnamed = await letter.act("register")
    assert unnamed.json()["errors"][0]["pointer"] == "/body/accused"
    await letter.act("register", accused=[office.department])
    await letter.act("accept")
    refused = await letter.act("dispatch", department_code=office.department)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/department-accused")
    await letter.act("dispatch", department_code=await new_department(office.isolated))
    for role in ("officer", "reviewer", "supervisor", "dispatcher"):
        for params in ({"reg_no": letter.reg_no}, {"kind": "accusation"}):
            assert await office.list(role, office.department, **params) == []
        for paper in ("file", "original", "papers", "publication"):
            answer = await office.client.get(
                f"{API}/letters/{letter.id}/{paper}",
                headers=office.headers(role, office.department),
            )
            assert answer.status_code in (403, 404), (role, paper)


async def test_the_database_itself_keeps_an_accusation_from_the_accused(
    office: LetterOffice,
) -> None:
    letter = await office.write(kind="accusation")
    await letter.act("register", accused=[office.department])
    async with office.isolated.sessions() as session:
        with pytest.raises(IntegrityError, match="never_assigned_to_the_accused"):
            await session.execute(
                text("UPDATE letter SET department_code = :code WHERE id = :id"),
                {"code": office.department, "id": letter.id},
            )


@provokes("letter_register", "merged-differ")
@pytest.mark.parametrize("kind", ["complaint", "accusation"])
async def test_nothing_is_registered_over_an_accusation_of_others_that_was_merged_into_it(
    office: LetterOffice, kind: str
) -> None:
    main, other, third = [await office.write(kind="accusation") for _ in range(3)]
    assert (await third.act("merge", into=other.id)).status_code == 200
    assert (await other.act("merge", into=main.id)).status_code == 200
    accused: dict[str, Any] = {"accused": [office.department]} if kind == "accusation" else {}
    refused = await main.act("register", kind=kind, **accused)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/merged-differ")
    assert refused.json()["merged"] == [other.reg_no, third.reg_no]
    for letter in (third, other):
        assert (await letter.act("unmerge")).status_code == 200
        assert (await letter.act("register", accused=[office.department])).status_code == 200
    assert (await main.act("register", kind=kind, **accused)).status_code == 200
    merged = await other.act("merge", into=main.id)
    assert merged.status_code == (200 if kind == "accusation" else 409), merged.text


@provokes("letter_reclassify", "merged-differ")
async def test_nor_is_its_kind_or_whom_it_accuses_corrected_away_from_what_was_merged(
    office: LetterOffice,
) -> None:
    main, other = [await office.write(kind="accusation") for _ in range(2)]
    for letter in (main, other):
        await letter.act("register", accused=[office.department])
    assert (await other.act("merge", into=main.id)).status_code == 200
    changes: list[dict[str, Any]] = [{"kind": "complaint"}, {"accused": []}]
    for changed in changes:
        refused = await main.act("reclassify", **changed)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/merged-differ")
    same = await main.act("reclassify", accused=[office.department])
    assert same.status_code == 200, same.text


async def test_an_accusation_not_registered_accuses_nobody_knows_whom(
    office: LetterOffice,
) -> None:
    main, other = [await office.write(kind="accusation") for _ in range(2)]
    await main.act("register", accused=[])
    assert (await other.act("merge", into=main.id)).status_code == 409
    await other.act("register", accused=[])
    assert (await other.act("merge", into=main.id)).status_code == 200


async def test_an_accusation_merges_only_with_its_like(office: LetterOffice) -> None:
    accusation = await office.write(kind="accusation")
    plain = await office.write()
    assert (await accusation.act("merge", into=plain.id)).status_code == 409
    assert (await plain.act("merge", into=accusation.id)).status_code == 409


async def overdue_accusation(office: LetterOffice, accused: str) -> Letter:
    """Handled by the office's department, and more than one working day late."""
    letter = await office.write(kind="accusation", title="举报违规收费")
    await letter.act("register", accused=[accused])
    for action in WAY[S.HANDLING][1:]:
        assert (await letter.act(action)).status_code == 200
    office.isolated.clock.now = at("2026-12-16 09:00")
    for watch in (reminders.watch, escalation.watch):
        await watch(office.isolated.sessions, office.isolated.clock.now)
    return letter


async def listed(office: LetterOffice, what: str, role: str, *places: str) -> list[dict[str, Any]]:
    """All of a list, page after page."""
    headers = office.headers(role, *places)
    return await walked(office.client, f"{API}/{what}", headers, limit=200)


@provokes("get_supervision_order", "not-found")
async def test_an_overdue_accusation_is_demanded_of_who_handles_it_by_an_order_of_its_own(
    office: LetterOffice,
) -> None:
    accused = await new_department(office.isolated)
    letter = await overdue_accusation(office, accused)
    plain = await office.letter_in(S.HANDLING, kind="consultation")
    [order] = await listed(office, "supervision-orders", "officer", office.department)
    assert (order["level"], order["item_count"], order["cause"]) == (1, 1, "deadline")
    path = f"{API}/supervision-orders/{order['id']}"
    detail = await office.client.get(path, headers=office.headers("officer"))
    assert not {letter.id, letter.reg_no, accused} & set(detail.text.split('"'))
    for role in ("auditor", "supervisor", "dispatcher", "reviewer"):
        assert order["id"] in {o["id"] for o in await listed(office, "supervision-orders", role)}
        hidden = await listed(office, "supervision-orders", role, "*", accused)
        assert order["id"] not in {one["id"] for one in hidden}, role
        gone = await office.client.get(path, headers=office.headers(role, "*", accused))
        assert gone.status_code == 404
    async with office.isolated.sessions() as session:
        [event] = await outbox(session, SupervisionIssued, office.department)
    assert event["number"] == order["number"]
    assert not {letter.id, letter.reg_no, accused} & {str(value) for value in event.values()}
    assert plain.id not in str(order)


async def test_an_order_about_an_accusation_is_not_for_officers_of_every_department(
    office: LetterOffice,
) -> None:
    accused = await new_department(office.isolated)
    await overdue_accusation(office, accused)
    [order] = await listed(office, "supervision-orders", "officer", office.department)
    everywhere = await listed(office, "supervision-orders", "officer", "*")
    assert order["id"] not in {one["id"] for one in everywhere}
    gone = await office.client.get(
        f"{API}/supervision-orders/{order['id']}", headers=office.headers("officer", "*")
    )
    assert gone.status_code == 404
    for places, seen in ((("*",), False), ((office.department,), True)):
        clocks = await listed(office, "deadlines", "officer", *places)
        assert (order["id"] in {one["subject_id"] for one in clocks}) is seen


@pytest.mark.parametrize("kind", ["accusation", "consultation"])
async def test_an_overdue_letter_is_demanded_of_whoever_handles_it_now(
    office: LetterOffice, kind: str
) -> None:
    letter = await office.write(kind=kind, title="路灯不亮")
    for action in WAY[S.HANDLING]:
        accused: dict[str, Any] = (
            {"accused": []} if action == "register" and kind == "accusation" else {}
        )
        assert (await letter.act(action, **accused)).status_code == 200
    office.isolated.clock.now = at("2026-12-16 09:00")
    for watch in (reminders.watch, escalation.watch):
        await watch(office.isolated.sessions, office.isolated.clock.now)
    [first] = await listed(office, "supervision-orders", "officer", office.department)
    another = await new_department(office.isolated)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("recall", {}),
        ("accept", {}),
        ("dispatch", {"department_code": another}),
    ]
    for action, fields in steps:
        moved = await letter.act(action, **fields)
        assert moved.status_code == 200, moved.text
    for watch in (reminders.watch, escalation.watch):
        await watch(office.isolated.sessions, office.isolated.clock.now)
    [closed] = await listed(office, "supervision-orders", "officer", office.department)
    assert (closed["id"], closed["open_item_count"]) == (first["id"], 0)
    [order] = await listed(office, "supervision-orders", "officer", another)
    assert (order["level"], order["item_count"]) == (first["level"], first["item_count"])


async def test_limits_of_accusations_are_the_offices_and_never_shown_to_the_accused(
    office: LetterOffice,
) -> None:
    accused = await new_department(office.isolated)
    letter = await overdue_accusation(office, accused)
    for role, places, seen in [
        ("dispatcher", ("*",), True),
        ("auditor", ("*", office.department), True),
        ("dispatcher", ("*", accused), False),
        ("auditor", ("*", accused), False),
        ("officer", ("*",), False),
        ("admin", ("*",), False),
        ("officer", (office.department,), False),
        ("officer", (accused,), False),
    ]:
        subjects = {c["subject_id"] for c in await listed(office, "deadlines", role, *places)}
        assert (letter.id in subjects) is seen, (role, places)
    [order] = await listed(office, "supervision-orders", "officer", office.department)
    for places, seen in [(("*",), True), (("*", accused), False)]:
        subjects = {c["subject_id"] for c in await listed(office, "deadlines", "auditor", *places)}
        assert (order["id"] in subjects) is seen
