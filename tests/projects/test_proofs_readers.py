"""Who is given the proof of a verdict, how much of it, and to which report it leads."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.projects.duties import ruling
from services.projects.duties.following import service as following
from services.projects.duties.models import RulingKind
from services.projects.duties.rules import Sighting
from services.projects.duties.schemas import Extension
from shared import clock
from shared.security.identity import Caller
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.projects.proof_forgeries import edited
from tests.projects.proofs import proof_of, said
from tests.projects.proofs_world import NOBODY, PAGE, SEEN_AT, publish, see
from tests.provoking import provokes

MANY = """
  INSERT INTO publication_fact (duty_id, kind, observed_at, url, claim_kind, claims_agree,
    contradicted, missing_elements, recorded_at, sha256)
  SELECT CAST(:duty AS uuid), 'gone', now(), 'https://x.cn', 'none', false, false, '[]', now(),
         encode(sha256(convert_to(CAST(n AS text), 'UTF8')), 'hex')
  FROM generate_series(1, 4096) n"""


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        await world.register()
        yield world


@pytest.fixture
async def published(desk: Desk, world: World) -> str:
    """A duty whose page was captured, between two others, on a day that is sealed since."""
    return await publish(desk, world)


@provokes("get_proof", "not-found", "evidence-damaged")
async def test_a_proof_of_pages_that_are_not_public_is_for_the_unit_and_auditors(
    desk: Desk, world: World, published: str, as_: Headers
) -> None:
    path = f"/api/v1/duties/{published}/proof.zip"
    await desk.do("UPDATE capture SET is_public = false WHERE chain = :unit", unit=world.unit)

    for nobody in (None, as_("citizen"), as_("officer", "D99")):
        hidden = await desk.client.get(path, headers=nobody)
        assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/not-found")
    for reader in (as_("officer", world.unit), as_("auditor"), as_("supervisor")):
        assert said(await proof_of(desk.client, published, reader)) == []
    unknown = await desk.client.get(f"/api/v1/duties/{NOBODY}/proof.zip", headers=as_("auditor"))
    assert unknown.status_code == 404

    sha256 = hashlib.sha256(PAGE).hexdigest()
    kept = desk.folder / sha256[:2] / sha256[2:4] / sha256
    kept.chmod(0o600)
    kept.write_bytes(PAGE + b"!")
    damaged = await desk.client.get(path, headers=as_("auditor"))
    assert (damaged.status_code, damaged.json()["type"]) == (409, "/problems/evidence-damaged")
    kept.unlink()


async def test_what_is_not_public_of_a_unit_that_is_followed_is_not_for_its_follower(
    desk: Desk, world: World, published: str, as_: Headers
) -> None:
    await desk.do("UPDATE capture SET is_public = false WHERE chain = :unit", unit=world.unit)
    async with new_world(desk, as_) as other:
        body = make.event("", other.unit, None, item_code="PR-02-01")
        body |= {"project_code": None, "subject": "关于办法的解读", "with_duty_id": published}
        duty = await make.duty(desk.client, as_("system"), body)
    async with desk.sessions() as session, session.begin():
        await following.follow(session, clock.now())

    for reader, sees in ((as_("officer", other.unit), False), (as_("auditor"), True)):
        files = await proof_of(desk.client, duty["id"], reader)
        follows = json.loads(files["duty.json"])["follows"]
        assert follows["published_on"] == "2026-11-20"
        assert (follows["facts"] is not None) is sees
        assert (world.address.encode() in b"".join(files.values())) is sees
        assert any(name.endswith("page.bin") for name in files) is sees
        assert said(files) == []
    assert json.loads(files["duty.json"])["formed_on"] == "2026-11-20"


async def test_on_what_a_ruling_rests_is_not_for_everybody(
    desk: Desk, published: str, as_: Headers
) -> None:
    order = Extension(document="市府办〔2026〕7号", reason="延长", days=3, version=1)
    async with desk.sessions() as session, session.begin():
        kind, by = RulingKind.EXTEND, Caller("auditor", frozenset({"auditor"}))
        found = await ruling.find(session, UUID(published), clock.now(), by)
        step = ruling.step_of(found, kind, by)
        await ruling.rule(session, found, step, order, clock.now(), by)

    for reader, document in ((None, None), (as_("auditor"), order.document)):
        files = await proof_of(desk.client, published, reader)
        [ruled] = json.loads(files["duty.json"])["rulings"]
        assert (ruled["kind"], ruled["days"], ruled["document"]) == ("extend", 3, document)
        assert said(files) == []
    assert said(edited("duty.json", "rulings", 0, "days", to=9)(files)) == [
        "duty.json: the rulings add 9 days"
    ]


async def test_an_observation_leads_to_the_report_that_was_signed_last(
    desk: Desk, world: World, published: str, as_: Headers
) -> None:
    """From a block that is whole, and from what came since."""
    sighting = Sighting(
        duty_id=UUID(published), url=f"{world.address}/a", observed_at=SEEN_AT + timedelta(hours=1)
    )
    await desk.do(MANY, duty=await world.record(on=date(2026, 11, 3)))
    await see(desk, sighting)
    body = {"as_of": clock.today(clock.now()).isoformat()}
    frozen = await desk.client.post("/api/v1/audits", json=body, headers=as_("auditor"))
    path = f"/api/v1/reports/{frozen.json()['report']}"
    unsigned = await proof_of(desk.client, published)
    assert json.loads(unsigned["report.json"]) is None
    done = await desk.client.post(f"{path}/sign", headers=as_("auditor", sub="auditor-two"))
    assert done.status_code == 200, done.text
    await see(desk, replace(sighting, observed_at=SEEN_AT + timedelta(hours=2)))

    files = await proof_of(desk.client, published)

    root = (await desk.client.get(f"{path}.json")).json()["evidence_root"]
    steps = [fact["proof"] for fact in json.loads(files["facts.json"])]
    assert [each is not None for each in steps] == [True, True, False]
    assert len(steps[0]) > 12, "a block is a tree of 4,096"
    assert said(files, {"report": root}) == []
    assert said(files, {"report": "0" * 64}) == [
        "report.json: its evidence root is not the one given"
    ]
