"""A service is a list of rooms: what they bring is served, published, read and run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request as AnyRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.services import SERVICES
from services.feedback.settings import FeedbackSettings
from shared.cache import Cache
from shared.database.engine import memory_of, new_sessions
from shared.errors import Text
from shared.jobs import Job
from shared.web import app
from shared.web.blueprint import Blueprint
from shared.web.dependencies import public
from shared.web.room import Room
from shared.web.routing import Router
from tests import support
from tests.shared import notes
from tests.support import eventually

ROOT = Path(__file__).parents[2]
TITLE = Text("房间", "Rooms")


def build(settings: FeedbackSettings, **options: Any) -> Any:
    rooms = options.pop("rooms", [Room(routers=[notes.router], publishes=[notes.NoteWritten])])
    return app.build(settings, Blueprint("feedback", TITLE, rooms), **options)


def test_a_route_that_does_not_say_who_may_call_it_stops_the_start(notes_settings: Any) -> None:
    router = APIRouter()

    @router.get("/open-door")
    async def open_door() -> None: ...

    with pytest.raises(RuntimeError, match="/api/v1/open-door"):
        build(notes_settings, rooms=[Room(routers=[router])])


async def test_a_room_s_routes_and_events_stand_in_the_documents(notes_settings: Any) -> None:
    async with support.serve(build(notes_settings)) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        events = (await client.get("/asyncapi.json")).text
    assert "/api/v1/notes" in paths
    assert notes.NoteWritten.type in events


async def test_a_job_may_be_made_of_the_service_s_settings(notes_settings: Any) -> None:
    ran: list[str] = []

    def greet(settings: FeedbackSettings) -> Job:
        async def run(_: AsyncSession, __: datetime) -> int:
            ran.append(settings.env)
            return 0

        return Job("greet", timedelta(seconds=30), run)

    settings = notes_settings.model_copy(update={"background": True})
    async with support.serve(build(settings, rooms=[Room(jobs=[greet])])):

        async def has_run() -> bool:
            return bool(ran)

        await eventually(has_run)
    assert ran == ["test"]


async def test_a_service_adds_state_first_routes_and_what_sees_every_request_first(
    notes_settings: Any,
) -> None:
    opened: list[str] = []

    @asynccontextmanager
    async def state(base: app.State) -> AsyncIterator[app.Extension]:
        opened.append(base["settings"].env)
        yield app.Extension({"greeting": "您好"})
        opened.append("ended")

    async def hello(request: AnyRequest) -> PlainTextResponse:
        return PlainTextResponse(request.state.greeting)

    router = Router(prefix="/greetings", tags=["citizen"])

    @router.get("", operation_id="greet", summary="问候 | Greet")
    async def greet(request: Request, _: Annotated[Any, public()]) -> str:
        return str(request.state.greeting)

    class Outermost:
        def __init__(self, behind: ASGIApp, streams: ASGIApp) -> None:
            self.behind, self.streams = behind, streams

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            lasting = scope["type"] == "http" and scope["path"] == "/api/v1/greetings"
            await (self.streams if lasting else self.behind)(scope, receive, send)

    built = build(
        notes_settings,
        rooms=[Room(routers=[router])],
        state=state,
        first_routes=[Route("/hello", hello)],
        outermost=Outermost,
    )
    async with support.serve(built) as client:
        assert (await client.get("/hello")).text == "您好"
        lasting = await client.get("/api/v1/greetings")
        assert lasting.json() == "您好"
        assert "x-request-id" not in lasting.headers, "went past the limits of what ends"
        assert "/hello" not in (await client.get("/openapi.json")).json()["paths"]
    assert opened == ["test", "ended"]


async def test_first_routes_are_found_where_nothing_sees_every_request_first(
    notes_settings: Any,
) -> None:
    async def hello(_: AnyRequest) -> PlainTextResponse:
        return PlainTextResponse("您好")

    built = build(notes_settings, first_routes=[Route("/hello", hello)])
    async with support.serve(built) as client:
        assert (await client.get("/hello")).text == "您好"


async def test_a_service_s_own_tasks_are_cancelled_until_they_end_before_what_they_use(
    notes_settings: Any,
) -> None:
    seen: list[str] = []

    async def stubborn() -> None:
        while "cancelled" not in seen:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("swallowed" if not seen else "cancelled")

    @asynccontextmanager
    async def state(_: app.State) -> AsyncIterator[app.Extension]:
        yield app.Extension({}, {"stubborn": stubborn})
        seen.append("ended")

    async with support.serve(build(notes_settings, state=state)) as client:
        assert (await client.get("/readyz")).json()["background"] == "ok"
    assert seen == ["swallowed", "cancelled", "ended"]


async def test_the_death_of_a_service_s_own_task_is_reported_as_any_other(
    notes_settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = asyncio.Event()

    async def fall() -> None:
        await ready.wait()
        raise LookupError("a defect in the task")

    @asynccontextmanager
    async def state(_: app.State) -> AsyncIterator[app.Extension]:
        yield app.Extension({}, {"falls": fall})

    async with support.serve(build(notes_settings, state=state)) as client:
        ready.set()

        async def is_known() -> bool:
            return bool((await client.get("/readyz")).json()["background"] == "died: ['falls']")

        await eventually(is_known)
        assert (await client.get("/readyz")).status_code == 503
    assert "background_task_died" in capsys.readouterr().out


def test_what_a_process_remembers_lives_with_its_sessions() -> None:
    class Kept(Cache[str, int]):
        def __init__(self) -> None:
            super().__init__(most=2)

    one, other = new_sessions(None), new_sessions(None)  # type: ignore[arg-type]
    memory_of(one(), Kept).put("a", 1)
    assert memory_of(one(), Kept).peek("a") == 1
    assert memory_of(other(), Kept).peek("a") is None


@pytest.mark.parametrize("service", SERVICES)
def test_every_folder_with_routes_or_handlers_is_a_room_of_its_service(service: str) -> None:
    module = import_module(f"services.{service}.app")
    listed = {id(room) for room in module.ROOMS}
    for path in sorted(ROOT.glob(f"services/{service}/*/*.py")):
        if path.name in {"routes.py", "handlers.py"}:
            package = f"services.{service}.{path.parent.name}"
            assert id(import_module(package).room) in listed, package
