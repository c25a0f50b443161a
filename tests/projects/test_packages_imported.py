"""A package of projects from elsewhere: it empties nothing that it does not know, and what of it is
not taken over is named."""

import json
from typing import Any

import httpx
import pytest

from services.projects.register import oc4ids
from services.projects.register.models import ApprovalKind, Phase, Project
from services.projects.register.schemas import PackageRow
from shared.clock import now
from tests.conftest import Headers
from tests.projects import make
from tests.projects.test_oc4ids import EXAMPLE, post
from tests.support import Connect

NATIONAL = {"scheme": "CN-TZXM"}
BARE: dict[str, Any] = {"id": "oc4ids-000000-other", "title": "同一工程"}


async def test_what_a_package_does_not_say_of_a_known_project_stays(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    """One from the province, which knows neither our units nor our phases, and pays in dollars."""
    rows = await sql("projects")
    code = await make.project(rows, await make.unit(rows))
    await rows.execute(
        "UPDATE project SET investment_10k_yuan = 5000, phase = 'bidding', scope_basis = '清单',"
        " approval_kind = 'file' WHERE code = $1",
        code,
    )
    path = f"/api/v1/projects/{code}"
    before = (await projects.get(path)).json()["project"]
    other = BARE | {
        "title": before["name"],
        "identifiers": [NATIONAL | {"id": code}],
        "status": "implementation",
        "publicAuthority": {"id": "35-AUTHORITY", "name": "省级主管部门"},
        "budget": {"amount": {"amount": 7_000_000, "currency": "USD"}},
        "documents": [{"id": "1"}],
    }
    admin = as_("admin", "*")
    same = await post(projects, admin, {"projects": [other]})
    assert same.status_code == 200, same.text
    assert (same.json()["unchanged"], same.json()["emptied"]) == (1, [])
    assert same.json()["not_taken"] == [{"field": "documents", "projects": 1}]
    assert (await projects.get(path)).json()["project"] == before
    said = other | {"status": "completion", "title": f"{before['name']}（省）"}
    done = await post(projects, admin, {"projects": [said]})
    assert (done.json()["updated"], done.json()["renamed"]) == (1, 1)
    after = (await projects.get(path)).json()["project"]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"name", "names_confirmed", "phase", "version", "updated_at"}
    assert not after["names_confirmed"], "a name from elsewhere moves no finding by itself"


async def test_a_table_says_before_it_is_imported_what_it_empties(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    code = await make.project(rows, await make.unit(rows))
    await rows.execute("UPDATE project SET investment_10k_yuan = 5000 WHERE code = $1", code)
    table = f"code,name,approval_kind,scope_basis\n{code},新的名称,examine,清单\n"
    sent = as_("admin", "*") | {"Content-Type": "text/csv"}
    tried = await projects.post(
        "/api/v1/projects:import", params={"dry_run": True}, content=table.encode(), headers=sent
    )
    assert tried.json()["renamed"] == 1
    assert tried.json()["emptied"] == [
        {"line": 2, "code": code, "field": name} for name in ("lead_unit", "investment_10k_yuan")
    ]


@pytest.mark.parametrize(
    ("stage", "phase", "kept"),
    [
        ("implementation", Phase.BIDDING, Phase.BIDDING),
        ("implementation", Phase.CONSTRUCTION, Phase.CONSTRUCTION),
        ("implementation", Phase.APPROVAL, Phase.CONSTRUCTION),
        ("preparation", Phase.BIDDING, Phase.APPROVAL),
        ("maintenance", Phase.BIDDING, Phase.COMPLETED),
        ("of our own", Phase.BIDDING, Phase.BIDDING),
        (None, Phase.CONSTRUCTION, Phase.CONSTRUCTION),
    ],
)
def test_a_stage_moves_a_phase_that_is_another_one(
    stage: str | None, phase: Phase, kept: Phase
) -> None:
    package = {"projects": [BARE | {"status": stage}]}
    [line], _ = oc4ids.read(json.dumps(package).encode(), max_rows=1)
    known = Project(
        code=line.row.code, name="工程", approval_kind=ApprovalKind.EXAMINE, phase=phase,
        scope_basis="清单", updated_at=now(),
    )  # fmt: skip
    assert isinstance(line.row, PackageRow)
    assert oc4ids.as_known(line.row, known).phase is kept


async def test_what_the_validator_is_tried_on_is_taken_or_refused_line_by_line(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    """Files of `lib-cove-oc4ids` itself: words of no codelist, and values of no kind at all."""
    admin, files = as_("admin", "*"), EXAMPLE.parent
    codes = (files / "example-additional-codes.json").read_bytes()
    tried = await post(projects, admin, codes, dry_run=True)
    assert (tried.status_code, tried.json()["rows"]) == (200, 1), tried.text
    named = {each["field"] for each in tried.json()["not_taken"]}
    assert {"documents", "contractingProcesses", "parties", "locations"} <= named
    wrong = await post(projects, admin, (files / "validation-errors-package.json").read_bytes())
    lines = {(each["line"], each["field"]) for each in wrong.json()["lines"]}
    assert lines == {(n, f) for n in (1, 2, 3, 5) for f in ("id", "title")}
