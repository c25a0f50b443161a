"""By which names a page is tied to a project: those that count, and those that its unit gave. Pure.

An officer may call a project what a page is called. That is looked for, but believed by a person
only: otherwise a unit would clear a finding on itself by a word of its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from services.projects.matching.models import MatchMethod, ReviewReason
from services.projects.matching.rules import Candidate, PageFacts, Proposal, Row, propose
from services.projects.reading.naming import normal_name


def propose_by_names(page: PageFacts, candidates: Sequence[Candidate]) -> list[Proposal]:
    """The duties that the page may publish; what only an unconfirmed name ties is for review."""
    found = propose(page, [_by_confirmed(candidate) for candidate in candidates])
    given = [candidate for candidate in candidates if candidate.confirmed is not None]
    known = {proposal.candidate.duty_id for proposal in found}
    return found + [
        replace(proposal, reason=ReviewReason.NAMED_BY_UNIT)
        for proposal in (propose(page, given) if given else [])
        if proposal.candidate.duty_id not in known
    ]


def _by_confirmed(candidate: Candidate) -> Candidate:
    if candidate.confirmed is None:
        return candidate
    name, *others = candidate.confirmed
    return replace(candidate, project_name=name, aliases=others, confirmed=None)


def propose_besides(
    page: PageFacts, candidates: Sequence[Candidate], taken: Collection[str]
) -> list[Proposal]:
    """What a page that publishes duties of the projects `taken` may publish of others it names."""
    others = [c for c in candidates if c.project_code not in taken]
    return [
        replace(proposal, reason=proposal.reason or ReviewReason.SEVERAL_PROJECTS)
        for proposal in propose_by_names(page, others)
        if proposal.method is not MatchMethod.SIMILAR
    ]


def propose_again(
    fresh: Sequence[Proposal], projects: Collection[str], settled: Collection[UUID]
) -> list[Proposal]:
    """Of what a page may publish as if nothing was known of it, what concerns projects of which it
    publishes duties, where it may publish one that is not among the `settled`: that was not known.
    """
    its = [proposal for proposal in fresh if proposal.candidate.project_code in projects]
    open_again = {
        each.candidate.project_code for each in its if each.candidate.duty_id not in settled
    }
    return [each for each in its if each.candidate.project_code in open_again]


def is_in_row(duty: Candidate, page: PageFacts, rows: Collection[Row]) -> bool:
    """Whether a row of the page is of the duty's project, and the page bears no code of it."""
    if page.project_code is not None and page.project_code in duty.codes:
        return False
    names = set(map(normal_name, duty.names))
    return any(row.code in duty.codes or normal_name(row.name or "") in names for row in rows)


def may_be_of_another(proposals: Sequence[Proposal]) -> bool:
    """Whether the page publishes nothing of its portal's unit for sure, so that the unit it names
    as its source may be the one that published it."""
    return all(proposal.reason is ReviewReason.OTHER_UNIT for proposal in proposals)
