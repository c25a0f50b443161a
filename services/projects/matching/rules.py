"""Which duty a page publishes: exact marks first, then the project's name, then mere likeness."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.projects.matching.models import MatchMethod, ReviewReason
from services.projects.reading.cues import BEFORE_APPROVAL as BEFORE_APPROVAL
from services.projects.reading.cues import is_of_another_matter
from services.projects.reading.cues import item_codes as item_codes
from services.projects.reading.facts import normal_document_no as normal_document_no
from services.projects.reading.naming import LEAST_NAME, names_in
from services.projects.reading.naming import normal_name as normal_name

LIKE_ENOUGH = 0.55
"""Share of a project name's pairs of characters that a title must hold to be worth a look; chosen
on the labelled pairs of docs/matching.md."""

OF_ANY_TYPE = 0.99
"""How alike a name is that stands there but for 建设, 工程 and 项目."""

ALIKE_AT_MOST = 3
"""Of many duties that are merely alike so many are put before a person."""

_SAME_WORDS = (("日期", "时间"), ("机关", "单位"), ("部门", "单位"), ("机构", "单位"))


@dataclass(frozen=True)
class Candidate:
    """A duty that a page may publish."""

    duty_id: UUID
    unit_code: str
    about: str
    """The code of its project, or the subject of one that is about none: what duties share."""
    project_name: str
    item_code: str
    formed_on: date | None
    doc_no: str | None
    aliases: Sequence[str] = ()
    """Other names and codes of the project."""
    confirmed: Sequence[str] | None = None
    """The names that count, where an officer gave others that nobody has confirmed."""
    is_notice: bool = False
    """What it asks for is a notice before a decision itself, to be on display for a time."""
    project_code: str | None = None
    subject: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.project_name, *self.aliases, *(self.confirmed or ()))

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.about, *self.aliases, *(self.confirmed or ()))


class Row(NamedTuple):
    """What a row of a page is of."""

    code: str | None
    name: str | None


@dataclass(frozen=True)
class PageFacts:
    """What matching looks at in a page."""

    unit_code: str
    title: str
    project_code: str | None
    project_name: str | None
    doc_no: str | None
    formed_on: date | None
    item_codes: frozenset[str]
    title_above: str | None = None
    """Of a row: the title of the page on which it stands."""
    own_words: frozenset[str] = frozenset()
    """What its portal calls the items that the page is of."""

    @property
    def titles(self) -> str:
        """Its title, and of a row also that of its page."""
        return self.title if self.title_above is None else f"{self.title_above} {self.title}"


@dataclass(frozen=True)
class Proposal:
    """A page taken for a duty's publication; with a reason it needs a person."""

    candidate: Candidate
    method: MatchMethod
    score: float
    reason: ReviewReason | None = None


@dataclass(frozen=True)
class Tie:
    """Duties of one project that a page may publish, and what ties them to it."""

    hits: Sequence[Candidate]
    method: MatchMethod
    score: float = 1.0
    reason: ReviewReason | None = None


def propose(
    page: PageFacts, candidates: Sequence[Candidate], *, like_enough: float = LIKE_ENOUGH
) -> list[Proposal]:
    """The duties that the page may publish: one sure one, some for review, or none.

    All of them: what is left out would be called unpublished although a page may publish it.
    """
    if BEFORE_APPROVAL.search(page.title if page.title_above is None else page.title_above):
        candidates = [candidate for candidate in candidates if candidate.is_notice]
    ties = _ties(page, candidates, like_enough)
    return [proposal for tie in ties for proposal in _of_one(page, tie)]


def may_publish(page: PageFacts, candidates: Sequence[Candidate]) -> bool:
    """Whether the page is tied to one of the duties at all, sure or not."""
    return any(tie.hits for tie in _ties(page, candidates))


def coverage(name: str, title: str) -> float:
    """The share of the name's pairs of neighbouring characters that the title holds."""
    wanted, given = _bigrams(normal_name(name)), _bigrams(normal_name(title))
    return len(wanted & given) / len(wanted) if wanted else 0.0


def missing_elements(wanted: Iterable[str], labels: Iterable[str]) -> tuple[str, ...]:
    """The elements for which the page has no filled-in label."""
    given = {_element(label) for label in labels}
    return tuple(element for element in wanted if _element(element) not in given)


def _of_one(page: PageFacts, tie: Tie) -> list[Proposal]:
    """The duties of one project that the page may publish, by its item, document and day."""
    fitting = [hit for hit in tie.hits if not page.item_codes or hit.item_code in page.item_codes]
    if tie.method is MatchMethod.DOCUMENT:
        fitting = fitting or list(tie.hits)
    chosen = _narrowed(page, fitting)
    if not chosen:
        return []
    reason = tie.reason or _doubt(page, chosen, tie.method)
    if reason is None and page.title_above is not None and not _bears_code(page, chosen[0]):
        reason = ReviewReason.ROW_WITHOUT_CODE
    return [Proposal(candidate, tie.method, tie.score, reason) for candidate in chosen]


def _ties(
    page: PageFacts, candidates: Sequence[Candidate], like_enough: float = LIKE_ENOUGH
) -> list[Tie]:
    """Candidates by the strongest tie that the page has; a code of its own rules names out, unless
    its title names several projects.
    """
    own = [c for c in candidates if c.unit_code == page.unit_code]
    named = _named(page, own)
    exact = _exact(page, candidates)
    if exact is not None:
        known = {hit.about for hit in exact.hits}
        others = named if len(named) > 1 else []
        return [exact, *(tie for tie in others if known.isdisjoint(_projects(tie)))]
    if named:
        return named
    title = f"{_naming_title(page)}{page.project_name or ''}"
    covered = {names: _best_coverage(names, title) for names in {c.names for c in own}}
    best = max(covered.values(), default=0.0)
    if best < like_enough:
        return []
    alike = [c for c in own if covered[c.names] == best][:ALIKE_AT_MOST]
    return [Tie(alike, MatchMethod.SIMILAR, round(best, 3))]


def _exact(page: PageFacts, candidates: Sequence[Candidate]) -> Tie | None:
    """By the document's number, else by the project's code; None where the page has neither.

    Units number alike: of another one a number counts only where the page is of its project.
    """
    by_document = [
        candidate
        for candidate in candidates
        if _same_document(page, candidate)
        and (candidate.unit_code == page.unit_code or _is_of_project(page, candidate))
    ]
    if by_document:
        return Tie(by_document, MatchMethod.DOCUMENT)
    if page.project_code is None:
        return None
    return Tie([c for c in candidates if page.project_code in c.codes], MatchMethod.CODE)


def _is_of_project(page: PageFacts, candidate: Candidate) -> bool:
    """Whether the page bears the project's code or names it."""
    names = frozenset(name for name in map(normal_name, candidate.names) if len(name) >= LEAST_NAME)
    found = names_in(page.project_name or "", names) | names_in(page.titles, names)
    return _bears_code(page, candidate) or bool(found)


def _bears_code(page: PageFacts, candidate: Candidate) -> bool:
    return page.project_code is not None and page.project_code in candidate.codes


def _projects(tie: Tie) -> set[str]:
    return {hit.about for hit in tie.hits}


def _same_document(page: PageFacts, candidate: Candidate) -> bool:
    if page.doc_no is None or candidate.doc_no is None:
        return False
    is_other = page.project_code is not None and page.project_code not in candidate.codes
    return normal_document_no(candidate.doc_no) == page.doc_no and not is_other


def _best_coverage(names: Sequence[str], title: str) -> float:
    return max(coverage(name, title) for name in names)


def _named(page: PageFacts, candidates: Sequence[Candidate]) -> list[Tie]:
    """Candidates whose project is named, a tie for each; projects of one name share theirs."""
    names = {c.names: frozenset(map(normal_name, c.names)) for c in candidates}
    known = frozenset().union(*names.values())
    found = names_in(page.project_name or "", known) | names_in(_naming_title(page), known)
    by_names: dict[frozenset[str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if its := names[candidate.names] & found.keys():
            by_names[frozenset(its)].append(candidate)
    sure = [its for its in by_names if any(len(name) >= LEAST_NAME for name in its)]
    ties = []
    for its, hits in by_names.items():
        if its not in sure:
            ties.append(Tie(hits[:ALIKE_AT_MOST], MatchMethod.SIMILAR))
            continue
        are_several = len(sure) > 1 or all(found[name].is_among_others for name in its)
        is_another = all(found[name].is_another_part for name in its)
        reason = ReviewReason.SEVERAL_PROJECTS if are_several else None
        reason = ReviewReason.ANOTHER_PART if is_another else reason
        is_exact = any(found[name].is_to_the_letter for name in its)
        ties.append(Tie(hits, MatchMethod.NAME, 1.0 if is_exact else OF_ANY_TYPE, reason))
    return ties


def _naming_title(page: PageFacts) -> str:
    """Where a project may be named: a row's other cells name who builds and who decided."""
    return page.title if page.title_above is None or not page.project_name else ""


def _narrowed(page: PageFacts, hits: Sequence[Candidate]) -> list[Candidate]:
    """Of several duties of one project and item, the one of this document or of this day."""
    for fits in (
        lambda hit: _same_document(page, hit),
        lambda hit: page.formed_on is not None and hit.formed_on == page.formed_on,
        lambda hit: hit.unit_code == page.unit_code,
    ):
        chosen = [hit for hit in hits if fits(hit)]
        if len(chosen) == 1 or (chosen and len(hits) == 1):
            return chosen
    return list(hits)


def _doubt(
    page: PageFacts, chosen: Sequence[Candidate], method: MatchMethod
) -> ReviewReason | None:
    if method is MatchMethod.SIMILAR:
        return ReviewReason.ONLY_SIMILAR
    if len(chosen) > 1:
        return ReviewReason.SEVERAL_CANDIDATES
    if chosen[0].unit_code != page.unit_code:
        return ReviewReason.OTHER_UNIT
    is_item_known = chosen[0].item_code in page.item_codes
    if not is_item_known and (page.item_codes or method is not MatchMethod.DOCUMENT):
        return ReviewReason.ITEM_UNCLEAR
    if is_of_another_matter(page.titles, page.own_words):
        return ReviewReason.ITEM_UNCLEAR
    return None


def _bigrams(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _element(label: str) -> str:
    name = normal_name(label)
    for word, same in _SAME_WORDS:
        name = name.replace(word, same)
    return name
