"""A booking as a careful engineer writes it in a day: plain FastAPI and asyncpg, no house of ours.

`python -m uvicorn tests.benchmarks.peers.booking:app --loop uvloop --http httptools`

It does the work of `POST /appointments` and `/appointments/{id}/confirm`, for citizens: a signed
token (EdDSA, and good ones are remembered), a strict body, a key with the stored answer, capacity
and state by compare-and-swap, one appointment a person, item and day, the event in an outbox in
the same transaction, and the same shape of answer.

Left out, all to its advantage: a gateway before it; a relay that publishes the outbox; penalties,
caps and overlaps at other halls; staff who book for others, several pools, guides and policies; the
jobs that give back what was not confirmed; encryption of what is kept; problem documents in two
languages; metrics, logs, traces, admission under load, tokens that were ended.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from cachetools import LRUCache
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field

CONNECTIONS = 10
HOLD = timedelta(minutes=5)
SCHEMA = """
CREATE TABLE slot (
  id uuid PRIMARY KEY, hall_code text NOT NULL, pool text NOT NULL, item_codes text[] NOT NULL,
  starts_at timestamptz NOT NULL, minutes int NOT NULL, closes_at timestamptz NOT NULL,
  capacity int NOT NULL, booked int NOT NULL DEFAULT 0 CHECK (booked <= capacity));
CREATE TABLE appointment (
  id uuid PRIMARY KEY, code text NOT NULL UNIQUE, citizen text NOT NULL, hall_code text NOT NULL,
  item_code text NOT NULL, pool text NOT NULL, on_date date NOT NULL,
  starts_at timestamptz NOT NULL, minutes int NOT NULL, slots jsonb NOT NULL,
  state text NOT NULL, version int NOT NULL, held_at timestamptz NOT NULL, expires_at timestamptz,
  changed_at timestamptz NOT NULL);
CREATE UNIQUE INDEX ON appointment (citizen, item_code, on_date)
  WHERE state IN ('held', 'confirmed');
CREATE INDEX ON appointment (hall_code, on_date);
CREATE TABLE appointment_slot (
  appointment_id uuid REFERENCES appointment, slot_id uuid REFERENCES slot,
  PRIMARY KEY (slot_id, appointment_id));
CREATE TABLE idempotency (
  caller text, key text, request_hash text NOT NULL, status int NOT NULL, answer text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (caller, key));
CREATE TABLE outbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL,
  subject text NOT NULL, body text NOT NULL, published_at timestamptz);
CREATE INDEX ON outbox (position) WHERE published_at IS NULL;
"""
TAKE = """
UPDATE slot SET booked = booked + 1
WHERE id = ANY($1) AND booked < capacity AND closes_at > $2 AND $3 = ANY(item_codes)
RETURNING id, hall_code, pool, starts_at, minutes
"""
APPOINT = """
INSERT INTO appointment VALUES ($1, $2, $3, $4, $5, $6, ($7 AT TIME ZONE 'Asia/Shanghai')::date,
  $7, $8, $9, 'held', 1, $10, $11, $10) RETURNING *
"""
PLACE = "INSERT INTO appointment_slot SELECT $1, unnest($2::uuid[])"
CONFIRM = """
UPDATE appointment SET state = 'confirmed', version = version + 1, expires_at = NULL,
  changed_at = $3
WHERE id = $1 AND version = $2 AND state = 'held' AND expires_at > $3 RETURNING *
"""
PROMISE = "INSERT INTO outbox (event_id, subject, body) VALUES ($1, $2, $3)"
FIND = "SELECT request_hash, status, answer FROM idempotency WHERE caller = $1 AND key = $2"
KEEP = (
    "INSERT INTO idempotency (caller, key, request_hash, status, answer)"
    " VALUES ($1, $2, $3, $4, $5)"
)


class HoldRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slot_ids: list[UUID] = Field(min_length=1, max_length=8)
    item_code: str = Field(min_length=1, max_length=64)


class Slot(BaseModel):
    id: UUID
    starts_at: datetime
    minutes: int


class AppointmentView(BaseModel):
    id: UUID
    code: str
    state: str
    hall_code: str
    item_code: str
    pool: str
    starts_at: datetime
    minutes: int
    slots: list[Slot]
    held_at: datetime
    expires_at: datetime | None
    guide_version: int = 1
    policy_version: int = 0
    version: int


def keys() -> KeySet:
    return KeySet.import_key_set(json.loads(Path(os.environ["PEER_JWKS"]).read_text()))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.keys = keys()
    app.state.tokens = LRUCache[str, tuple[float, str]](10_000)
    app.state.pool = await asyncpg.create_pool(
        os.environ["PEER_DATABASE_URL"], min_size=CONNECTIONS, max_size=CONNECTIONS
    )
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


async def citizen(request: Request, authorization: Annotated[str, Header()]) -> str:
    """The subject of a good token of a citizen."""
    token = authorization.removeprefix("Bearer ")
    expires_at, subject = request.app.state.tokens.get(token, (0.0, ""))
    if expires_at > time.time():
        return str(subject)
    try:
        claims = jwt.decode(token, request.app.state.keys, algorithms=["EdDSA"]).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": "onedoor"},
            aud={"essential": True, "value": "onedoor"},
            sub={"essential": True},
            exp={"essential": True},
        ).validate(claims)
    except (JoseError, ValueError):
        raise HTTPException(401, "sign in again") from None
    if "citizen" not in claims["roles"]:
        raise HTTPException(403, "for citizens")
    request.app.state.tokens[token] = (float(claims["exp"]), claims["sub"])
    return str(claims["sub"])


Citizen = Annotated[str, Depends(citizen)]
Key = Annotated[str, Header(alias="idempotency-key", min_length=1, max_length=255)]


class Claim:
    """The key of one request, and what it asks for."""

    def __init__(self, caller: str, key: str, asked: str) -> None:
        self.caller, self.key = caller, key
        self.hash = hashlib.sha256(asked.encode()).hexdigest()

    async def replayed(self, connection: Any) -> Response | None:
        """What the same request was answered before."""
        found = await connection.fetchrow(FIND, self.caller, self.key)
        if found is None:
            return None
        if found["request_hash"] != self.hash:
            raise HTTPException(422, "the key was used for another request")
        headers = {"Idempotent-Replayed": "true"}
        return Response(found["answer"], found["status"], headers, "application/json")

    async def keep(self, connection: Any, status: int, answer: str) -> Response:
        await connection.execute(KEEP, self.caller, self.key, self.hash, status, answer)
        return Response(answer, status, media_type="application/json")


@app.post("/api/v1/appointments", status_code=201, response_model=AppointmentView)
async def hold(wanted: HoldRequest, request: Request, caller: Citizen, key: Key) -> Response:
    claim = Claim(caller, key, f"POST /appointments {wanted.model_dump_json()}")
    now = datetime.now(UTC)
    try:
        async with request.app.state.pool.acquire() as connection, connection.transaction():
            if (before := await claim.replayed(connection)) is not None:
                return before
            slots = await connection.fetch(TAKE, wanted.slot_ids, now, wanted.item_code)
            if len(slots) < len(set(wanted.slot_ids)):
                raise HTTPException(409, "taken or not on sale")
            row = await connection.fetchrow(
                APPOINT, uuid4(), secrets.token_hex(5).upper(), caller, slots[0]["hall_code"],
                wanted.item_code, slots[0]["pool"], min(slot["starts_at"] for slot in slots),
                sum(slot["minutes"] for slot in slots), shown(slots), now, now + HOLD,
            )  # fmt: skip
            await connection.execute(PLACE, row["id"], wanted.slot_ids)
            await promise(connection, "held", row)
            return await claim.keep(connection, 201, view(row))
    except asyncpg.UniqueViolationError:
        raise HTTPException(409, "booked already") from None


@app.post("/api/v1/appointments/{appointment_id}/confirm", response_model=AppointmentView)
async def confirm(appointment_id: UUID, request: Request, caller: Citizen, key: Key) -> Response:
    claim = Claim(caller, key, f"POST /appointments/{appointment_id}/confirm")
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        if (before := await claim.replayed(connection)) is not None:
            return before
        mine = "SELECT version FROM appointment WHERE id = $1 AND citizen = $2"
        version = await connection.fetchval(mine, appointment_id, caller)
        if version is None:
            raise HTTPException(404, "no such appointment")
        row = await connection.fetchrow(CONFIRM, appointment_id, version, datetime.now(UTC))
        if row is None:
            raise HTTPException(409, "no longer held")
        await promise(connection, "confirmed", row)
        return await claim.keep(connection, 200, view(row))


def shown(slots: list[Any]) -> str:
    """The slots as they stand in the answer, so that nobody joins them again."""
    return json.dumps(
        [
            {
                "id": str(slot["id"]),
                "starts_at": slot["starts_at"].isoformat(),
                "minutes": slot["minutes"],
            }
            for slot in slots
        ]
    )


def view(row: Any) -> str:
    return AppointmentView(**{**row, "slots": json.loads(row["slots"])}).model_dump_json()


async def promise(connection: Any, what: str, row: Any) -> None:
    """The event, committed with what it tells of."""
    event = uuid4()
    data = {name: row[name] for name in ("hall_code", "item_code", "pool", "minutes", "version")}
    data |= {"appointment_id": str(row["id"]), "starts_at": row["starts_at"].isoformat()}
    kind = f"appointments.appointment.{what}.v1"
    envelope = {
        "specversion": "1.0", "id": str(event), "source": "/peer", "type": kind,
        "subject": str(row["id"]), "time": row["changed_at"].isoformat(),
        "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    await connection.execute(PROMISE, event, f"{kind}.{row['hall_code']}", json.dumps(envelope))
