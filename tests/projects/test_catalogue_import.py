"""A catalogue is taken over whole, as a version of its own, or not at all."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.nats import NatsServer
from services.projects.app import create_app
from tests import support
from tests.conftest import Headers
from tests.projects import make
from tests.projects.test_catalogue import FILE
from tests.provoking import provokes
from tests.support import Databases, Tokens

TEXT = FILE.read_text("utf-8-sig")
PATH = "/api/v1/catalogue:import"
SAME = {"created": 0, "updated": 0, "unchanged": 85, "removed": []}


@pytest.fixture
async def city(
    databases: Databases, bus: NatsServer, tokens: Tokens
) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """A service with a catalogue of its own to change, and its database."""
    urls = databases.new("projects", f"projects_catalogue_{uuid4().hex[:8]}")
    settings = support.settings_for("projects", urls.service, bus, tokens, background=False)
    rows = await support.connect(urls.owner)
    async with support.serve(create_app(settings)) as client:
        yield client, rows
    await rows.close()


async def send(
    client: httpx.AsyncClient, headers: dict[str, str], text: str, **params: Any
) -> httpx.Response:
    headers = {**headers, "Content-Type": "text/csv"}
    return await client.post(PATH, content=text.encode(), headers=headers, params=params)


def changed() -> str:
    """Another limit of one item, one item more and one less."""
    head, *lines = TEXT.splitlines()
    first = next(line for line in lines if line.startswith("MP-02-01,"))
    mended = first.replace(",20,WD,", ",15,WD,")
    more = first.replace("MP-02-01,", "MP-99-01,")
    kept = [line for line in lines if not line.startswith(("MP-02-01,", "MP-01-02,"))]
    return "\n".join([head, *kept, mended, more])


async def limit_of(client: httpx.AsyncClient, code: str) -> tuple[int, int] | None:
    items = (await client.get("/api/v1/catalogue", params={"limit": 200})).json()["items"]
    return next(((i["version"], i["limit_value"]) for i in items if i["item_code"] == code), None)


async def test_a_catalogue_becomes_the_next_version_and_leaves_the_duties_that_are_there(
    city: tuple[httpx.AsyncClient, Any], as_: Headers
) -> None:
    client, rows = city
    admin = as_("admin", "*")
    unit, project = await make.unit(rows), await make.project(rows)
    before = await make.duty(client, as_("system"), make.event(project, unit, "2026-03-02"))
    same = await send(client, admin, TEXT)
    assert same.json() == {"dry_run": False, "version": 1, "rows": 85, **SAME}
    counts = {"created": 1, "updated": 1, "unchanged": 83, "removed": ["MP-01-02"]}
    dry = await send(client, admin, changed(), dry_run=True)
    assert dry.json() == {"dry_run": True, "version": 2, "rows": 85, **counts}
    assert await limit_of(client, "MP-02-01") == (1, 20)
    done = await send(client, admin, changed(), title="2027年目录")
    assert done.json() == {"dry_run": False, "version": 2, "rows": 85, **counts}
    assert await limit_of(client, "MP-02-01") == (2, 15)
    assert await limit_of(client, "MP-01-02") is None
    body = make.event(project, unit, "2026-03-02", doc_no="2号")
    after = await make.duty(client, as_("system"), body)
    assert (before["rule"]["n"], after["rule"]["n"]) == (20, 15)
    assert (after["rule"]["version"], after["due_on"] < before["due_on"]) == (2, True)
    path = f"/api/v1/duties/{before['id']}"
    kept = (await client.get(path, headers=as_("auditor"))).json()
    assert (kept["rule"], kept["due_on"]) == (before["rule"], before["due_on"])
    back = await send(client, admin, TEXT)
    assert (back.json()["version"], back.json()["created"]) == (3, 1)
    assert await limit_of(client, "MP-02-01") == (3, 20)
    lines = await rows.fetch(
        "SELECT object FROM audit_log WHERE action = 'catalogue.imported' ORDER BY id"
    )
    assert [line["object"] for line in lines] == ["catalogue:2", "catalogue:3"]
    assert (await send(client, as_("officer", unit), TEXT)).status_code == 403


@provokes("import_catalogue", "import-refused")
@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (",20,WD,", ",20,MOONS,", "limit_unit"),
        (",20,WD,", ",soon,WD,", "limit_value"),
        ("MP-02-01,", "nothing,", "item_code"),
        (",deadline,20,WD,", ",sometimes,20,WD,", "duty_kind"),
        ("MP-02-02,", "MP-02-01,", "item_code"),
    ],
)
async def test_a_catalogue_with_an_error_is_refused_by_line_and_column(
    projects: httpx.AsyncClient, as_: Headers, old: str, new: str, field: str
) -> None:
    head, *lines = TEXT.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("MP-02-0") and old in line)
    lines[at] = lines[at].replace(old, new)
    refused = await send(projects, as_("admin", "*"), "\n".join([head, *lines]))
    assert refused.status_code == 422, refused.text
    [error] = refused.json()["lines"]
    assert (error["line"], error["field"]) == (at + 2, field)
    nothing = await send(projects, as_("admin", "*"), head + "\n")
    assert (nothing.status_code, nothing.json()["total"]) == (422, 1)
