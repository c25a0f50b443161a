"""Every letter that is not ended has a clock, an owner and a place in a list, merged or not."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.feedback.casework.workflow import UNMERGED, WORKFLOW
from services.feedback.letters.models import LetterState as S
from tests.feedback.letter_helpers import API, Letter, LetterOffice

ENDED = {S.CLOSED, S.WITHDRAWN, S.NOT_ACCEPTED, S.TRANSFERRED}
LIVE_CLOCKS = text(
    "SELECT kind, department_code FROM deadline WHERE subject_id = CAST(:id AS uuid)"
    " AND state IN ('running', 'paused', 'breached')"
)
STEPS = (
    "register", "accept", "refuse", "transfer", "dispatch", "return", "dispute", "uphold_return",
    "recall", "ask_citizen", "resume", "submit_reply", "send_back", "approve", "rate_good",
    "rate_bad", "reopen", "grant_reopen", "refuse_reopen", "withdraw", "unmerge", "appeal",
    "grant_appeal", "reject_appeal", "supplement",
)  # fmt: skip
SEQUENCES = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2), st.sampled_from(STEPS), st.none()),
        st.tuples(st.integers(0, 2), st.just("merge"), st.integers(0, 2)),
    ),
    min_size=4,
    max_size=14,
)


async def present(letter: Letter) -> dict[str, Any]:
    """The letter as the office has it now."""
    headers = letter.office.headers("dispatcher")
    answer = await letter.office.client.get(f"{API}/letters/{letter.id}/file", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    letter.state, letter.version = S(found["state"]), found["version"]
    return found


async def ensure_kept(letters: list[Letter]) -> None:
    by_id = {letter.id: letter for letter in letters}
    views = {letter.id: await present(letter) for letter in letters}
    for letter in letters:
        assert (letter.state is S.MERGED) == (views[letter.id]["merged_into"] is not None)
        if letter.state in ENDED:
            continue
        answered = letter.id
        while (into := views[answered]["merged_into"]) is not None:
            answered = into
        root = by_id[answered]
        assert root.state not in ENDED - {S.CLOSED}, f"{letter.state} waits for a {root.state}"
        if root.state is S.CLOSED:
            assert letter.state is S.MERGED
            continue
        async with letter.office.isolated.sessions() as session:
            clocks = (await session.execute(LIVE_CLOCKS, {"id": answered})).all()
        assert clocks, f"{root.state} has no clock"
        assert all(clock.department_code for clock in clocks), "a clock has no owner"
        listed = await letter.office.list("dispatcher", reg_no=letter.reg_no, state=letter.state)
        assert [one["id"] for one in listed] == [letter.id]


@pytest.mark.parametrize(
    ("state", "ending"),
    [(S.HANDLING, "withdraw"), (S.REGISTERED, "refuse"), (S.REGISTERED, "transfer")],
)
async def test_a_letter_merged_into_one_that_ends_unanswered_goes_on_by_itself(
    office: LetterOffice, state: S, ending: str
) -> None:
    main, other = await office.letter_in(state), await office.letter_in(S.HANDLING)
    before = await other.seen()
    await other.act("merge", into=main.id)
    await other.act("supplement", text="又坏了一盏", role="sender")
    await main.act(ending)
    seen = await other.seen()
    assert (seen["state"], seen["due_on"]) == ("handling", before["due_on"])
    assert seen["timeline"][-1]["message"] == UNMERGED.zh
    await ensure_kept([main, other])


async def test_a_letter_merged_into_a_merged_one_that_is_withdrawn_goes_on_too(
    office: LetterOffice,
) -> None:
    first, second, third = [await office.write() for _ in range(3)]
    await third.act("merge", into=second.id)
    await second.act("merge", into=first.id)
    await second.act("withdraw", role="sender")
    await ensure_kept([first, second, third])
    assert third.state is S.RECEIVED


async def test_whatever_is_done_no_letter_is_lost(office: LetterOffice) -> None:
    drawn: list[list[tuple[int, str, int | None]]] = []

    @settings(
        max_examples=12,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(SEQUENCES)
    def draw(sequence: list[tuple[int, str, int | None]]) -> None:
        drawn.append(sequence)

    draw()
    for sequence in drawn:
        letters = [await office.write() for _ in range(3)]
        await letters[0].bring_to(S.HANDLING)
        await letters[1].bring_to(S.REGISTERED)
        for which, action, into in sequence:
            letter = letters[which]
            if WORKFLOW.get(letter.state, action) is None:
                continue
            fields = {} if into is None else {"into": letters[into].id}
            await letter.act(action, **fields)
            await ensure_kept(letters)
