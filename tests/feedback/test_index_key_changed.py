"""Senders find their letters, and staff the senders', though the index key was changed since."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy import index_anew
from deploy.anew import Outcome
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.feedback.app import create_app
from services.feedback.ratings import rules, service
from services.feedback.ratings.contracts import CaseFinished
from shared.database.engine import new_engine, new_sessions
from shared.ids import new_id
from shared.security.crypto import Keyring, rating_key
from tests import support
from tests.conftest import Headers
from tests.feedback.letter_helpers import API, BODY
from tests.support import Databases, Tokens

OLD, NEW = [Keyring(support.COLUMN_KEYS, keys) for keys in support.INDEX_CHAINS]
FIRST, SECOND = support.INDEX_CHAINS
CONTACT = {"name": "李明", "phone": "13812341234"}
STALE = """
SELECT count(*) FROM (
  SELECT code_hash AS d FROM letter UNION ALL SELECT renewed_code_hash FROM letter
  UNION ALL SELECT contact_index FROM letter UNION ALL SELECT account_index FROM letter
  UNION ALL SELECT code_hash FROM quarantined_letter
) AS digests WHERE d ~ '^[0-9a-f]{64}$'
"""


@pytest.fixture(scope="session")
def urls(databases: Databases) -> Urls:
    return databases.new("feedback", "feedback_chained")


class Service:
    """The service with some index keys."""

    def __init__(self, urls: Urls, bus: NatsServer, tokens: Tokens, as_: Headers) -> None:
        self.urls, self._bus, self._tokens, self._as = urls, bus, tokens, as_

    def settings(self, keys: str = FIRST) -> Any:
        flood = {"equal_letters_a_day": 2}
        return support.settings_for(
            "feedback", self.urls.service, self._bus, self._tokens,
            background=False, index_key=keys, **flood,
        )  # fmt: skip

    @asynccontextmanager
    async def with_keys(self, keys: str) -> AsyncIterator["Office"]:
        async with support.serve(create_app(self.settings(keys))) as client:
            yield Office(client, self._as)

    async def lift(self) -> Outcome:
        said: list[str] = []
        return await index_anew.index_anew("feedback", self.urls.owner, NEW, said.append)

    async def left(self) -> int:
        rows = await support.connect(self.urls.owner)
        found = int(await rows.fetchval(STALE))
        await rows.close()
        return found


class Office:
    def __init__(self, client: httpx.AsyncClient, as_: Headers) -> None:
        self.client, self._as = client, as_

    async def ask(self, headers: dict[str, str] | None = None, **letter: Any) -> httpx.Response:
        usual = {"kind": "help", "title": "路灯不亮", "body": f"{BODY}{uuid4().hex}"}
        return await self.client.post(f"{API}/letters", json=usual | letter, headers=headers or {})

    async def send(self, headers: dict[str, str] | None = None, **letter: Any) -> dict[str, Any]:
        answer = await self.ask(headers, **letter)
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def sees(self, receipt: dict[str, Any]) -> bool:
        params = {"code": receipt["query_code"]}
        answer = await self.client.get(f"{API}/letters/{receipt['reg_no']}", params=params)
        return answer.status_code == 200

    async def of_account(self, me: dict[str, str]) -> set[str]:
        answer = await self.client.get(f"{API}/letters/mine", headers=me)
        assert answer.status_code == 200, answer.text
        return {one["reg_no"] for one in answer.json()["items"]}

    async def by_phone(self, phone: str) -> set[str]:
        answer = await self.client.post(
            f"{API}/letters/find-by-phone",
            json={"phone": phone},
            headers=self._as("dispatcher", "*"),
        )
        assert answer.status_code == 200, answer.text
        return {one["id"] for one in answer.json()["items"]}


@pytest.fixture
def feedback_service(urls: Urls, bus: NatsServer, tokens: Tokens, as_: Headers) -> Service:
    return Service(urls, bus, tokens, as_)


@pytest.mark.parametrize("swept", [False, True])
async def test_a_letter_from_before_is_found_by_code_account_and_phone(
    feedback_service: Service, as_: Headers, *, swept: bool
) -> None:
    me, phone = as_("citizen", sub=str(new_id())), f"139{uuid4().int % 10**8:08}"
    contact = CONTACT | {"phone": phone}
    async with feedback_service.with_keys(FIRST) as office:
        before = await office.send(me, contact=contact)
        assert await office.sees(before)
    async with feedback_service.with_keys(SECOND) as office:
        if swept:
            assert (await feedback_service.lift()).left == 0
            assert await feedback_service.left() == 0
        after = await office.send(me, contact=contact)
        for receipt in (before, after):
            assert await office.sees(receipt)
            assert not await office.sees(receipt | {"query_code": after["query_code"][::-1]})
        assert not await office.sees(before | {"query_code": after["query_code"]})
        assert await office.of_account(me) == {before["reg_no"], after["reg_no"]}
        assert await office.by_phone(phone) == {before["id"], after["id"]}
        again = await feedback_service.lift()
        assert (again.left, await feedback_service.left()) == (0, 0)
        assert (await feedback_service.lift()).changed == 0
        assert await office.sees(before)


async def test_what_waits_of_a_flood_opens_by_its_code_and_becomes_the_senders_letter(
    feedback_service: Service, as_: Headers
) -> None:
    text = f"{BODY}{uuid4().hex}"
    async with feedback_service.with_keys(FIRST) as office:
        sent = [await office.send(body=text, kind="suggestion") for _ in range(4)]
    waits = sent[-1]
    assert waits["state"] == "quarantined"
    async with feedback_service.with_keys(SECOND) as office:
        assert await office.sees(waits)
        await feedback_service.lift()
        assert await office.sees(waits)
        url = f"{API}/letters/quarantine/{waits['id']}"
        dispatcher = as_("dispatcher", "*")
        answer = await office.client.post(f"{url}/release", json={}, headers=dispatcher)
        assert answer.status_code == 200, answer.text
        assert await office.sees(waits)
        assert await office.sees(waits | {"reg_no": answer.json()["reg_no"]})


async def test_a_letter_that_is_sent_again_across_the_change_is_one_letter(
    feedback_service: Service,
) -> None:
    key, text = {"Idempotency-Key": uuid4().hex}, f"{BODY}{uuid4().hex}"
    async with feedback_service.with_keys(FIRST) as office:
        first = await office.send(key, body=text)
    async with feedback_service.with_keys(SECOND) as office:
        again = await office.ask(key, body=text)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json() == first
        other = await office.ask(key, body=f"{text}!")
        assert other.json()["type"] == "/problems/idempotency-key-reused"
        newer = {"Idempotency-Key": uuid4().hex}
        assert await office.send(newer, body=text) == await office.send(newer, body=text)


async def test_a_letter_is_seen_to_be_like_one_from_before(feedback_service: Service) -> None:
    text = f"{uuid4().hex}东湖公园北门外的健身器材损坏多日，存在安全隐患，请尽快维修。"
    async with feedback_service.with_keys(FIRST) as office:
        before = await office.send(body=text, contact=CONTACT)
    async with feedback_service.with_keys(SECOND) as office:
        after = await office.send(body=text, contact=CONTACT)
    rows = await support.connect(feedback_service.urls.owner)
    hint = "SELECT likeness FROM duplicate_hint WHERE letter_id = $1 AND other_id = $2"
    assert await rows.fetchval(hint, UUID(after["id"]), UUID(before["id"])) == 1
    await rows.close()


async def test_what_a_person_was_handed_to_rate_with_still_rates(feedback_service: Service) -> None:
    """Appointments may have the newer key before this service has it, or after."""
    case = uuid4()
    settings = feedback_service.settings()
    engine = new_engine(settings, "test")
    async with new_sessions(engine)() as session, session.begin():
        finished = CaseFinished(
            case_id=case, hall_code="H001", department_code="T01", item_code="11320100",
            item_name="不动产登记", outcome="done", finished_at=datetime.now(UTC),
        )  # fmt: skip
        await service.invite(session, finished, datetime.now(UTC))
    await engine.dispose()
    async with feedback_service.with_keys(SECOND) as office:
        tokens = []
        for sender in (OLD, NEW):
            asked = {"case_id": str(case), "rating_key": rating_key(sender, case)}
            answer = await office.client.post(f"{API}/ratings/invitations", json=asked)
            assert answer.status_code == 200, answer.text
            tokens.append(answer.json()["token"])
        wrong = {"case_id": str(case), "rating_key": rating_key(NEW, uuid4())}
        answer = await office.client.post(f"{API}/ratings/invitations", json=wrong)
        assert answer.status_code == 404
        old = rules.token_of(rules.invitation_of(tokens[0], NEW), OLD)
        assert old != tokens[0]
        rating = {"token": old, "grade": "satisfied", "tags": ["411"]}
        answer = await office.client.post(f"{API}/ratings", json=rating)
        assert answer.status_code == 201, answer.text
