"""Rates over letters, with the denominators that the handbook fixes."""

from typing import Any

import pytest

from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import at
from tests.feedback.letter_helpers import API, LetterOffice
from tests.feedback.reviewing import published


async def figures(
    office: LetterOffice, role: str | None, *places: str, **params: Any
) -> list[dict[str, Any]]:
    headers = office.headers(role, *places) if role else {}
    answer = await office.client.get(f"{API}/feedback/statistics", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
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


async def test_nobody_outside_counts_an_accusation(office: LetterOffice) -> None:
    before = await figures(office, None, group_by="kind")
    letter = await office.write(kind="accusation")
    await letter.act("register", accused=[office.department])
    assert await figures(office, None, group_by="kind") == before
    assert await figures(office, "officer", office.department) == []
    for role in ("supervisor", "dispatcher", "reviewer"):
        rows = await figures(office, role, office.department, group_by="kind")
        assert "accusation" not in {row["key"] for row in rows}
    seen_by_office = await figures(office, "supervisor", group_by="kind")
    assert "accusation" in {row["key"] for row in seen_by_office}


async def test_the_public_sees_no_small_group(office: LetterOffice) -> None:
    await office.letter_in(S.HANDLING)
    rows = await figures(office, None, group_by="department")
    [row] = [r for r in rows if r["key"] == office.department]
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
async def test_a_bad_period_is_named(office: LetterOffice, params: dict[str, str]) -> None:
    answer = await office.client.get(f"{API}/feedback/statistics", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")
