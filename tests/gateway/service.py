"""A small service of the house's kind, to stand behind the gateway: it tells what it was sent."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from shared.security.identity import Caller, Refusals, Verifier
from shared.web import networks
from shared.web.dependencies import allow, public
from shared.web.problems import install


class Said(BaseModel):
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body_bytes: int


class Calls:
    """What happened at the service, for the tests to look at."""

    def __init__(self) -> None:
        self.left = 0
        self.entered = 0
        self.looked: list[str] = []
        self.displays: list[dict[str, str]] = []
        self.busy = False


def create() -> FastAPI:
    """For a server in a process of its own, which is told where the keys are."""
    return service(os.environ["ONEDOOR_JWKS_URL"], Calls())


def service(jwks_url: str, calls: Calls) -> FastAPI:
    refusals = Refusals()
    refusals.learned()
    verifier = Verifier(jwks_url, issuer="onedoor", audience="onedoor", refusals=refusals)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"verifier": verifier}

    app = FastAPI(title="试验 | Trial", version="1", lifespan=lifespan)
    install(app)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/api/v1/echo/{name}", tags=["system"])
    @app.post("/api/v1/echo/{name}", tags=["system"])
    @app.put("/api/v1/echo/{name}", tags=["system"], openapi_extra={networks.WANTED: True})
    async def echo(name: str, request: Request, _: Annotated[Caller | None, public()]) -> Said:
        body = await request.body()
        return Said(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=list(request.headers.items()),
            body_bytes=len(body),
        )

    @app.get("/api/v1/notice-recipients/{notice}", include_in_schema=False)
    async def recipient(about: str, caller: Annotated[Caller, allow("system")]) -> Any:
        facts = {"number": "A007", "window_no": "7", "hall_name": "大厅"}
        known = {"applies": True, "account_id": about, "facts": facts}
        return known if caller.sub == "gateway" else Response(status_code=403)

    @app.get("/api/v1/mine", operation_id="mine", tags=["citizen"])
    async def mine(caller: Annotated[Caller, allow("citizen")]) -> dict[str, str]:
        return {"sub": caller.sub}

    @app.get("/api/v1/slow", operation_id="slow", tags=["system"])
    @app.post("/api/v1/slow", operation_id="do_slowly", tags=["system"])
    async def slow(request: Request, seconds: float = 5) -> dict[str, str]:
        calls.entered += 1
        for _ in range(int(seconds / 0.05)):
            if await request.is_disconnected():
                calls.left += 1
                break
            await asyncio.sleep(0.05)
        return {"status": "late"}

    @app.get(
        "/api/v1/patient",
        operation_id="patient",
        tags=["system"],
        openapi_extra={"x-deadline-seconds": 10, "x-priority": "window"},
    )
    async def patient(request: Request) -> dict[str, str]:
        await asyncio.sleep(2.5)
        return {"status": "done", "priority": request.headers["x-onedoor-priority"]}

    @app.get(
        "/api/v1/screen/{name}",
        operation_id="screen",
        tags=["hall"],
        openapi_extra={"x-remembered-seconds": 1},
    )
    async def screen(name: str, request: Request) -> Response:
        calls.looked.append(name)
        if calls.busy:
            return Response(status_code=503)
        await asyncio.sleep(0.05)
        language = request.headers.get("accept-language", "")
        known = "authorization" in request.headers
        headers = {"etag": f'W/"{name}"', "cache-control": "no-cache"}
        return Response(f"{name} {language} {known}", headers=headers)

    @app.get("/api/v1/large", operation_id="large", tags=["system"])
    async def large(megabytes: int) -> StreamingResponse:
        async def pieces() -> Any:
            for _ in range(megabytes * 16):
                yield b"x" * 65_536

        return StreamingResponse(pieces(), media_type="application/octet-stream")

    @app.get("/api/v1/halls/{hall}", operation_id="get_hall", tags=["citizen"])
    async def hall(hall: str) -> Any:
        return {"code": hall} if hall in ("H001", "H002") else Response(status_code=404)

    @app.get("/api/v1/areas/{area}", operation_id="get_area", tags=["citizen"])
    async def area(area: str) -> Any:
        return {"code": area} if area == "NJ" else Response(status_code=404)

    @app.get("/api/v1/feedback/departments", operation_id="list_departments", tags=["citizen"])
    async def departments() -> dict[str, Any]:
        return {"items": [{"code": "D01"}, {"code": "D03"}], "next_cursor": None}

    @app.get("/api/v1/units", operation_id="list_units", tags=["citizen"])
    async def units(cursor: str | None = None) -> dict[str, Any]:
        codes, further = (["PBOC"], None) if cursor else (["D01"], "more")
        return {"items": [{"code": code} for code in codes], "next_cursor": further}

    @app.get(
        "/api/v1/halls/{hall}/display",
        operation_id="get_display",
        tags=["hall"],
        openapi_extra={"x-remembered-seconds": 3},
    )
    async def display(hall: str, request: Request) -> Any:
        calls.displays.append({**request.headers, "hall": hall})
        if hall == "NONE":
            return Response(status_code=404)
        return {"hall": hall, "called": [], "waiting": [{"item": "A", "count": calls.entered}]}

    return app
