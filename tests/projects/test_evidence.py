"""Evidence: what was captured stays provably as it was; every tampering is found and named."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projects.evidence import printing, rules, service, verifying
from services.projects.evidence.schemas import EvidenceView
from tests.projects.evidence_archive import SEEN_AT, Archive
from tests.projects.proofs import root_from


async def _tamper(archive: Archive, sql: str) -> None:
    async with archive.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(sql)


async def test_the_same_bytes_are_stored_once_under_their_hash(archive: Archive) -> None:
    first, second = await archive.capture("p", b"page"), await archive.capture("p", b"page")
    assert first.sha256 == second.sha256 == hashlib.sha256(b"page").hexdigest()
    assert [path.name for path in archive.folder.rglob("*") if path.is_file()] == [first.sha256]
    assert second.previous_hash == first.hash


async def test_untouched_evidence_verifies(archive: Archive) -> None:
    for number in range(5):
        await archive.capture(f"p{number % 2}", f"page {number}".encode(), days=number)
    async with archive.sessions() as session, session.begin():
        assert await service.seal_days(session, SEEN_AT + timedelta(days=30)) == 5
    assert await archive.faults() == []


TAMPERS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "another url": (
        "UPDATE capture SET url = 'https://x.gov.cn/' WHERE seq = 2",
        [("p #2", verifying.ROW_CHANGED.en)],
    ),
    "an earlier time": (
        "UPDATE capture SET fetched_at = fetched_at - interval '1 hour' WHERE seq = 2",
        [("p #2", verifying.ROW_CHANGED.en)],
    ),
    "other bytes claimed": (
        f"UPDATE capture SET sha256 = '{'0' * 64}' WHERE seq = 3",
        [("p #3", verifying.ROW_CHANGED.en), ("p #3", verifying.FILE_GONE.en)],
    ),
    "a capture removed": (
        "DELETE FROM capture WHERE seq = 2",
        [("p #3", verifying.GAP.en), ("2026-11-20", verifying.DAY_CHANGED.en)],
    ),
    "the last capture removed": (
        "DELETE FROM capture WHERE seq = 4",
        [("2026-11-20", verifying.DAY_CHANGED.en)],
    ),
    "a link cut": (
        f"UPDATE capture SET previous_hash = '{'1' * 64}' WHERE seq = 3",
        [("p #3", verifying.LINK_BROKEN.en), ("p #3", verifying.ROW_CHANGED.en)],
    ),
    "a root rewritten": (
        f"UPDATE evidence_day SET root = '{'2' * 64}'",
        [("2026-11-20", verifying.DAY_CHANGED.en)],
    ),
}


@pytest.mark.parametrize("tamper", TAMPERS)
async def test_every_tampering_is_found_and_named(archive: Archive, tamper: str) -> None:
    for number in range(4):
        await archive.capture("p", f"page {number}".encode())
    async with archive.sessions() as session, session.begin():
        await service.seal_days(session, SEEN_AT + timedelta(days=2))
    sql, expected = TAMPERS[tamper]
    await _tamper(archive, sql)
    assert await archive.faults() == expected


async def test_a_changed_or_lost_file_is_found_and_never_served(archive: Archive) -> None:
    changed, lost = await archive.capture("p", b"one"), await archive.capture("p", b"two")
    for capture in (changed, lost):
        path = archive.folder / capture.sha256[:2] / capture.sha256[2:4] / capture.sha256
        path.chmod(0o600)
        path.unlink() if capture is lost else path.write_bytes(b"one!")
    assert await archive.faults() == [
        ("p #1", verifying.FILE_CHANGED.en),
        ("p #2", verifying.FILE_GONE.en),
    ]
    for capture in (changed, lost):
        with pytest.raises(service.EvidenceDamaged):
            await service.raw(archive.files, capture)


async def test_a_page_of_evidence_shows_words_alone_and_says_where_there_are_none(
    archive: Archive,
) -> None:
    body = b"<p>&lt;script&gt;steal()&lt;/script&gt;</p>"
    view = EvidenceView.model_validate(await archive.capture("p", body))
    assert "&lt;script&gt;steal()&lt;/script&gt;</pre>" in printing.page(view, body)
    entry = b"<li><a>G<b>15</b></a><span>2026-11-01</span></li>"
    assert "G15 2026-11-01</pre>" in printing.page(view, entry)
    unchanged = printing.page(view.model_copy(update={"status": 304}), body)
    assert "没有变化（304），内容与此前抓取的相同" in unchanged
    for other, kind in ((b"%PDF-1.7", "application/pdf"), (b"\x80" * 50, "text/html")):
        view = view.model_copy(update={"headers": {"content-type": kind}})
        assert "请下载原始字节查看" in printing.page(view, other)
    view = view.model_copy(update={"headers": {"content-type": "text/html"}})
    assert "请下载原始字节查看" in printing.page(view, b"%PDF-1.7 words")
    view = view.model_copy(update={"headers": {"content-type": "application/pdf"}})
    assert "G15 2026-11-01</pre>" in printing.page(view, entry)


async def test_today_is_not_sealed_and_a_sealed_root_stands(archive: Archive) -> None:
    await archive.capture("p", b"one")
    async with archive.sessions() as session, session.begin():
        assert await service.seal_days(session, SEEN_AT + timedelta(hours=3)) == 0
        assert await service.seal_days(session, SEEN_AT + timedelta(days=1)) == 1
        assert await service.seal_days(session, SEEN_AT + timedelta(days=1)) == 0


async def test_the_root_as_of_now_moves_with_every_capture(archive: Archive) -> None:
    roots = set()
    for number in range(3):
        await archive.capture("p", f"{number}".encode())
        async with archive.sessions() as session:
            roots.add(await service.root_as_of(session, SEEN_AT + timedelta(hours=1)))
    assert len(roots) == 3


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_a_proof_leads_from_any_capture_to_the_root_and_from_no_other(
    leaves: list[bytes], data: Any
) -> None:
    hashes = [leaf.hex() for leaf in leaves]
    place = data.draw(st.integers(0, len(hashes) - 1))
    steps = rules.merkle_proof(hashes, place)
    assert root_from(hashes[place], steps) == rules.merkle_root(hashes)
    other = hashlib.sha256(leaves[place]).hexdigest()
    assert root_from(other, steps) != rules.merkle_root(hashes)
    many = 2 ** data.draw(st.integers(0, 4))
    blocks = [hashes[at : at + many] for at in range(0, len(hashes), many)]
    nodes = [rules.merkle_root(block) for block in blocks]
    assert rules.above(nodes) == rules.merkle_root(hashes)
    in_block = rules.merkle_proof(blocks[place // many], place % many)
    assert [*in_block, *rules.path_above(nodes, place // many)] == steps
