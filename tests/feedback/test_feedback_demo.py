import json

from services.feedback import demo
from services.feedback.redaction.rules import unresolved
from shared.security.crypto import Keyring
from tests.feedback.isolated_service import IsolatedService
from tests.support import COLUMN_KEYS, INDEX_KEY

VAULT = Keyring(COLUMN_KEYS, INDEX_KEY)


async def test_the_demo_loads_once_and_shows_nothing_personal(isolated: IsolatedService) -> None:
    async with isolated.sessions() as session, session.begin():
        assert await demo.load(session, VAULT, "NC", isolated.clock.now) == 22
    async with isolated.sessions() as session, session.begin():
        assert await demo.load(session, VAULT, "NC", isolated.clock.now) == 0
    written = json.loads((demo.DATA / "letters.json").read_text("utf-8"))
    shown = []
    for letter in written:
        params = {"q": letter["title"], "limit": 1}
        answer = await isolated.client.get("/api/v1/published-letters", params=params)
        shown += answer.json()["items"]
    assert [copy["title"] for copy in shown] == [letter["title"] for letter in written]
    for copy in shown:
        public = f"{copy['title']}\n{copy['body']}\n{copy['reply']}"
        assert unresolved(public, []) == []
        for letter in written:
            contact = letter.get("contact", {"name": "邓云舒", "phone": "13912345678"})
            assert contact["name"] not in public
            assert contact["phone"] not in public
