"""A notice is loaded or corrected: open duties follow by event, and no duty row is rewritten.

The calendar is one for the whole service, so these tests have a service of their own.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest

from services.projects.app import create_app
from services.projects.duties import observing
from services.projects.duties import service as duties
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.duties.schemas import TriggerOrder
from services.projects.reports.verifying import verify
from shared.clock import SHANGHAI, now
from shared.database.engine import Sessions, new_engine, new_sessions
from shared.security.identity import Caller
from tests import support
from tests.projects import make
from tests.support import Databases, Tokens

Headers = Callable[..., dict[str, str]]

NOTICE_2027 = {
    "year": 2027,
    "notice": "测试用2027年放假通知",
    "rest_days": ["2027-01-01", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"],
    "working_weekends": ["2027-02-06"],
}


@dataclass
class City:
    """A projects service with a calendar of its own to change."""

    client: httpx.AsyncClient
    rows: asyncpg.Connection
    sessions: Sessions
    as_: Headers

    async def duty(self, formed_on: str, item_code: str = "MP-02-01") -> dict[str, Any]:
        unit, project = await make.unit(self.rows), await make.project(self.rows)
        body = make.event(project, unit, formed_on, item_code=item_code)
        return await make.duty(self.client, self.as_("system"), body)

    async def read(self, duty: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.get(f"/api/v1/duties/{duty['id']}", headers=self.as_("auditor"))
        return dict(answer.json())

    async def load(self, notice: dict[str, Any]) -> httpx.Response:
        return await self.client.post(
            "/api/v1/calendar/versions", json=notice, headers=self.as_("admin")
        )

    async def row(self, duty: dict[str, Any]) -> asyncpg.Record | None:
        query = "SELECT xmin::text, version, due_ord, start_ord FROM duty WHERE id = $1"
        return await self.rows.fetchrow(query, duty["id"])

    async def due_on(self, duty: dict[str, Any], expected: str) -> bool:
        return bool((await self.read(duty))["due_on"] == expected)

    async def seen(self, duty: dict[str, Any], at: datetime, claimed_at: datetime) -> None:
        sighting = Sighting(
            duty_id=duty["id"],
            url="https://example.gov.cn/1.htm",
            observed_at=at,
            claim_kind=ClaimKind.META,
            claimed_at=claimed_at,
        )
        async with self.sessions() as session, session.begin():
            await observing.record_sightings(session, [sighting], now(), actor="test")


@pytest.fixture(scope="module")
async def city(databases: Databases, tokens: Tokens, as_: Headers) -> AsyncIterator[City]:
    urls = databases.new("projects", "onedoor_projects_calendar")
    with support.nats_server() as nats:
        await support.provision_streams(nats)
        settings = support.settings_for("projects", urls.service, nats, tokens)
        engine = new_engine(settings, "tests")
        rows = await support.connect(urls.owner)
        async with support.serve(create_app(settings)) as client:
            yield City(client, rows, new_sessions(engine), as_)
        await rows.close()
        await engine.dispose()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"year": 2028, "rest_days": [], "working_weekends": []}, "/body/year"),
        ({"rest_days": ["2027-01-02"]}, "/body/rest_days/0"),
        ({"rest_days": ["2027-01-01", "2028-01-03"]}, "/body/rest_days/1"),
        ({"working_weekends": ["2027-02-08"]}, "/body/working_weekends/0"),
        ({"notice": ""}, "/body/notice"),
    ],
)
async def test_a_wrong_notice_is_refused_by_field(
    city: City, change: dict[str, Any], pointer: str
) -> None:
    answer = await city.load(NOTICE_2027 | change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_only_an_administrator_loads_notices(city: City) -> None:
    for role in ("auditor", "officer", "system"):
        headers = city.as_(role, "*")
        answer = await city.client.post(
            "/api/v1/calendar/versions", json=NOTICE_2027, headers=headers
        )
        assert answer.status_code == 403


async def test_what_was_unknown_is_judged_by_event_without_rewriting_the_duty(city: City) -> None:
    trigger = await _made_on(city, "2026-12-10")
    assert (trigger["verdict"], trigger["due_on"]) == ("calendar_unknown", None)
    before = await city.row(trigger)
    loaded = await city.load(NOTICE_2027)
    assert loaded.status_code == 201
    assert loaded.json()["version"] == 24

    async def judged() -> bool:
        return bool((await city.read(trigger))["verdict"] != "calendar_unknown")

    await support.eventually(judged)
    after = await city.read(trigger)
    assert after["due_on"] == "2027-01-08"
    assert after["calendar_version"] == 24
    assert [m["from_verdict"] for m in after["history"]] == [None, "calendar_unknown"]
    assert await city.row(trigger) == before
    query = "SELECT count(*) FROM outbox WHERE subject = 'projects.calendar.changed.v1._'"
    assert await city.rows.fetchval(query) == 1
    year = await city.client.get("/api/v1/calendar", params={"year": 2027})
    assert year.json()["status"] == "loaded"


async def test_a_notice_of_days_ahead_moves_due_dates_and_no_duty(city: City) -> None:
    made = await city.duty("2026-11-20")
    assert made["due_on"] == "2026-12-18"
    before = await city.row(made)
    rest_days, weekends = await _notice_of(city, 2026)
    notice = {"year": 2026, "notice": "临时放假通知", "working_weekends": weekends}
    answer = await city.load(notice | {"rest_days": [*rest_days, "2026-12-16", "2026-12-17"]})
    assert answer.status_code == 201
    assert (await city.read(made))["due_on"] == "2026-12-22"
    assert await city.row(made) == before
    await city.load(notice | {"rest_days": rest_days})
    assert (await city.read(made))["due_on"] == "2026-12-18"


async def test_a_late_correction_of_days_past_sets_ordinals_right(city: City) -> None:
    made = await city.duty("2026-03-20")
    published = datetime(2026, 4, 20, 9, tzinfo=SHANGHAI)
    await city.seen(made, now(), published)
    assert (await city.read(made))["due_on"] == "2026-04-20"
    assert (await city.read(made))["verdict"] == "on_time"
    rest_days, weekends = await _notice_of(city, 2026)
    kept = [day for day in rest_days if day != "2026-04-06"]
    notice = {"year": 2026, "notice": "关于更正的通知", "working_weekends": weekends}
    answer = await city.load(notice | {"rest_days": [*kept, "2026-03-10"]})
    assert answer.status_code == 201

    async def late() -> bool:
        found = await city.read(made)
        return bool(found["verdict"] == "late" and found["over_by"] == 1)

    await support.eventually(late)
    assert (await city.read(made))["due_on"] == "2026-04-17"
    await city.load(notice | {"rest_days": rest_days})
    await support.eventually(lambda: city.due_on(made, "2026-04-20"))


async def test_a_quarters_report_stays_as_frozen_and_a_new_one_has_a_number_of_its_own(
    city: City,
) -> None:
    """The notice moves a duty out of the quarter: the report that counted it keeps it."""
    made = await city.duty("2026-03-03")
    stays = await city.duty("2026-02-03")
    assert made["due_on"] == "2026-03-31"
    before = await _quarter(city)
    rest_days, weekends = await _notice_of(city, 2026)
    notice = {"year": 2026, "notice": "关于更正的通知", "working_weekends": weekends}
    await city.load(notice | {"rest_days": [*rest_days, "2026-03-10"]})
    await support.eventually(lambda: city.due_on(made, "2026-04-01"))
    after = await _quarter(city)
    await city.load(notice | {"rest_days": rest_days})
    await support.eventually(lambda: city.due_on(made, "2026-03-31"))
    counted = [_line(report, made["unit"])["due"] for report in (before, after)]
    assert counted == [1, 0]
    assert _line(after, stays["unit"])["due"] == 1
    assert after["report"]["title"]["serial"] == before["report"]["title"]["serial"] + 1
    path = f"/api/v1/reports/{before['id']}"
    assert (await city.client.get(path)).json() == before
    rows = await city.client.get(f"{path}/rows", params={"unit": made["unit"]})
    assert [row["due_on"] for row in rows.json()["items"]] == ["2026-03-31"]
    async with city.sessions() as session:
        checked = await verify(session)
    assert (checked.composed, checked.changed) == (2, [])


async def _quarter(city: City) -> dict[str, Any]:
    order = {"quarter": "2026-Q1"}
    done = await city.client.post("/api/v1/audits", json=order, headers=city.as_("auditor"))
    assert done.status_code == 201, done.text
    return dict((await city.client.get(f"/api/v1/reports/{done.json()['report_id']}")).json())


def _line(report: dict[str, Any], unit: str) -> dict[str, Any]:
    [line] = [one for one in report["report"]["units"] if one["unit_code"] == unit]
    return dict(line)


async def test_a_region_may_have_days_of_its_own(city: City) -> None:
    rest_days, weekends = await _notice_of(city, 2026)
    own = {"region": "CN-45", "year": 2026, "notice": "广西三月三放假通知"}
    own |= {"rest_days": [*rest_days, "2026-04-20", "2026-04-21"], "working_weekends": weekends}
    assert (await city.load(own)).status_code == 201
    body = {"formed_on": "2026-04-15", "rule": {"kind": "working_days", "n": 5}}
    for region, due_on in (("CN", "2026-04-22"), ("CN-45", "2026-04-24")):
        answer = await city.client.post("/api/v1/clock/preview", json={**body, "region": region})
        assert answer.json()["due_on"] == due_on
        assert (answer.json()["calendar"], answer.json()["note"]) == (region, None)
    await city.load({**NOTICE_2027, "year": 2027})
    answer = await city.client.get("/api/v1/calendar", params={"year": 2027, "region": "CN-45"})
    assert answer.json()["status"] == "loaded"


async def _made_on(city: City, day: str) -> dict[str, Any]:
    """A duty formed and recorded on `day`, which may not have come yet."""
    unit, project = await make.unit(city.rows), await make.project(city.rows)
    order = TriggerOrder.model_validate(make.event(project, unit, day))
    caller = Caller("system1", frozenset({"system"}))
    then = datetime.fromisoformat(f"{day}T10:00:00+08:00")
    async with city.sessions() as session, session.begin():
        made = await duties.record_trigger_event(session, order, then, caller)
    return await city.read({"id": made.duty.id})


async def _notice_of(city: City, year: int) -> tuple[list[str], list[str]]:
    """The first notice of a year, as the official calendar has it."""
    answer = await city.client.get("/api/v1/calendar", params={"year": year})
    first = answer.json()["versions"][-1]
    return first["rest_days"], first["working_weekends"]


async def test_a_dispute_gets_its_term_once_the_notice_that_it_needs_is_loaded(city: City) -> None:
    made = await city.duty("2026-03-02")
    body = {"document": "宁发改函〔2026〕8号", "reason": "网页其实按时", "version": 1}
    path = f"/api/v1/duties/{made['id']}/dispute"
    await city.client.post(path, json=body, headers=city.as_("auditor"))
    await city.rows.execute(
        "UPDATE dispute SET due_on = NULL, opened_at = '2026-12-25 10:00+08' WHERE duty_id = $1",
        made["id"],
    )
    assert (await city.load(NOTICE_2027)).status_code == 201
    query = "SELECT due_on FROM dispute WHERE duty_id = $1"
    due_on = await support.eventually(lambda: city.rows.fetchval(query, made["id"]))
    assert due_on.isoformat() == "2027-01-11"
