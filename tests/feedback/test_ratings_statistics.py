"""评价率 and 满意率: who says nothing raises no rate, and small figures are not public."""

from typing import Any

import pytest

from tests.feedback.isolated_service import IsolatedService, new_code
from tests.feedback.visit_helpers import BAD, GOOD, ServedCitizen


async def department_with(isolated: IsolatedService, *, good: int, bad: int, silent: int) -> str:
    department = new_code()
    for rating in [GOOD] * good + [BAD] * bad:
        served = await ServedCitizen(isolated, department).invite()
        await served.rate(rating)
    for _ in range(silent):
        await ServedCitizen(isolated, department).invite()
    return department


async def row(isolated: IsolatedService, department: str, *who: str) -> dict[str, Any]:
    params = {"group_by": "department", "department_code": department}
    if who:
        answer = await isolated.get("/ratings/statistics", *who, **params)
    else:
        answer = await isolated.client.get("/api/v1/ratings/statistics", params=params)
    [found] = answer.raise_for_status().json()["rows"]
    return dict(found)


async def test_rates_come_with_their_denominators_and_intervals(isolated: IsolatedService) -> None:
    department = await department_with(isolated, good=4, bad=1, silent=5)
    found = await row(isolated, department)
    assert found["rated_rate"] == {"n": 10, "rate": 0.5, "low": 0.2366, "high": 0.7634}
    assert found["satisfied_rate"] == {"n": 5, "rate": 0.8, "low": 0.3755, "high": 0.9638}
    assert (found["invited"], found["rated"], found["bad"]) == (10, 5, 1)


async def test_silence_never_raises_a_rate(isolated: IsolatedService) -> None:
    department = await department_with(isolated, good=4, bad=2, silent=0)
    before = await row(isolated, department)
    for _ in range(6):
        await ServedCitizen(isolated, department).invite()
    after = await row(isolated, department)
    assert after["satisfied_rate"] == before["satisfied_rate"]
    assert after["rated_rate"]["rate"] < before["rated_rate"]["rate"]


async def test_nobody_rated_is_null_and_never_good(isolated: IsolatedService) -> None:
    department = await department_with(isolated, good=0, bad=0, silent=3)
    found = await row(isolated, department, "officer", department)
    assert found["satisfied_rate"] == {"n": 0, "rate": None, "low": None, "high": None}
    assert found["rated_rate"]["rate"] == 0.0


async def test_fewer_than_five_are_shown_to_their_own_staff_only(isolated: IsolatedService) -> None:
    department = await department_with(isolated, good=3, bad=1, silent=20)
    for who in ((), ("officer", new_code()), ("citizen",)):
        found = await row(isolated, department, *who)
        assert found["suppressed"]
        assert {value for key, value in found.items() if key not in ("key", "suppressed")} == {None}
    assert (await row(isolated, department, "officer", department))["rated"] == 4
    assert (await row(isolated, department, "auditor", "*"))["rated"] == 4


async def test_an_excluded_rating_leaves_the_satisfied_rate(isolated: IsolatedService) -> None:
    department = await department_with(isolated, good=5, bad=0, silent=0)
    served = await ServedCitizen(isolated, department).invite()
    await served.rate(BAD)
    assert (await row(isolated, department))["satisfied_rate"]["rate"] == pytest.approx(0.8333)
    await served.take("verify", "appeal", "exclude")
    found = await row(isolated, department)
    assert (found["satisfied_rate"]["n"], found["satisfied_rate"]["rate"]) == (5, 1.0)
    assert (found["rated"], found["excluded"]) == (6, 1)


async def test_rectified_and_revisited(isolated: IsolatedService) -> None:
    department = await department_with(isolated, good=4, bad=2, silent=0)
    served = await ServedCitizen(isolated, department).invite()
    await served.rate(BAD)
    await served.take("verify", "rectify", "feedback")
    found = await row(isolated, department)
    assert (found["rectified_rate"]["n"], found["rectified_rate"]["rate"]) == (3, 0.3333)
    assert (found["revisited_rate"]["n"], found["revisited_rate"]["rate"]) == (1, 0.0)
    await served.take("revisit")
    assert (await row(isolated, department))["revisited_rate"]["rate"] == 1.0


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"from_on": "2026-11-23", "to_on": "2026-11-22"}, "/query/from_on"),
        ({"from_on": "2025-01-01", "to_on": "2026-11-22"}, "/query/from_on"),
        ({"from_on": "2026-02-30"}, "/query/from_on"),
        ({"from_on": "0001-01-01", "to_on": "0001-01-01"}, "/query/from_on"),
        ({"to_on": "9999-12-31"}, "/query/to_on"),
        ({"group_by": "person"}, "/query/group_by"),
        ({"hall_code": "'; DROP TABLE rating"}, "/query/hall_code"),
    ],
)
async def test_a_bad_question_is_refused_by_parameter(
    isolated: IsolatedService, params: dict[str, str], pointer: str
) -> None:
    answer = await isolated.client.get("/api/v1/ratings/statistics", params=params)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
