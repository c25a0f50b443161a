"""Pages as they would have been captured, chained and sealed: no database, no store."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.projects.evidence import rules
from services.projects.evidence.linking import LinkedCapture
from services.projects.evidence.models import Capture
from shared.clock import today


class Page(NamedTuple):
    """What was answered, when."""

    chain: str
    url: str
    at: datetime
    body: bytes


def captured(pages: Sequence[Page]) -> list[LinkedCapture]:
    """One capture a page, in their order, each day sealed."""
    of_chain: dict[str, list[Capture]] = defaultdict(list)
    made = {page: _capture(page, of_chain[page.chain]) for page in sorted(pages, key=_by_time)}
    of_day: dict[date, list[Capture]] = defaultdict(list)
    for capture in made.values():
        of_day[capture.captured_on].append(capture)
    return [_linked(made[page], of_chain, of_day) for page in pages]


def _by_time(page: Page) -> datetime:
    return page.at


def _capture(page: Page, before: list[Capture]) -> Capture:
    capture = Capture(
        chain=page.chain,
        seq=len(before) + 1,
        url=page.url,
        final_url=page.url,
        status=200,
        headers={"content-type": "text/html"},
        request_headers={},
        fetched_at=page.at,
        captured_on=today(page.at),
        size=len(page.body),
        sha256=rules.content_hash(page.body),
        charset="utf-8",
        is_public=True,
        previous_hash=before[-1].hash if before else None,
        hash="",
    )
    capture.hash = rules.capture_hash(capture)
    before.append(capture)
    return capture


def _linked(
    capture: Capture, of_chain: dict[str, list[Capture]], of_day: dict[date, list[Capture]]
) -> LinkedCapture:
    chain, at = of_chain[capture.chain], capture.seq - 1
    hashes = [each.hash for each in of_day[capture.captured_on]]
    return LinkedCapture(
        capture=capture,
        before=chain[at - 1] if at else None,
        after=chain[at + 1] if at + 1 < len(chain) else None,
        root=rules.merkle_root(hashes),
        path=rules.merkle_proof(hashes, hashes.index(capture.hash)),
    )
