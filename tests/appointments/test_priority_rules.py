"""What each class of ticket must show for its credit, and what a refusal says. Pure."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.appointments.priority import rules
from services.appointments.priority.models import TicketClass as T
from services.appointments.priority.rules import EvidenceRefused, Standing
from services.appointments.priority.schemas import (
    DEFAULT_CREDITS,
    CertificateEvidence,
    Evidence,
    IdNumberEvidence,
    Policy,
    StaffEvidence,
)
from shared.errors import Text

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
POLICY = Policy()
PROOF = IdNumberEvidence(kind="id_number", value="11010519491231002X")
YOUNG = IdNumberEvidence(kind="id_number", value="110105201001010010")
CARD = CertificateEvidence(kind="certificate", number="军人证-0012345")
SEEN = StaffEvidence(kind="staff", reason="抱着婴儿")
STAFF, VERIFIERS = ("clerk", "hall_manager", "admin"), ("clerk", "hall_manager", "admin", "device")
CERTIFIED = (T.DISABLED, T.MILITARY, T.MARTYRS_FAMILY, T.FIREFIGHTER, T.PREGNANT, T.CHILD_IN_ARMS)
BY_SIGHT = (T.PREGNANT, T.CHILD_IN_ARMS, T.GREEN_CHANNEL)

ASK_ID = Text("请出示身份证号码", "Show the ID number")
ASK_CODE = Text("请填写预约码", "Give the code of the appointment")
ASK_STAFF = Text(
    "请由工作人员或自助机核验证件后取号",
    "Ask staff or a kiosk to check the certificate and issue the ticket",
)


def credit(ticket_class: T, evidence: Evidence | None, *roles: str) -> int:
    return rules.credit_of(ticket_class, evidence, POLICY, roles=frozenset(roles), day=DAY)


def minutes(n: int | None) -> StaffEvidence:
    return StaffEvidence(kind="staff", reason="老人独自前来", minutes=n)


def refused(ticket_class: T, evidence: Evidence | None, *roles: str) -> tuple[Text | None, object]:
    with pytest.raises(EvidenceRefused) as problem:
        credit(ticket_class, evidence, *roles)
    return problem.value.detail, problem.value.pointer


@pytest.mark.parametrize("evidence", [None, PROOF, CARD, SEEN])
def test_who_walks_in_has_no_credit_whatever_is_shown(evidence: Evidence | None) -> None:
    assert credit(T.WALK_IN, evidence, "hall_manager") == 0


@pytest.mark.parametrize("role", ["clerk", "hall_manager", "admin", "device"])
def test_age_is_shown_by_the_number_to_whoever_sees_the_card(role: str) -> None:
    assert credit(T.ELDERLY, PROOF, role) == 60


def test_a_number_that_is_only_typed_shows_nothing_unless_it_is_the_verified_one() -> None:
    def typed(*, own_number: bool) -> int:
        roles = frozenset({"citizen"})
        return rules.credit_of(
            T.ELDERLY, PROOF, POLICY, roles=roles, day=DAY, own_number=own_number
        )

    assert typed(own_number=True) == 60
    with pytest.raises(EvidenceRefused) as problem:
        typed(own_number=False)
    assert problem.value.pointer == "/body/evidence"
    assert problem.value.detail is not None
    assert "自助机" in problem.value.detail.zh


@pytest.mark.parametrize("role", [*VERIFIERS, "citizen", "officer"])
@pytest.mark.parametrize("ticket_class", sorted(set(DEFAULT_CREDITS) - {T.WALK_IN}))
def test_a_certificate_counts_where_staff_or_a_kiosk_saw_it(ticket_class: T, role: str) -> None:
    if ticket_class in CERTIFIED and role in VERIFIERS:
        assert credit(ticket_class, CARD, role) == DEFAULT_CREDITS[ticket_class]
    else:
        refused(ticket_class, CARD, role)


@pytest.mark.parametrize("role", [*VERIFIERS, "citizen", "officer"])
@pytest.mark.parametrize("ticket_class", sorted(set(DEFAULT_CREDITS) - {T.WALK_IN}))
def test_what_staff_see_counts_only_from_staff(ticket_class: T, role: str) -> None:
    if ticket_class in BY_SIGHT and role in STAFF:
        assert credit(ticket_class, SEEN, role) == DEFAULT_CREDITS[ticket_class]
    else:
        refused(ticket_class, SEEN, role)


@pytest.mark.parametrize(
    ("ticket_class", "asked", "pointer"),
    [
        (T.ELDERLY, ASK_ID, "/body/evidence"),
        (T.APPOINTMENT, ASK_CODE, "/body/appointment_code"),
        (T.MILITARY, ASK_STAFF, "/body/evidence"),
        (T.OVERRIDE, ASK_STAFF, "/body/evidence"),
    ],
)
def test_a_refusal_says_what_to_show(ticket_class: T, asked: Text, pointer: str) -> None:
    assert refused(ticket_class, None, "hall_manager") == (asked, pointer)


def test_a_number_counts_for_the_age_only() -> None:
    assert refused(T.MILITARY, PROOF, "clerk") == (ASK_STAFF, "/body/evidence")


def test_a_wrong_number_and_a_young_age_are_refused_apart() -> None:
    wrong = IdNumberEvidence(kind="id_number", value="110105194912310020")
    assert refused(T.ELDERLY, wrong, "device") == (
        Text("身份证号码有误，请核对", "The ID number is not valid; please check it"),
        "/body/evidence/value",
    )
    assert refused(T.ELDERLY, YOUNG, "device") == (
        Text("年满 60 周岁方可优先", "Priority is for people of 60 and over"),
        "/body/evidence",
    )


@pytest.mark.parametrize(("day", "old_enough"), [(30, False), (31, True)])
def test_the_age_is_reached_on_the_birthday(day: int, old_enough: bool) -> None:
    def asked() -> int:
        device = frozenset({"device"})
        return rules.credit_of(T.ELDERLY, PROOF, POLICY, roles=device, day=date(2009, 12, day))

    if old_enough:
        assert asked() == 60
    else:
        with pytest.raises(EvidenceRefused):
            asked()


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2026, 12, 30), 76),
        (date(2026, 12, 31), 77),
        (date(2027, 1, 1), 77),
        (date(2026, 1, 31), 76),
    ],
)
def test_full_years(on: date, age: int) -> None:
    assert rules.age_on("11010519491231002x", on) == age


@pytest.mark.parametrize("n", [0, 1, 120])
def test_the_hall_manager_decides_up_to_the_limit(n: int) -> None:
    assert credit(T.OVERRIDE, minutes(n), "hall_manager") == n


@pytest.mark.parametrize("n", [None, 121])
def test_more_than_the_limit_is_refused(n: int | None) -> None:
    assert refused(T.OVERRIDE, minutes(n), "hall_manager") == (
        Text("请填写不超过 120 的分钟数", "Give minutes of at most 120"),
        "/body/evidence/minutes",
    )


@pytest.mark.parametrize("role", ["clerk", "admin", "device"])
def test_only_the_hall_manager_overrides(role: str) -> None:
    assert refused(T.OVERRIDE, minutes(5), role) == (
        Text("只有大厅负责人可以调整次序", "Only the hall manager may override the order"),
        "/body/class",
    )


def test_the_due_time_is_the_ready_time_less_the_credit() -> None:
    assert Standing(NINE, 60).due_at == NINE - timedelta(hours=1)
    assert rules.standing(NINE, 30) == Standing(NINE, 30)


@pytest.mark.parametrize(
    ("ticketed", "checked_in", "other", "expected"),
    [
        (-20, None, 0, (0, 90)),
        (15, None, 0, (15, 90)),
        (16, None, 0, (16, 0)),
        (16, None, 60, (16, 60)),
        (16, 15, 0, (16, 90)),  # checked in on time, ticketed later
        (0, 16, 0, (0, 0)),
        (0, None, 100, (0, 100)),
    ],
)
def test_standing_with_an_appointment(
    ticketed: int, checked_in: int | None, other: int, expected: tuple[int, int]
) -> None:
    def at(minute: int) -> datetime:
        return NINE + timedelta(minutes=minute)

    seen = None if checked_in is None else at(checked_in)
    found = rules.booked_standing(at(ticketed), NINE, other, POLICY, seen)
    assert found == Standing(at(expected[0]), expected[1])


@pytest.mark.parametrize(("waited", "kept"), [(40, 20), (1, 0.5), (0, 0), (-10, 0)])
def test_half_of_the_wait_is_kept(waited: int, kept: float) -> None:
    now = NINE + timedelta(hours=2)
    found = rules.returned_standing(NINE, NINE + timedelta(minutes=waited), 60, now)
    assert found == Standing(now - timedelta(minutes=kept), 60)


@pytest.mark.parametrize(
    ("evidence", "secret", "reason"),
    [
        (PROOF, "11010519491231002X", None),
        (CARD, "军人证-0012345", None),
        (SEEN, None, "抱着婴儿"),
        (None, None, None),
    ],
)
def test_secrets_and_reasons(evidence: Evidence | None, secret: str, reason: str) -> None:
    assert (rules.secret_of(evidence), rules.reason_of(evidence)) == (secret, reason)
