"""Notices are taken in once, addressed by the service that knows whom they are about, and read."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.notices import queries, rules, statement
from services.gateway.notices.contracts import Handover
from services.gateway.notices.models import (
    Notice,
    NoticeChannel,
    NoticeDelivery,
    NoticePreference,
    NoticeState,
)
from services.gateway.notices.queries import (
    DueDelivery,
    FailureRow,
    FigureRow,
)
from services.gateway.notices.rules import Wishes
from services.gateway.notices.statement import SettledNotice
from services.gateway.notices.templates import TEMPLATES
from services.gateway.notices.workflow import NoticeAction, Outcome
from shared.database.pruning import Pruned
from shared.errors import NotFound
from shared.security.crypto import UNREADABLE, Keyring

APPOINTMENTS, FEEDBACK = "appointments", "feedback"
"""The services that know what notices are about."""
FACTS, EMAIL = "notice.facts", "notice_preference.email"
KEPT = timedelta(days=180)
COUNTED = timedelta(days=7)
FRESH = timedelta(days=1)
UNREACHABLE, TOO_LATE, OVER, NOBODY = "unreachable", "too_late", "over", "nobody_to_reach"
DEFECT = "defect"

FORGOTTEN = Pruned("notice", "created_at", KEPT)

log = structlog.get_logger()


class Occasion(NamedTuple):
    """Of what service, what kind, about what, and which of several about it."""

    source: str
    kind: str
    about_id: UUID
    occasion: str
    useful_until: datetime | None = None


class Heard(NamedTuple):
    """What its service said of a notice: None where it said nothing. An `outcome` stands already
    where it is over or too late, or something was wrong with it."""

    notice: Notice
    known: Handover | None
    outcome: Outcome | None = None


class _Addressed(NamedTuple):
    settled: SettledNotice
    deliveries: Sequence[NoticeDelivery] = ()


class Outbox(NamedTuple):
    """How notices fare."""

    since: datetime
    figures: Sequence[FigureRow]
    failures: Sequence[FailureRow]


async def accept(session: AsyncSession, about: Occasion, at: datetime, now: datetime) -> None:
    """Takes in what happened at that moment, once; a kind without a template is noted and left.

    What is older than FRESH is left too: a gateway that reads a stream from its beginning, or again
    after an accident, must not wake people with what they have long known.
    """
    if at < now - FRESH:
        return
    if about.kind not in TEMPLATES:
        log.warning("notice_without_template", kind=about.kind)
        return
    until = about.useful_until or rules.useful_until(about.kind, at)
    values = about._replace(useful_until=until)._asdict()
    priority = rules.priority(about.kind)
    await queries.add(session, Notice(**values, priority=priority, next_at=at, created_at=at))


def is_late(notice: Notice, now: datetime) -> bool:
    """Whether it helps nobody any more."""
    return notice.useful_until is not None and notice.useful_until <= now


def tried_again(attempts: int, now: datetime) -> Outcome:
    """What follows from an attempt that reached nobody: another, later, or none."""
    again_at = rules.tried_again_at(attempts, now)
    action = NoticeAction.GIVE_UP if again_at is None else None
    return Outcome(action, UNREACHABLE, again_at)


async def settle(
    session: AsyncSession,
    keyring: Keyring,
    heard: Sequence[Heard],
    available: frozenset[NoticeChannel],
    now: datetime,
) -> None:
    """What became of the attempts to learn whom to reach, all together: who can be is let know by
    the inbox of the account, and by the channels that are wished for.
    """
    accounts = {one.known.account_id for one in heard if one.known} - {None}
    chosen = await queries.preferences(session, {each for each in accounts if each})
    wishes = {each.account_id: _wishes(keyring, each) for each in chosen}
    found = [_addressed(keyring, one, wishes, available, now) for one in heard]
    settled = await statement.settle_notices(session, [one.settled for one in found])
    ours = [one for one in found if one.settled.notice.id in settled]
    await queries.add_deliveries(session, [row for one in ours for row in one.deliveries])


def _addressed(
    keyring: Keyring,
    heard: Heard,
    wishes: Mapping[UUID, Wishes],
    available: frozenset[NoticeChannel],
    now: datetime,
) -> _Addressed:
    """Of the phone nothing is kept: it is asked for again when the message goes out. So is what it
    says, where no inbox shows it."""
    notice, known = heard.notice, heard.known
    if known is None or heard.outcome is not None:
        outcome = heard.outcome or tried_again(notice.attempts, now)
        return _Addressed(SettledNotice(notice, outcome))
    account = known.account_id
    theirs = Wishes() if account is None else wishes.get(account, Wishes())
    ways = rules.channels(
        notice.kind,
        theirs,
        has_account=account is not None,
        phone=known.phone,
        available=available,
    )
    if not ways:
        return _Addressed(SettledNotice(notice, Outcome(NoticeAction.DROP, NOBODY)))
    facts = None
    if account is not None:
        facts = keyring.seal(json.dumps(known.facts), where=FACTS, row=str(notice.id))
    done = SettledNotice(notice, Outcome(NoticeAction.COMPLETE), account, facts)
    return _Addressed(done, [_delivery(notice, way, theirs, now) for way in ways])


def _delivery(notice: Notice, way: NoticeChannel, wishes: Wishes, now: datetime) -> NoticeDelivery:
    if way is NoticeChannel.INBOX:
        return NoticeDelivery(
            notice_id=notice.id,
            channel=way,
            priority=notice.priority,
            state=NoticeState.DONE,
            next_at=now,
            settled_at=now,
        )
    goes_at = rules.goes_at(notice.kind, wishes, now)
    return NoticeDelivery(
        notice_id=notice.id, channel=way, priority=notice.priority, next_at=goes_at
    )


async def settle_delivery(
    session: AsyncSession, due: DueDelivery, outcome: Outcome, receipt: str | None, now: datetime
) -> None:
    """What became of an attempt to hand it over."""
    settled_at = None if outcome.action is None else now
    values = {"receipt": receipt, "settled_at": settled_at}
    await queries.settle_delivery(session, due.delivery, outcome, values)


async def wishes_of(session: AsyncSession, keyring: Keyring, account: UUID | None) -> Wishes:
    """How somebody wants to be reached; who has no account has said nothing."""
    chosen = None if account is None else await queries.preference(session, account)
    return Wishes() if chosen is None else _wishes(keyring, chosen)


def _wishes(keyring: Keyring, chosen: NoticePreference) -> Wishes:
    return Wishes(
        email=email_of(keyring, chosen) if chosen.email_confirmed_at else None,
        language=chosen.language,
        by_email=chosen.by_email,
        by_sms=chosen.by_sms,
        muted=frozenset(chosen.muted),
        quiet=(chosen.quiet_from, chosen.quiet_until),
    )


def email_of(keyring: Keyring, chosen: NoticePreference) -> str | None:
    """The address in clear, for its owner and for what is sent to it."""
    sealed, row = chosen.email_sealed, str(chosen.account_id)
    return sealed and keyring.open(sealed, where=EMAIL, row=row)


def facts_of(keyring: Keyring, notice: Notice) -> rules.Facts:
    """What the service said of it when it was addressed; nothing of what does not open."""
    if notice.facts_sealed is None:
        return {}
    opened = keyring.open_or_note(notice.facts_sealed, where=FACTS, row=str(notice.id))
    if opened == UNREADABLE:
        return {}
    facts: rules.Facts = json.loads(opened)
    return facts


async def inbox(
    session: AsyncSession, account: UUID, after: UUID | None, limit: int, *, unread: bool
) -> Sequence[Notice]:
    """Up to `limit` of the account, the newest first."""
    return await queries.inbox(session, account, after, limit, unread=unread)


async def read(session: AsyncSession, account: UUID, notice_id: UUID, now: datetime) -> Notice:
    """The notice, marked as read. Raises NotFound for another's."""
    found = await queries.mark_read(session, account, notice_id, now)
    if found is None:
        raise NotFound
    return found


async def preferences(session: AsyncSession, account: UUID) -> NoticePreference | None:
    """What the account chose, if it did."""
    return await queries.preference(session, account)


async def outbox(session: AsyncSession, now: datetime) -> Outbox:
    """How the notices of the last days fare."""
    since = now - COUNTED
    return Outbox(
        since, await queries.figures(session, since), await queries.failures(session, since)
    )
