"""A sender in confidence is unknown to the department, however their data is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.letters.models import LetterState as S
from services.feedback.redaction.characters import letters_and_digits
from services.feedback.redaction.own_data import black_out, hide
from services.feedback.redaction.rules import given_away
from services.feedback.redaction.spans import Own, SpanKind
from tests.feedback.letter_helpers import API, Letter, LetterOffice
from tests.feedback.reviewing import Review

NAME, PHONE = "赵铁柱", "13911112222"
SPELLED = [
    "赵 铁 柱",
    "赵·铁-柱",
    "赵\u200b铁\u3000柱",
    "139 1111 2222",
    "139-1111-2222",
    "+86 139，1111，2222",
    "139 / 1111 / 2222",
    "139\u20111111\u20112222",
    "139\n1111\n2222",
    "１３９１１１１２２２２",
    "一三九一一一一二二二二",
    "壹叁玖 一一一一 ２２２２",
]
OWN = {
    "id": "11010519491231002X",
    "mail": "zhao.tz@example.com",
    "dwelling": "3栋2单元501室",
    "second_phone": "13700001111",
    "wechat": "zhaotz_1988",
    "daughter": "赵小花",
}
BODY = (
    "我叫赵铁柱，身份证{id}，邮箱{mail}，住金佛大道12号{dwelling}，也可打{second_phone}，"
    "微信号：{wechat}。我女儿{daughter}，每天走这条路。路灯坏了半个月。被投诉人李建国不管。"
).format(**OWN)


async def in_confidence(office: LetterOffice, state: S, **letter: Any) -> Letter:
    contact = {"name": NAME, "phone": PHONE}
    usual = {"contact": contact, "anonymity": "confidential", "body": BODY}
    return await office.letter_in(state, **{**usual, **letter})


async def shown(office: LetterOffice, letter: Letter, what: str, role: str = "officer") -> str:
    headers = office.headers(role, office.department)
    answer = await office.client.get(f"{API}/letters/{letter.id}/{what}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def unmasked(text: str) -> list[str]:
    """What of the sender can be read in it."""
    plain = letters_and_digits(text).text
    values = [NAME, PHONE, "zhaotz", *OWN.values()]
    return [value for value in values if letters_and_digits(value).text in plain]


async def test_no_text_towards_the_department_names_a_sender_in_confidence(
    office: LetterOffice,
) -> None:
    letter = await in_confidence(office, S.HANDLING, place="金佛大道12号3栋2单元501室赵铁柱家")
    await letter.act("supplement", text=f"补充：{BODY}")
    await letter.act("submit_reply", text=f"{NAME}您好，已致电{PHONE}，邮件发至{OWN['mail']}。")
    for what in ("original", "papers", "file"):
        assert unmasked(await shown(office, letter, what)) == [], what
    assert "李建国" in await shown(office, letter, "original")
    assert "路灯坏了半个月" in await shown(office, letter, "original")


async def test_what_a_supplement_gives_away_is_hidden_in_all_that_was_written_before(
    office: LetterOffice,
) -> None:
    """Nothing but the supplement says whose the name and the number are."""
    letter = await office.letter_in(
        S.HANDLING,
        anonymity="confidential",
        title="赵铁柱家的路灯不亮",
        body="灯坏了，物业说去找赵铁柱，卡号62220 21234，不管。",
        place="赵铁柱家门口",
    )
    await letter.act("supplement", text="我叫赵铁柱。卡号622202 1234。")
    await letter.act("submit_reply", text="赵铁柱：路灯已修复，卡号6222021234已核。")
    await letter.act("approve", role="reviewer", sub="reviewer-9")
    await Review(letter).opened()
    for what in ("original", "papers", "file", "publication"):
        role = "reviewer" if what == "publication" else "officer"
        plain = letters_and_digits(await shown(office, letter, what, role)).text
        assert "赵铁柱" not in plain, what
        assert "6222021234" not in plain, what
    [listed] = await office.list("officer", reg_no=letter.reg_no)
    assert listed["title"] == "赵某家的路灯不亮"


async def test_no_part_of_a_name_or_an_address_leads_to_a_sender_in_confidence(
    office: LetterOffice,
) -> None:
    letter = await office.letter_in(
        S.HANDLING,
        contact={"name": "陆建华", "phone": PHONE},
        anonymity="confidential",
        title="建华反映路灯",
        body="家住柳溪路18号3栋501室，大家叫我建华，也有叫老陆的。房号3-501，18#3-501，姓陆名建华，"
        "lujh艾特qq点com，车牌闽 A 12345。",
        place="2-803 建华家门口",
    )
    for what in ("original", "file", "papers"):
        seen = await shown(office, letter, what)
        for part in ("建华", "老陆", "3-501", "lujh", "12345", "2-803"):
            assert part not in seen, (what, part)
    [listed] = await office.list("officer", reg_no=letter.reg_no)
    assert "建华" not in listed["title"]
    assert await office.list("officer", reg_no=letter.reg_no, q="建华") == []


@pytest.mark.parametrize("spelled", SPELLED)
async def test_neither_does_another_spelling(office: LetterOffice, spelled: str) -> None:
    letter = await in_confidence(office, S.HANDLING, body=f"请找{spelled}，路灯不亮。")
    await letter.act("supplement", text=f"再说一次，找{spelled}。")
    for what in ("original", "papers", "file"):
        assert unmasked(await shown(office, letter, what)) == [], what


async def test_the_office_reads_all_of_it(office: LetterOffice) -> None:
    letter = await in_confidence(office, S.HANDLING, place="金佛大道12号3栋")
    headers = office.headers("dispatcher")
    answer = await office.client.get(f"{API}/letters/{letter.id}/original", headers=headers)
    assert (answer.json()["body"], answer.json()["place"]) == (BODY, "金佛大道12号3栋")


async def test_a_reviewer_of_the_department_decides_without_reading_who_wrote(
    office: LetterOffice,
) -> None:
    letter = await in_confidence(office, S.REPLIED)
    review = Review(letter)
    view = await review.opened()
    path = "publication"
    seen = await shown(office, letter, path, "reviewer")
    assert unmasked(seen) == []
    assert len(view["texts"]["body"]) == len(BODY)
    assert "李建国" in seen
    await review.post("/spans", reject=[span["id"] for span in view["spans"]])
    assert unmasked(await shown(office, letter, path, "reviewer")) == []
    refused = await review.post("/approve")
    assert refused.json()["type"] == "/problems/publication-blocked", (
        "nobody may publish the sender"
    )
    await review.post("/spans", accept=[span["id"] for span in view["spans"]])
    assert (await review.post("/approve")).json()["state"] == "published"
    public = await office.client.get(f"{API}/published-letters/{letter.reg_no}")
    assert unmasked(public.text) == []


async def test_a_department_cannot_try_out_phone_numbers(office: LetterOffice) -> None:
    letter = await in_confidence(office, S.HANDLING)
    found = {}
    for place in (office.department, "*"):
        answer = await office.client.post(
            f"{API}/letters/find-by-phone",
            json={"phone": PHONE},
            headers=office.headers("supervisor", place),
        )
        found[place] = letter.id in [item["id"] for item in answer.json()["items"]]
    assert found == {office.department: False, "*": True}


async def test_ids_in_the_file_of_a_letter_stay_whole(office: LetterOffice) -> None:
    letter, into = await office.letter_in(S.HANDLING), await office.write()
    await letter.act("merge", into=into.id, note="电话13800138000")
    answer = await office.client.get(
        f"{API}/letters/{letter.id}/file", headers=office.headers("dispatcher")
    )
    said = answer.json()["steps"][-1]["said"]
    assert said == {"into": into.id, "note": "电话［电话］"}


SEPARATORS = st.text(alphabet=" -.·,，/／()（）\n\t\u2011\u3000\u200b_*", max_size=4)
DIGIT = {d: (d, chr(ord(d) + 0xFEE0), "零一二三四五六七八九"[int(d)]) for d in "0123456789"}


@given(st.data())
def test_whatever_stands_between_and_however_digits_are_written(data: st.DataObject) -> None:
    own = frozenset({Own(NAME, SpanKind.NAME), Own("+86 " + PHONE, SpanKind.PHONE)})
    written = [data.draw(st.sampled_from(DIGIT.get(c, (c,)))) for c in data.draw(
        st.sampled_from([NAME, PHONE, "86" + PHONE])
    )]  # fmt: skip
    spelled = written[0] + "".join(data.draw(SEPARATORS) + c for c in written[1:])
    text = f"请联系{spelled}谢谢"
    assert unmasked(hide(text, own)) == []
    blacked = black_out(text, own)
    assert unmasked(blacked) == []
    assert len(blacked) == len(text)
    assert blacked.startswith("请联系")
    assert blacked.endswith("谢谢")


def test_what_a_letter_gives_away_is_found_in_what_others_write_of_it() -> None:
    own = given_away([BODY])
    assert unmasked(hide(f"{OWN['id']} {OWN['dwelling']} {OWN['daughter']}", own)) == []
    assert hide("李建国答复，2026年12月1日办结", own) == "李建国答复，2026年12月1日办结"
