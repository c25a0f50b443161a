"""A room of the tests' own: uses everything shared/ gives, on the feedback service's tables."""

from datetime import date
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.settings import FeedbackSettings
from shared.errors import Conflict, Text
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope, Event
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import app, versions
from shared.web.blueprint import Blueprint
from shared.web.dependencies import Direct, Now, Session, Swap, allow, public
from shared.web.models import Day, Input
from shared.web.room import Room
from shared.web.routing import Router


class NoteWritten(Event):
    """写下一条便签 / A note was written."""

    type: ClassVar[str] = "feedback.note.written.v1"

    note_id: UUID
    words: str


class NoteRequest(Input):
    words: str = Field(min_length=1, max_length=20)
    count: int = Field(1, ge=1, le=9)
    weight: float = 1
    loud: bool = False
    on: AwareDatetime | None = None
    day: date | None = None
    copies: list[dict[str, int]] = []
    type: str = "plain"


class Renaming(Input):
    words: str = Field(min_length=1)
    version: int = Field(ge=1)


class Seen(Input):
    version: int | None = None


class NoteView(BaseModel):
    id: UUID
    words: str


class NoteRefused(Conflict):
    type, title = "/problems/note-refused", Text("便签不被接受", "The note is refused")


CROSSING = (4721, 4722)
"""Locks that a note `cross` takes in this order; whoever takes them in the other meets it."""

router = Router(prefix="/notes", tags=["citizen"])


@router.post("", status_code=201, operation_id="write_note", summary="写便签 | Write a note")
async def write_note(
    request: NoteRequest,
    caller: Annotated[Caller, allow("citizen")],
    session: Session,
    now: Now,
    response: Response,
) -> NoteView:
    note_id = new_id()
    response.headers["Location"] = f"/api/v1/notes/{note_id}"
    await audit_log.write(session, caller.sub, "note.written", str(note_id), now)
    event = NoteWritten(note_id=note_id, words=request.words)
    await outbox.record(session, event, scope="D01", subject=str(note_id))
    if request.words == "cross":
        for lock in CROSSING:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock})
    if request.words == "refuse":
        raise NoteRefused(Text("换个说法", "Say it otherwise"), words_left=3)
    if request.words == "defect":
        raise KeyError(request.words)
    if request.words == "late":
        await session.execute(
            text("CREATE TEMP TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )
        await session.execute(text("INSERT INTO once VALUES (1), (1)"))
    return NoteView(id=note_id, words=request.words)


@router.post("/decided", status_code=201, operation_id="decide_note", summary="决定 | Decide")
async def decide_note(
    caller: Annotated[Caller, allow("citizen")], swap: Swap, now: Now
) -> dict[str, bool]:
    """Loses its connection while it reads, at the first try."""
    if not swap.is_again:
        await swap.direct.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    audit_log.promise(swap, caller.sub, "note.written", "decided", now)
    return {"decided": True}


@router.put("/name", operation_id="rename_notes", summary="改名 | Rename")
async def rename_notes(request: Renaming, _: Annotated[Caller, allow("citizen")]) -> dict[str, int]:
    versions.ensure(request.version, version=3, state="named")
    return {"version": request.version + 1}


@router.post("/name/keep", operation_id="keep_name", summary="保留 | Keep")
async def keep_name(
    _: Annotated[Caller, allow("citizen")], session: Session, seen: Seen | None = None
) -> dict[str, int | None]:
    version = seen.version if seen else None
    await session.execute(text("SELECT CAST(:seen AS int)"), {"seen": version})
    return {"version": version}


@router.get("", operation_id="count_notes", summary="便签数 | How many notes")
async def count_notes(
    caller: Annotated[Caller | None, public()],
    direct: Direct,
    since: Day | None = None,
    tag: Annotated[list[str] | None, Query()] = None,
) -> dict[str, int]:
    notes = "SELECT count(*) FROM audit_log WHERE action = 'note.written'"
    return {"notes": await direct.fetchval(notes)}


@router.get("/moments", operation_id="read_moments", summary="时刻 | Moments")
async def read_moments(_: Annotated[Caller | None, public()], session: Session) -> list[str]:
    """When the transactions of two statements began."""
    return [str((await session.execute(text("SELECT now()"))).scalar_one()) for _ in range(2)]


@router.get("/written", operation_id="write_while_reading", summary="读中写 | Writes in a reading")
async def write_while_reading(
    _: Annotated[Caller | None, public()], session: Session, now: Now
) -> dict[str, bool]:
    await audit_log.write(session, "reader", "note.written", "of a reading", now)
    return {"written": True}


@router.get("/slow", operation_id="slow_note", summary="慢 | Slow")
async def slow_note(_: Annotated[Caller | None, public()], direct: Direct) -> dict[str, bool]:
    await direct.execute("SELECT pg_sleep(0.3)")
    return {"slow": True}


handled: list[str] = []
LOCK = 4711
failing: set[str] = set()


async def remember(session: AsyncSession, envelope: Envelope[NoteWritten]) -> None:
    """Writes a row for each note, in the consumer's transaction; fails for those in `failing`."""
    words = envelope.data.words
    handled.append(words)
    note = f"seen:{words}"
    await audit_log.write(session, "consumer", note, str(envelope.id), envelope.time)
    if words.startswith("lock"):
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    if words in failing:
        raise LookupError("this note is never understood")


subscriptions: list[Subscription[Any]] = [Subscription("test-notes", NoteWritten, remember)]


def create_app(settings: FeedbackSettings) -> Any:
    room = Room(routers=[router], subscriptions=subscriptions, publishes=[NoteWritten])
    return app.build(settings, Blueprint("feedback", Text("便签", "Notes"), [room]))
