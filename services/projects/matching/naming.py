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
    others = [c for c in candidates if c.about not in taken]
    return [
        replace(proposal, reason=proposal.reason or ReviewReason.SEVERAL_PROJECTS)
        for proposal in propose_by_names(page, others)
        if proposal.method is not MatchMethod.SIMILAR
    ]


def propose_again(
    page: PageFacts,
    fresh: Sequence[Proposal],
    taken: Sequence[Candidate],
    settled: Collection[UUID],
) -> list[Proposal]:
    """Of what a page may publish as if nothing was known of it, what concerns the projects of which
    it publishes the duties `taken`, where one is not among the `settled`: that was not known.

    Only of the items that the page names, or that it publishes already.
    """
    kinds = {(duty.about, duty.item_code) for duty in taken}
    kinds |= {(duty.about, item) for duty in taken for item in page.item_codes}
    its = [each for each in fresh if _kind(each.candidate) in kinds]
    open_again = {each.candidate.about for each in its if each.candidate.duty_id not in settled}
    return [each for each in its if each.candidate.about in open_again]


def no_longer_sure(taken: Sequence[Candidate], again: Sequence[Proposal]) -> list[Candidate]:
    """Those of the duties that a page publishes which it may not publish, or another one of their
    project and item instead, by what is proposed `again`.
    """
    kinds = {_kind(each.candidate) for each in again}
    sure = {each.candidate.duty_id for each in again if each.reason is None}
    return [duty for duty in taken if _kind(duty) in kinds and duty.duty_id not in sure]


def _kind(duty: Candidate) -> tuple[str, str]:
    return duty.about, duty.item_code


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
