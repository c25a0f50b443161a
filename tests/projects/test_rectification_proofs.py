"""What proves that a finding was put right: only what was seen after the order, and was not there
before it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.projects.auditing.models import Verdict
from services.projects.duties.models import ClaimKind, FactKind, PublicationFact
from services.projects.rectification import rules
from shared.clock import now
from shared.database.engine import Sessions
from tests.projects.rectifying import Case, Headers
from tests.provoking import provokes
from tests.support import Connect

ORDERED = datetime(2026, 6, 1, tzinfo=UTC)
LACKING = ["批复文号", "批复时间"]
Seen = tuple[str, str, int, tuple[str, ...] | None]


def seen(page: str, day: int, *missing: str) -> Seen:
    """A page is seen so many days after the order, or before it."""
    return "sighting", page, day, missing


def unread(page: str, day: int) -> Seen:
    """The same of one of which nobody can tell what it lacks."""
    return "sighting", page, day, None


def gone(page: str, day: int) -> Seen:
    return "gone", page, day, ()


def taken_back(page: str, day: int) -> Seen:
    return "taken_back", page, day, ()


def facts_of(observed: list[Seen]) -> list[PublicationFact]:
    duty = uuid4()
    return [
        PublicationFact(
            id=number,
            duty_id=duty,
            kind=FactKind(kind),
            observed_at=ORDERED + timedelta(days=day),
            url=page,
            claim_kind=ClaimKind.NONE,
            missing_elements=list(missing or ()),
            elements_judged=missing is not None,
            recorded_at=now(),
            sha256="0",
        )
        for number, (kind, page, day, missing) in enumerate(observed)
    ]


@pytest.mark.parametrize(
    ("cause", "observed", "proof"),
    [
        ("overdue", [], None),
        ("overdue", [seen("new", 1)], 0),
        ("overdue", [seen("new", 2), seen("other", 1)], 1),
        ("overdue", [seen("old", -1)], None),
        # The page that was there before it, accepted and seen again after it.
        ("overdue", [seen("old", -9), seen("old", 3)], None),
        ("overdue", [seen("old", -9), seen("new", 3)], None),
        ("overdue", [seen("new", 1), gone("new", 2)], None),
        ("overdue", [seen("new", 1), gone("new", 2), seen("new", 3)], 2),
        ("overdue", [seen("wrong", -3), taken_back("wrong", -2), seen("new", 1)], 2),
        ("overdue", [seen("new", 1), taken_back("new", 2)], None),
        ("overdue", [seen("new", 0)], None),
        ("incomplete", [seen("page", -5, *LACKING)], None),
        ("incomplete", [seen("page", -5, *LACKING), seen("page", 1, LACKING[0])], None),
        ("incomplete", [seen("page", -5, *LACKING), seen("page", 1)], 1),
        ("incomplete", [seen("page", -5, *LACKING), seen("page", 1, "印章")], 1),
        ("incomplete", [seen("page", -5, *LACKING), seen("new", 1)], 1),
        ("incomplete", [seen("page", -5, *LACKING), seen("page", 1), seen("page", 2, *LACKING)],
         None),
        # Another page had all of it before the order already: nothing was put right.
        ("incomplete", [seen("page", -5, *LACKING), seen("old", -4), seen("old", 2)], None),
        ("withdrawn", [seen("page", -9), gone("page", -5)], None),
        ("withdrawn", [seen("page", -9), gone("page", -5), seen("page", 2)], 2),
        ("withdrawn", [seen("a", -9), seen("page", -8), gone("page", -5), seen("a", 2)], 3),
        ("withdrawn", [seen("page", -9), gone("page", -5), seen("old", -4), seen("old", 1)], None),
        ("withdrawn", [seen("page", -9), gone("page", -5), seen("page", 2), gone("page", 3)],
         None),
        ("incomplete", [seen("page", -5, *LACKING), unread("page", 1)], None),
        ("incomplete", [seen("page", -5, *LACKING), unread("new", 1)], None),
        ("incomplete", [seen("page", -5, *LACKING), seen("page", 1), unread("page", 2)], 1),
        ("incomplete", [seen("page", -5, *LACKING), unread("old", -4), seen("old", 1)], 2),
        ("overdue", [unread("new", 1)], None),
        ("overdue", [unread("new", 1), seen("new", 2)], 1),
        ("overdue", [unread("old", -1), seen("old", 2)], None),
        ("late", [seen("page", -9), seen("page", 1)], None),
        ("early_violation", [seen("page", -9), gone("page", 1)], None),
    ],
)  # fmt: skip
def test_only_what_was_not_there_before_the_order_proves_it(
    cause: str, observed: list[Seen], proof: int | None
) -> None:
    facts = facts_of(observed)
    missing = LACKING if cause == "incomplete" else []
    found = rules.proof_of(Verdict(cause), missing, ORDERED, facts)
    assert (found and found.id) == proof


def test_whatever_can_be_ordered_is_a_fault_and_what_is_late_is_never_cured() -> None:
    blamed = {"overdue", "late", "incomplete", "withdrawn", "early_violation"}
    assert set(rules.FAULTS) == blamed
    assert set(rules.CURABLE) == blamed - {"late", "early_violation"}


@pytest.mark.parametrize(
    ("cause", "verdict", "hold", "observed", "lifted"),
    [
        ("overdue", "overdue", "none", [], False),
        ("overdue", "on_time", "none", [seen("old", -9)], True),
        ("late", "on_time", "none", [], True),
        ("overdue", "overdue", "exempt", [], True),
        # It was published late, and before it was ordered to be published.
        ("overdue", "late", "none", [seen("old", -9)], True),
        ("overdue", "late", "none", [seen("old", -9), seen("old", 3)], True),
        ("overdue", "incomplete", "none", [seen("old", -9, *LACKING)], True),
        ("overdue", "late", "none", [seen("new", 1)], False),
        ("overdue", "withdrawn", "none", [seen("old", -9), gone("old", -5)], False),
        ("overdue", "late", "none", [seen("wrong", -9), taken_back("wrong", 1), seen("a", 2)],
         False),
        ("incomplete", "incomplete", "none", [seen("page", -5), seen("best", -4, *LACKING)], False),
        ("incomplete", "late", "none", [seen("page", -5), seen("best", -4, *LACKING)], True),
        ("incomplete", "late", "none", [seen("page", -5, *LACKING)], False),
        ("withdrawn", "late", "none", [seen("other", -5)], True),
        ("late", "incomplete", "none", [seen("page", -5)], False),
    ],
)  # fmt: skip
def test_an_order_is_lifted_with_a_finding_that_did_not_hold_when_it_was_given(
    cause: str, verdict: str, hold: str, observed: list[Seen], lifted: bool
) -> None:
    missing = LACKING if cause == "incomplete" else []
    found = Verdict(cause)
    was_cured = rules.was_cured_before(found, missing, ORDERED, facts_of(observed))
    assert rules.is_lifted(found, Verdict(verdict), hold, was_cured=was_cured) is lifted


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    return made


async def test_what_appears_after_the_order_closes_it_and_late_stays_late_beside_it(
    case: Case,
) -> None:
    await case.ordered()
    await case.reply()
    assert (await case.settled())["state"] == "replied"  # a reply proves nothing
    await case.seen(last_absent_at=now() - timedelta(minutes=5))
    closed = await case.settled()
    assert (closed["state"], closed["closing"], closed["rectified"]) == ("closed", "proof", True)
    assert closed["proof"]["url"] == "https://example.gov.cn/new.htm"
    assert closed["proof"]["observed_at"] > closed["issued_at"]
    assert (closed["cause"], closed["verdict"]) == ("overdue", "late")
    [event] = await case.published("closed")
    assert (event["closing"], event["url"]) == ("proof", closed["proof"]["url"])
    assert (await case.settled())["version"] == closed["version"]


async def test_the_duty_and_the_life_of_its_project_show_what_was_ordered_and_put_right(
    case: Case,
) -> None:
    async def shown() -> tuple[dict[str, Any], dict[str, Any]]:
        path = f"/api/v1/duties/{case.duty['id']}"
        duty = (await case.client.get(path, headers=case.officer)).json()
        life = await case.client.get(f"/api/v1/projects/{case.duty['project_code']}")
        return duty, life.json()["items"][0]

    for one in await shown():
        assert (one["in_rectification"], one["rectified"]) == (False, False)
    order = await case.ordered()
    duty, item = await shown()
    assert duty["in_rectification"] is item["in_rectification"] is True
    [listed] = duty["rectifications"]
    assert (listed["id"], listed["number"], listed["state"]) == (
        *(order["id"], order["number"]),
        "issued",
    )
    await case.seen(last_absent_at=now() - timedelta(minutes=5))
    await case.settled()
    for one in await shown():
        assert (one["in_rectification"], one["rectified"]) == (False, True)
        assert one["verdict"] == "late"


async def test_a_page_that_was_there_late_and_before_the_order_lifts_it_and_proves_nothing(
    case: Case,
) -> None:
    await case.ordered()
    before = now() - timedelta(days=9)
    await case.reply()
    # Found in the review queue and accepted only now: first seen before the order, and seen since.
    await case.seen("old", observed_at=before, last_absent_at=before - timedelta(hours=1))
    await case.seen("old")
    first = await case.end("close", 1)  # not closed as proven: one person only proposes it
    assert first.json()["state"] == "replied"
    lifted = await case.settled()
    assert (lifted["closing"], lifted["rectified"]) == ("finding_lifted", False)
    assert (lifted["verdict"], lifted["proof"]) == ("late", None)


async def test_elements_that_were_named_are_there_once_the_page_is_read_again(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.formed()
    in_time = datetime(2026, 3, 10, tzinfo=UTC)
    await case.seen("page", observed_at=in_time, missing_elements=("批复文号",))
    order = await case.ordered()
    assert (order["cause"], order["missing_elements"]) == ("incomplete", ["批复文号"])
    await case.seen("page", missing_elements=("批复文号",))
    assert (await case.settled())["state"] == "issued"
    await case.seen("page")
    closed = await case.settled()
    assert (closed["closing"], closed["verdict"]) == ("proof", "on_time")


@provokes("close_rectification", "state-conflict")
async def test_one_person_closes_what_is_proven(case: Case) -> None:
    await case.ordered()
    await case.seen()
    closed = await case.end("close", 0)
    if closed.status_code == 200:
        assert (closed.json()["closing"], closed.json()["state"]) == ("proof", "closed")
        assert closed.json()["proof"]["url"] == "https://example.gov.cn/new.htm"
    assert (await case.end("close", 0)).status_code == 409
    assert (await case.read())["rectified"] is True


async def ruled(case: Case, action: str, version: int, **more: Any) -> httpx.Response:
    body = {"document": "宁政办〔2026〕1号", "reason": "测试", "version": version, **more}
    path = f"/api/v1/duties/{case.duty['id']}/{action}"
    return await case.client.post(path, json=body, headers=case.auditor(1))


async def test_an_order_is_lifted_with_the_finding_that_it_rests_on(case: Case) -> None:
    await case.ordered()
    disputed = await ruled(case, "dispute", 1)
    assert disputed.status_code == 200
    [dispute] = (
        await case.client.get(
            "/api/v1/disputes", params={"duty": case.duty["id"]}, headers=case.auditor()
        )
    ).json()["items"]
    assert (await case.settled())["state"] == "issued"  # nothing moves before it is decided
    decided = await case.client.post(
        f"/api/v1/disputes/{dispute['id']}/decide",
        json={"ruling": "upheld", "reason": "有新的存证"},
        headers=case.auditor(2),
    )
    assert decided.status_code == 200
    lifted = await case.settled()
    assert (lifted["state"], lifted["closing"]) == ("revoked", "finding_lifted")
    [event] = await case.published("closed")
    assert (event["closing"], event["rectified"]) == ("finding_lifted", False)


async def test_better_evidence_that_there_was_no_fault_lifts_it_and_rectifies_nothing(
    case: Case,
) -> None:
    await case.ordered()
    await case.seen("old", observed_at=datetime(2026, 3, 10, tzinfo=UTC))
    lifted = await case.settled()
    assert (lifted["verdict"], lifted["closing"]) == ("on_time", "finding_lifted")
    assert lifted["rectified"] is False
