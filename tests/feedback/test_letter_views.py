"""Who sees which letters, how much of them, and what of that is written down."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from services.feedback.letters import queries, rules
from services.feedback.letters.models import Letter as Row
from services.feedback.letters.models import LetterState as S
from shared.security.identity import Caller
from tests.feedback.letter_helpers import API, LetterOffice
from tests.provoking import provokes

CONTACT = {"name": "赵铁柱", "phone": "13911112222"}


@provokes("read_letter_file", "not-found")
async def test_a_department_sees_its_own_letters_only(office: LetterOffice) -> None:
    letter = await office.letter_in(S.HANDLING)
    other = "T-OTHER"
    assert letter.reg_no in {seen["reg_no"] for seen in await office.list("officer")}
    assert await office.list("officer", other, reg_no=letter.reg_no) == []
    answer = await office.client.get(
        f"{API}/letters/{letter.id}/file", headers=office.headers("officer", other)
    )
    assert answer.status_code == 404


async def test_the_work_list_pages_without_gap_or_repeat(office: LetterOffice) -> None:
    written = [(await office.letter_in(S.DISPATCHED)).reg_no for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = await office.client.get(
            f"{API}/letters", params=params, headers=office.headers("officer")
        )
        seen += [item["reg_no"] for item in answer.json()["items"]]
        if (cursor := answer.json()["next_cursor"]) is None:
            break
    assert sorted(seen) == sorted(written)


async def test_the_work_list_masks_titles_and_the_original_is_logged(office: LetterOffice) -> None:
    letter = await office.write(title="我叫王小明13800138000", contact=CONTACT)
    [seen] = await office.list("dispatcher", reg_no=letter.reg_no)
    assert seen["title"] == "我叫王某［电话］"
    answer = await office.client.get(
        f"{API}/letters/{letter.id}/original", headers=office.headers("dispatcher", sub="reader-1")
    )
    assert answer.json()["title"] == "我叫王小明13800138000"
    assert answer.json()["contact"] == CONTACT
    assert await _audited(office, letter.id) == [("reader-1", "letter.unmasked_read")]


async def test_a_confidential_sender_is_unknown_to_the_department(office: LetterOffice) -> None:
    letter = await office.letter_in(
        S.HANDLING,
        contact=CONTACT,
        anonymity="confidential",
        title="赵铁柱的请求",
        body="请回电13911112222，路灯不亮，赵铁柱。",
    )
    path = f"{API}/letters/{letter.id}/original"
    officer = await office.client.get(path, headers=office.headers("officer"))
    by_office = await office.client.get(path, headers=office.headers("supervisor"))
    assert (officer.json()["contact"], by_office.json()["contact"]) == (None, CONTACT)
    assert officer.json()["body"] == "请回电［电话］，路灯不亮，赵某。"
    assert by_office.json()["title"] == "赵铁柱的请求"
    [listed] = await office.list("officer", reg_no=letter.reg_no)
    assert listed["title"] == "赵某的请求"


async def _audited(office: LetterOffice, letter_id: str) -> list[tuple[str, str]]:
    async with office.isolated.sessions() as session:
        rows = await session.execute(
            text("SELECT actor, action FROM audit_log WHERE object = :object ORDER BY id"),
            {"object": f"letter:{letter_id}"},
        )
        return [(row.actor, row.action) for row in rows]


async def test_the_list_and_the_rule_of_who_sees_what_agree(office: LetterOffice) -> None:
    kinds: list[dict[str, Any]] = [{"kind": "help"}, {"kind": "accusation"}]
    for kind in kinds:
        await office.letter_in(S.RECEIVED, **kind)
    accusation = await office.write(kind="accusation")
    await accusation.act("register", accused=[office.department])
    await office.letter_in(S.DISPATCHED)
    places = [frozenset(p) for p in ((), ("*",), (office.department,), ("*", office.department))]
    callers = [
        Caller(sub="x", roles=frozenset({role}), places=where)
        for role in ("officer", "reviewer", "supervisor", "dispatcher", "auditor", "clerk")
        for where in places
    ]
    async with office.isolated.sessions() as session:
        every = (await session.execute(select(Row))).scalars().all()
        for caller in callers:
            listed = await session.execute(select(col(Row.id)).where(queries.visible_to(caller)))
            expected: set[UUID] = {row.id for row in every if rules.may_see(row, caller)}
            assert set(listed.scalars()) == expected, caller


async def test_a_senders_letters_are_found_by_phone_and_the_search_is_logged(
    office: LetterOffice,
) -> None:
    digits = f"139{int(office.department[-8:], 16) % 10**8:08d}"
    spaced = f"+86 {digits[:3]} {digits[3:7]} {digits[7:]}"
    mine = await office.write(contact={"name": "赵", "phone": digits})
    await office.write(contact=CONTACT)
    answer = await office.client.post(
        f"{API}/letters/find-by-phone",
        json={"phone": spaced},
        headers=office.headers("dispatcher", sub=f"finder-{digits}"),
    )
    assert [found["reg_no"] for found in answer.json()["items"]] == [mine.reg_no]
    async with office.isolated.sessions() as session:
        logged = await session.execute(
            text("SELECT details::text FROM audit_log WHERE actor = :actor"),
            {"actor": f"finder-{digits}"},
        )
        assert logged.scalars().all() == ['{"found": 1}']


async def test_the_original_cannot_be_changed_in_the_database(office: LetterOffice) -> None:
    letter = await office.write()
    async with office.isolated.sessions() as session:
        with pytest.raises(Exception, match="append only"):
            await session.execute(
                text("UPDATE letter SET body_sealed = 'x' WHERE id = :id"), {"id": letter.id}
            )


async def test_nothing_personal_is_logged(
    office: LetterOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = await office.write(title="我叫钱多多", contact=CONTACT)
    await letter.seen()
    logged = capsys.readouterr()
    for secret in ("钱多多", "赵铁柱", "13911112222", letter.code, json.dumps("钱多多")):
        assert secret not in logged.out + logged.err


async def test_what_is_somebodys_own_is_kept_by_nobody_and_says_what_it_depends_on(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(S.REPLIED)
    staff = [f"/{letter.id}/{what}" for what in ("file", "original", "papers")]
    paths = [("dispatcher", f"letters{path}") for path in ("", "/quarantine", *staff)]
    others = [("reviewer", "ratings"), ("supervisor", "supervision-orders")]
    for role, path in [*paths, *others, ("citizen", "letters/mine")]:
        answer = await office.client.get(f"{API}/{path}", headers=office.headers(role))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
        assert "Authorization" in answer.headers["vary"], path
    for code, status in ((letter.code, 200), ("0000000000", 404)):
        asked = {"X-Query-Code": code, "Accept-Language": "en"}
        own = await office.client.get(f"{API}/letters/{letter.reg_no}", headers=asked)
        kept = own.headers["cache-control"], own.headers["content-language"]
        assert (own.status_code, *kept) == (status, "no-store", "en")
        assert "Accept-Language" in own.headers["vary"]
        assert "X-Query-Code" in own.headers["vary"] or status == 404
