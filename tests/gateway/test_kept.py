"""A gateway that is restarted while a service is down serves all the others."""

from pathlib import Path

import httpx

from services.gateway.app import create_app
from services.gateway.upstreams.kept import Documents, Kept
from tests import support
from tests.gateway.conftest import Running
from tests.gateway.loopback_server import answering, listening, raw_server
from tests.gateway.test_bounds import another

DOCUMENTS: Documents = {"openapi": b'{"paths":{"/api/v1/x":{}}}', "asyncapi": b"{}"}


async def test_a_restart_needs_no_service_that_is_down(door: Running, tmp_path: Path) -> None:
    async with another(door, documents_dir=tmp_path) as before:
        known = (await before.get("/openapi.json")).json()["paths"]
    async with raw_server(answering(b"")) as nobody:
        pass
    changed = {"documents_dir": tmp_path, "upstreams": {"appointments": nobody}}
    async with (
        listening(create_app(door.settings.model_copy(update=changed))) as address,
        httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client,
    ):

        async def ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await support.eventually(ready, seconds=15)
        assert (await client.get("/openapi.json")).json()["paths"] == known
        refused = await client.get("/api/v1/echo/x")
        assert (refused.status_code, refused.json()["detail"]) == (503, "请稍后再读一次")

        async def names_it() -> bool:
            answer = (await client.get("/readyz")).json()
            return (answer["ready"], answer["services"]) == (True, {"appointments": "down"})

        await support.eventually(names_it)
        assert (await client.get("/api/v1/nowhere")).status_code == 404


async def test_what_was_never_read_is_waited_for(door: Running, tmp_path: Path) -> None:
    async with raw_server(answering(b"")) as nobody:
        pass
    changed = {"documents_dir": tmp_path, "upstreams": {"appointments": nobody}}
    async with (
        listening(create_app(door.settings.model_copy(update=changed))) as address,
        httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as client,
    ):
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["documents"]) == (503, "waits for appointments")


async def test_what_was_kept_is_found_whole_or_not_at_all(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "documents")
    assert kept.read("s") == {}
    await kept.keep("s", {"openapi": b"{}"})
    await kept.keep("s", DOCUMENTS)
    assert kept.read("s") == DOCUMENTS
    [file] = (tmp_path / "documents").iterdir()
    whole = file.read_bytes()
    for broken in (b"", whole[:-1], whole.replace(b"/api/v1/x", b"/api/v1/y")):
        file.write_bytes(broken)
        assert kept.read("s") == {}


async def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    kept = Kept(tmp_path / "file")
    await kept.keep("s", DOCUMENTS)
    assert kept.read("s") == {}
