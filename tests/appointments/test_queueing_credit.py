"""Time credit: its bound, the evidence for it, and the guard of ordinary people."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.priority import rules
from services.appointments.priority.models import TicketClass
from services.appointments.priority.rules import (
    Standing,
    age_on,
    booked_standing,
    credit_of,
    returned_standing,
)
from services.appointments.priority.schemas import DEFAULT_CREDITS, IdNumberEvidence, Policy
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.provoking import provokes

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
POLICY = Policy()
OLD, YOUNG = "11010519491231002X", "110105201001010014"
MOST = max(DEFAULT_CREDITS.values())

people = st.lists(
    st.builds(
        Standing,
        st.integers(0, 600).map(lambda minute: NINE + timedelta(minutes=minute)),
        st.sampled_from(sorted(set(DEFAULT_CREDITS.values()))),
    ),
    min_size=2,
    max_size=40,
)


def in_order(queue: list[Standing]) -> list[Standing]:
    """How one window calls them, if all wait from the start."""
    return sorted(queue, key=lambda person: person.due_at)


@given(people)
def test_nobody_ready_much_later_is_called_before_you(queue: list[Standing]) -> None:
    called = in_order(queue)
    for place, you in enumerate(called):
        latest = you.ready_at + timedelta(minutes=MOST - you.credit_minutes)
        assert all(before.ready_at <= latest for before in called[:place])


@given(people)
def test_among_equals_who_was_ready_first_is_called_first(queue: list[Standing]) -> None:
    for credit in {person.credit_minutes for person in queue}:
        ready = [p.ready_at for p in in_order(queue) if p.credit_minutes == credit]
        assert ready == sorted(ready)


@pytest.mark.parametrize(
    ("late_by", "ready_after", "credit"),
    [(-30, 0, 90), (0, 0, 90), (15, 15, 90), (16, 16, 0), (29, 29, 0)],
)
def test_an_appointment_is_ready_at_its_slot_and_loses_its_credit_when_late(
    late_by: int, ready_after: int, credit: int
) -> None:
    place = booked_standing(NINE + timedelta(minutes=late_by), NINE, 0, POLICY)
    assert place == Standing(NINE + timedelta(minutes=ready_after), credit)


def test_a_late_appointment_keeps_the_credit_of_another_class() -> None:
    late = NINE + timedelta(minutes=20)
    assert booked_standing(late, NINE, 60, POLICY).credit_minutes == 60


def test_who_comes_back_keeps_half_of_the_earlier_wait() -> None:
    called_at, now = NINE + timedelta(minutes=40), NINE + timedelta(minutes=60)
    place = returned_standing(NINE, called_at, 60, now)
    assert place.ready_at == now - timedelta(minutes=20)


@pytest.mark.parametrize(
    ("day", "age"), [(date(2009, 12, 30), 59), (date(2009, 12, 31), 60), (date(2026, 1, 1), 76)]
)
def test_the_age_is_counted_to_the_birthday(day: date, age: int) -> None:
    assert age_on(OLD, day) == age


@pytest.mark.parametrize("number", ["110105194912310020", "11010519491331002X", "１１０", "x" * 18])
def test_a_wrong_id_number_gives_no_credit(number: str) -> None:
    evidence = IdNumberEvidence.model_construct(kind="id_number", value=number)
    device = frozenset({"device"})
    with pytest.raises(rules.EvidenceRefused):
        credit_of(TicketClass.ELDERLY, evidence, POLICY, roles=device, day=NINE.date())


SEEN = {"kind": "staff", "reason": "抱着婴儿"}
CARD = {"kind": "certificate", "number": "军人证-0012345"}
PROOF = {"kind": "id_number", "value": OLD}


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall()
    await made.open()
    return made


@pytest.mark.parametrize(
    ("role", "wanted", "evidence", "credit"),
    [
        ("device", "elderly", PROOF, 60),
        ("clerk", "elderly", PROOF, 60),
        ("device", "military", CARD, 90),
        ("clerk", "child_in_arms", SEEN, 60),
        ("clerk", "green_channel", SEEN, 100),
        ("hall_manager", "override", {**SEEN, "minutes": 120}, 120),
    ],
)
async def test_evidence_gives_its_credit(
    floor: Floor, role: str, wanted: str, evidence: dict[str, Any], credit: int
) -> None:
    headers = floor.kiosk() | floor.sign(role, floor.code)
    await floor.issue(**{"class": wanted}, evidence=evidence, headers=headers)
    [entry] = good(await floor.get("queue"))["items"]
    assert (entry["class"], entry["credit_minutes"]) == (wanted, credit)


@provokes("issue_ticket", "evidence-refused")
@pytest.mark.parametrize(
    ("role", "wanted", "evidence"),
    [
        ("device", "elderly", None),
        ("device", "elderly", {"kind": "id_number", "value": YOUNG}),
        ("device", "elderly", {"kind": "id_number", "value": "110105194912310021"}),
        ("device", "elderly", CARD),
        ("citizen", "elderly", PROOF),
        ("citizen", "military", CARD),
        ("device", "military", PROOF),
        ("device", "child_in_arms", SEEN),
        ("citizen", "green_channel", SEEN),
        ("clerk", "override", {**SEEN, "minutes": 30}),
        ("hall_manager", "override", SEEN),
        ("hall_manager", "override", {**SEEN, "minutes": 121}),
        ("device", "appointment", None),
    ],
)
async def test_without_its_evidence_no_class_is_given(
    floor: Floor, role: str, wanted: str, evidence: dict[str, Any] | None
) -> None:
    headers = floor.kiosk() | floor.sign(role, floor.code)
    answer = await floor.ask_ticket(**{"class": wanted}, evidence=evidence, headers=headers)
    problem(answer, 422, "evidence-refused")
    assert good(await floor.get("queue"))["items"] == []


async def test_a_proof_stands_for_one_ticket_at_a_time(floor: Floor) -> None:
    wish = {"class": "military", "evidence": CARD}
    first = await floor.issue(**wish)
    problem(await floor.ask_ticket(**wish), 409, "already-ticketed")
    await floor.done(first, "abandon")
    await floor.issue(**wish)


async def test_credit_comes_before_arrival_but_only_so_far(floor: Floor) -> None:
    early = await floor.issue()
    floor.clock.pass_(minutes=61)
    ordinary = await floor.issue()
    floor.clock.pass_(minutes=1)
    elderly = await floor.issue(**{"class": "elderly"}, evidence=PROOF)
    order = [early["id"], elderly["id"], ordinary["id"]]
    assert await _called(floor, 3) == order


async def test_one_call_in_three_ignores_credits_while_an_ordinary_person_waits_too_long(
    floor: Floor,
) -> None:
    """With credits of a whole day, which is strict order, the guard is all that helps."""
    await _strict(floor)
    ordinary = [(await floor.issue())["id"] for _ in range(2)]
    floor.clock.pass_(minutes=91)
    soldiers = [
        (await floor.issue(**{"class": "military"}, evidence={**CARD, "number": f"军{n:04}"}))["id"]
        for n in range(5)
    ]
    assert await _called(floor, 7) == [
        *soldiers[:2],
        ordinary[0],
        *soldiers[2:4],
        ordinary[1],
        *soldiers[4:],
    ]


async def test_a_call_tells_whom_it_overtook_and_under_which_policy(floor: Floor, sql: Any) -> None:
    await _strict(floor)
    ordinary = await floor.issue()
    floor.clock.pass_(minutes=1)
    await floor.issue(**{"class": "military"}, evidence=CARD)
    called = await floor.call()
    owner = await sql("appointments")
    row = await owner.fetchrow("SELECT * FROM call WHERE ticket_id = $1", UUID(called["id"]))
    assert (row["overtook"], row["policy_version"]) == ([ordinary["id"]], 1)
    assert not row["ignored_credits"]


async def test_a_policy_names_every_class_and_its_basis(floor: Floor) -> None:
    url = f"/api/v1/halls/{floor.code}/queue-policy"
    assert good(await floor.client.get(url))["version"] == 0
    body = {"rules": {"credits": {"walk_in": 0}}, "basis": "试行"}
    headers = floor.manager()
    problem(await floor.client.put(url, json=body, headers=headers), 422, "invalid-request")
    assert (await floor.client.put(url, json=body, headers=floor.clerk())).status_code == 403
    other = floor.sign("hall_manager", "ELSEWHERE")
    await _strict(floor)
    body = {"rules": {}, "basis": "试行"}
    problem(await floor.client.put(url, json=body, headers=other), 404, "not-found")
    assert good(await floor.client.put(url, json=body, headers=headers))["version"] == 2


@provokes("decide_queue_policy", "state-conflict")
async def test_a_rule_that_is_not_named_stays_and_who_saw_another_version_is_told(
    floor: Floor,
) -> None:
    await _strict(floor)
    url = f"/api/v1/halls/{floor.code}/queue-policy"
    body = {"rules": {"back_within_minutes": 60}, "basis": "试行", "version": 1}
    changed = good(await floor.client.put(url, json=body, headers=floor.manager()))
    assert changed["rules"]["back_within_minutes"] == 60
    assert changed["rules"]["credits"]["military"] == 1440
    again = await floor.client.put(url, json=body, headers=floor.manager())
    assert problem(again, 409, "state-conflict")["version"] == 2


async def _strict(floor: Floor) -> None:
    credits_ = {kind.value: minutes for kind, minutes in DEFAULT_CREDITS.items()}
    body = {"rules": {"credits": {**credits_, "military": 1440}}, "basis": "严格次序试行办法"}
    url = f"/api/v1/halls/{floor.code}/queue-policy"
    good(await floor.client.put(url, json=body, headers=floor.manager()))


async def _called(floor: Floor, count: int) -> list[str]:
    """Who is called, one after another."""
    order = []
    for _ in range(count):
        ticket = await floor.call()
        order.append(str(ticket["id"]))
        await floor.done(ticket, "miss")
    return order
