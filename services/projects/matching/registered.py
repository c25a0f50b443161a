"""What only a unit's release register ties to a page: its own word, and so for a person."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.models import PortalPage
from services.projects.matching import queries
from services.projects.matching.models import MatchMethod, MatchState, PageMatch, ReviewReason
from services.projects.matching.refusals import Pair
from services.projects.matching.rules import Proposal
from services.projects.publishing import verifying

BY_REGISTER = 0.0
"""The score of what nothing on the page shows (`models.method_of`)."""


async def propose_registered(
    session: AsyncSession,
    pages: Sequence[PortalPage],
    proposed: Sequence[Pair],
    known: Sequence[PageMatch],
) -> list[Pair]:
    """The duties that the register names for pages which nothing else ties to one.

    It keeps nothing from being called unpublished meanwhile (`NAMED_BY_UNIT`).
    """
    tied = {page.id for page, _ in proposed}
    tied |= {match.page_id for match in known if match.state is MatchState.ACCEPTED}
    named = await verifying.tied_duties(session, [page for page in pages if page.id not in tied])
    found = await queries.candidates(session, [duty_id for _, duty_id in named])
    duties = {duty.duty_id: duty for duty in found}
    return [
        (page, Proposal(duties[duty_id], MatchMethod.NAME, BY_REGISTER, ReviewReason.NAMED_BY_UNIT))
        for page, duty_id in named
    ]
