"""What reviewers see of a redaction, and what everybody sees of a published letter."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters import rules as letter_rules
from services.feedback.letters.models import LetterKind
from services.feedback.publication import queries, rules, search
from services.feedback.publication.cases import Case
from services.feedback.publication.schemas import Blocker, PublishedView, RedactionView, SpanView
from services.feedback.redaction.own_data import black_out, hide
from services.feedback.redaction.spans import Own
from shared.database.engine import DirectPool
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page

_NOT_PUBLIC = Text(
    "没有这封公开来信；自己的来信请凭查询码查看",
    "No such letter is public; your own one opens with its query code",
)


async def redaction(
    session: AsyncSession, case: Case, caller: Caller, now: datetime
) -> RedactionView:
    """What a reviewer needs to see, originals included: that is in the audit log."""
    await audit_log.write(
        session,
        caller.sub,
        "letter.unmasked_read",
        f"letter:{case.letter.id}",
        now,
        {"part": "publication"},
    )
    # Of the same length, so that the places of the spans stand: who may not know a sender in
    # confidence decides on a marked place without reading it.
    secret = frozenset[Own]() if letter_rules.may_know_sender(case.letter, caller) else case.own
    texts = {part: black_out(text, secret) for part, text in case.texts.items()}
    return RedactionView(
        letter_id=case.letter.id,
        reg_no=case.letter.reg_no,
        state=case.redaction.state,
        edition=case.redaction.edition,
        taken_down_reason=case.taken_down_reason and hide(case.taken_down_reason, secret),
        version=case.redaction.version,
        texts=texts,
        spans=[SpanView.model_validate(span) for span in case.spans],
        preview=rules.copy(texts, case.spans),
        blocked_by=[
            Blocker(part=part, start=span.start, end=span.end, kind=span.kind)
            for part, span in rules.blockers(case.texts, case.spans, case.own, case.offices)
        ],
        approvals=case.approvals,
        approvals_needed=case.redaction.approvals_needed,
    )


async def published(
    direct: DirectPool,
    q: str | None,
    kind: LetterKind | None,
    department_code: str | None,
    paging: PageRequest,
) -> Page[PublishedView]:
    """Public copies that hold every word of `q`, latest first."""
    after = paging.key(datetime, str) or (None, None)
    filters = (kind.value if kind else None, department_code)
    limit = paging.limit + 1
    terms: list[str] = []
    if q is None:
        rows = await queries.latest(direct, filters, (after[0], after[1]), limit)
    else:
        terms, grams, patterns = search.wanted(q)
        rows = await queries.search(direct, grams, patterns, filters, (after[0], after[1]), limit)
    return page(rows, paging, lambda r: (r.published_at, r.reg_no), lambda r: _public(r, terms))


async def one_published(direct: DirectPool, reg_no: str) -> PublishedView:
    """One public copy. Raises NotFound."""
    row = await queries.published(direct, reg_no)
    if row is None:
        raise NotFound(_NOT_PUBLIC)
    return _public(row, [])


def _public(row: queries.PublicCopy, terms: list[str]) -> PublishedView:
    """The one serialiser of public copies."""
    found = search.snippet((row.body, row.reply, row.title), terms)
    return PublishedView(**row._asdict(), snippet=found)
