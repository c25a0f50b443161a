"""An order that is left alone rises level by level, and is then to be supervised, once."""

from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.projects.duties.contracts import CalendarMoved
from services.projects.rectification import handlers, rules, terms
from services.projects.rectification.models import WITH_UNIT, RectificationState
from services.projects.rectification.workflow import OPEN, WORKFLOW
from shared import clock
from shared.database.engine import Sessions
from shared.errors import Invalid
from shared.messaging.events import Envelope
from shared.workdays import official
from tests.projects.rectifying import Case, Headers
from tests.provoking import provokes
from tests.support import Connect


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    await made.ordered()
    return made


async def test_each_further_term_raises_it_and_the_last_one_has_it_supervised(case: Case) -> None:
    second = await case.left_alone()
    assert (second["state"], second["level"], second["overdue"]) == ("issued", 2, False)
    assert second["term_days"] == 5
    assert (await case.left_alone())["level"] == 3
    assert await case.published("escalated") == []
    last = await case.left_alone()
    assert (last["state"], last["level"], last["overdue"]) == ("escalated", 3, True)
    [event] = await case.published("escalated")
    assert (event["number"], event["unit_code"]) == (last["number"], case.unit)
    assert event["project_name"].startswith("测试工程")
    await case.left_alone()
    await case.reply()
    back = (await case.act("return", case.auditor(), reason="不齐")).json()
    assert (back["state"], back["overdue"]) == ("returned", False)
    assert (await case.left_alone())["state"] == "escalated"
    assert len(await case.published("escalated")) == 1
    steps = [step["step"] for step in (await case.read())["steps"]]
    assert steps == [
        *("ordered", "raised", "raised", "escalated", "replied", "returned", "escalated")
    ]


async def test_nobody_is_pressed_for_what_waits_for_an_auditor_in_their_term(case: Case) -> None:
    proposed = (await case.end("close", 1)).json()
    assert proposed["review_due_on"] is not None
    assert (await case.left_alone())["level"] == 1
    await case.reply()
    still = await case.left_alone()
    assert (still["level"], still["overdue"], still["review_overdue"]) == (1, False, False)


async def test_words_alone_stop_no_order(case: Case) -> None:
    words = {"kind": "explanation", "url": None, "text": "正在办理"}
    for level in (2, 3, 3):
        replied = (await case.reply(**words)).json()
        days = replied["review_due_on"]
        assert days == rules.due_on(clock.today(clock.now()), 5, official()).isoformat()  # type: ignore[union-attr]
        left = await case.left_alone(unheard=True)
        assert (left["level"], left["review_due_on"]) == (level, None)
    assert left["state"] == "escalated"
    steps = [step["step"] for step in left["steps"]]
    assert steps == ["ordered", *["replied", "raised"] * 2, "replied", "escalated"]


async def test_a_proposal_that_nobody_decides_on_is_dropped_and_the_order_rises(
    case: Case,
) -> None:
    await case.end("close", 1)
    left = await case.left_alone(unheard=True)
    assert (left["level"], left["proposal"], left["first_by"]) == (2, None, None)


async def test_what_waited_before_there_were_terms_has_one_from_the_next_watch_on(
    case: Case,
) -> None:
    await put(case, RectificationState.REPLIED)
    left = await case.left_alone()
    assert (left["state"], left["level"], left["review_due_on"] is None) == ("replied", 1, False)
    assert (await case.left_alone(unheard=True))["level"] == 2


async def test_a_watch_passes_over_what_is_being_judged(case: Case) -> None:
    """A dispute that is opened in that moment counts, and so does a page that is just seen."""
    duty = UUID(case.duty["id"])
    lock = text("UPDATE standing SET version = version WHERE duty_id = :duty")
    async with case.sessions() as judging, judging.begin():
        await judging.execute(lock, {"duty": duty})
        assert (await case.left_alone())["level"] == 1
        assert (await case.settled())["state"] == "issued"
    assert (await case.left_alone())["level"] == 2


async def test_an_order_stands_still_while_its_finding_is_disputed(case: Case) -> None:
    body = {"document": "宁发改函〔2026〕8号", "reason": "网页其实按时", "version": 1}
    path = f"/api/v1/duties/{case.duty['id']}/dispute"
    assert (await case.client.post(path, json=body, headers=case.officer)).status_code == 200
    still = await case.left_alone()
    assert (still["level"], still["overdue"], still["in_dispute"]) == (1, True, True)


async def test_what_was_escalated_is_closed_by_proof_as_well(case: Case) -> None:
    for _ in range(3):
        await case.left_alone()
    await case.seen()
    closed = await case.settled()
    assert (closed["state"], closed["rectified"]) == ("closed", True)
    assert [event["was_escalated"] for event in await case.published("closed")] == [True]


async def test_last_days_are_counted_anew_when_the_calendar_moves(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "BATCH", 1)  # other tests' orders are open as well
    since = date(2026, 9, 28)
    await (await case.rows()).execute(
        "UPDATE rectification_order SET term_from = $2, due_on = NULL WHERE id = $1",
        *(case.order["id"], since),
    )
    await case.inside(lambda session: terms.count_anew(session, "CN-3299", clock.now()))
    assert (await case.read())["due_on"] is None
    moved = CalendarMoved(region="CN", year=2026)
    told = Envelope[CalendarMoved](source="/projects", type=moved.type, data=moved)
    await case.inside(lambda session: handlers.count_terms(session, told))
    expected = official().nth_after(since, case.order["term_days"])
    assert (await case.read())["due_on"] == expected.isoformat()
    noted = "SELECT count(*) FROM audit_log WHERE object = $1 AND action = $2"
    named = (f"rectification:{case.order['id']}", "rectification.counted_anew")
    assert await (await case.rows()).fetchval(noted, *named) == 1


NATIONAL_DAY = date(2026, 10, 1)
"""A day of rest until the 8th."""


@pytest.mark.parametrize(
    ("days", "last", "term", "due_on"),
    [
        (None, None, 10, date(2026, 10, 15)),
        (3, None, 3, date(2026, 9, 30)),
        (None, date(2026, 9, 30), 3, date(2026, 9, 30)),
        (None, NATIONAL_DAY, 4, date(2026, 10, 8)),
        (None, date(2026, 9, 26), 1, date(2026, 9, 28)),
    ],
)
def test_a_term_is_given_in_working_days_or_by_its_last_day(
    days: int | None, last: date | None, term: int, due_on: date
) -> None:
    today = date(2026, 9, 25)
    assert rules.term_days(today, days, last, 10, official()) == term
    assert rules.due_on(today, term, official()) == due_on


@pytest.mark.parametrize(
    ("days", "last"),
    [(3, NATIONAL_DAY), (None, date(2026, 9, 25)), (None, official().last_day + timedelta(days=9))],
)
def test_a_term_that_cannot_be_is_refused(days: int | None, last: date) -> None:
    with pytest.raises(Invalid):
        rules.term_days(date(2026, 9, 25), days, last, 10, official())


@provokes("put_rectification_policy", "state-conflict")
async def test_terms_follow_a_policy_in_versions_and_those_that_run_stay(case: Case) -> None:
    path, admin = "/api/v1/rectification-policy", case.as_("admin")
    before = (await case.client.get(path, headers=case.auditor())).json()
    asked = {"term_days": 3, "further_days": 2, "version": before["version"]}
    answers = [await case.client.put(path, json=asked, headers=admin) for _ in range(2)]
    try:
        assert [answer.status_code for answer in answers] == [200, 409]
        kept = {"review_days": before["review_days"], "version": before["version"] + 1}
        assert answers[0].json() == {**asked, **kept}
        assert (await case.read())["term_days"] == case.order["term_days"]
        assert (await case.left_alone())["term_days"] == 2
        refused = await case.client.put(path, json=asked, headers=case.auditor())
        assert refused.status_code == 403
    finally:
        again = {**before, "version": before["version"] + 1}
        assert (await case.client.put(path, json=again, headers=admin)).status_code == 200


async def test_a_release_that_knows_no_term_of_auditors_leaves_it_as_it_was(case: Case) -> None:
    rows = await case.rows()
    undone = rows.transaction()
    await undone.start()
    told = (
        "INSERT INTO rectification_policy (version, term_days, further_days, created_at, created_by"
        "{}) SELECT max(version) + 1, 10, 5, now(), 't'{} FROM rectification_policy"
        " RETURNING review_days"
    )
    assert await rows.fetchval(told.format(", review_days", ", 9")) == 9
    assert await rows.fetchval(told.format("", "")) == 9
    await undone.rollback()


async def put(case: Case, state: RectificationState) -> None:
    """The order is in that state, whatever became of it before."""
    await (await case.rows()).execute(
        "UPDATE rectification_order SET state = $2, level = 1, proposal = NULL, first_by = NULL,"
        " closing = NULL, ended_at = NULL, ended_by = NULL, proof_fact_id = NULL, looked_at = NULL,"
        " review_from = NULL, review_due_on = NULL"
        " WHERE id = $1",
        *(case.order["id"], str(state)),
    )


async def test_an_order_rises_in_every_state_in_which_it_is_with_its_unit(case: Case) -> None:
    for state in sorted(OPEN):
        await put(case, state)
        left = await case.left_alone()
        assert (left["state"], left["level"]) == (state, 2 if state in WITH_UNIT else 1)
        assert left["overdue"] is (state is RectificationState.ESCALATED)


async def test_two_persons_end_it_in_every_state_in_which_it_is_open(case: Case) -> None:
    for state in sorted(OPEN):
        for action, closing in (("close", "explained"), ("revoke", "revoked")):
            await put(case, state)
            first = (await case.end(action, 0)).json()
            assert (first["state"], first["proposal"]) == (state, action)
            assert (await case.end(action, 1)).json()["closing"] == closing


async def test_proof_closes_it_in_every_state_in_which_it_is_open(case: Case) -> None:
    await case.seen()
    for state in sorted(OPEN):
        await put(case, state)
        settled = await case.settled()
        assert (settled["state"], settled["closing"]) == ("closed", "proof")


async def test_a_reply_after_the_last_day_and_before_the_watch_is_in_time_to_be_looked_at(
    case: Case,
) -> None:
    rows = await case.rows()
    late = "UPDATE rectification_order SET due_on = DATE '2026-01-05' WHERE id = $1"
    await rows.execute(late, case.order["id"])
    replied = (await case.reply()).json()
    assert (replied["state"], replied["overdue"]) == ("replied", False)
    assert (await case.left_alone())["level"] == 1


def test_every_open_state_may_end_in_each_way_and_rises_unless_it_is_supervised() -> None:
    for state in RectificationState:
        ways = {row.action for row in WORKFLOW.rows if row.state is state and row.closing}
        assert ways == ({"close", "revoke", "prove", "lift"} if state in OPEN else set())
    rises = OPEN - {RectificationState.ESCALATED}
    assert {row.state for row in WORKFLOW.of("raise")} == rises
    assert {row.state for row in WORKFLOW.of("escalate")} == rises
    waits = {row.action for row in WORKFLOW.rows if row.waits}
    assert waits == {"reply", "propose_closing", "propose_revoking", "refuse"}
    assert {row.first for row in WORKFLOW.rows if row.first} == {
        "propose_closing",
        "propose_revoking",
    }
