"""评价率 and 满意率: who says nothing raises no rate, and small figures are not public."""

from typing import Any

import pytest

from tests.conftest import Headers
from tests.feedback.isolated_service import IsolatedService, at, new_code
from tests.feedback.letter_helpers import new_department
from tests.feedback.visit_helpers import BAD, GOOD, ServedCitizen


async def department_with(isolated: IsolatedService, *, good: int, bad: int, silent: int) -> str:
    department = new_code()
    for rating in [GOOD] * good + [BAD] * bad:
        served = await ServedCitizen(isolated, department).invite()
        await served.rate(rating)
    for _ in range(silent):
        await ServedCitizen(isolated, department).invite()
    return department


async def rows(isolated: IsolatedService, *who: str, **params: Any) -> list[dict[str, Any]]:
    """As staff, or as anybody where `who` is nobody."""
    if who:
        answer = await isolated.get("/ratings/statistics", *who, **params)
    else:
        answer = await isolated.client.get("/api/v1/ratings/statistics", params=params)
    found = answer.raise_for_status().json()
    assert found["rows"] == found["items"], "the old name of the same"
    return list(found["items"])


async def row(isolated: IsolatedService, department: str, *who: str) -> dict[str, Any]:
    who = who or ("auditor", "*")
    params = {"group_by": "department", "department_code": department}
    [found] = await rows(isolated, *who, **params)
    return found


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


async def test_services_without_an_item_code_are_a_group_with_a_name(
    isolated: IsolatedService,
) -> None:
    isolated.clock.now = at("2024-05-11 10:00")
    department = await new_department(isolated)
    for _ in range(6):
        await (await ServedCitizen(isolated, department).invite()).rate(GOOD)
    for _ in range(7):
        service = {
            "external_id": new_code(),
            "department_code": department,
            "item_name": "居住证办理",
            "finished_at": "2024-05-10T10:00:00+08:00",
        }
        handed = await isolated.post("/service-events", "system", "*", body=service)
        token = handed.raise_for_status().json()["token"]
        (await isolated.post("/ratings", body={"token": token, **GOOD})).raise_for_status()
    isolated.clock.now = at("2024-06-20 10:00")
    asked = {"from_on": "2024-05-01", "group_by": "item"}
    for who in ((), ("auditor", "*")):
        more = {"to_on": "2024-05-31"} if who else {}
        shown = {one["key"]: one["rated"] for one in await rows(isolated, *who, **asked, **more)}
        assert shown == {"11320100": 6, "-": 7}


async def test_the_public_sees_a_month_once_and_no_small_figure(isolated: IsolatedService) -> None:
    isolated.clock.now = at("2025-02-11 10:00")
    small = await department_with(isolated, good=3, bad=1, silent=20)
    large = await department_with(isolated, good=9, bad=0, silent=2)
    middle = await department_with(isolated, good=5, bad=1, silent=0)
    isolated.clock.now = at("2025-03-20 10:00")
    asked = {"from_on": "2025-02-01", "group_by": "department"}
    shown = {one["key"]: one for one in await rows(isolated, **asked)}
    assert [shown[key]["rated"] for key in (small, middle, large)] == [None, None, 9]
    assert shown[middle]["suppressed"], "else the total would give the small one away"
    for who in (("officer", new_code()), ("citizen",), ("officer", "T-NOBODY")):
        found = await rows(isolated, *who, **{**asked, "department_code": small})
        hidden = {
            value for one in found for k, value in one.items() if k not in ("key", "suppressed")
        }
        assert hidden == {None}
    isolated.clock.now = at("2025-02-12 10:00")
    late = await ServedCitizen(isolated, large).invite()
    await late.rate(BAD)
    isolated.clock.now = at("2025-03-21 10:00")
    assert {one["key"]: one for one in await rows(isolated, **asked)} == shown
    february = {"from_on": "2025-02-01", "to_on": "2025-02-28"}
    [own] = await rows(isolated, "officer", large, group_by="department", **february)
    assert (own["key"], own["rated"]) == (large, 10)
    [total] = await rows(isolated, from_on="2025-02-01")
    assert (total["rated"], total["satisfied_rate"]["n"]) == (19, 19)


@pytest.mark.parametrize(
    "params",
    [
        {"department_code": "D01", "group_by": "item"},
        {"department_code": "D01", "hall_code": "H001"},
        {"hall_code": "H001", "group_by": "department"},
        {"from_on": "2026-10-01", "to_on": "2026-10-30"},
        {"from_on": "2026-11-01"},
    ],
)
async def test_the_public_asks_for_one_grouping_of_one_month(
    isolated: IsolatedService, params: dict[str, str]
) -> None:
    answer = await isolated.client.get("/api/v1/ratings/statistics", params=params)
    assert answer.status_code == 422, answer.text


async def test_many_groups_come_page_by_page(isolated: IsolatedService) -> None:
    departments = {await department_with(isolated, good=1, bad=0, silent=0) for _ in range(3)}
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await isolated.get(
            "/ratings/statistics", "auditor", "*", group_by="department", limit=2, **cursor
        )
        page = answer.raise_for_status().json()
        assert len(page["items"]) <= 2
        found += [one["key"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert departments <= set(found)
    assert len(found) == len(set(found))


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
    ("old", "new"),
    [
        (
            {"from_on": "2026-09-01", "to_on": "2026-09-30"},
            {"from": "2026-09-01", "to": "2026-09-30"},
        ),
        ({"department_code": "D01"}, {"department": "D01"}),
        ({"hall_code": "H001"}, {"hall": "H001"}),
    ],
)
async def test_a_question_by_the_old_names_has_the_same_answer(
    isolated: IsolatedService, as_: Headers, old: dict[str, str], new: dict[str, str]
) -> None:
    found = [
        await isolated.client.get(
            "/api/v1/ratings/statistics",
            params=params | {"group_by": "department"},
            headers=as_("supervisor", "*"),
        )
        for params in (old, new)
    ]
    assert [one.status_code for one in found] == [200, 200]
    first, second = ({**one.json(), "counted_at": None} for one in found)
    assert first == second


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"from": "2026-11-23", "to": "2026-11-22"}, "/query/from"),
        ({"from_on": "2025-01-01", "to": "2026-11-22"}, "/query/from"),
        ({"from_on": "2026-02-30"}, "/query/from"),
        ({"from_on": "0001-01-01", "to_on": "0001-01-01"}, "/query/from"),
        ({"to_on": "9999-12-31"}, "/query/to"),
        ({"from": "2026-11-01", "from_on": "2026-11-01"}, "/query/from_on"),
        ({"group_by": "person"}, "/query/group_by"),
        ({"hall_code": "'; DROP TABLE rating"}, "/query/hall"),
    ],
)
async def test_a_bad_question_is_refused_by_parameter(
    isolated: IsolatedService, params: dict[str, str], pointer: str
) -> None:
    answer = await isolated.client.get("/api/v1/ratings/statistics", params=params)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
