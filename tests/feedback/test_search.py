"""Search over published letters: everything that LIKE finds, and nothing else."""

import random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.feedback.publication import search
from tests.feedback.letter_helpers import API, LetterOffice
from tests.feedback.reviewing import found, published
from tests.sealed_cells import OURS


async def test_search_finds_what_like_finds(office: LetterOffice) -> None:
    texts = await _corpus(office, 400)
    draw = random.Random(3)
    for _ in range(60):
        source = draw.choice(texts)
        start = draw.randrange(len(source) - 5)
        fragment = source[start : start + draw.randint(1, 5)]
        expected = sum(fragment in text for text in texts)
        assert len(await _all(office, fragment)) == expected, fragment


async def _corpus(office: LetterOffice, count: int) -> list[str]:
    """Generated public copies, inserted straight into their table."""
    draw = random.Random(11)
    words = "路灯 下水道 井盖 小区 物业 收费 噪音 施工 公交 站台 学校 医保 社保 户口 补贴 绿化"
    texts = ["".join(draw.choices(words.split(), k=12)) for _ in range(count)]
    base = await published(office, title="路灯", body="样例", reply="已处理")
    async with office.isolated.sessions() as session, session.begin():
        for n, body in enumerate(texts):
            hay = search.haystack("来信", body, "答复")
            await session.execute(_COPY, _copied(base.letter.id, n, body, hay))
    return texts


_COPY = text("""
    WITH l AS (
        INSERT INTO letter (id, reg_no, kind, channel, state, version, received_at, title_sealed,
            body_sealed, anonymity, wants_public, code_hash, sketch, reopened)
        SELECT :id, :reg_no, kind, channel, state, version, received_at,
            :title, :sealed, anonymity, wants_public, code_hash, sketch, reopened
        FROM letter WHERE id = :base RETURNING id
    )
    INSERT INTO published_letter (letter_id, redaction_id, reg_no, kind, title, body, reply,
        department_code, department, received_on, replied_on, published_at, haystack, grams)
    SELECT l.id, redaction_id, :reg_no, kind, '来信', :body, '答复', department_code, department,
        received_on, replied_on, published_at, :hay, :grams
    FROM published_letter, l WHERE letter_id = :base
""")


def _copied(base: str, n: int, body: str, hay: str) -> dict[str, Any]:
    own = uuid4()
    return {
        "id": own,
        "title": OURS.seal("来信", where="letter.title", row=str(own)),
        "sealed": OURS.seal(body, where="letter.body", row=str(own)),
        "base": base,
        "reg_no": f"X-{base[-8:]}-{n}",
        "body": body,
        "hay": hay,
        "grams": search.grams(hay),
    }


async def _all(office: LetterOffice, q: str) -> list[dict[str, Any]]:
    """Every page of a search within the test's own department, without the sample."""
    items: list[dict[str, Any]] = []
    params: dict[str, Any] = {"q": q, "limit": 150, "department_code": office.department}
    while True:
        answer = await office.client.get(f"{API}/published-letters", params=params)
        assert answer.status_code == 200, answer.text
        items += [item for item in answer.json()["items"] if item["body"] != "样例"]
        if (cursor := answer.json()["next_cursor"]) is None:
            return items
        params["cursor"] = cursor


async def test_a_snippet_shows_where_the_word_stands(office: LetterOffice) -> None:
    await published(office, title="路灯", body="甲" * 60 + "路灯坏了" + "乙" * 60)
    [copy] = await found(office, q="路灯坏", department_code=office.department)
    assert "路灯坏了" in copy["snippet"]
    assert len(copy["snippet"]) < 100


@pytest.mark.parametrize("q", ["", " ", "一 二 三 四 五 六", "长" * 51])
async def test_a_query_of_nothing_or_too_much_is_refused(office: LetterOffice, q: str) -> None:
    answer = await office.client.get(f"{API}/published-letters", params={"q": q})
    assert answer.status_code == 422


@pytest.mark.parametrize("q", ["%", "_", "\\", "'; DROP TABLE letter; --", "\u202e", "😀"])
async def test_odd_queries_find_nothing_and_break_nothing(office: LetterOffice, q: str) -> None:
    params = {"q": q, "department_code": office.department}
    answer = await office.client.get(f"{API}/published-letters", params=params)
    assert answer.status_code in (200, 422)
