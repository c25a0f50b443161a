"""Letters that wait, as the office sees them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import rules as deadline_rules
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, PolicyKind, SubjectKind
from services.feedback.letters.own import Added
from services.feedback.quarantine import queries, senders, service
from services.feedback.quarantine.models import QuarantinedLetter, QuarantineState
from services.feedback.quarantine.schemas import QuarantinedView, WaitingSupplement
from services.feedback.quarantine.workflow import open_to_staff
from services.feedback.redaction.rules import mask
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


async def listed(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    state: QuarantineState,
    paging: PageRequest,
    now: datetime,
) -> Page[QuarantinedView]:
    """Those of a state, the earliest first. Raises Forbidden outside the office."""
    service.ensure_office(caller)
    after = paging.key(datetime, UUID)
    rows = await queries.page(session, state, after, paging.limit + 1)
    alike = await queries.waiting_alike(session, {tuple(row.sketch) for row in rows})
    added = await senders.supplements_of(session, keyring, rows)
    clocks = await deadlines.of_many(session, SubjectKind.LETTER, [row.id for row in rows])
    return page(
        rows,
        paging,
        lambda row: (row.received_at, row.id),
        lambda row: _view(
            keyring,
            row,
            alike.get(tuple(row.sketch), 0),
            added[row.id],
            clocks.get(row.id, []),
            caller,
            now,
        ),
    )


def _view(
    keyring: Keyring,
    row: QuarantinedLetter,
    alike: int,
    added: Sequence[Added],
    clocks: Sequence[Deadline],
    caller: Caller,
    now: datetime,
) -> QuarantinedView:
    place = senders.open_place(keyring, row)
    appeal = senders.open_appeal(keyring, row)
    kinds = (PolicyKind.LETTER_REGISTER, PolicyKind.LETTER_APPEAL)
    limit = next((one for one in clocks if one.kind in kinds), None)
    return QuarantinedView(
        id=row.id,
        waiting_no=row.waiting_no,
        kind=row.kind,
        channel=row.channel,
        state=row.state,
        version=row.version,
        flood_sign=row.flood_sign,
        title=mask(senders.open_title(keyring, row)),
        body=mask(senders.open_body(keyring, row)),
        place=place and mask(place),
        supplements=[WaitingSupplement(at=one.at, text=mask(one.text)) for one in added],
        reason=senders.open_reason(keyring, row),
        appeal=appeal and mask(appeal),
        received_at=row.received_at,
        alike=alike,
        due_on=limit and limit.due_on,
        overdue=limit is not None and deadline_rules.is_overdue(limit, now),
        actions=open_to_staff(row, caller),
    )
