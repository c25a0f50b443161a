"""A release is announced with the commitment to its draw, or withdrawn with the reason."""

from datetime import datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.guides import service as guides
from services.appointments.policies import service as policies
from services.appointments.policies.schemas import ReleaseTerms
from services.appointments.releases import rules
from services.appointments.releases import service as releases
from services.appointments.releases.events import ReleaseAnnounced, ReleaseEvent
from services.appointments.releases.models import Release
from services.appointments.releases.workflow import RELEASES, ReleaseAction
from services.appointments.waiting_room import queries
from services.appointments.waiting_room.schemas import NewRelease, ReleaseWithdrawal
from shared.database.deciding import DecidingSession
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.ids import new_id
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.web.steps import StepTaker

SEED = "release.seed"
_DAY = timedelta(days=1)
_UNKNOWN = Text("没有找到这次放号", "There is no such release")
_NO_ITEM = Text("这个大厅不办理这个事项", "The hall does not offer this item")
_IN_THE_PAST = Text("放号时间应在现在之后", "The release should lie ahead")
_TOO_LATE = Text(
    "放号时间不能晚于这些名额的最后一天", "The release is after the last day of its places"
)
_TURNED = Text("最少人数不能多于最多人数", "The least is above the most")


class _ReleaseTerms(NamedTuple):
    joins_from: datetime
    window_minutes: int
    least_per_minute: int
    most_per_minute: int


async def announce(session: AsyncSession, wanted: NewRelease, step: StepTaker) -> Release:
    """A new release of the caller's hall, whose draw is committed to.

    Raises NotFound, Invalid, ReleaseOverlaps.
    """
    hall = await directory.managed_hall(session, wanted.hall_code, step.caller)
    offered = await guides.offers(session, hall.code, wanted.item_codes)
    for place, code in enumerate(wanted.item_codes):
        if code not in offered:
            raise Invalid(_NO_ITEM, pointer=f"/body/item_codes/{place}")
    policy = await policies.in_force(session, hall.code, step.now)
    terms = _terms(wanted, ReleaseTerms.model_validate(policy.releases), step.now)
    await directory.lock_hall(session, hall.code)
    days = wanted.first_on, wanted.last_on
    other = await queries.overlapping(session, hall.code, wanted.item_codes, *days)
    if other is not None:
        raise rules.ReleaseOverlaps(release_id=str(other))
    release = _release(wanted, terms, ZoneInfo(hall.timezone), policy.version, step)
    if release.opens_at >= release.starts_until:
        raise Invalid(_TOO_LATE, pointer="/body/opens_at")
    session.add(release)
    await session.flush()
    await _publish_announced(session, release)
    details = {"opens_at": release.opens_at, "commitment": release.commitment}
    about = f"release:{release.id}"
    await audit_log.write(session, step.caller.sub, "release.announced", about, step.now, details)
    releases.changed(session)
    return release


def _terms(wanted: NewRelease, usual: ReleaseTerms, now: datetime) -> _ReleaseTerms:
    """As it says, else as the hall's policy does. Raises Invalid."""
    usually = wanted.opens_at - timedelta(minutes=usual.join_minutes)
    joins_from = max(wanted.joins_from or usually, now)
    if joins_from >= wanted.opens_at:
        raise Invalid(_IN_THE_PAST, pointer="/body/opens_at")
    least = wanted.least_per_minute or min(
        usual.least_per_minute, wanted.most_per_minute or usual.least_per_minute
    )
    most = wanted.most_per_minute or max(usual.most_per_minute, least)
    if least > most:
        raise Invalid(_TURNED, pointer="/body/least_per_minute")
    return _ReleaseTerms(joins_from, wanted.window_minutes or usual.window_minutes, least, most)


def _release(
    wanted: NewRelease, terms: _ReleaseTerms, zone: ZoneInfo, policy_version: int, step: StepTaker
) -> Release:
    key, seed = new_id(), rules.new_seed()
    return Release(
        id=key,
        **wanted.model_dump(include={"hall_code", "title", "item_codes", "first_on", "last_on"}),
        **terms._asdict(),
        starts_from=datetime.combine(wanted.first_on, time(), zone),
        starts_until=datetime.combine(wanted.last_on + _DAY, time(), zone),
        opens_at=wanted.opens_at,
        ends_at=wanted.ends_at or wanted.opens_at + _DAY,
        policy_version=policy_version,
        commitment=rules.commitment_of(seed),
        seed_sealed=step.keyring.seal(seed, where=SEED, row=str(key)),
        announced_by=step.caller.sub,
        announced_at=step.now,
        changed_at=step.now,
    )


async def _publish_announced(session: AsyncSession, release: Release) -> None:
    shown = ReleaseAnnounced.model_fields.keys() - ReleaseEvent.model_fields.keys()
    await publish(
        session, ReleaseAnnounced, release, **{name: getattr(release, name) for name in shown}
    )


async def publish(
    session: AsyncSession, kind: type[ReleaseEvent], release: Release, **others: object
) -> None:
    """The event of a change, in the scope of the hall."""
    facts = {
        "release_id": release.id,
        "hall_code": release.hall_code,
        "state": release.state,
        "version": release.version,
    }
    event = kind.model_validate({**facts, **others})
    await outbox.record(session, event, scope=release.hall_code, subject=str(release.id))


async def find(session: AsyncSession, key: UUID) -> Release:
    """Raises NotFound."""
    found = await queries.find(session, key)
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


async def withdraw(
    session: DecidingSession, key: UUID, given: ReleaseWithdrawal, caller: Caller, now: datetime
) -> Release:
    """It is over: nobody is drawn or admitted any more, and its places can be booked by everybody.

    Raises NotFound, StateConflict.
    """
    release = await find(session, key)
    if not (caller.has("admin") or caller.at(release.hall_code)):
        raise NotFound(_UNKNOWN)
    if given.version is None:
        session.statement.wait_for(release)
    versions.ensure(given.version, version=release.version, state=release.state)
    row = RELEASES.take(release.state, release.version, ReleaseAction.WITHDRAW, caller.roles)
    changes = {"state": row.to, "reason": given.reason, "changed_at": now}
    done = await swap(session, release, changes)
    await publish(session, row.event, done)
    # By whom, and when: what follows from the draw is known by then, and may not please somebody.
    await audit_log.write(session, caller.sub, "release.withdrawn", f"release:{done.id}", now)
    releases.changed(session)
    return done
