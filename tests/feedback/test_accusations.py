"""信访工作条例 art. 30: an accusation never reaches whom it accuses, by any way."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.feedback.letter_helpers import API, LetterOffice, new_department
from tests.provoking import provokes


@provokes("letter_dispatch", "department-accused")
@provokes("read_letter_papers", "not-found")
@provokes("read_original_letter", "not-found")
@provokes("read_redaction", "not-found")
async def test_an_accusation_never_reaches_whom_it_accuses(office: LetterOffice) -> None:
    letter = await office.write(kind="accusation", title="举报违规收费")
    unnamed = await letter.act("register")
    assert unnamed.json()["errors"][0]["pointer"] == "/body/accused"
    await letter.act("register", accused=[office.department])
    await letter.act("accept")
    refused = await letter.act("dispatch", department_code=office.department)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/department-accused")
    await letter.act("dispatch", department_code=await new_department(office.isolated))
    for role in ("officer", "reviewer", "supervisor", "dispatcher"):
        for params in ({"reg_no": letter.reg_no}, {"kind": "accusation"}):
            assert await office.list(role, office.department, **params) == []
        for paper in ("file", "original", "papers", "publication"):
            answer = await office.client.get(
                f"{API}/letters/{letter.id}/{paper}",
                headers=office.headers(role, office.department),
            )
            assert answer.status_code in (403, 404), (role, paper)


async def test_the_database_itself_keeps_an_accusation_from_the_accused(
    office: LetterOffice,
) -> None:
    letter = await office.write(kind="accusation")
    await letter.act("register", accused=[office.department])
    async with office.isolated.sessions() as session:
        with pytest.raises(IntegrityError, match="never_assigned_to_the_accused"):
            await session.execute(
                text("UPDATE letter SET department_code = :code WHERE id = :id"),
                {"code": office.department, "id": letter.id},
            )


async def test_an_accusation_merges_only_with_its_like(office: LetterOffice) -> None:
    accusation = await office.write(kind="accusation")
    plain = await office.write()
    assert (await accusation.act("merge", into=plain.id)).status_code == 409
    assert (await plain.act("merge", into=accusation.id)).status_code == 409
