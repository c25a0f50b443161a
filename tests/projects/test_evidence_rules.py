"""What the facts of one duty amount to."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from services.projects.duties.models import ClaimKind, FactKind, PublicationFact
from services.projects.duties.rules import summarise
from shared.clock import SHANGHAI
from shared.workdays import official

FIRST = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
LACKS = ["批复文号"]


def sighting(
    url: str,
    day: int,
    missing: list[str] | None,
    *,
    claimed: int | None = 0,
    seen_from: int | None = None,
) -> PublicationFact:
    """A page as it was seen so many days after the first, and claims to be of so many after it;
    `missing` None: in words that nobody has read."""
    claims = claimed is not None
    return PublicationFact(
        id=day,
        duty_id=uuid4(),
        kind=FactKind.SIGHTING,
        observed_at=FIRST + timedelta(days=day if seen_from is None else seen_from),
        url=url,
        claim_kind=ClaimKind.META if claims else ClaimKind.NONE,
        claimed_at=FIRST + timedelta(days=claimed) if claimed is not None else None,
        missing_elements=missing or [],
        elements_judged=missing is not None,
        recorded_at=FIRST,
        sha256="",
    )


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ([sighting("/a", 0, []), sighting("/b", 9, LACKS, claimed=9)], []),
        ([sighting("/a", 0, LACKS), sighting("/b", 9, [], claimed=9)], LACKS),
        ([sighting("/a", 0, LACKS), sighting("/a", 9, [])], []),
        ([sighting("/a", 0, []), sighting("/a", 9, LACKS)], LACKS),
        (
            [
                sighting("/a", 0, LACKS),
                sighting("/b", 9, LACKS, seen_from=0),
                sighting("/b", 10, []),
            ],
            [],
        ),
        ([sighting("/a", 0, [], claimed=None), sighting("/b", 9, LACKS, claimed=None)], []),
        ([sighting("/b", 0, LACKS, claimed=None), sighting("/a", 9, [], claimed=9)], LACKS),
        ([sighting("/b", 0, [], claimed=None), sighting("/a", 9, LACKS, claimed=9)], []),
        ([sighting("/b", 0, LACKS, claimed=None), sighting("/a", 9, [], claimed=-1)], []),
        ([sighting("/a", 0, LACKS), sighting("/a", 9, None)], LACKS),
        ([sighting("/a", 0, []), sighting("/a", 9, None)], []),
        ([sighting("/a", 0, None), sighting("/a", 9, LACKS)], LACKS),
        ([sighting("/a", 0, None), sighting("/a", 9, None)], None),
        (
            [sighting("/a", 0, LACKS), sighting("/b", 9, None, seen_from=0)],
            LACKS,
        ),
    ],
    ids=[
        "a later page lacks some",
        "a later page is complete",
        "it was completed",
        "it lost some",
        "it was completed after it had moved",
        "neither claims a day",
        "a page that claims a later day than another was seen is complete",
        "a page that claims a later day than another was seen lacks some",
        "a page that claims an earlier day than another was seen is complete",
        "nobody can read any more what it lacked",
        "nobody can read any more that it was complete",
        "it can be read by now",
        "nobody could ever read it",
        "it moved to where nobody can read it",
    ],
)
def test_what_is_missing_is_what_the_publication_judged_lacks(
    facts: list[PublicationFact], missing: list[str] | None
) -> None:
    evidence = summarise(facts, official())
    assert evidence is not None
    assert (evidence.best.url, evidence.missing_elements) == ("/a", missing)
