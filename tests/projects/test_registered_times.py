"""When what a unit registers may stand for the time at which its page came online."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.projects.collecting.models import DetailState, PortalPage
from services.projects.publishing import rules
from services.projects.publishing.rules import UnitClaim
from services.projects.reading.dates import Provenance
from shared.workdays import Workdays

URL, TITLE = "https://www.example.gov.cn/zdxm/t1.html", "第三水厂工程建议书批复"
FRIDAY = datetime(2026, 3, 6, 15, 50, tzinfo=UTC)
"""23:50 in Shanghai, the last minutes of a working day."""
WEEKDAYS = Workdays(
    date(2026, 3, 1), [(date(2026, 3, 1) + timedelta(days=n)).weekday() < 5 for n in range(31)]
)


def a_page(seen_after: timedelta, claimed_from: Provenance | None) -> PortalPage:
    seen_at = FRIDAY + seen_after
    return PortalPage(
        portal_id="p",
        url=URL,
        title=TITLE,
        first_seen_at=seen_at,
        content_seen_at=seen_at,
        last_listed_at=seen_at,
        detail_state=DetailState.READ,
        claimed_from=claimed_from,
        claimed_at=None if claimed_from is None else FRIDAY,
    )


def a_claim(*, is_attested: bool, after: timedelta = timedelta()) -> UnitClaim:
    at = FRIDAY + after
    return UnitClaim(UUID(int=7), URL, TITLE, None, at, at, is_attested)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("seen_after", "stands"),
    [
        (-DAY, False),
        (timedelta(0), True),
        (HOUR, True),
        (3 * DAY, True),
        (3 * DAY + HOUR, False),
        (9 * DAY, False),
        (40 * DAY, False),
    ],
    ids=["seen before", "at once", "saturday", "monday", "tuesday", "days after", "no calendar"],
)
@pytest.mark.parametrize("claimed_from", [None, Provenance.LABEL])
def test_it_was_seen_by_the_end_of_the_next_working_day(
    seen_after: timedelta, claimed_from: Provenance | None, *, stands: bool
) -> None:
    """An address may be registered at which nothing stands yet, for a page that comes much later
    and says nothing of its day, or what the unit wants it to say."""
    page, claim = a_page(seen_after, claimed_from), a_claim(is_attested=True)
    assert rules.believed([claim], page, WEEKDAYS) == (claim if stands else None)


@pytest.mark.parametrize(
    ("claimed_from", "is_attested", "stands"),
    [
        (None, True, True),
        (None, False, True),
        (Provenance.LIST, False, True),
        (Provenance.LABEL, False, False),
        (Provenance.META, False, False),
        (Provenance.META, True, True),
    ],
)
def test_beside_a_day_of_the_pages_own_only_what_is_attested_counts(
    claimed_from: Provenance | None, *, is_attested: bool, stands: bool
) -> None:
    claim = a_claim(is_attested=is_attested)
    found = rules.believed([claim], a_page(HOUR, claimed_from), WEEKDAYS)
    assert found == (claim if stands else None)


def test_of_several_the_earliest_that_may_stand_is_taken() -> None:
    typed = a_claim(is_attested=False, after=-HOUR)
    attested = a_claim(is_attested=True)
    later = a_claim(is_attested=True, after=timedelta(minutes=5))
    page = a_page(HOUR, Provenance.LABEL)
    assert rules.believed([later, attested, typed], page, WEEKDAYS) == attested
