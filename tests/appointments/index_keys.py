"""The service before and after its index key was changed, on one database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from deploy import index_anew
from deploy.anew import Outcome
from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.app import create_app
from services.appointments.people.contracts import AccountIdentified
from services.appointments.people.handlers import learn_person
from shared.database.engine import DirectPool, Sessions, new_engine, new_sessions
from shared.ids import new_id
from shared.messaging.events import Envelope
from shared.security.crypto import Keyring
from shared.security.loaded import load
from shared.web import dependencies
from tests import support
from tests.appointments import offices, queue_helpers
from tests.appointments.offices import NINE, SIGN, Office
from tests.appointments.queue_helpers import Clock, Floor, good, problem
from tests.support import Tokens

OLD, NEW = [Keyring(support.COLUMN_KEYS, keys) for keys in support.INDEX_CHAINS]
TEN, THREE = NINE + timedelta(hours=1), NINE + timedelta(hours=6)
STALE = " UNION ALL ".join(
    f"SELECT {name} FROM {table} WHERE {name} ~ '[0-9a-f]{{64}}$'"
    for table, names in {
        "ticket": ("citizen_key", "person_document", "person_phone", "evidence_index"),
        "appointment": ("citizen_key", "person_document", "person_phone"),
        "penalty": ("citizen_key", "person_document", "person_phone"),
        "citizen": ("key",),
        "verified_account": ("document", "phone"),
        "booking_turn": ("key",),
    }.items()
    for name in names
)


@dataclass
class Halls:
    """A hall that is booked and one that is queued in, and who works there."""

    office: Office
    floor: Floor
    urls: Urls
    bus: NatsServer
    tokens: Tokens
    owner: asyncpg.Connection
    keys: str = support.INDEX_CHAINS[0]

    async def left(self) -> int:
        """How many digests are of the first key."""
        return int(await self.owner.fetchval(f"SELECT count(*) FROM ({STALE}) AS stale"))

    @asynccontextmanager
    async def changed(self, keys: str = support.INDEX_CHAINS[1]) -> AsyncIterator[None]:
        """All processes were stopped and started with these keys."""
        before, self.keys = (self.office.client, self.keys), keys
        try:
            async with _serving(self, keys) as client:
                self.office.client = self.floor.client = client
                yield
        finally:
            self.office.client = self.floor.client = before[0]
            self.keys = before[1]

    async def identify(
        self, account: UUID, who: dict[str, str], sender: Keyring, version: int = 1
    ) -> None:
        """What a gateway sends, which has these keys of its own."""
        number, phone = who.get("id_number"), who.get("phone")
        checked = AccountIdentified(
            account_id=account,
            document_index=number and sender.document_index(number, where="person.document"),
            phone_index=phone and sender.phone_index(phone, where="person.phone"),
            version=version,
        )
        envelope: Envelope[AccountIdentified] = Envelope(
            source="/gateway", type=AccountIdentified.type, data=checked
        )
        async with self.sessions() as sessions, sessions() as session, session.begin():
            await learn_person(session, envelope)

    @asynccontextmanager
    async def sessions(self) -> AsyncIterator[Sessions]:
        """Transactions as the running service has them."""
        settings = support.settings_for("appointments", self.urls.service, self.bus, self.tokens)
        direct = DirectPool(settings, "test", None)
        load(direct, Keyring(support.COLUMN_KEYS, self.keys))
        engine = new_engine(settings, "test")
        try:
            yield new_sessions(engine, direct.memory)
        finally:
            await direct.close()
            await engine.dispose()


@asynccontextmanager
async def _serving(halls: Halls, keys: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = support.settings_for(
        "appointments", halls.urls.service, halls.bus, halls.tokens,
        background=False, index_key=keys,
    )  # fmt: skip
    app = create_app(settings)
    app.dependency_overrides[dependencies.present] = halls.office.clock
    async with support.serve(app) as client:
        yield client


@asynccontextmanager
async def open_halls(
    urls: Urls, bus: NatsServer, tokens: Tokens, sign: SIGN
) -> AsyncIterator[Halls]:
    """Halls of the service with its first index key."""
    owner, clock = await support.connect(urls.owner), Clock()
    clock.at = NINE
    nobody = httpx.AsyncClient()
    office = await offices.build(nobody, sign, owner, clock)
    floor = Floor(nobody, sign, *await queue_helpers.build(owner, items=2), clock)
    halls = Halls(office, floor, urls, bus, tokens, owner)
    try:
        async with halls.changed(support.INDEX_CHAINS[0]):
            yield halls
    finally:
        await nobody.aclose()
        await owner.close()


async def lift(halls: Halls, keyring: Keyring = NEW) -> Outcome:
    said: list[str] = []
    return await index_anew.index_anew("appointments", halls.urls.owner, keyring, said.append)


async def book(halls: Halls, who: dict[str, str], **others: Any) -> dict[str, Any]:
    slot = await halls.office.slot(THREE, pool="assisted", rule_code=f"R{new_id().hex[-6:]}")
    return await halls.office.hold(slot, headers=halls.office.clerk(), citizen=who, **others)


async def refused(halls: Halls, headers: dict[str, str], **others: Any) -> dict[str, Any]:
    """At the same time, for another item."""
    pool = "assisted" if "citizen" in others else "online"
    slot = await halls.office.slot(THREE, pool=pool, rule_code=f"R{new_id().hex[-6:]}")
    item = halls.office.items[1]
    answer = await halls.office.ask(slot, headers=headers, item=item, **others)
    return problem(answer, 409, "overlapping-appointment")


async def own(halls: Halls, me: dict[str, str], what: str = "appointments") -> set[str]:
    shown = await halls.office.get(what, headers=me)
    return {one["id"] for one in good(shown)["items"]}
