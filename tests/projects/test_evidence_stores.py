"""Evidence in an S3-compatible store as in files: kept whole, found altered, never lost unsaid."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from pydantic import SecretStr

from services.projects.collecting.models import RunState
from services.projects.collecting.running import Collector
from services.projects.evidence import service as evidence
from services.projects.evidence import verifying
from services.projects.evidence.buckets import EvidenceBucket, EvidenceStoreDown
from services.projects.evidence.files import EvidenceFiles, EvidenceStore, ReadThrough, store_of
from services.projects.evidence.models import Capture
from services.projects.evidence.rules import content_hash
from services.projects.evidence.verifying import StoredEvidence, verify
from services.projects.settings import ProjectsSettings
from shared import clock
from shared.errors import Unavailable
from tests.projects.collecting_world import PATIENT, Desk, serving
from tests.projects.evidence_archive import SEEN_AT, Archive
from tests.projects.unruly_portal import UnrulyPortal, listing

BUCKET, PREFIX = "evidence", "onedoor/projects"


class Server:
    """An S3 service on loopback that can go away and come back with what it holds."""

    def __init__(self) -> None:
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._moto.start()
        self.port = self._moto.get_host_and_port()[1]
        new = urllib.request.Request(f"{self.address}/{BUCKET}", method="PUT")
        urllib.request.urlopen(new).close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def objects(self) -> S3Store:
        """Past the service, as who holds the keys."""
        return S3Store(
            BUCKET,
            prefix=PREFIX,
            endpoint=self.address,
            region="us-east-1",
            access_key_id="key",
            secret_access_key="secret",
            client_options={"allow_http": True},
        )

    def stop(self) -> None:
        self._moto.stop()

    def start(self) -> None:
        self._moto = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._moto.start()


def path_of(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bucket(server: Server) -> EvidenceBucket:
    return EvidenceBucket.at(
        f"s3://{BUCKET}/{PREFIX}",
        endpoint=server.address,
        region="us-east-1",
        access_key=SecretStr("key"),
        secret_key=SecretStr("secret"),
        retries=0,
    )


@pytest.fixture(params=["files", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    if request.param == "files":
        return EvidenceFiles(tmp_path)
    found: EvidenceBucket = request.getfixturevalue("bucket")
    return found


async def test_the_same_is_kept_once_and_given_back_as_it_was(store: EvidenceStore) -> None:
    body = uuid4().bytes
    assert await store.get(content_hash(body)) is None
    assert await store.put(body) == await store.put(body) == content_hash(body)
    assert await store.get(content_hash(body)) == body
    assert await store.put(b"") == content_hash(b"")


async def test_bytes_that_rotted_are_written_again(tmp_path: Path) -> None:
    body = uuid4().bytes
    files, sha256 = EvidenceFiles(tmp_path), content_hash(body)
    await files.put(body)
    where = tmp_path / path_of(sha256)
    where.chmod(0o640)
    where.write_bytes(bytes([body[0] ^ 1]) + body[1:])
    assert await files.put(body) == sha256
    assert await files.get(sha256) == body


def test_the_setting_names_the_store(server: Server, tmp_path: Path) -> None:
    keys = {"column_keys": "a:b", "index_key": "c"}
    common: dict[str, Any] = {"database_url": "postgresql://x", **keys}
    by_files = ProjectsSettings(**common, evidence_dir=tmp_path)
    by_bucket = ProjectsSettings(
        **common, evidence_store="s3://evidence/x", evidence_endpoint=server.address
    )
    assert isinstance(store_of(by_files), EvidenceFiles)
    assert isinstance(store_of(by_bucket), EvidenceBucket)
    assert store_of(by_bucket) is store_of(by_bucket)
    moved = store_of(by_bucket.model_copy(update={"evidence_former": str(tmp_path)}))
    assert isinstance(moved, ReadThrough)
    assert isinstance(moved.former, EvidenceFiles)


async def test_what_was_altered_or_lost_in_the_bucket_is_found(
    archive: Archive, bucket: EvidenceBucket, server: Server
) -> None:
    bodies = [uuid4().bytes for _ in range(3)]
    for body in bodies:
        await archive.capture("p", body)
        await bucket.put(body)
    altered, lost = content_hash(bodies[0]), content_hash(bodies[1])
    await obstore.put_async(server.objects, path_of(altered), b"other")
    await obstore.delete_async(server.objects, path_of(lost))

    async with archive.sessions() as session:
        found = (await verify(StoredEvidence(session, bucket))).faults

    assert [(fault.where, fault.what) for fault in found] == [
        ("p #1", verifying.FILE_CHANGED),
        ("p #2", verifying.FILE_GONE),
    ]
    assert await bucket.put(bodies[0]) == altered, "what is captured again is kept again"
    assert await bucket.get(altered) == bodies[0]


async def test_while_the_store_is_down_nothing_is_said_of_what_it_holds(
    bucket: EvidenceBucket, server: Server
) -> None:
    sha256 = await bucket.put(b"page")
    server.stop()
    with pytest.raises(EvidenceStoreDown):
        await bucket.put(b"another page")
    with pytest.raises(Unavailable):
        await evidence.raw(bucket, _capture(sha256))
    server.start()
    assert await evidence.raw(bucket, _capture(sha256)) == b"page"


def _capture(sha256: str) -> Capture:
    url = "https://a.cn/"
    return Capture(
        chain="p", seq=1, url=url, final_url=url, status=200, headers={}, fetched_at=SEEN_AT,
        captured_on=SEEN_AT.date(), size=4, sha256=sha256, is_public=True, hash="",
    )  # fmt: skip


async def test_a_walk_without_a_store_stops_says_so_and_goes_on_once_it_is_back(
    desk: Desk, bucket: EvidenceBucket, server: Server
) -> None:
    portal_id, portal = f"t-{uuid4().hex[:10]}", UnrulyPortal()
    portal.pages["/list"] = listing(f"/a|{uuid4()}|2026-03-02")
    portal.pages["/a"] = f"<p>{uuid4()}</p>"
    portal.when_asked["/a"] = server.stop
    collector = Collector(desk.sessions, bucket, PATIENT)
    kept = "SELECT sha256 FROM capture WHERE chain = :id ORDER BY seq"
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list")
        run_id = await desk.order(portal_id)

        await collector.work(clock.now())

        stopped = await desk.run(run_id)
        assert (stopped.state, stopped.error_count) == (RunState.RUNNING, 0)
        assert [error["fault"] for error in stopped.errors] == ["evidence_not_kept"]
        assert len(await desk.rows(kept, id=portal_id)) == 1, "of the list, before it went down"
        server.start()
        await desk.do(
            "UPDATE collector_run SET lease_until = now() - interval '1 minute' WHERE id = :id",
            id=run_id,
        )

        await collector.work(clock.now())

    assert (await desk.run(run_id)).state is RunState.FINISHED
    bodies = [await bucket.get(row["sha256"]) for row in await desk.rows(kept, id=portal_id)]
    assert bodies == [portal.pages["/list"].encode(), portal.pages["/a"].encode()]  # type: ignore[union-attr]
