"""What a person's decision on a match goes by, in one read of several rooms; nothing is locked."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.models import PortalPage
from services.projects.matching import statement
from services.projects.matching.models import PageMatch
from services.projects.matching.rules import Candidate
from services.projects.matching.statement import MatchRow
from services.projects.reading.readers import rule_of
from shared.database import rows
from shared.database.deciding import DecidingSession


class SeenMatch(NamedTuple):
    """What a decision on a match goes by. It is guarded by the versions of the match and of the
    duty's standing, which was `standing_version` then.

    `is_elsewhere`: whether a page that is there publishes the duty besides, once it is decided so.
    """

    match: PageMatch
    page: PortalPage
    candidate: Candidate
    elements: Sequence[str] | None
    """The content elements that the duty asks for; None where the page's portal does not show them
    in a way that tells which are missing."""
    standing_version: int
    keeps_open: bool
    others_keep_open: bool
    is_elsewhere: bool
    is_refused: bool
    """Whether a person has refused what the page of an accepted match says now."""

    def row(self, match: PageMatch) -> MatchRow:
        """How the match is shown as it is then."""
        named = vars(self.candidate) | {"duty_id": match.duty_id}
        given = vars(self.page) | named | vars(match) | {"is_refused": self.is_refused}
        return MatchRow(**{name: given[name] for name in MatchRow._fields})


async def find_match(
    session: AsyncSession, match_id: UUID, *, as_accepted: bool
) -> SeenMatch | None:
    """The match with what a decision goes by that accepts it, or does not."""
    found = await rows.fetching(session)(statement.SEEN, match_id, as_accepted)
    if not found:
        return None
    values = [*found[0]]
    after = rows.rest(PageMatch, values)
    match, page = rows.loaded(PageMatch, values), rows.loaded(PortalPage, after)
    *duty, elements, rule, version, keeps, others, elsewhere, refused = rows.rest(PortalPage, after)
    shown = elements if rule is not None and rule_of(rule).judges_elements else None
    counts = (keeps, others, elsewhere, refused)
    return SeenMatch(match, page, Candidate(*duty), shown, version, *counts)


def hold_page(session: DecidingSession, page: PortalPage) -> None:
    """The page is as it was seen, and stays so; while somebody changes it all is decided anew."""
    session.statement.lock(statement.HOLD_PAGE, id=page.id, version=page.version)
