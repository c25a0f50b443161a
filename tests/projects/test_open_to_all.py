"""What of a project is for everybody: no address of a closed column or of what is gone, and no word
of what is exempt."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest
from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.models import PortalPage
from services.projects.duties import observing
from services.projects.duties.rules import Sighting
from services.projects.evidence.models import Capture
from services.projects.opendata import service
from services.projects.portals.models import Portal
from shared.clock import now, today
from shared.ids import new_id
from tests.conftest import Headers
from tests.connections import Kept
from tests.projects import make
from tests.projects.test_reports import inside
from tests.support import Databases

ITEMS = {
    "open": "MP-02-01",
    "in a closed column": "MP-03-04",
    "captured in a closed column": "MP-08-01",
    "gone": "MP-08-03",
    "exempt": "MP-02-02",
}


class Shown(NamedTuple):
    unit: str
    project: str
    duties: dict[str, str]

    def url(self, name: str) -> str:
        return f"https://{self.unit.lower()}.example.gov.cn/{ITEMS[name]}.htm"


@pytest.fixture(scope="module")
async def shown(
    projects: httpx.AsyncClient, as_: Headers, databases: Databases, kept_connections: Kept
) -> Shown:
    async with kept_connections.lent(databases.urls("projects").owner) as rows:
        unit = await make.unit(rows)
        project = await make.project(rows, unit)
    made = Shown(unit, project, {})
    for name, item in ITEMS.items():
        body = make.event(project, unit, "2026-03-02", item_code=item)
        made.duties[name] = (await make.duty(projects, as_("system"), body))["id"]
    await inside(databases, lambda session: _publish(session, made))
    asks, grants = (as_("auditor", sub=f"auditor-{one}") for one in "ab")
    done = await make.exempted(projects, made.duties["exempt"], asks, grants, version=1)
    assert done.status_code == 200, done.text
    return made


async def _publish(session: AsyncSession, made: Shown) -> None:
    """All of it is seen, at addresses of their own."""
    at, closed = now() - timedelta(minutes=1), f"closed-{made.unit}"
    moments: dict[str, Any] = {"first_seen_at": at, "content_seen_at": at, "last_listed_at": at}
    column = Portal(
        id=closed, name="内网栏目", unit_code=made.unit, start_url="https://a.example.gov.cn/",
        is_public=False, next_run_at=at + timedelta(days=9),
    )  # fmt: skip
    await session.execute(insert(Portal).values(column.model_dump(exclude={"host"})))
    page = PortalPage(
        portal_id=closed, url=made.url("in a closed column"), title="批复", match_wanted=False,
        **moments,
    )  # fmt: skip
    capture = Capture(
        id=new_id(), chain=closed, seq=1, url=page.url, final_url=page.url, status=200, headers={},
        fetched_at=at, captured_on=today(at), size=1, sha256="0" * 64, is_public=False,
        hash="0" * 64,
    )  # fmt: skip
    session.add_all([page, capture])
    await session.flush()
    sightings = [
        Sighting(
            duty_id=UUID(duty),
            url=made.url(name),
            observed_at=at,
            evidence_id=capture.id if name.startswith("captured") else None,
        )
        for name, duty in made.duties.items()
    ]
    await observing.record_sightings(session, sightings, at, actor="test")
    gone = UUID(made.duties["gone"])
    later = at + timedelta(seconds=30)
    await observing.record_gone(session, gone, made.url("gone"), later, later, actor="test")


async def everything(projects: httpx.AsyncClient, shown: Shown) -> dict[str, str]:
    """All that anybody is shown of the project, as text."""
    found = {}
    for path in (
        f"opendata/oc4ids.json?unit={shown.unit}",
        f"opendata/publications.json?unit={shown.unit}",
        f"opendata/publications.csv?unit={shown.unit}",
        f"opendata/publications.atom?project={shown.project}",
        f"projects/{shown.project}.html",
        f"projects/{shown.project}",
    ):
        answer = await projects.get(f"/api/v1/{path}")
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.text
    return found


async def test_no_address_leads_to_a_closed_column_or_to_what_is_gone(
    projects: httpx.AsyncClient, shown: Shown
) -> None:
    for path, text in (await everything(projects, shown)).items():
        there = {name for name in ITEMS if shown.url(name) in text}
        assert there == {"open"}, path


async def test_what_is_exempt_is_not_told_of(projects: httpx.AsyncClient, shown: Shown) -> None:
    for path, text in (await everything(projects, shown)).items():
        assert shown.duties["exempt"] not in text, path
        assert ITEMS["exempt"] not in text, path
    life = (await projects.get(f"/api/v1/projects/{shown.project}")).json()
    assert life["published"] == len(ITEMS) - 1


async def test_what_is_gone_is_told_of_and_what_is_closed_is_no_publication(
    projects: httpx.AsyncClient, shown: Shown
) -> None:
    path = f"/api/v1/opendata/publications.json?unit={shown.unit}"
    rows = {row["duty_id"]: row for row in (await projects.get(path)).json()["items"]}
    assert rows.keys() == {shown.duties["open"], shown.duties["gone"]}
    assert rows[shown.duties["gone"]]["gone_at"] is not None
    package = (await projects.get(f"/api/v1/opendata/oc4ids.json?unit={shown.unit}")).json()
    [project] = package["projects"]
    assert len(project["milestones"]) == len(ITEMS) - 1
    assert {each["id"] for each in project["documents"]} == rows.keys()


@pytest.mark.parametrize(("bound", "parts"), [(1, [1, 1, 1]), (5, [2, 1]), (100, [3])])
async def test_a_package_has_so_many_projects_as_owe_no_more_than_it_holds(
    projects: httpx.AsyncClient,
    as_: Headers,
    databases: Databases,
    kept_connections: Kept,
    monkeypatch: pytest.MonkeyPatch,
    bound: int,
    parts: list[int],
) -> None:
    async with kept_connections.lent(databases.urls("projects").owner) as rows:
        unit = await make.unit(rows)
        codes = [await make.project(rows, unit) for _ in range(3)]
    for code in codes:
        for day in (2, 3):
            body = make.event(code, unit, f"2026-03-0{day}")
            await make.duty(projects, as_("system"), body)
    monkeypatch.setattr(service, "MOST_IN_A_PACKAGE", bound)
    path, found = f"/api/v1/opendata/oc4ids.json?unit={unit}", list[Any]()
    while path:
        answer = await projects.get(path)
        found.append(answer.json()["projects"])
        link = answer.links.get("next")
        path = httpx.URL(link["url"]).raw_path.decode() if link else ""
    assert [len(each) for each in found] == parts
    whole = [project for part in found for project in part]
    assert [project["identifiers"][0]["id"] for project in whole] == sorted(codes)
    if bound > 1:
        assert all(len(project["milestones"]) == 2 for project in whole)
