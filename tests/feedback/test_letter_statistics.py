"""Rates over letters, with the denominators that the handbook fixes."""

from typing import Any
from uuid import uuid4

import pytest

from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import API, BODY, WAY, Letter, LetterOffice
from tests.feedback.reviewing import published


async def figures(
    office: LetterOffice, role: str | None, *places: str, **params: Any
) -> list[dict[str, Any]]:
    headers = office.headers(role, *places) if role else {}
    answer = await office.client.get(f"{API}/feedback/statistics", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


async def own(office: LetterOffice) -> dict[str, Any]:
    [row] = await figures(office, "officer", office.department)
    return row


async def test_every_rate_has_its_fixed_denominator(office: LetterOffice) -> None:
    await published(office)
    await office.letter_in(S.REPLIED)
    await office.letter_in(S.REPLIED, wants_public=False)
    rated = await office.letter_in(S.REPLIED)
    await rated.act("rate_good")
    await office.letter_in(S.HANDLING)
    row = await own(office)
    assert (row["received"], row["replied"], row["closed"]) == (5, 4, 1)
    assert (row["registration_rate"]["n"], row["registration_rate"]["rate"]) == (5, 1.0)
    assert (row["publication_rate"]["n"], row["publication_rate"]["rate"]) == (3, 0.3333)
    assert (row["rated_rate"]["n"], row["rated_rate"]["rate"]) == (4, 0.25)
    assert (row["satisfied_rate"]["n"], row["satisfied_rate"]["rate"]) == (1, 1.0)
    assert row["on_time_rate"]["n"] == 4


async def test_silence_raises_no_rate(office: LetterOffice) -> None:
    await office.letter_in(S.REPLIED)
    row = await own(office)
    assert row["satisfied_rate"] == {"n": 0, "rate": None, "low": None, "high": None}
    assert row["rated_rate"]["rate"] == 0.0


async def test_an_extension_counts_in_one_rate_and_not_in_the_other(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING, kind="consultation")
    await letter.act("request_extension", workdays=3, sub="li")
    await letter.act("approve_extension", sub="boss")
    office.isolated.clock.now = at("2026-12-02 10:00")
    for action in ("submit_reply", "approve"):
        assert (await letter.act(action)).status_code == 200
    row = await own(office)
    assert row["on_time_rate"]["rate"] == 1.0
    assert row["on_time_rate_without_extension"]["rate"] == 0.0
    assert row["median_days"] == 9.0


async def test_what_is_open_past_its_limit_counts_as_late(office: LetterOffice) -> None:
    await office.letter_in(S.HANDLING, kind="consultation")
    office.isolated.clock.now = at("2026-12-01 00:00")
    row = await own(office)
    assert (row["on_time_rate"]["n"], row["on_time_rate"]["rate"]) == (1, 0.0)


async def month(office: LetterOffice, begin: str, *letters: dict[str, Any]) -> list[Letter]:
    """Letters of a month of the test's own, and it is long over: the public's figures stay."""
    office.isolated.clock.now = at(f"{begin}-10 10:00")
    written = [await office.write(**letter) for letter in letters]
    office.isolated.clock.now = at("2026-11-23 10:00")
    return written


async def of_month(office: LetterOffice, begin: str, group_by: str) -> dict[Any, Any]:
    rows = await figures(office, None, from_on=f"{begin}-01", group_by=group_by)
    return {row["key"]: row["received"] for row in rows}


async def test_accusations_count_in_one_total_that_no_group_gives_away(
    office: LetterOffice,
) -> None:
    written = [{"kind": kind} for kind in ("help", "complaint") for _ in range(6)]
    letters = await month(office, "2025-03", *written, *[{"kind": "accusation"}] * 7)
    office.isolated.clock.now = at("2025-03-11 10:00")
    await letters[-1].act("register", accused=[])
    office.isolated.clock.now = at("2026-11-23 10:00")
    assert await of_month(office, "2025-03", "all") == {None: 19}, "as many as numbers were given"
    assert await of_month(office, "2025-03", "kind") == {"complaint": 13, "help": 6}
    assert await of_month(office, "2025-03", "department") == {None: 19}
    period = {"from_on": "2025-03-01", "to_on": "2025-03-31", "group_by": "kind"}
    for role in ("officer", "citizen", "admin"):
        rows = await figures(office, role, "*", **period)
        assert {row["key"]: row["received"] for row in rows} == {"complaint": 13, "help": 6}
    for places in [(office.department,), ("*", office.department)]:
        assert await figures(office, "supervisor", *places, **period) == []
    seen_by_office = await figures(office, "supervisor", **period)
    assert {row["key"]: row["received"] for row in seen_by_office} == {
        "accusation": 7, "complaint": 6, "help": 6
    }  # fmt: skip


async def letter_of(office: LetterOffice, kind: str, state: S) -> None:
    letter = await office.write(kind=kind, body=BODY + uuid4().hex)
    for action in WAY[state]:
        accused: dict[str, Any] = (
            {"accused": []} if action == "register" and kind == "accusation" else {}
        )
        assert (await letter.act(action, **accused)).status_code == 200


async def test_no_difference_of_public_figures_is_the_answered_accusations(
    office: LetterOffice,
) -> None:
    office.isolated.clock.now = at("2025-07-10 10:00")
    for kind, state, count in (
        ("accusation", S.REPLIED, 7),
        ("complaint", S.REPLIED, 5),
        ("help", S.REPLIED, 6),
        ("help", S.REGISTERED, 8),
        ("complaint", S.REGISTERED, 5),
    ):
        for _ in range(count):
            await letter_of(office, kind, state)
    office.isolated.clock.now = at("2026-11-23 10:00")
    shown = {
        (group_by, row["key"]): (row["replied"], (row["rated_rate"] or {"n": None})["n"])
        for group_by in ("all", "department", "kind", "channel")
        for row in await figures(office, None, from_on="2025-07-01", group_by=group_by)
    }
    assert shown["all", None] == (18, 18)
    assert shown["department", office.department] == (18, 18)
    assert shown["department", None] == (0, 0), "what no department has is not answered"
    known = {count for counts in shown.values() for count in counts if count is not None} | {0}
    assert 7 not in {more - less for more in known for less in known}


async def test_a_department_of_accusations_alone_is_not_shown(office: LetterOffice) -> None:
    office.isolated.clock.now = at("2025-08-10 10:00")
    for kind, state, count in (("accusation", S.HANDLING, 7), ("help", S.REGISTERED, 9)):
        for _ in range(count):
            await letter_of(office, kind, state)
    office.isolated.clock.now = at("2026-11-23 10:00")
    for group_by in ("department", "kind"):
        rows = await figures(office, None, from_on="2025-08-01", group_by=group_by)
        assert {row["received"] for row in rows} == {None}


async def test_no_department_counts_the_accusations_that_another_handles(
    office: LetterOffice,
) -> None:
    letter = await office.write(kind="accusation")
    await letter.act("register", accused=[office.department])
    assert await figures(office, "officer", office.department) == []


async def test_a_month_is_counted_once_so_that_no_later_grade_can_be_taken_away_from_it(
    office: LetterOffice,
) -> None:
    office.isolated.clock.now = at("2025-05-12 10:00")
    letters = [await office.letter_in(S.REPLIED) for _ in range(6)]
    for letter in letters[:5]:
        await letter.act("rate_good")
    office.isolated.clock.now = at("2025-06-16 10:00")
    asked = {"from_on": "2025-05-01", "to_on": "2025-05-31"}
    [before] = await figures(office, None, **asked)
    assert (before["satisfied_rate"]["n"], before["satisfied_rate"]["rate"]) == (5, 1.0)
    office.isolated.clock.now = at("2025-05-13 10:00")
    await letters[5].as_sender("rate", grade="very_dissatisfied")
    office.isolated.clock.now = at("2025-06-17 10:00")
    assert await figures(office, None, **asked) == [before]


@pytest.mark.parametrize(
    "params",
    [
        {"from_on": "2026-10-01", "to_on": "2026-10-30"},
        {"from_on": "2026-09-30", "to_on": "2026-10-31"},
        {"from_on": "2026-09-01", "to_on": "2026-10-31"},
        {"from_on": "2026-11-01", "to_on": "2026-11-23"},
        {"from_on": "2026-11-01", "to_on": "2026-11-30"},
    ],
)
async def test_the_public_asks_for_one_month_that_is_over(
    office: LetterOffice, params: dict[str, str]
) -> None:
    answer = await office.client.get(f"{API}/feedback/statistics", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-11-23", "to": "2026-11-22"},
        {"from_on": "1990-01-01", "to": "2026-11-22"},
        {"from_on": "2026-02-30"},
        {"from_on": "9999-12-01", "to_on": "9999-12-31"},
        {"from_on": "0001-01-01", "to_on": "0001-01-02"},
        {"group_by": "surname"},
    ],
)
async def test_a_bad_period_is_named(office: LetterOffice, params: dict[str, str]) -> None:
    answer = await office.client.get(f"{API}/feedback/statistics", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")
