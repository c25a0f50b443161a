"""The phone of a sender leaves for a notice about their letter only, and only where it may."""

from typing import Any
from uuid import uuid4

import pytest

from services.feedback.letters.models import LetterState as S
from tests.feedback.letter_helpers import API, LetterOffice

CONTACT = {"name": "赵铁柱", "phone": "13911112222"}


async def ask(office: LetterOffice, kind: str, about: str, role: str = "system") -> Any:
    sub = "gateway" if role == "system" else "somebody"
    return await office.client.get(
        f"{API}/notice-recipients/{uuid4()}",
        params={"kind": kind, "about": about},
        headers=office.headers(role, sub=sub),
    )


async def test_a_named_senders_phone_is_handed_over_as_long_as_the_notice_is_true(
    office: LetterOffice,
) -> None:
    letter = await office.write(contact=CONTACT)
    early = (await ask(office, "letter_received", letter.id)).json()
    assert early == {"applies": False, "account_id": None, "phone": None, "facts": {}}
    await letter.bring_to(S.HANDLING)
    known = (await ask(office, "letter_received", letter.id)).json()
    assert (known["applies"], known["phone"]) == (True, CONTACT["phone"])
    assert known["facts"]["reg_no"] == letter.reg_no
    moved = (await ask(office, "letter_due_moved", letter.id)).json()
    assert moved["facts"]["due_on"] is not None
    assert not (await ask(office, "letter_answered", letter.id)).json()["applies"]
    assert not (await ask(office, "ticket_called", letter.id)).json()["applies"]


@pytest.mark.parametrize(
    "given",
    [
        {"contact": CONTACT, "anonymity": "confidential"},
        {"contact": CONTACT, "kind": "accusation"},
    ],
)
async def test_of_who_accuses_or_wrote_in_confidence_nothing_leaves(
    office: LetterOffice, given: dict[str, Any]
) -> None:
    letter = await office.write(**given)
    accused: dict[str, Any] = {"accused": []} if "kind" in given else {}
    assert (await letter.act("register", **accused)).status_code == 200
    answer = await ask(office, "letter_received", letter.id)
    assert answer.json()["applies"] is False
    assert CONTACT["phone"] not in answer.text


@pytest.mark.parametrize("role", ["admin", "dispatcher", "supervisor", "citizen"])
async def test_nobody_but_the_gateway_is_handed_a_phone(office: LetterOffice, role: str) -> None:
    letter = await office.write(contact=CONTACT)
    assert (await ask(office, "letter_received", letter.id, role)).status_code == 403
