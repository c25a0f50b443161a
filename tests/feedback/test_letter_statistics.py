"""Rates over letters, with the denominators that the handbook fixes."""

from typing import Any

import pytest

from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import API, Desk
from tests.feedback.reviewing import published


async def figures(
    desk: Desk, role: str | None, *places: str, **params: Any
) -> list[dict[str, Any]]:
    headers = desk.headers(role, *places) if role else {}
    answer = await desk.client.get(f"{API}/feedback/statistics", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


async def own(desk: Desk) -> dict[str, Any]:
    [row] = await figures(desk, "officer", desk.department)
    return row


async def test_every_rate_has_its_fixed_denominator(desk: Desk) -> None:
    await published(desk)
    await desk.letter_in(S.REPLIED)
    await desk.letter_in(S.REPLIED, wants_public=False)
    rated = await desk.letter_in(S.REPLIED)
    await rated.act("rate_good")
    await desk.letter_in(S.HANDLING)
    row = await own(desk)
    assert (row["received"], row["replied"], row["closed"]) == (5, 4, 1)
    assert (row["registration_rate"]["n"], row["registration_rate"]["rate"]) == (5, 1.0)
    assert (row["publication_rate"]["n"], row["publication_rate"]["rate"]) == (3, 0.3333)
    assert (row["rated_rate"]["n"], row["rated_rate"]["rate"]) == (4, 0.25)
    assert (row["satisfied_rate"]["n"], row["satisfied_rate"]["rate"]) == (1, 1.0)
    assert row["on_time_rate"]["n"] == 4


async def test_silence_raises_no_rate(desk: Desk) -> None:
    await desk.letter_in(S.REPLIED)
    row = await own(desk)
    assert row["satisfied_rate"] == {"n": 0, "rate": None, "low": None, "high": None}
    assert row["rated_rate"]["rate"] == 0.0


async def test_an_extension_counts_in_one_rate_and_not_in_the_other(desk: Desk) -> None:
    letter = await desk.letter_in(S.HANDLING, kind="consultation")
    await letter.act("request_extension", workdays=3, sub="li")
    await letter.act("approve_extension", sub="boss")
    desk.aside.clock.now = at("2026-12-02 10:00")
    for action in ("submit_reply", "approve"):
        assert (await letter.act(action)).status_code == 200
    row = await own(desk)
    assert row["on_time_rate"]["rate"] == 1.0
    assert row["on_time_rate_without_extension"]["rate"] == 0.0
    assert row["median_days"] == 9.0


async def test_what_is_open_past_its_limit_counts_as_late(desk: Desk) -> None:
    await desk.letter_in(S.HANDLING, kind="consultation")
    desk.aside.clock.now = at("2026-12-01 00:00")
    row = await own(desk)
    assert (row["on_time_rate"]["n"], row["on_time_rate"]["rate"]) == (1, 0.0)


async def test_nobody_outside_counts_an_accusation(desk: Desk) -> None:
    before = await figures(desk, None, group_by="kind")
    letter = await desk.write(kind="accusation")
    await letter.act("register", accused=[desk.department])
    assert await figures(desk, None, group_by="kind") == before
    assert await figures(desk, "officer", desk.department) == []
    for role in ("supervisor", "dispatcher", "reviewer"):
        rows = await figures(desk, role, desk.department, group_by="kind")
        assert "accusation" not in {row["key"] for row in rows}
    office = await figures(desk, "supervisor", group_by="kind")
    assert "accusation" in {row["key"] for row in office}


async def test_the_public_sees_no_small_group(desk: Desk) -> None:
    await desk.letter_in(S.HANDLING)
    rows = await figures(desk, None, group_by="department")
    [row] = [r for r in rows if r["key"] == desk.department]
    assert (row["suppressed"], row["received"], row["registration_rate"]) == (True, None, None)


@pytest.mark.parametrize(
    "params",
    [
        {"from_on": "2026-11-23", "to_on": "2026-11-22"},
        {"from_on": "1990-01-01", "to_on": "2026-11-22"},
        {"from_on": "2026-02-30"},
        {"from_on": "9999-12-01", "to_on": "9999-12-31"},
        {"from_on": "0001-01-01", "to_on": "0001-01-02"},
        {"group_by": "surname"},
    ],
)
async def test_a_bad_period_is_named(desk: Desk, params: dict[str, str]) -> None:
    answer = await desk.client.get(f"{API}/feedback/statistics", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")
