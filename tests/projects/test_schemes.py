"""扣分制 and 得分制 as data: laid down ahead, tried on what was counted, kept by each report."""

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from services.projects.reports.rules import period_report
from services.projects.reports.rules.period_report import FrozenFacts
from services.projects.reports.rules.report import Counted
from services.projects.scoring.schemas import DeductionWeights, MeritWeights
from tests.projects import make
from tests.projects.quarter_world import Quarter, report_of
from tests.provoking import provokes
from tests.support import Connect

Headers = Callable[..., dict[str, str]]
DEDUCTION, MERIT = "/api/v1/schemes/deduction", "/api/v1/schemes/merit"


async def newest(projects: httpx.AsyncClient, as_: Headers, kind: str) -> dict[str, Any]:
    found = await projects.get("/api/v1/schemes", headers=as_("auditor"))
    return dict(found.json()[kind][0])


def order(seen: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A next version that is not in force while the tests run."""
    plain = {"basis": "宁政公开办〔2026〕5号", "in_force_from": "2098-01-01"}
    return plain | {"version": seen["version"], "weights": seen["weights"]} | others


async def test_both_schemes_are_data_with_the_defaults_of_the_design(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    found = (await projects.get("/api/v1/schemes", headers=as_("admin"))).json()
    for kind, weights in (("deduction", DeductionWeights()), ("merit", MeritWeights())):
        [in_force] = [one for one in found[kind] if one["version"] == found[f"{kind}_in_force"]]
        assert in_force["weights"] == weights.model_dump()
    assert (await projects.get("/api/v1/schemes")).status_code == 401
    refused = await projects.get("/api/v1/schemes", headers=as_("officer", "*"))
    assert refused.status_code == 403


@provokes("put_deduction_scheme", "state-conflict")
async def test_a_scheme_of_deductions_is_laid_down_with_its_groups_of_peers(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit = await make.unit(await sql("projects"))
    seen = await newest(projects, as_, "deduction")
    wanted = order(seen, peer_groups={"市直部门": [unit]})
    done = await projects.put(DEDUCTION, json=wanted, headers=as_("auditor"))
    assert (done.status_code, done.json()["version"]) == (200, seen["version"] + 1), done.text
    assert await newest(projects, as_, "deduction") == done.json()
    again = await projects.put(DEDUCTION, json=wanted, headers=as_("auditor"))
    assert (again.status_code, again.json()["version"]) == (409, seen["version"] + 1)


@provokes("put_merit_scheme", "state-conflict")
async def test_a_scheme_of_merits_is_laid_down_with_weights_of_items(
    projects: httpx.AsyncClient, as_: Headers
) -> None:
    seen = await newest(projects, as_, "merit")
    wanted = order(seen, item_weights={"MP-02-01": 2.5})
    done = await projects.put(MERIT, json=wanted, headers=as_("auditor"))
    assert (done.status_code, done.json()["item_weights"]) == (200, {"MP-02-01": 2.5}), done.text
    again = await projects.put(MERIT, json=wanted, headers=as_("auditor"))
    assert again.status_code == 409
    refused = await projects.put(MERIT, json=wanted, headers=as_("admin"))
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("path", "change", "pointer"),
    [
        (DEDUCTION, {"in_force_from": "2020-01-01"}, "/body/in_force_from"),
        (DEDUCTION, {"peer_groups": {"甲": ["T0NONE"]}}, "/body/peer_groups/甲/0"),
        (DEDUCTION, {"weights": {"green_from": 0.5, "yellow_from": 0.7}}, "/body/weights"),
        (MERIT, {"in_force_from": "2020-01-01"}, "/body/in_force_from"),
        (MERIT, {"weights": {"late_from": 0.1, "late_least": 0.2}}, "/body/weights"),
        (MERIT, {"weights": {"trust_1": 0.95}}, "/body/weights"),
        (MERIT, {"weights": {"rectified": 0.5}}, "/body/weights"),
        (MERIT, {"weights": {"rectified": 1}}, "/body/weights"),
        (MERIT, {"weights": {"bonus_carriers": 0.15}}, "/body/weights"),
        (MERIT, {"weights": {"late_least": 0}}, "/body/weights/late_least"),
        (MERIT, {"item_weights": {"MP-02-01": 0}}, "/body/item_weights/MP-02-01"),
    ],
)
async def test_a_scheme_that_goes_backwards_or_pays_for_the_worse_is_refused_by_field(
    projects: httpx.AsyncClient, as_: Headers, path: str, change: dict[str, Any], pointer: str
) -> None:
    seen = await newest(projects, as_, path.rpartition("/")[2])
    refused = await projects.put(path, json=order(seen, **change), headers=as_("auditor"))
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_unit_is_in_one_group_of_peers_only(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit = await make.unit(await sql("projects"))
    seen = await newest(projects, as_, "deduction")
    wanted = order(seen, peer_groups={"甲": [unit], "乙": [unit]})
    refused = await projects.put(DEDUCTION, json=wanted, headers=as_("auditor"))
    assert refused.json()["errors"][0]["pointer"] == "/body/peer_groups/甲/0"


async def test_both_schemes_score_the_same_facts_of_a_report(
    projects: httpx.AsyncClient, quarter: Quarter
) -> None:
    """One on time (trust 2) of which some days were saved, one late (trust 2), one overdue."""
    line, params = quarter.line(), {"unit": quarter.units[0], "column": "late"}
    rows = await projects.get(f"/api/v1/reports/{quarter.id}/rows", params=params)
    over_by = rows.json()["items"][0]["over_by"]
    assert line["score"] == pytest.approx(100 - 5 - 2 - 0.2 * (over_by - 1))
    late = 0.6 * 2 ** (-over_by / 20) * 0.9
    used = quarter.content["used_days"]["days"][0][0]
    on_time = (1 + 0.1 * (20 - used) / 20) * 0.9
    assert line["merit_score"] == pytest.approx(100 * (late + on_time) / 3, abs=0.05)
    unknown = quarter.line(1)
    assert (unknown["score"], unknown["merit_score"], unknown["rank"]) == (None, None, None)
    assert quarter.content["versions"]["merit"] >= 1


@provokes("try_schemes", "not-found")
async def test_other_weights_are_tried_on_a_report_and_nothing_is_kept(
    projects: httpx.AsyncClient, as_: Headers, quarter: Quarter
) -> None:
    path, auditor = "/api/v1/scores/what-if", as_("auditor")
    wanted = {
        "report_id": quarter.id,
        "deduction": DeductionWeights(overdue=50, min_n=1).model_dump(),
        "merit": MeritWeights(late_from=1, rectified=1, bonus_rectified=0).model_dump(),
    }
    tried = await projects.post(path, json=wanted, headers=auditor)
    assert tried.status_code == 200, tried.text
    [line] = [one for one in tried.json()["units"] if one["unit_code"] == quarter.units[0]]
    own = quarter.line()
    assert (line["score"], line["merit_score"]) == (own["score"], own["merit_score"])
    assert line["score_if"] == pytest.approx(own["score"] - 45)
    assert line["merit_score_if"] > line["merit_score"]
    assert (line["rank"], line["rank_if"], line["light"], line["light_if"]) == (
        *(None, 1),
        *("grey", "red"),
    )
    file = await projects.get(f"/api/v1/reports/{quarter.id}")
    assert file.json()["report"] == quarter.content
    nothing = await projects.post(path, json={"report_id": quarter.id}, headers=auditor)
    assert nothing.json()["errors"][0]["pointer"] == "/body"
    day = await report_of(projects, as_)
    of_a_day = await projects.post(path, json={**wanted, "report_id": day["id"]}, headers=auditor)
    assert of_a_day.json()["errors"][0]["pointer"] == "/body/report_id"
    nowhere = {**wanted, "report_id": "01a207b3-5554-7244-a2be-a9fa98349139"}
    assert (await projects.post(path, json=nowhere, headers=auditor)).status_code == 404


def test_places_are_given_among_peers_and_equals_share_one() -> None:
    """By the lower end of the Wilson interval, where enough is known; ties are kept."""
    units = {"A": (9, 1), "B": (9, 1), "C": (10, 0), "D": (4, 0), "E": (5, 5)}
    counts = [
        Counted(unit, verdict, n, 0)
        for unit, (on_time, late) in units.items()
        for verdict, n in (("on_time", on_time), ("overdue", late))
    ]
    inputs = {
        "units": [{"code": code, "name": code, "name_en": ""} for code in units],
        "weights": DeductionWeights().model_dump(),
        "merit_weights": MeritWeights().model_dump(),
        "item_weights": {},
        "peer_groups": {"甲": ["A", "B", "E"]},
        "before": {},
        "undated": {},
        "in_dispute": {},
        "versions": {},
        "period": {},
        "trend": [],
        "names": {},
        "has_unit_codes": True,
    }
    facts = FrozenFacts([], [], [])
    made = period_report.compose(date(2026, 9, 30), inputs, counts, facts, "")
    places = {one["unit_code"]: (one["rank"], one["peer_rank"]) for one in made["units"]}
    assert places == {"A": (2, 1), "B": (2, 1), "C": (1, 1), "D": (None, None), "E": (4, 3)}
