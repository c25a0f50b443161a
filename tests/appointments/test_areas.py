"""Areas and where halls stand in them, and figures that go by it."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.appointments.conftest import Build
from tests.appointments.hall_log import HallLog
from tests.appointments.queue_helpers import SIGN, Floor, good, problem
from tests.appointments.test_workbooks import Workbook
from tests.provoking import provokes

SINCE = "2020-01-01"
FIRST, LAST = "2026-05-01", "2026-05-31"


@dataclass
class Country:
    """A province with two cities, and three halls: two in the first one, one in the second."""

    client: httpx.AsyncClient
    sign: SIGN
    province: str
    cities: list[str]
    floors: list[Floor]

    async def put(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        by = headers or self.sign("admin", "*")
        return await self.client.put(f"/api/v1/{path}", json=body, headers=by)

    async def move(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        by = headers or self.sign("admin", "*")
        return await self.client.post(f"/api/v1/{path}/move", json=body, headers=by)

    async def lines(self, by: str, **asked: str) -> dict[str | None, dict[str, Any]]:
        return {line["key"]: line for line in (await self.figures(by, **asked))["items"]}

    async def figures(self, by: str, **asked: str) -> dict[str, Any]:
        headers = self.sign("supervisor", self.province)
        params = {"from": FIRST, "to": LAST, "by": by, "area": self.province, **asked}
        return good(await self.client.get("/api/v1/statistics", params=params, headers=headers))


@pytest.fixture
async def country(hall: Build, as_: SIGN, owner: asyncpg.Connection) -> Country:
    floors = [await hall(items=2) for _ in range(3)]
    mark = uuid4().hex[:6].upper()
    made = Country(floors[0].client, as_, f"P-{mark}", [f"C1-{mark}", f"C2-{mark}"], floors)
    good(await made.put(f"areas/{made.province}", name="某省", level="province"))
    for number, city in enumerate(made.cities, 1):
        good(await made.put(f"areas/{city}", name=f"第{number}市", level="city"))
        good(await made.move(f"areas/{city}", parent_code=made.province, valid_from=SINCE))
    for floor, city in zip(floors, (made.cities[0], *made.cities), strict=True):
        good(await made.move(f"halls/{floor.code}", parent_code=city, valid_from=SINCE))
        log = HallLog(owner, floor.code)
        for day, outcome in ((4, "done"), (15, "needs_more"), (16, "done"), (31, "rejected")):
            await log.visit(date(2026, 5, day), floor.items[0], outcome)
    return made


async def test_a_hall_that_moves_in_a_month_counts_for_the_old_area_before_and_the_new_one_after(
    country: Country,
) -> None:
    first, second = country.cities
    before = await country.lines("area")
    assert {key: line["served"] for key, line in before.items()} == {first: 8, second: 4}
    assert {line["name"] for line in before.values()} == {"第1市", "第2市"}
    mover = country.floors[1].code
    good(await country.move(f"halls/{mover}", parent_code=second, valid_from="2026-05-16"))
    after = await country.figures("area")
    lines = {line["key"]: line for line in after["items"]}
    assert {key: line["served"] for key, line in lines.items()} == {first: 6, second: 6}
    assert (lines[first]["done"], lines[first]["needs_more"]) == (3, 2)
    halls = await country.lines("hall")
    for name in ("issued", "served", "done", "needs_more", "rejected"):
        of_areas = sum(line[name] for line in lines.values())
        assert of_areas == sum(line[name] for line in halls.values()) == after["total"][name]
    in_first = await country.lines("hall", area=first)
    assert {key: line["served"] for key, line in in_first.items()} == {
        country.floors[0].code: 4,
        mover: 2,
    }
    days = await country.lines("day", area=second)
    assert {key: line["served"] for key, line in days.items()} == {
        "2026-05-04": 1, "2026-05-15": 1, "2026-05-16": 2, "2026-05-31": 2,
    }  # fmt: skip


async def test_each_line_opens_to_the_rows_of_the_days_on_which_its_halls_stood_there(
    country: Country,
) -> None:
    mover, headers = country.floors[1].code, country.sign("auditor", country.province)
    good(
        await country.move(f"halls/{mover}", parent_code=country.cities[1], valid_from="2026-05-16")
    )
    of_areas = (await country.figures("area"))["items"]
    of_halls = (await country.figures("hall", area=country.cities[0]))["items"]
    total = (await country.figures("month"))["total"]
    for line in (*of_areas, *of_halls, total):
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            url = httpx.URL(f"{line['ticket_rows']}&limit=5").copy_merge_params(cursor)
            page = good(await country.client.get(url, headers=headers))
            found += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len({(row["hall_code"], row["hall_seq"]) for row in found}) == line["served"]
        of_mover = {row["counted_on"] for row in found if row["hall_code"] == mover}
        if line["key"] == country.cities[0]:
            assert of_mover == {"2026-05-04", "2026-05-15"}


async def test_lines_of_areas_are_a_table_and_a_workbook_too(country: Country) -> None:
    params = {"from": FIRST, "to": LAST, "by": "area", "area": country.province}
    headers = country.sign("hall_manager", country.province)
    asked = partial(country.client.get, "/api/v1/statistics", headers=headers)
    answer = await asked(params={**params, "format": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["项目"], row["名称"], row["办结"]) for row in table] == [
        (country.cities[0], "第1市", "8"), (country.cities[1], "第2市", "4"), ("合计", "", "12"),
    ]  # fmt: skip
    book = Workbook((await asked(params={**params, "format": "xlsx"})).content)
    rows = [book.cells(1)[f"A{row}"][1] for row in (3, 4, 5)]
    assert rows == [*country.cities, "合计 Total"]
    assert country.province in {text for _, text in book.cells(3).values()}


async def test_a_dry_run_says_what_a_move_changes_and_changes_nothing(country: Country) -> None:
    mover, (first, second) = country.floors[0].code, country.cities
    wanted: dict[str, Any] = {"parent_code": second, "valid_from": "2026-05-16"}
    tried = good(await country.move(f"halls/{mover}", **wanted, dry_run=True))
    assert [place["parent_name"] for place in tried["before"]] == ["第1市"]
    assert tried["after"]["parent_name"] == "第2市"
    assert [step["name"] for step in tried["after"]["path"]] == ["某省", "第2市"]
    assert (tried["after"]["valid_from"], tried["after"]["valid_to"]) == ("2026-05-16", None)
    assert tried["halls"] == [{"code": mover, "name": "测试大厅"}]
    assert {k: v["served"] for k, v in (await country.lines("area")).items()} == {
        first: 8,
        second: 4,
    }
    done = good(await country.move(f"halls/{mover}", **wanted))
    assert done | {"dry_run": True, "version": 0} == tried | {"version": 0}
    assert done["version"] == tried["version"] + 1
    again = good(await country.move(f"halls/{mover}", parent_code=first, valid_from="2026-05-20"))
    assert again["before"][0]["parent_code"] == second
    back = good(await country.move(f"halls/{mover}", parent_code=first, valid_from="2026-05-16"))
    assert back["after"]["valid_to"] == "2026-05-19"


async def test_a_county_is_moved_with_all_its_halls(country: Country) -> None:
    county, first = f"K{country.province}", country.cities[0]
    good(await country.put(f"areas/{county}", name="某县", level="county"))
    good(await country.move(f"areas/{county}", parent_code=first, valid_from=SINCE))
    mover = country.floors[0].code
    good(await country.move(f"halls/{mover}", parent_code=county, valid_from=SINCE))
    done = good(
        await country.move(
            f"areas/{county}", parent_code=country.cities[1], valid_from="2026-05-16"
        )
    )
    assert [hall["code"] for hall in done["halls"]] == [mover]
    lines = await country.lines("area")
    assert [lines[city]["served"] for city in country.cities] == [6, 6]
    inside = await country.lines("area", area=country.cities[1])
    assert {key: line["served"] for key, line in inside.items()} == {
        county: 2,
        country.cities[1]: 4,
    }
    shown = good(await country.client.get(f"/api/v1/areas/{county}"))
    assert [hall["code"] for hall in shown["halls"]] == [mover]
    assert [place["parent_name"] for place in shown["places"]] == [None, "第1市", "第2市"]


async def test_areas_and_agencies_are_listed_by_name_as_of_a_day(country: Country) -> None:
    city, agency = country.cities[0], f"G{country.province}"
    good(await country.put(f"agencies/{agency}", name="公安局"))
    good(await country.move(f"agencies/{agency}", parent_code=city, valid_from="2026-05-16"))
    for path, code in (("areas", city), ("agencies", agency)):
        seen: dict[str, Any] = {}
        for on in ("2019-12-31", "2026-06-01"):
            params: dict[str, Any] = {"on": on, "limit": 200}
            answer = good(await country.client.get(f"/api/v1/{path}", params=params))
            seen |= {on: next(one for one in answer["items"] if one["code"] == code)}
        assert seen["2019-12-31"]["parent_code"] is None
        assert seen["2026-06-01"]["parent_name"] in ("某省", "第1市")
    detail = good(await country.client.get(f"/api/v1/areas/{city}", params={"on": "2026-06-01"}))
    assert detail["agencies"] == [{"code": agency, "name": "公安局"}]


async def test_figures_of_agencies_have_their_names(
    country: Country, owner: asyncpg.Connection
) -> None:
    agency, item = f"G{country.province}", country.floors[0].items[0]
    await owner.execute("UPDATE item SET department_code = $1 WHERE code = $2", agency, item)
    good(await country.put(f"agencies/{agency}", name="公安局"))
    assert (await country.lines("agency"))[agency]["name"] == "公安局"


async def test_who_acts_for_a_city_sees_its_halls_and_no_others(country: Country) -> None:
    headers = country.sign("supervisor", country.cities[1])
    params = {"from": FIRST, "to": LAST, "area": country.province}
    answer = await country.client.get("/api/v1/statistics", params=params, headers=headers)
    assert [line["key"] for line in good(answer)["items"]] == [country.floors[2].code]
    for hall, status in ((country.floors[2].code, 200), (country.floors[0].code, 404)):
        one = {**params, "hall": hall}
        answer = await country.client.get("/api/v1/statistics", params=one, headers=headers)
        assert answer.status_code == status
    every_day = {"from": FIRST, "to": LAST}
    for path in ("statistics", "statistics/one-visit", "estimate-accuracy"):
        answer = await country.client.get(f"/api/v1/{path}", params=every_day, headers=headers)
        lines = good(answer).get("items") or answer.json()["lines"]
        assert [line["key"] for line in lines] == [country.floors[2].code], path
    none = {**params, "area": "NOWHERE"}
    answer = await country.client.get("/api/v1/statistics", params=none, headers=headers)
    problem(answer, 404, "not-found")


@provokes("put_area", "state-conflict")
@provokes("put_agency", "state-conflict")
@provokes("move_area", "state-conflict", "not-found")
@provokes("move_agency", "state-conflict", "not-found")
@provokes("move_hall", "state-conflict", "not-found")
@provokes("get_area", "not-found")
async def test_who_has_seen_another_version_changes_nothing(country: Country) -> None:
    city, agency = country.cities[0], f"G{country.province}"
    good(await country.put(f"agencies/{agency}", name="公安局"))
    for path in (f"areas/{city}", f"agencies/{agency}"):
        level: dict[str, Any] = {"level": "city"} if path.startswith("areas") else {}
        problem(await country.put(path, name="旧", **level), 409, "state-conflict")
        problem(await country.put(path, name="旧", version=9, **level), 409, "state-conflict")
    tried = good(
        await country.put(f"areas/{city}", name="新市", level="city", version=2, dry_run=True)
    )
    assert (tried["changed"], tried["name"]) == (["name"], "新市")
    shown = good(await country.client.get(f"/api/v1/areas/{city}"))
    assert (shown["name"], shown["version"]) == ("第1市", 2)
    move: dict[str, Any] = {"parent_code": country.province, "valid_from": FIRST}
    for path in (f"areas/{city}", f"agencies/{agency}", f"halls/{country.floors[0].code}"):
        problem(await country.move(path, **move, version=99), 409, "state-conflict")
    for path in ("areas/NONE-X", "agencies/NONE-X", "halls/NONE-X"):
        problem(await country.move(path, **move), 404, "not-found")
    problem(await country.client.get("/api/v1/areas/NONE-X"), 404, "not-found")


async def test_only_a_higher_area_that_there_is_can_be_above(country: Country) -> None:
    city = country.cities[0]
    for parent in (city, country.cities[1], "NOWHERE"):
        answer = await country.move(f"areas/{city}", parent_code=parent, valid_from=FIRST)
        problem(answer, 422, "invalid-request")
    level: dict[str, Any] = {"name": "第1市", "level": "county", "version": 2}
    problem(await country.put(f"areas/{city}", **level), 422, "invalid-request")


async def test_a_manager_moves_the_own_hall_and_nothing_else(country: Country) -> None:
    own, other = country.floors[0], country.floors[1]
    move: dict[str, Any] = {"parent_code": country.cities[1], "valid_from": FIRST}
    good(await country.move(f"halls/{own.code}", own.manager(), **move))
    problem(await country.move(f"halls/{other.code}", own.manager(), **move), 404, "not-found")
    denied = await country.move(f"areas/{country.cities[0]}", own.manager(), **move)
    problem(denied, 403, "forbidden")
