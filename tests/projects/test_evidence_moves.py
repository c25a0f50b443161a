"""Evidence moves to another store, and none is lost from sight: before, while, or after."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.projects.app import create_app
from services.projects.copy_evidence import copy
from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceFiles, EvidenceStore, ReadThrough
from services.projects.evidence.marking import EvidenceElsewhere, ensure_here
from services.projects.evidence.rules import content_hash
from shared import clock
from tests import support
from tests.projects.evidence_archive import Archive
from tests.projects.test_evidence_stores import path_of
from tests.support import Tokens


@pytest.fixture
def settings(evidence_urls: Urls, bus: NatsServer, tokens: Tokens, archive: Archive) -> Any:
    """Of a service that keeps its evidence where the archive does."""
    return support.settings_for(
        "projects",
        evidence_urls.service,
        bus,
        tokens,
        background=False,
        evidence_dir=archive.folder,
    )


async def starts(archive: Archive, store: EvidenceStore) -> bool:
    try:
        await ensure_here(archive.sessions, store, clock.now())
    except EvidenceElsewhere:
        return False
    return True


async def test_a_service_starts_where_the_evidence_is_and_nowhere_else(
    archive: Archive, settings: Any, tmp_path: Path
) -> None:
    unmounted = EvidenceFiles(tmp_path / "unmounted")
    assert await starts(archive, archive.files), "nothing was captured yet"
    await archive.capture("p", uuid4().bytes)
    assert await starts(archive, archive.files)
    assert not await starts(archive, unmounted)
    assert await starts(archive, ReadThrough(unmounted, archive.files))
    app = create_app(settings.model_copy(update={"evidence_dir": tmp_path / "empty"}))
    with pytest.raises(EvidenceElsewhere, match="PROJECTS_EVIDENCE_FORMER"):
        async with app.router.lifespan_context(app):
            pass


async def test_one_damaged_capture_stops_no_start(archive: Archive) -> None:
    bodies = [uuid4().bytes for _ in range(3)]
    for body in bodies:
        await archive.capture("p", body)
    async with archive.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql("TRUNCATE evidence_mark")  # as of a release of before
    (archive.folder / path_of(content_hash(bodies[0]))).unlink()
    assert await starts(archive, archive.files)
    assert not await starts(archive, EvidenceFiles(archive.folder / "unmounted"))


async def test_a_service_that_cannot_ask_its_store_starts(archive: Archive) -> None:
    (archive.folder / "a-file").touch()
    assert await starts(archive, EvidenceFiles(archive.folder / "a-file"))


async def test_what_is_copied_is_compared_and_only_a_whole_store_stands_alone(
    archive: Archive, settings: Any, tmp_path: Path
) -> None:
    whole, lost, rotten = (uuid4().bytes for _ in range(3))
    for body in (whole, lost, rotten):
        await archive.capture("p", body)
    assert await starts(archive, archive.files)
    (archive.folder / path_of(content_hash(lost))).unlink()
    altered = archive.folder / path_of(content_hash(rotten))
    altered.chmod(0o640)
    altered.write_bytes(b"other")
    new = EvidenceFiles(tmp_path / "new")
    moved = settings.model_copy(
        update={"evidence_dir": tmp_path / "new", "evidence_former": str(archive.folder)}
    )
    both = ReadThrough(new, archive.files)
    assert await both.get(content_hash(whole)) == whole, "before it is copied"

    found = await copy(moved)

    assert (found.here, found.copied) == (0, 1)
    assert sorted(found.missing) == sorted(map(content_hash, (lost, rotten)))
    assert await new.get(content_hash(whole)) == whole
    assert not await starts(archive, new), "some are missing"

    for body in (lost, rotten):
        await archive.files.put(body)
    found = await copy(moved)

    assert (found.here, found.copied, found.missing) == (1, 2, [])
    assert await starts(archive, new)
    assert (await copy(moved)).copied == 0


async def test_what_is_gone_for_good_is_done_without_once_somebody_says_so(
    archive: Archive, settings: Any, tmp_path: Path
) -> None:
    capture = await archive.capture("p", uuid4().bytes)
    assert await starts(archive, archive.files)
    new = settings.model_copy(update={"evidence_dir": tmp_path / "new"})

    assert len((await copy(new, accept_loss=True)).missing) == 1

    store = EvidenceFiles(tmp_path / "new")
    assert await starts(archive, store)
    with pytest.raises(evidence.EvidenceDamaged):
        await evidence.raw(store, capture)
