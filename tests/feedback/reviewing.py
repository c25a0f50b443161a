"""The publication of letters for tests: opened, decided and approved over the API."""

from typing import Any

import httpx

from services.feedback.letters.models import LetterState as S
from tests.feedback.letter_helpers import API, Letter, LetterOffice

CANARIES = {
    "name": "邓紫薇",
    "phone": "13912345678",
    "second_phone": "186 2345 6789",
    "id": "11010519491231002X",
    "card": "6222021234567890128",
    "plate": "渝A·8K123",
    "dwelling": "7栋2单元1203室",
    "mail": "dengzw@example.com",
}
BODY = (
    "我叫{name}，身份证{id}，电话{phone}，也可打{second_phone}，卡号{card}，车牌{plate}，"
    "住金佛大道88号{dwelling}，邮箱{mail}。小区门口的路灯坏了。邓紫薇敬上"
).format(**CANARIES)
REPLY = (
    "邓紫薇女士您好，您住的7栋2单元1203室门口路灯已修复，"
    "我们已致电13912345678。联系人：林知远，电话71422222。"
)


class Review:
    """The publication of one letter, as its reviewers go through it."""

    def __init__(self, letter: Letter) -> None:
        self.letter, self.office, self.version = letter, letter.office, 1
        self.path = f"{API}/letters/{letter.id}/publication"

    async def post(
        self, what: str = "", *, sub: str = "reviewer-1", role: str = "reviewer", **body: Any
    ) -> httpx.Response:
        seen = {"If-Match": f'"{self.version}"'} if what else {}  # what is opened has no version
        answer = await self.office.client.post(
            self.path + what, json=body, headers={**self.office.headers(role, sub=sub), **seen}
        )
        if answer.status_code in (200, 201):
            self.version = answer.json()["version"]
        return answer

    async def opened(self) -> dict[str, Any]:
        answer = await self.post()
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def accept_all(self) -> dict[str, Any]:
        """Accept every proposal."""
        view = await self.opened()
        ids = [span["id"] for span in view["spans"]]
        answer = await self.post("/spans", accept=ids)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def replied(
    office: LetterOffice, *, reply: str = REPLY, merging: Letter | None = None, **letter: Any
) -> Review:
    """A letter whose reply has gone out, to the sender of another one too if that is `merging`."""
    contact = {"name": CANARIES["name"], "phone": CANARIES["phone"]}
    usual = {"title": "邓紫薇反映路灯不亮", "body": BODY, "contact": contact}
    written = await office.letter_in(S.HANDLING, **{**usual, **letter})
    if merging is not None:
        assert (await merging.act("merge", into=written.id)).status_code == 200
    await written.act("submit_reply", text=reply)
    await written.act("approve")
    return Review(written)


async def published(office: LetterOffice, **letter: Any) -> Review:
    review = await replied(office, **letter)
    await review.accept_all()
    answer = await review.post("/approve")
    assert answer.json()["state"] == "published", answer.text
    return review


async def found(office: LetterOffice, **params: Any) -> list[dict[str, Any]]:
    answer = await office.client.get(f"{API}/published-letters", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
