"""What waits of a flood is registered or dropped by a dispatcher, and its sender can follow it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.feedback.flood_helpers import decide, flood, seen, send, serials, speak, waiting
from tests.feedback.letter_helpers import API, BODY, LetterOffice
from tests.provoking import provokes

LIVE_CLOCKS = text(
    "SELECT subject_id, kind, department_code FROM deadline WHERE subject_id = ANY(:ids)"
    " AND state IN ('running', 'paused', 'breached')"
)
AGREES = {"wants_public": True}
AUDITED = text("SELECT action, actor, details FROM audit_log WHERE object = :object ORDER BY id")


async def test_a_released_letter_is_one_like_any_other_and_its_receipt_goes_on_opening_it(
    flooded: LetterOffice,
) -> None:
    *_, receipt = await flood(flooded, 6, wants_public=True)
    [row] = [one for one in await waiting(flooded) if one["id"] == receipt["id"]]
    assert (row["flood_sign"], row["actions"]) == ("same_text", ["release", "drop"])
    before, due = await serials(flooded), (await seen(flooded, receipt))["due_on"]
    flooded.isolated.clock.advance(hours=1)
    released = await decide(flooded, receipt["id"], "release")
    assert released.status_code == 200, released.text
    assert await serials(flooded) - before == 1
    [listed] = await flooded.list("dispatcher", reg_no=released.json()["reg_no"])
    assert (listed["id"], listed["state"], listed["due_on"]) == (receipt["id"], "received", due)
    found = await seen(flooded, receipt)
    assert (found["reg_no"], found["state"]) == (released.json()["reg_no"], "received")
    answer = await flooded.client.post(
        f"{API}/letters/{receipt['reg_no']}/supplement",
        json={"code": receipt["query_code"], "text": "又坏了一盏"},
    )
    assert answer.status_code == 200, answer.text
    assert receipt["id"] not in {one["id"] for one in await waiting(flooded)}
    registered = await flooded.client.post(
        f"{API}/letters/{receipt['id']}/actions/register",
        headers={**flooded.headers("dispatcher"), "If-Match": '"2"'},
        json={},
    )
    assert registered.status_code == 200, registered.text


@provokes("release_quarantined_letter", "state-conflict", "forbidden", "not-found")
@provokes("drop_quarantined_letter", "state-conflict", "forbidden", "not-found")
@provokes("list_quarantined_letters", "forbidden")
async def test_a_letter_is_dropped_with_a_reason_that_its_sender_reads_and_can_be_taken_back(
    flooded: LetterOffice,
) -> None:
    *_, receipt = await flood(flooded, 6)
    letter_id = receipt["id"]
    assert (await decide(flooded, letter_id, "drop")).status_code == 422
    reason = {"reason": "同一内容已在办理"}
    dropped = await decide(flooded, letter_id, "drop", **reason)
    assert (dropped.status_code, dropped.json()["state"]) == (200, "dropped"), dropped.text
    found = await seen(flooded, receipt)
    assert (found["state"], found["due_on"]) == ("dropped", None)
    assert found["timeline"][-1]["message"] == "同一内容已在办理"
    async with flooded.isolated.sessions() as session:
        audited = (await session.execute(AUDITED, {"object": f"letter:{letter_id}"})).all()
    clocks = (await clocks_of(flooded, letter_id))[letter_id]
    assert [row.action for row in audited] == ["letter.quarantine_dropped"]
    assert clocks == []
    again = await decide(flooded, letter_id, "drop", **reason)
    assert (again.status_code, again.json()["state"]) == (409, "dropped")
    for path, body in (("release", {}), ("drop", reason)):
        nothing = await decide(flooded, str(uuid4()), path, **body)
        assert nothing.status_code == 404
        outside = await flooded.client.post(
            f"{API}/letters/quarantine/{letter_id}/{path}",
            json=body,
            headers=flooded.headers("dispatcher", flooded.department),
        )
        assert outside.status_code == 403
    outside = await flooded.client.get(
        f"{API}/letters/quarantine", headers=flooded.headers("dispatcher", flooded.department)
    )
    assert outside.status_code == 403
    assert (await decide(flooded, letter_id, "release")).status_code == 403
    back = await decide(flooded, letter_id, "release", role="supervisor")
    assert (back.status_code, back.json()["state"]) == (200, "released"), back.text
    assert (await decide(flooded, letter_id, "release")).status_code == 409
    assert (await seen(flooded, receipt))["due_on"] is not None


@provokes("release_quarantined_letter", "four-eyes")
@provokes("reject_quarantine_appeal", "four-eyes", "forbidden", "not-found", "state-conflict")
@provokes("appeal_my_letter", "already-appealed")
async def test_the_sender_of_a_dropped_letter_appeals_once_and_another_supervisor_decides(
    flooded: LetterOffice,
) -> None:
    *_, granted, rejected = await flood(flooded, 7)
    for one in (granted, rejected):
        await decide(flooded, one["id"], "drop", role="supervisor", sub="chen", reason="已登记")
        assert (await seen(flooded, one))["actions"] == ["appeal", "withdraw"]
        appealed = await speak(flooded, one, "appeal", reason="两处路灯不是同一处")
        assert (appealed.status_code, appealed.json()["state"]) == (200, "appealed"), appealed.text
        [row] = [r for r in await waiting(flooded, state="appealed") if r["id"] == one["id"]]
        assert (row["reason"], row["appeal"]) == ("已登记", "两处路灯不是同一处")
        assert row["due_on"] == (await seen(flooded, one))["due_on"] is not None
        clocks = (await clocks_of(flooded, one["id"]))[one["id"]]
        assert [(clock.kind, clock.department_code) for clock in clocks] == [("letter_appeal", "_")]
    for sub, offered in (("chen", []), ("sun", ["release", "reject_appeal"])):
        rows = await waiting(flooded, "supervisor", sub, state="appealed")
        assert {tuple(r["actions"]) for r in rows if r["id"] == granted["id"]} == {tuple(offered)}
    stays = {"reason": "经复查维持"}
    for what, body in (("release", {}), ("reject-appeal", stays)):
        own = await decide(flooded, granted["id"], what, role="supervisor", sub="chen", **body)
        assert own.json()["type"] == "/problems/four-eyes"
        assert (await decide(flooded, granted["id"], what, **body)).status_code == 403
    back = await decide(flooded, granted["id"], "release", role="supervisor", sub="sun")
    assert (back.status_code, back.json()["state"]) == (200, "released"), back.text
    assert (await seen(flooded, granted))["state"] == "received"
    kept = await decide(
        flooded, rejected["id"], "reject-appeal", role="supervisor", sub="sun", **stays
    )
    assert (kept.status_code, kept.json()["state"]) == (200, "dropped"), kept.text
    found = await seen(flooded, rejected)
    steps = [(step["action"], step["message"]) for step in found["timeline"][1:]]
    assert steps == [
        ("drop", "已登记"), ("appeal", "两处路灯不是同一处"), ("reject_appeal", "经复查维持")
    ]  # fmt: skip
    again = await speak(flooded, rejected, "appeal", reason="仍不服")
    assert again.json()["type"] == "/problems/already-appealed"
    for letter_id, status in ((rejected["id"], 409), (str(uuid4()), 404)):
        answer = await decide(flooded, letter_id, "reject-appeal", role="supervisor", **stays)
        assert answer.status_code == status
    withdrawn = await speak(flooded, rejected, "withdraw")
    assert withdrawn.json()["state"] == "withdrawn"
    assert (await clocks_of(flooded, rejected["id"]))[rejected["id"]] == []


@provokes("appeal_my_letter", "not-yet-registered")
@provokes("rate_my_letter", "not-yet-registered")
@provokes("reopen_my_letter", "not-yet-registered")
async def test_what_needs_a_registered_letter_says_so_kindly(flooded: LetterOffice) -> None:
    *_, receipt = await flood(flooded, 6)
    for path, body in (
        ("appeal", {"reason": "不服"}),
        ("rate", {"grade": "satisfied"}),
        ("reopen", {"reason": "灯又灭了"}),
    ):
        answer = await speak(flooded, receipt, path, **body)
        assert (answer.status_code, answer.json()["state"]) == (409, "quarantined"), answer.text


@provokes("supplement_my_letter", "not-yet-registered", "too-many-supplements")
@provokes("withdraw_my_letter", "not-yet-registered")
@provokes("consent_to_publication", "not-yet-registered")
async def test_a_sender_may_add_agree_and_withdraw_while_the_letter_waits(
    flooded: LetterOffice,
) -> None:
    *_, first, second = await flood(flooded, 7)
    assert (await seen(flooded, first))["actions"] == ["supplement", "consent", "withdraw"]
    for number in range(20):
        assert (await speak(flooded, first, "supplement", text=f"又坏了{number}盏")).is_success
    assert (await speak(flooded, first, "supplement", text="还有")).status_code == 409
    agreed = await speak(flooded, first, "consent", wants_public=True)
    assert agreed.json()["wants_public"] is True
    released = await decide(flooded, first["id"], "release")
    found = await seen(flooded, first)
    assert found["reg_no"] == released.json()["reg_no"]
    assert [one["text"] for one in found["supplements"]] == [f"又坏了{n}盏" for n in range(20)]
    assert found["wants_public"] is True
    withdrawn = await speak(flooded, second, "withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert second["id"] not in {one["id"] for one in await waiting(flooded)}
    assert (await clocks_of(flooded, second["id"]))[second["id"]] == []
    for path, body in (("supplement", {"text": "又"}), ("withdraw", {}), ("consent", AGREES)):
        answer = await speak(flooded, second, path, **body)
        assert (answer.status_code, answer.json()["state"]) == (409, "withdrawn"), answer.text


@pytest.mark.parametrize("what", ["release", "drop"])
async def test_all_of_one_text_are_decided_at_once(flooded: LetterOffice, what: str) -> None:
    receipts = await flood(flooded, 9)
    others = await flood(flooded, 6)
    body: dict[str, Any] = {"all_alike": True}
    if what == "drop":
        body["reason"] = "同一内容已登记"
    decided = await decide(flooded, receipts[-1]["id"], what, **body)
    assert (decided.json()["decided"], decided.json()["left"]) == (4, 0), decided.text
    left = {one["id"] for one in await waiting(flooded)}
    assert not left & {one["id"] for one in receipts}
    assert others[-1]["id"] in left


async def test_only_what_was_shown_is_decided_with_all_that_are_alike(
    flooded: LetterOffice,
) -> None:
    body = f"{BODY}{uuid4().hex}"
    await flood(flooded, 5, body=body)
    here, also, there, nowhere, added, other = [
        await send(flooded, body=body, **letter)
        for letter in (
            {"place": "金佛大道 12 号"},
            {"place": "金佛大道 12 号"},
            {"place": "西城街道"},
            {},
            {"place": "金佛大道 12 号"},
            {"place": "金佛大道 12 号", "kind": "accusation"},
        )
    ]
    assert (await speak(flooded, added, "supplement", text="电话13859120033")).is_success
    rows = {one["id"]: one for one in await waiting(flooded)}
    assert rows[here["id"]]["place"] is not None
    assert rows[nowhere["id"]]["place"] is None
    [shown] = rows[added["id"]]["supplements"]
    assert shown["text"].startswith("电话")
    assert "13859120033" not in shown["text"]
    dropped = await decide(flooded, here["id"], "drop", reason="已登记", all_alike=True)
    assert dropped.json()["decided"] == 2, dropped.text
    left = {one["id"] for one in await waiting(flooded)}
    assert also["id"] not in left
    assert {one["id"] for one in (there, nowhere, added, other)} <= left


async def test_whatever_is_decided_every_letter_has_a_clock_an_owner_and_a_place_in_a_list(
    flooded: LetterOffice,
) -> None:
    drawn: list[list[tuple[int, str]]] = []
    actions = ("release", "drop", "supervise", "write", "supplement", "withdraw")
    steps = st.tuples(st.integers(0, 8), st.sampled_from(actions))

    @settings(
        max_examples=8,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(steps, min_size=2, max_size=8))
    def draw(sequence: list[tuple[int, str]]) -> None:
        drawn.append(sequence)

    draw()
    for sequence in drawn:
        receipts = await flood(flooded, 8)
        states = await shown(flooded, receipts)
        for which, step in sequence:
            one = receipts[which % len(receipts)]
            letter_id = one["id"]
            match step:
                case "write":
                    receipts += await flood(flooded, 1)
                    one = receipts[-1]
                case "drop":
                    await decide(flooded, letter_id, "drop", reason="同一内容已登记")
                case "release":
                    await decide(flooded, letter_id, "release")
                case "supplement":
                    await speak(flooded, one, step, text="又坏了一盏")
                case "withdraw":
                    await speak(flooded, one, step)
                case "supervise":
                    await decide(flooded, letter_id, "release", role="supervisor")
            states |= await shown(flooded, [one])
            await ensure_kept(flooded, receipts, states)
        assert await shown(flooded, receipts) == states, "a step was about another letter too"


async def ensure_kept(
    office: LetterOffice, receipts: list[dict[str, Any]], states: dict[str, str]
) -> None:
    """Of every letter, in the state that its sender was shown last."""
    apart = {one["id"] for one in await waiting(office, limit=200)}
    listed = {one["id"] for one in await office.list("dispatcher", limit=200)}
    running = await clocks_of(office, *(receipt["id"] for receipt in receipts))
    for receipt in receipts:
        state, clocks = states[receipt["id"]], running[receipt["id"]]
        if state in ("dropped", "withdrawn"):
            assert not clocks
            continue
        assert {"letter_register"} <= {clock.kind for clock in clocks}
        assert all(clock.department_code for clock in clocks), "a clock has no owner"
        assert receipt["id"] in (apart if state == "quarantined" else listed)


async def shown(office: LetterOffice, receipts: list[dict[str, Any]]) -> dict[str, str]:
    """The state of each letter as its sender sees it."""
    return {receipt["id"]: (await seen(office, receipt))["state"] for receipt in receipts}


async def clocks_of(office: LetterOffice, *letters: str) -> dict[str, list[Any]]:
    """What runs for each of the letters."""
    found: dict[str, list[Any]] = {letter: [] for letter in letters}
    async with office.isolated.sessions() as session:
        for clock in await session.execute(LIVE_CLOCKS, {"ids": [UUID(each) for each in letters]}):
            found[str(clock.subject_id)].append(clock)
    return found
