"""豁免: what the law withholds is asked for by one person and granted by another."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.projects.exemptions import rules
from services.projects.exemptions.models import ExemptionRequest
from shared import clock
from shared.database.engine import Sessions
from shared.errors import FourEyes
from shared.security.identity import Caller
from tests.projects import make
from tests.projects.rectifying import NOBODY, Case, Headers
from tests.provoking import provokes
from tests.support import Connect

PATH = "/api/v1/exemptions"
ASKED = {
    "document": "宁政办〔2026〕1号",
    "article": "条例第14条",
    "reason": "涉及国家秘密",
    "version": 1,
}


@pytest.fixture
async def case(projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions) -> Case:
    made = Case(projects, as_, sql, sessions)
    await made.overdue()
    return made


async def ask(case: Case, which: int = 0, **others: Any) -> httpx.Response:
    path = f"/api/v1/duties/{case.duty['id']}/exempt"
    return await case.client.post(path, json=ASKED | others, headers=case.auditor(which))


async def asked(case: Case) -> dict[str, Any]:
    answer = await ask(case)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["exemption"])


async def decide(case: Case, exemption: str, which: int, ruling: str) -> httpx.Response:
    body = {"ruling": ruling, "reason": "核对了文件"}
    path = f"{PATH}/{exemption}/decide"
    return await case.client.post(path, json=body, headers=case.auditor(which))


async def duty_of(case: Case) -> dict[str, Any]:
    path = f"/api/v1/duties/{case.duty['id']}"
    return dict((await case.client.get(path, headers=case.auditor())).json())


async def test_nothing_moves_while_an_exemption_is_only_asked_for(case: Case) -> None:
    answer = (await ask(case)).json()
    assert (answer["verdict"], answer["hold"], answer["rulings"]) == ("overdue", "none", [])
    assert (answer["exemption"]["article"], answer["version"]) == ("条例第14条", 2)
    assert answer == await duty_of(case)


@provokes("decide_exemption", "four-eyes")
async def test_who_asked_does_not_grant_and_another_does(case: Case) -> None:
    exemption = (await asked(case))["id"]
    alone = await decide(case, exemption, 0, "granted")
    assert (alone.status_code, alone.json()["type"]) == (409, "/problems/four-eyes")
    granted = await decide(case, exemption, 1, "granted")
    assert (granted.json()["state"], granted.json()["verdict"]) == ("granted", "exempt")
    duty = await duty_of(case)
    assert (duty["verdict"], duty["hold"], duty["exemption"]) == ("exempt", "exempt", None)
    [ruling] = duty["rulings"]
    assert (ruling["kind"], ruling["article"]) == ("exempt", "条例第14条")


async def test_what_is_refused_stays_in_the_ordinary_course_and_can_be_asked_again(
    case: Case,
) -> None:
    exemption = (await asked(case))["id"]
    refused = await decide(case, exemption, 1, "refused")
    assert (refused.json()["state"], refused.json()["verdict"]) == ("refused", "overdue")
    assert refused.json()["decision"] == "核对了文件"
    assert (await duty_of(case))["rulings"] == []
    assert (await ask(case, version=2)).status_code == 200


@provokes("exempt_duty", "state-conflict")
@provokes("decide_exemption", "state-conflict")
async def test_one_is_asked_for_at_a_time_and_decided_once(case: Case) -> None:
    answers = await asyncio.gather(*(ask(case, which) for which in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    [first] = [one.json()["exemption"] for one in answers if one.status_code == 200]
    again = await ask(case, version=2)
    assert (again.status_code, again.json()["state"]) == (409, "asked")
    others = [n for n in range(3) if first["asked_by"] != f"auditor-{'abc'[n]}"]
    decisions = await asyncio.gather(
        *(decide(case, first["id"], n, r) for n in others for r in ("granted", "refused"))
    )
    assert sorted(answer.status_code for answer in decisions) == [200, 409, 409, 409]


async def test_what_is_exempt_already_is_not_asked_for_and_is_restored(case: Case) -> None:
    await decide(case, (await asked(case))["id"], 1, "granted")
    version = (await duty_of(case))["version"]
    again = await ask(case, version=version)
    assert (again.status_code, again.json()["state"]) == (409, "exempt")
    body = {name: ASKED[name] for name in ("document", "reason")} | {"version": version}
    auditors = case.auditor(), case.auditor(1)
    restored = await make.by_two(case.client, case.duty["id"], "restore", body, *auditors)
    assert (restored.json()["kind"], restored.json()["verdict"]) == ("restore", "overdue")


async def test_an_order_is_lifted_once_its_duty_is_exempt(case: Case) -> None:
    await case.ordered()
    exemption = (await asked(case))["id"]
    assert (await case.settled())["state"] == "issued"
    await decide(case, exemption, 1, "granted")
    lifted = await case.settled()
    assert (lifted["state"], lifted["closing"]) == ("revoked", "finding_lifted")


@provokes("read_exemption", "not-found")
@provokes("decide_exemption", "not-found")
@provokes("exempt_duty", "not-found")
async def test_a_unit_sees_its_own_and_the_work_list_what_others_asked_for(case: Case) -> None:
    exemption = (await asked(case))["id"]
    stranger = case.as_("officer", await make.unit(await case.rows()))
    for path in (f"{PATH}/{exemption}", f"{PATH}?unit={case.unit}"):
        assert (await case.client.get(path, headers=stranger)).status_code == 404
    assert (await case.client.get(PATH, headers=stranger)).json()["items"] == []
    one = await case.client.get(f"{PATH}/{exemption}", headers=case.officer)
    assert (one.json()["state"], one.json()["verdict"]) == ("asked", "overdue")

    async def listed(which: int, **params: Any) -> list[str]:
        query = {"unit": case.unit, **params}
        found = await case.client.get(PATH, params=query, headers=case.auditor(which))
        return [each["id"] for each in found.json()["items"]]

    assert await listed(0) == await listed(1, mine=True) == [exemption]
    assert await listed(0, mine=True) == []
    assert await listed(1, state="granted") == []
    assert await listed(1, duty=case.duty["id"]) == [exemption]
    assert (await decide(case, NOBODY, 1, "refused")).status_code == 404
    case.duty = {"id": NOBODY}
    assert (await ask(case)).status_code == 404


def test_an_officer_of_the_unit_grants_nothing_even_as_an_auditor() -> None:
    request = ExemptionRequest(
        duty_id=UUID(NOBODY),
        unit_code="D01",
        document="文",
        article="条例第14条",
        reason="豁免",
        asked_at=clock.now(),
        asked_by="auditor-a",
    )
    rules.ensure_another(request, Caller("b", frozenset({"auditor"}), frozenset({"*"})))
    for role in ("officer", "reviewer"):
        both = Caller("b", frozenset({"auditor", role}), frozenset({"D01"}))
        with pytest.raises(FourEyes):
            rules.ensure_another(request, both)
