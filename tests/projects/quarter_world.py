"""A quarter that no other test knows, and its report: nine duties of two units."""

from collections.abc import Callable
from typing import Any

import httpx

from tests import support
from tests.projects import make
from tests.projects.test_reports import see, walk
from tests.support import Databases

Headers = Callable[..., dict[str, str]]


class Quarter:
    """The second quarter of 2013, of which no other test knows: nine duties of two units."""

    def __init__(self, report: dict[str, Any], units: list[str], project: str) -> None:
        self.id, self.content = report["id"], report["report"]
        self.summary, self.units, self.project = report, units, project

    def line(self, place: int = 0) -> dict[str, Any]:
        [line] = [one for one in self.content["units"] if one["unit_code"] == self.units[place]]
        return dict(line)


async def report_of(
    projects: httpx.AsyncClient, as_: Headers, **order: str | int
) -> dict[str, Any]:
    answer = await projects.post("/api/v1/audits", json=order, headers=as_("auditor"))
    assert answer.status_code == 201, answer.text
    return dict((await projects.get(f"/api/v1/reports/{answer.json()['report_id']}")).json())


async def made(projects: httpx.AsyncClient, as_: Headers, databases: Databases) -> Quarter:
    rows = await support.connect(databases.urls("projects").owner)
    units, project = [await make.unit(rows), await make.unit(rows)], await make.project(rows)
    region = "UPDATE responsible_unit SET region = 'CN-33' WHERE code = $1"
    await rows.execute(region, units[1])

    async def duty(formed: str | None, place: int = 0) -> str:
        body = make.event(project, units[place], formed, doc_no=f"宁发改审〔2013〕{formed}号")
        return str((await make.duty(projects, as_("system"), body))["id"])

    on_time, late, held = [await duty(f"2013-04-0{day}") for day in (1, 2, 3)]
    await see(databases, on_time, "2013-04-10")
    await see(databases, late, "2013-05-10")
    ruling = {"document": "宁政办〔2013〕1号", "reason": "诉讼期间", "version": 1}
    auditors = as_("auditor"), as_("auditor", sub="auditor-b")
    await make.by_two(projects, held, "suspend", ruling, *auditors)
    for formed, place in (("2013-04-08", 0), ("2013-02-25", 0), ("2013-06-20", 0), (None, 0)):
        await duty(formed, place)
    await duty("2013-04-09", 1)
    await walk(databases, units[0])
    await rows.close()
    report = await report_of(projects, as_, quarter="2013-Q2")
    return Quarter(report, units, project)
