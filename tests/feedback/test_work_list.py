"""Staff find their letters: by words, overdue, due soon, their own, in the order of the due day."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.feedback.letters.models import LetterState as S
from shared.security.crypto import UNREADABLE, CannotOpen, Keyring
from tests.feedback.letter_helpers import API, LetterOffice
from tests.paging import walked

SENDER = {"name": "王晓明", "phone": "13859120033"}
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Of a word that is looked for: seven digits in a row are hidden, and so no search finds them."""


async def pages(office: LetterOffice, role: str, **params: Any) -> list[dict[str, Any]]:
    """All pages, two letters each."""
    asked = {"limit": 2, **params}
    return await walked(office.client, f"{API}/letters", office.headers(role), **asked)


async def ids(office: LetterOffice, role: str = "officer", **params: Any) -> list[str]:
    return [one["id"] for one in await pages(office, role, **params)]


async def test_words_of_number_title_and_body_find_a_letter_on_every_page(
    office: LetterOffice,
) -> None:
    word = uuid4().hex[:8].translate(LETTERS)
    letters = [
        await office.letter_in(S.DISPATCHED, title=f"路灯{n}", body=f"金佛大道{word}Ａ号杆的灯坏了")
        for n in range(5)
    ]
    await office.letter_in(S.DISPATCHED, body="南山路的井盖丢了")
    newest_first = [letter.id for letter in reversed(letters)]
    assert await ids(office, q=f"金佛 {word.upper()}a号") == newest_first
    assert await ids(office, q=f"路灯3 {word}") == [letters[3].id]
    assert await ids(office, q=letters[2].reg_no.lower()) == [letters[2].id]
    assert await ids(office, q=f"{word} 井盖") == []


@pytest.mark.parametrize("anonymity", ["named", "confidential"])
@pytest.mark.parametrize("role", ["officer", "dispatcher"])
async def test_a_sender_cannot_be_tried_out_by_words(
    office: LetterOffice, anonymity: str, role: str
) -> None:
    # Without digits, which may look like a number that is hidden.
    word = uuid4().hex[:8].translate(LETTERS)
    letter = await office.letter_in(
        S.DISPATCHED,
        body=f"{word}我叫王晓明，电话13859120033，路灯坏了。",
        contact=SENDER,
        anonymity=anonymity,
    )
    assert await ids(office, role, q=f"{word} 路灯") == [letter.id]
    for guess in ("王晓明", "晓明", "13859120033", "9120033"):
        assert await ids(office, role, q=f"{word} {guess}") == []


async def test_a_search_that_reads_much_goes_on_with_its_cursor(
    office: LetterOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.feedback.casework.work_list.READ_AT_A_TIME", 2)
    monkeypatch.setattr("services.feedback.casework.work_list.MOST_READ", 4)
    word = uuid4().hex[:8].translate(LETTERS)
    first = await office.letter_in(S.DISPATCHED, body=f"{word}路灯坏了")
    for _ in range(5):
        await office.letter_in(S.DISPATCHED)
    last = await office.letter_in(S.DISPATCHED, body=f"{word}路灯又坏了")
    assert await ids(office, q=word) == [last.id, first.id]


@pytest.mark.parametrize("role", ["dispatcher", "officer"])
@pytest.mark.parametrize("column", ["title", "body", "place", "name"])
async def test_a_letter_that_does_not_open_hides_no_other(
    office: LetterOffice, monkeypatch: pytest.MonkeyPatch, role: str, column: str
) -> None:
    word = uuid4().hex[:8].translate(LETTERS)
    sent = {"place": "城东路", "contact": SENDER, "anonymity": "confidential"}
    broken, whole = [
        await office.letter_in(S.DISPATCHED, body=f"{word}路灯坏了", **sent) for _ in range(2)
    ]
    opens = Keyring.open

    def but_one(self: Keyring, sealed: str, *, where: str, row: str) -> str:
        if (where, row) == (f"letter.{column}", broken.id):
            raise CannotOpen(where)
        return opens(self, sealed, where=where, row=row)

    monkeypatch.setattr(Keyring, "open", but_one)
    ours = {"department": office.department}  # a dispatcher would see those of all other tests
    listed = await pages(office, role, limit=100, **ours)
    titles = {one["id"]: one["title"] for one in listed}
    assert titles[whole.id] != UNREADABLE
    needs = {"dispatcher": ("title", "name")}.get(role, column)
    assert (titles[broken.id] == UNREADABLE) == (column in needs)
    assert whole.id in await ids(office, role, q=word, **ours)


async def test_a_query_of_no_or_of_too_many_words_is_refused(office: LetterOffice) -> None:
    for q in ("  ", "一 二 三 四 五 六"):
        answer = await office.client.get(
            f"{API}/letters", params={"q": q}, headers=office.headers("officer")
        )
        assert answer.status_code == 422


async def test_overdue_and_due_before_go_by_the_limit_to_reply(office: LetterOffice) -> None:
    complaint = await office.letter_in(S.HANDLING, kind="complaint")
    question = await office.letter_in(S.HANDLING, kind="consultation")
    done = await office.letter_in(S.REPLIED, kind="consultation")
    due = {one["id"]: one["due_on"] for one in await pages(office, "officer")}
    assert due[done.id] is None
    assert await ids(office, overdue=True) == []
    assert await ids(office, due_before=due[question.id]) == []
    day_after = (date.fromisoformat(due[question.id]) + timedelta(days=1)).isoformat()
    assert await ids(office, due_before=day_after) == [question.id]
    office.isolated.clock.now += timedelta(days=10)
    assert await ids(office, overdue=True) == [question.id]
    shown = await pages(office, "officer", overdue=True)
    assert all(one["overdue"] is one["is_overdue"] is True for one in shown)
    assert set(await ids(office, overdue=False)) == {complaint.id, done.id}


async def test_those_due_first_stand_in_front_and_those_without_a_limit_behind(
    office: LetterOffice,
) -> None:
    kinds = ("complaint", "consultation", "help", "consultation", "suggestion")
    for kind in kinds:
        await office.letter_in(S.HANDLING, kind=kind)
    await office.letter_in(S.REPLIED)
    listed = await pages(office, "officer", sort="due_on")
    days = [one["due_on"] for one in listed]
    assert len({one["id"] for one in listed}) == 6
    assert days[-1] is None
    assert days[:-1] == sorted(days[:-1])


async def test_mine_are_those_that_i_have_taken_a_step_of(office: LetterOffice) -> None:
    one, other = [await office.letter_in(S.DISPATCHED) for _ in range(2)]
    await one.act("accept", sub="officer-a")
    await other.act("accept", sub="officer-b")

    async def mine(sub: str) -> list[str]:
        answer = await office.client.get(
            f"{API}/letters", params={"mine": True}, headers=office.headers("officer", sub=sub)
        )
        return [found["id"] for found in answer.json()["items"]]

    assert await mine("officer-a") == [one.id]
    assert await mine("officer-b") == [other.id]
    assert await mine("officer-c") == []


async def test_a_cursor_of_another_order_is_refused(office: LetterOffice) -> None:
    for _ in range(2):
        await office.letter_in(S.DISPATCHED)
    headers = office.headers("officer")
    first = await office.client.get(f"{API}/letters", params={"limit": 1}, headers=headers)
    cursor = first.json()["next_cursor"]
    answer = await office.client.get(
        f"{API}/letters", params={"sort": "due_on", "cursor": cursor}, headers=headers
    )
    assert answer.status_code == 422


async def test_whatever_is_asked_the_pages_hold_what_the_whole_list_holds(
    office: LetterOffice,
) -> None:
    kinds = st.sampled_from(("consultation", "help", "complaint"))
    asked = st.fixed_dictionaries(
        {"sort": st.sampled_from(("received_at", "due_on"))},
        optional={"overdue": st.booleans(), "q": st.just("路灯"), "kind": kinds},
    )
    drawn: list[dict[str, Any]] = []

    @settings(
        max_examples=12,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(asked)
    def draw(params: dict[str, Any]) -> None:
        drawn.append(params)

    draw()
    for kind in ("consultation", "help", "complaint", "help"):
        await office.letter_in(S.HANDLING, kind=kind)
        office.isolated.clock.now += timedelta(days=4)
    for params in drawn:
        whole = [one["id"] for one in await office.list("officer", limit=200, **params)]
        assert await ids(office, **params) == whole
        assert len(set(whole)) == len(whole)
