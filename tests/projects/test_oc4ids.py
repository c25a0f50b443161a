"""Open data in the words of OC4IDS: what is exported is valid, and can be imported elsewhere."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.projects.register import oc4ids
from tests.conftest import Headers
from tests.connections import Kept
from tests.projects import make
from tests.projects.oc4ids import validate
from tests.projects.test_reports import see, walk
from tests.provoking import provokes
from tests.support import Databases

PATH = "/api/v1/opendata/oc4ids.json"
EXAMPLE = Path(validate.__file__).with_name("example.json")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
async def unit(
    projects: httpx.AsyncClient, as_: Headers, databases: Databases, kept_connections: Kept
) -> str:
    """A unit that leads three projects; of one, things are online, late, missing and unknown."""
    async with kept_connections.lent(databases.urls("projects").owner) as rows:
        unit = await make.unit(rows)
        codes = [await make.project(rows, unit) for _ in range(3)]
        await rows.execute(
            "UPDATE project SET investment_10k_yuan = 5000, phase = 'bidding' WHERE code = $1",
            codes[0],
        )
    made = [
        await make.duty(projects, as_("system"), make.event(codes[0], unit, f"2026-03-{day:02}"))
        for day in (2, 3, 4, 5)
    ]
    await see(databases, made[0]["id"], "2026-03-10")
    await see(databases, made[1]["id"], "2026-08-10")
    await see(databases, made[2]["id"], None)
    await walk(databases, unit)
    body = make.event(codes[1], unit, None, item_code="MP-02-02")
    await make.duty(projects, as_("system"), body)
    return unit


async def pages(projects: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    """All packages, by the links from one to the next."""
    answer, found = await projects.get(PATH, params=asked), []
    while True:
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        if (link := answer.links.get("next")) is None:
            return found
        url = httpx.URL(link["url"])
        answer = await projects.get(url.raw_path.decode())


async def test_what_is_exported_is_valid_and_says_nothing_that_is_not_known(
    projects: httpx.AsyncClient, unit: str, tmp_path: Path
) -> None:
    packages = await pages(projects, unit=unit, limit=2)
    assert [len(each["projects"]) for each in packages] == [2, 1]
    files = [EXAMPLE]
    for number, package in enumerate(packages):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(package))
    arguments = [sys.executable, "-m", "tests.projects.oc4ids.validate", *map(str, files)]
    run = await asyncio.to_thread(
        subprocess.run, arguments, capture_output=True, cwd=ROOT, check=True
    )
    for found in json.loads(run.stdout):
        assert found == {
            "validation_errors": [],
            "validation_errors_count": 0,
            "conformance_checks": [],
            "additional_checks": [],
            "additional_closed_codelist_values": {},
            "additional_fields": {},
        }


async def test_a_duty_is_a_milestone_and_a_publication_a_document_with_its_trust(
    projects: httpx.AsyncClient, unit: str
) -> None:
    [package] = await pages(projects, unit=unit)
    first, second, third = package["projects"]
    assert (first["id"], first["status"]) == (
        f"oc4ids-000000-{first['identifiers'][0]['id']}",
        "implementation",
    )
    assert first["budget"]["amount"] == {"amount": 50_000_000, "currency": "CNY"}
    statuses = [each.get("status") for each in first["milestones"]]
    assert statuses == ["met", "met", None, "notMet"]
    documents = first["documents"]
    assert len(documents) == 3
    assert documents[0]["datePublished"].startswith("2026-03-10")
    assert "datePublished" not in documents[2], "nobody can say when"
    assert "时间可信度 2/5" in documents[0]["description"]
    assert "documents" not in second
    assert "dueDate" not in second["milestones"][0]
    assert third["parties"] == [
        {"id": unit, "name": f"测试单位{unit}", "roles": ["publicAuthority"]}
    ]


@provokes("export_oc4ids", "not-found")
async def test_a_package_is_asked_for_again_only_when_it_has_changed(
    projects: httpx.AsyncClient, unit: str
) -> None:
    answer = await projects.get(PATH, params={"unit": unit})
    tag = answer.headers["etag"]
    again = await projects.get(PATH, params={"unit": unit}, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert (await projects.get(PATH, params={"unit": "NOBODY"})).status_code == 404


async def post(
    projects: httpx.AsyncClient, headers: dict[str, str], package: Any, **asked: Any
) -> httpx.Response:
    sent = headers | {"Content-Type": "application/json"}
    content = package if isinstance(package, bytes) else json.dumps(package).encode()
    return await projects.post(
        "/api/v1/projects:import", content=content, headers=sent, params=asked
    )


async def test_what_was_exported_is_imported_as_it_was(
    projects: httpx.AsyncClient, as_: Headers, unit: str
) -> None:
    [package] = await pages(projects, unit=unit)
    answer = await post(projects, as_("admin", "*"), package)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["unchanged"], answer.json()["without_unit"]) == (3, 0)


async def test_the_example_of_the_standard_is_tried_and_imported(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    admin, content = as_("admin", "*"), EXAMPLE.read_bytes()
    code = "oc4ids-bu3kcz-m75-junctions-4-to-5-smart-motorway"
    tried = await post(projects, admin, content, dry_run=True)
    assert (tried.status_code, tried.json()["rows"]) == (200, 1), tried.text
    assert (await projects.get(f"/api/v1/projects/{code}")).status_code in (200, 404)
    done = await post(projects, admin, content)
    assert done.json()["without_unit"] == 1, "its authority is no unit of ours"
    project = (await projects.get(f"/api/v1/projects/{code}")).json()["project"]
    assert (project["name"], project["phase"]) == (
        "M75 Junctions 4 to 5 upgrade smart motorway",
        "completed",
    )
    assert project["investment_10k_yuan"] is None, "pounds are not yuan"
    assert project["approval_kind"] == "examine"


async def test_one_wrong_project_and_nothing_is_imported(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    good = {"id": "oc4ids-000000-good", "title": "好的工程"}
    package = {
        "projects": [
            good,
            {"id": "oc4ids-000000-noname"},
            {"id": "somewhere", "title": "没有编号的工程"},
            good,
            {**good, "id": "oc4ids-000000-x", "status": "cancelled"},
            7,
        ]
    }
    answer = await post(projects, as_("admin", "*"), package)
    assert answer.status_code == 422
    wrong = {(each["line"], each["field"]) for each in answer.json()["lines"]}
    assert wrong == {(2, "title"), (3, "id"), (4, "code"), (5, "status"), (6, "")}
    assert (await projects.get("/api/v1/projects/oc4ids-000000-good")).status_code == 404


@pytest.mark.parametrize(
    "content",
    [b"{}", b'{"projects": []}', b'{"projects": 7}', b"[1]", b"{broken", b'{"a": "\\u0000"}'],
)
async def test_what_is_no_package_is_refused(
    projects: httpx.AsyncClient, as_: Headers, content: bytes
) -> None:
    answer = await post(projects, as_("admin", "*"), content)
    assert answer.status_code in (400, 422), answer.text


def test_amounts_that_are_no_numbers_are_not_known() -> None:
    for amount in (float("inf"), float("nan"), "5", None):
        package = {
            "projects": [
                {
                    "id": "oc4ids-000000-a",
                    "title": "工程",
                    "budget": {"amount": {"amount": amount, "currency": "CNY"}},
                }
            ]
        }
        [line], errors = oc4ids.read(json.dumps(package).encode(), max_rows=10)
        assert (line.row.investment_10k_yuan, errors) == (None, [])
    [], [error] = oc4ids.read(b'{"projects": [{"id": "oc4ids-000000-a"}]}', max_rows=1)
    assert error.field == "title"
