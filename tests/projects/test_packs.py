"""Packs: what one domain owes, taken over into the catalogue, and a duty for each period."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import httpx
import pytest

from services.projects.calendar.models import Every, RuleKind
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties.making import rule_of
from services.projects.packs import periods, rules
from services.projects.packs.schemas import Pack, PackSubject
from services.projects.register.models import Phase
from shared.clock import SHANGHAI
from tests.projects import make
from tests.projects.packs_city import City
from tests.provoking import provokes

Headers = Callable[..., dict[str, str]]
PACKS = list(rules.packs().values())


def test_every_item_of_the_catalogue_is_in_one_pack() -> None:
    codes = [item.item_code for pack in PACKS for item in rules.items_of(pack)]
    assert len(codes) == len(set(codes)) == 89
    assert [pack.code for pack in PACKS] == [
        *("major_projects", "budgets", "public_resources", "social_welfare", "policies"),
        "all_media",
    ]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.code)
def test_a_pack_says_by_which_document_and_where(pack: Pack) -> None:
    assert pack.sources
    assert all(source.doc_no for source in pack.sources)
    assert pack.channels
    for item in rules.items_of(pack):
        assert item.legal_basis, item.item_code
        rule, _ = rule_of(CatalogueItem(version=1, **item.model_dump()))
        assert rule.kind is not RuleKind.NONE or item.not_auditable, item.item_code


def test_each_item_of_a_project_belongs_to_one_phase_of_its_life() -> None:
    pack = rules.packs()["major_projects"]
    assert pack.about is PackSubject.PROJECT
    phases = {item.item_code: rules.phase_of(pack, item.item_code) for item in rules.items_of(pack)}
    assert None not in phases.values()
    assert (phases["MP-02-01"], phases["MP-08-03"]) == (Phase.APPROVAL, Phase.COMPLETED)
    assert set(phases.values()) == set(Phase)


@pytest.mark.parametrize(
    ("every", "since", "until", "today", "names"),
    [
        (Every.QUARTER, "2026-01-01", None, "2026-03-31", []),
        (Every.QUARTER, "2026-01-01", None, "2026-04-01", ["2026年第1季度"]),
        (Every.QUARTER, "2026-03-31", None, "2026-07-01", ["2026年第1季度", "2026年第2季度"]),
        # What ends in mid-year owes what ended with it, and no period that goes on.
        (
            Every.QUARTER,
            "2026-01-01",
            "2026-06-30",
            "2027-01-01",
            ["2026年第1季度", "2026年第2季度"],
        ),
        (Every.QUARTER, "2026-01-01", "2026-06-29", "2027-01-01", ["2026年第1季度"]),
        (Every.YEAR, "2025-01-01", "2026-06-30", "2027-03-01", ["2025年度"]),
        (Every.HALF_YEAR, "2026-02-01", None, "2027-01-01", ["2026年上半年", "2026年下半年"]),
        (Every.MONTH, "2026-01-31", None, "2026-03-01", ["2026年1月", "2026年2月"]),
    ],
)
def test_which_periods_are_owed(
    every: Every, since: str, until: str | None, today: str, names: list[str]
) -> None:
    end = date.fromisoformat(until) if until else None
    found = rules.periods_over(every, date.fromisoformat(since), end, date.fromisoformat(today))
    assert [period.name for period in found] == names


@provokes("read_pack", "not-found")
@provokes("adopt_pack", "not-found")
@provokes("list_pack_uses", "not-found")
async def test_packs_are_listed_and_read(projects: httpx.AsyncClient, as_: Headers) -> None:
    listed = (await projects.get("/api/v1/packs")).json()["items"]
    assert [pack["code"] for pack in listed] == [pack.code for pack in PACKS]
    policies = (await projects.get("/api/v1/packs/policies")).json()
    items = {item["item_code"]: item for item in policies["contents"]}
    assert items["DE-09"]["clock"]["zh"] == "所随信息公开后3个工作日内"
    assert "图表图解" in policies["forms"]
    admin = as_("admin")
    for answer in (
        await projects.get("/api/v1/packs/imagined"),
        await projects.post("/api/v1/packs/imagined:adopt", headers=admin),
        await projects.get("/api/v1/packs/imagined/units", headers=admin),
    ):
        assert answer.status_code == 404


@provokes("put_pack_use", "not-found")
@provokes("put_pack_use", "state-conflict")
async def test_a_pack_that_is_switched_on_makes_a_duty_for_each_period_once(
    city: City, as_: Headers
) -> None:
    projects, admin = city.client, as_("admin")
    path = "/api/v1/packs/policies:adopt"
    counts = [
        (found["created"], found["updated"])
        for params in ({"dry_run": True}, {}, {})
        for found in [(await projects.post(path, params=params, headers=admin)).json()]
    ]
    assert counts[0] == counts[1] > (0, 0) == counts[2]
    await city.adopted()
    [welfare] = [
        pack
        for pack in (await projects.get("/api/v1/packs")).json()["items"]
        if pack["code"] == "social_welfare"
    ]
    assert welfare["adopted"]
    unit = await make.unit(city.rows)
    path = f"/api/v1/packs/social_welfare/units/{unit}"
    order: dict[str, Any] = {
        "item_codes": ["PW-12"],
        "valid_from": "2026-01-01",
        "valid_to": "2026-06-30",
    }
    wrong = await projects.put(path, json=order | {"item_codes": ["PW-01"]}, headers=admin)
    assert wrong.json()["errors"][0]["pointer"] == "/body/item_codes/0"
    missing = await projects.put(f"{path}X", json=order, headers=admin)
    assert missing.status_code == 404
    made = await projects.put(path, json=order, headers=admin)
    assert (made.status_code, made.json()["version"]) == (201, 1)
    assert (await projects.put(path, json=order, headers=admin)).status_code == 409
    changed = await projects.put(path, json=order | {"version": 1}, headers=admin)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    then = datetime(2026, 11, 30, 9, tzinfo=SHANGHAI)
    for _ in range(2):
        await periods.make_due(city.sessions, then)
    found = await projects.get("/api/v1/duties", params={"unit": unit}, headers=as_("auditor"))
    duties = {duty["subject"]: duty["due_on"] for duty in found.json()["items"]}
    assert duties == {"2026年第1季度": "2026-04-29", "2026年第2季度": "2026-07-28"}
    uses = await projects.get("/api/v1/packs/social_welfare/units", headers=admin)
    assert unit in {use["unit_code"] for use in uses.json()["items"]}
