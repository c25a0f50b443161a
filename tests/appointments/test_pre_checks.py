"""Materials are looked at before the visit, and all that is missing is said at once."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.appointments.pre_checks.models import PreCheckState
from services.appointments.pre_checks.workflow import WORKFLOW, PreCheckAction
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_guides import put_guide
from tests.provoking import provokes

MATERIALS = [
    {"name": "身份证", "source": "本人"},
    {"name": "申请表", "source": "窗口"},
    {"name": "照片", "source": "本人", "required": False, "may_follow": True},
]
ANSWERS: dict[str, dict[str, Any]] = {
    "complete": {"outcome": "complete", "note": "请带原件"},
    "missing": {"outcome": "missing", "missing": ["申请表", "居住证明"]},
    "elsewhere": {"outcome": "elsewhere", "refer_to": "区公安分局，025-00001111"},
}


async def submit(office: Office, me: dict[str, str], **change: Any) -> httpx.Response:
    body = {"hall_code": office.code, "item_code": office.items[0], "ready": [1], **change}
    return await office.client.post("/api/v1/pre-checks", json=body, headers=me)


async def act(
    office: Office, one: dict[str, Any], action: str, headers: dict[str, str], **body: Any
) -> httpx.Response:
    url = f"/api/v1/pre-checks/{one['id']}/{action}"
    return await office.client.post(url, json=body, headers=headers)


def officer(office: Office, department: str = "T01") -> dict[str, str]:
    return office.sign("officer", department)


@pytest.fixture
async def guided(office: Office) -> Office:
    """An office whose first item has a guide with three materials."""
    good(await put_guide(office, materials=MATERIALS))
    return office


async def test_what_is_ready_is_ticked_and_the_officer_answers(guided: Office) -> None:
    me = guided.citizen()

    sent = good(await submit(guided, me, ready=[2, 1], note="照片明天才能取"), 201)
    answered = good(await act(guided, sent, "answer", officer(guided), **ANSWERS["complete"]))
    read = good(await guided.get(f"pre-checks/{sent['id']}", headers=me))

    assert (sent["state"], sent["guide_version"], sent["note"]) == (
        "submitted",
        2,
        "照片明天才能取",
    )
    assert [(one["number"], one["name"], one["is_ready"]) for one in sent["materials"]] == [
        (1, "身份证", True),
        (2, "申请表", True),
        (3, "照片", False),
    ]
    assert answered == read
    assert (read["state"], read["answer_note"], read["version"]) == ("complete", "请带原件", 2)


@pytest.mark.parametrize("outcome", sorted(ANSWERS))
async def test_each_answer_is_published_without_a_word_of_it(guided: Office, outcome: str) -> None:
    sent = good(await submit(guided, guided.citizen(), note="我的电话 13900001111"), 201)

    done = good(await act(guided, sent, "answer", officer(guided), **ANSWERS[outcome]))

    assert (done["state"], done["missing"], done["refer_to"]) == (
        outcome,
        ANSWERS[outcome].get("missing", []),
        ANSWERS[outcome].get("refer_to"),
    )
    [first], [last] = [
        await guided.events(f"pre-check.{kind}") for kind in ("submitted", "answered")
    ]
    assert (first["state"], last["state"], last["version"]) == ("submitted", outcome, 2)
    assert "1390" not in f"{first}{last}"
    sealed = await guided.owner.fetchval(
        "SELECT note_sealed FROM pre_check WHERE id = $1", sent["id"]
    )
    assert "1390" not in sealed


async def test_what_was_missing_is_submitted_again_and_answered_again(guided: Office) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    good(await act(guided, sent, "answer", officer(guided), **ANSWERS["missing"]))

    again = good(await act(guided, sent, "resubmit", me, ready=[1, 2], version=2))
    done = good(await act(guided, sent, "answer", officer(guided), **ANSWERS["complete"]))

    assert (again["state"], again["missing"], again["answered_at"]) == (
        "submitted",
        ["申请表", "居住证明"],
        None,
    )
    assert (done["state"], done["missing"], done["version"]) == ("complete", [], 4)


@pytest.mark.parametrize("state", list(PreCheckState))
@pytest.mark.parametrize("action", list(PreCheckAction))
async def test_every_action_in_every_state_is_as_the_table_has_it(
    guided: Office, state: PreCheckState, action: PreCheckAction
) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    answered = "now()" if state in ("complete", "missing", "elsewhere") else "NULL"
    await guided.owner.execute(
        f"UPDATE pre_check SET state = $2, answered_at = {answered} WHERE id = $1",
        sent["id"],
        state.value,
    )

    if action.value in ANSWERS:
        got = await act(guided, sent, "answer", officer(guided), **ANSWERS[action.value])
    elif action is PreCheckAction.RESUBMIT:
        got = await act(guided, sent, "resubmit", me, ready=[1])
    else:
        got = await act(guided, sent, "withdraw", me)

    row = WORKFLOW.get(state, action)
    if row is None:
        assert problem(got, 409, "state-conflict")["state"] == state
    else:
        assert good(got)["state"] == row.to


@provokes("answer_pre_check", "state-conflict")
@provokes("resubmit_pre_check", "state-conflict")
@provokes("withdraw_pre_check", "state-conflict")
async def test_a_version_that_was_not_seen_is_refused(guided: Office) -> None:
    me = guided.citizen()
    sent = good(await submit(guided, me), 201)
    for action, who, body in (
        ("answer", officer(guided), ANSWERS["complete"]),
        ("resubmit", me, {"ready": [1]}),
        ("withdraw", me, {}),
    ):
        late = await act(guided, sent, action, who, **body, version=7)
        assert problem(late, 409, "state-conflict")["version"] == 1


async def test_of_two_officers_who_answer_at_once_one_does(guided: Office) -> None:
    sent = good(await submit(guided, guided.citizen()), 201)

    answers = await asyncio.gather(
        *(act(guided, sent, "answer", officer(guided), **ANSWERS[one]) for one in ANSWERS)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(await guided.events("pre-check.answered")) == 1


@provokes("submit_pre_check", "pre-check-open")
async def test_one_at_a_time_for_a_hall_and_item(guided: Office) -> None:
    me = guided.citizen()
    answers = await asyncio.gather(*(submit(guided, me) for _ in range(3)))

    [sent] = [good(one, 201) for one in answers if one.status_code == 201]
    for other in answers:
        if other.status_code != 201:
            assert problem(other, 409, "pre-check-open")["pre_check_id"] == sent["id"]
    good(await act(guided, sent, "withdraw", me))
    good(await submit(guided, me), 201)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "missing"},
        {"outcome": "complete", "missing": ["申请表"]},
        {"outcome": "elsewhere"},
        {"outcome": "complete", "refer_to": "别处"},
    ],
)
async def test_an_answer_says_what_belongs_to_it(guided: Office, change: dict[str, Any]) -> None:
    sent = good(await submit(guided, guided.citizen()), 201)

    problem(await act(guided, sent, "answer", officer(guided), **change), 422, "invalid-request")


async def test_only_materials_of_the_guide_and_items_of_the_hall(guided: Office) -> None:
    me = guided.citizen()
    for change, pointer in (
        ({"ready": [4]}, "/body/ready"),
        ({"ready": [1, 1]}, "/body/ready"),
        ({"item_code": "NO-SUCH"}, "/body/item_code"),
    ):
        refused = problem(await submit(guided, me, **change), 422, "invalid-request")
        assert refused["errors"][0]["pointer"] == pointer
    both = await submit(guided, me, appointment_id=str(uuid4()))
    problem(both, 422, "invalid-request")


async def test_strangers_find_nothing_and_another_department_cannot_answer(
    guided: Office,
) -> None:
    sent = good(await submit(guided, guided.citizen()), 201)
    url = f"pre-checks/{sent['id']}"

    for other in (guided.citizen(), officer(guided, "T02"), guided.sign("clerk", "H-ELSE")):
        problem(await guided.get(url, headers=other), 404, "not-found")
        assert good(await guided.get("pre-checks", headers=other))["items"] == []
    answer = await act(guided, sent, "answer", officer(guided, "T02"), **ANSWERS["complete"])
    problem(answer, 404, "not-found")
    withdrawn = await act(guided, sent, "withdraw", guided.citizen())
    problem(withdrawn, 404, "not-found")


async def test_who_works_in_the_hall_and_is_an_officer_elsewhere_sees_it_and_cannot_answer(
    guided: Office,
) -> None:
    sent = good(await submit(guided, guided.citizen()), 201)
    both = guided.sign("clerk officer", guided.code, "T02")

    good(await guided.get(f"pre-checks/{sent['id']}", headers=both))
    problem(await act(guided, sent, "answer", both, **ANSWERS["complete"]), 404, "not-found")


async def test_the_clerk_finds_it_by_appointment_and_by_ticket(guided: Office) -> None:
    me = guided.citizen()
    held = await guided.hold(await guided.slot(NINE.replace(hour=5)), headers=me)
    good(await put_guide(guided, version=2, materials=[]))
    by_appointment = {
        "hall_code": None,
        "item_code": None,
        "appointment_id": held["id"],
        "ready": [3],
    }

    sent = good(await submit(guided, me, **by_appointment), 201)
    good(await submit(guided, guided.citizen(), ready=[]), 201)

    assert (sent["guide_version"], len(sent["materials"])) == (held["guide_version"], 3)
    found = good(await guided.get(f"pre-checks?appointment={held['id']}", headers=guided.clerk()))
    assert [one["id"] for one in found["items"]] == [sent["id"]]
    every = good(await guided.get(f"pre-checks?hall={guided.code}", headers=guided.clerk()))
    assert len(every["items"]) == 2
    taken = await guided.client.post(
        "/api/v1/tickets",
        json={"hall_code": guided.code, "items": [guided.items[0]]},
        headers={**me, "Idempotency-Key": uuid4().hex},
    )
    ticket = good(taken, 201)["id"]
    found = good(await guided.get(f"pre-checks?ticket={ticket}", headers=guided.clerk()))
    assert [one["id"] for one in found["items"]] == [sent["id"]]


async def test_a_person_sees_their_own_and_staff_by_state_page_by_page(guided: Office) -> None:
    me = guided.citizen()
    first = good(await submit(guided, me), 201)
    second = good(await submit(guided, guided.citizen()), 201)
    good(await act(guided, second, "answer", officer(guided), **ANSWERS["complete"]))

    own = good(await guided.get("pre-checks", headers=me))["items"]
    url = f"pre-checks?hall={guided.code}"
    waiting = good(await guided.get(f"{url}&state=submitted", headers=officer(guided)))["items"]
    page = good(await guided.get(f"{url}&limit=1", headers=officer(guided)))
    rest = good(
        await guided.get(f"{url}&limit=1&cursor={page['next_cursor']}", headers=officer(guided))
    )

    assert [one["id"] for one in own] == [one["id"] for one in waiting] == [first["id"]]
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [first["id"], second["id"]]
