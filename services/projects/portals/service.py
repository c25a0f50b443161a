"""Use cases of portals: keep them and their rules, and note whether they can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence.files import EvidenceStore
from services.projects.portals import queries, rules
from services.projects.portals.events import SourceDown, SourceRecovered
from services.projects.portals.models import AbsencePolicy, Portal, PortalRule
from services.projects.portals.schemas import PortalWrite, Trial
from services.projects.portals.trials import try_on_capture
from services.projects.portals.workflow import WORKFLOW, Outcome
from services.projects.reading.faults import Fault
from services.projects.reading.readers import rule_of
from services.projects.reading.rule import CollectorRule
from services.projects.register import service as register
from shared.clock import today
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.messaging import outbox
from shared.messaging.events import Event
from shared.security import audit_log
from shared.web import versions
from shared.workflow import refuse

_REGISTERED = Text(
    "这个栏目已经登记；要修改它，请带上读到的版本号",
    "This portal is registered already; to change it, send the version that you have read",
)

_POLICY_MOVED = Text(
    "这项政策已有新的版本；请读取后再改", "The policy has a newer version; please read it first"
)


async def find(session: AsyncSession, portal_id: str) -> Portal:
    """Raises NotFound."""
    portal = await queries.portal(session, portal_id)
    if portal is None:
        raise NotFound
    return portal


async def listed(
    session: AsyncSession, *, unit_code: str | None = None, after: str | None = None, limit: int
) -> Sequence[Portal]:
    """Portals in the order of their ids."""
    return await queries.portals(session, unit_code=unit_code, after=after, limit=limit)


async def take_rematched(session: AsyncSession) -> list[str]:
    """The portals whose pages must be matched again; they are not given a second time."""
    return await queries.take_rematched(session)


async def unread_units(session: AsyncSession) -> Sequence[str]:
    """Units of which nothing is absent for sure: a portal of theirs has no proof of it."""
    return await queries.unread_units(session)


async def walked_units(session: AsyncSession) -> Sequence[tuple[str, datetime]]:
    """Units of which every portal was walked without gaps, and since when that is known of all."""
    return await queries.walked_units(session)


async def put(
    session: AsyncSession, portal_id: str, wanted: PortalWrite, sub: str, now: datetime
) -> Portal:
    """The portal as wanted, new or changed. Raises StateConflict when it has changed meanwhile."""
    if not await register.has_unit(session, wanted.unit_code, today(now)):
        raise rules.unknown_unit(wanted.unit_code)
    fields = {**wanted.model_dump(exclude={"version", "moves"}), "next_run_at": now}
    if wanted.moves is not None:
        fields["moves"] = [move.model_dump(mode="json") for move in wanted.moves]
    new = Portal(id=portal_id, read_since=now, **fields)
    is_new = await queries.insert_portal(session, new)
    portal = await find(session, portal_id)
    if not is_new:
        if wanted.version is None:
            refuse(portal.health, portal.version, _REGISTERED)
        versions.ensure(wanted.version, version=portal.version, state=portal.health)
        if wanted.enabled and not portal.has_list:
            raise rules.no_list()
        moved = (portal.start_url, portal.unit_code) != (wanted.start_url, wanted.unit_code)
        # What was proven of one place proves nothing of another, nor of days on which nobody read.
        unproven = _unproven(now) if moved or wanted.enabled > portal.enabled else {}
        portal = await swap(session, portal, {**fields, **unproven}, state="health")
    details = {
        "start_url": wanted.start_url,
        "allow_private": wanted.allow_private,
        "moves": portal.moves,
    }
    await audit_log.write(session, sub, "portal.put", f"portal:{portal_id}", now, details)
    return portal


async def hand_over(
    session: AsyncSession, unit_code: str, successor_code: str, now: datetime, *, actor: str
) -> int:
    """The columns of a unit are those of another one, as they are: what was read there was read.
    How many they are.
    """
    moved = await queries.hand_over(session, unit_code, successor_code)
    entries = [(f"portal:{each}", {"unit_code": successor_code}) for each in moved]
    await audit_log.write_many(session, actor, "portal.handed_over", entries, now)
    return len(moved)


def _unproven(now: datetime) -> dict[str, Any]:
    """The columns of a portal that is read otherwise from now on: nothing is proven of it yet."""
    nothing = {"walked_at": None, "proven_at": None, "layout": None}
    return {**nothing, "read_since": now, "match_wanted": True}


async def rule(session: AsyncSession, portal_id: str, version: int) -> CollectorRule:
    """A version of the portal's rule. Raises NotFound."""
    found = await queries.rule(session, portal_id, version)
    if found is None:
        raise NotFound
    return rule_of(found.rule)


async def rule_in_force(session: AsyncSession, portal_id: str) -> CollectorRule:
    """The portal's rule as it is now. Raises NotFound."""
    return rule_of((await stored_rule(session, portal_id)).rule)


async def stored_rule(session: AsyncSession, portal_id: str) -> PortalRule:
    """The portal's rule as it is now, with its version and who laid it down. Raises NotFound."""
    portal = await find(session, portal_id)
    if portal.rule_version is None:
        raise NotFound
    found = await queries.rule(session, portal_id, portal.rule_version)
    if found is None:
        raise NotFound
    return found


async def put_rule(
    session: AsyncSession,
    files: EvidenceStore,
    portal_id: str,
    wanted: CollectorRule,
    sub: str,
    now: datetime,
) -> tuple[PortalRule, Trial | None]:
    """A new version of the rule, in force from the next run on.

    Tried first on the list page captured last; raises rules.RuleReadsNothing when it is lost on it.
    """
    trial = await try_on_capture(session, files, await find(session, portal_id), wanted)
    return await add_rule(session, portal_id, wanted, sub, now), trial


async def add_rule(
    session: AsyncSession, portal_id: str, wanted: CollectorRule, sub: str, now: datetime
) -> PortalRule:
    """A new version of the rule, without a trial. Raises NotFound.

    By another rule the list may hold other entries, and its pages be of other items: what was
    proven by the old one is proven no more.
    """
    portal = await _locked(session, portal_id)
    version = await queries.newest_rule_version(session, portal_id) + 1
    stored = PortalRule(
        portal_id=portal_id,
        version=version,
        rule=wanted.model_dump(mode="json"),
        created_at=now,
        created_by=sub,
    )
    session.add(stored)
    await session.flush()
    changed = {"rule_version": version, "next_run_at": now, "version": portal.version + 1}
    portal.sqlmodel_update({**changed, **_unproven(now)})
    await audit_log.write(
        session, sub, "portal.rule_put", f"portal:{portal_id}", now, {"version": version}
    )
    return stored


@dataclass(frozen=True)
class Proof:
    """When a walk without gaps began, if this was one, and the earlier one that agrees with it."""

    walked_at: datetime | None = None
    proven_at: datetime | None = None


async def note_up(
    session: AsyncSession,
    portal_id: str,
    now: datetime,
    proof: Proof,
    *,
    needed_since: datetime | None,
    may_prove: bool = True,
) -> None:
    """The portal was read. While its unit's duties need a newer proof, it is read again soon, if
    its list may prove one.
    """
    portal = await _locked(session, portal_id)
    portal.walked_at = proof.walked_at or portal.walked_at
    portal.proven_at = proof.proven_at or portal.proven_at
    wait = None
    if proof.walked_at is None:
        wait = rules.SOON_AGAIN if may_prove else None
    elif rules.wants_proof(portal, needed_since):
        wait = max(await absence_gap(session), rules.LEAST_PAUSE)
    await _note(session, portal, Outcome.READ, None, now, wait=wait)


async def note_layout(session: AsyncSession, portal: Portal, layout: str) -> None:
    """How its list looks to a walk; for that walk alone where it is read otherwise meanwhile."""
    await queries.put_layout(session, portal, layout)
    portal.layout = layout


async def absence_gap(session: AsyncSession) -> timedelta:
    """How far apart two walks must be that prove an absence."""
    policy = await queries.absence_policy(session)
    return rules.USUAL_GAP if policy is None else timedelta(minutes=policy.absence_gap_minutes)


async def absence_policy(session: AsyncSession) -> tuple[int, int]:
    """Version and minutes of the policy in force; version 0 while nobody has made one."""
    policy = await queries.absence_policy(session)
    if policy is None:
        return 0, int(rules.USUAL_GAP.total_seconds() // 60)
    return policy.version, policy.absence_gap_minutes


async def put_absence_policy(
    session: AsyncSession, minutes: int, version: int, sub: str, now: datetime
) -> None:
    """The next version of the policy. Raises StateConflict unless `version` is the present one."""
    present, _ = await absence_policy(session)
    policy = AbsencePolicy(
        version=version + 1, absence_gap_minutes=minutes, created_at=now, created_by=sub
    )
    if present != version or not await queries.add_absence_policy(session, policy):
        refuse("in_force", (await absence_policy(session))[0], _POLICY_MOVED)
    details = {"absence_gap_minutes": minutes}
    await audit_log.write(session, sub, "absence_policy.put", "policy:absence", now, details)


async def note_down(session: AsyncSession, portal_id: str, fault: Fault, now: datetime) -> None:
    """The portal could not be read."""
    await _note(session, await _locked(session, portal_id), Outcome.FAILED, fault, now)


async def _note(
    session: AsyncSession,
    portal: Portal,
    outcome: Outcome,
    fault: Fault | None,
    now: datetime,
    *,
    wait: timedelta | None = None,
) -> None:
    """Take the step that the outcome of a run means, and publish it where it is news."""
    step = WORKFLOW.find(portal.health, portal.version, outcome)
    if step.publishes is not None:
        event = _event(step.publishes, portal, fault, now)
        await outbox.record(session, event, scope=portal.unit_code, subject=portal.id)
    if step.to is not portal.health:
        portal.health, portal.health_since = step.to, now
    portal.fault = fault
    wait = rules.SOON_AGAIN if step.is_soon_again else wait
    portal.next_run_at = rules.next_run_at(portal, now, wait)
    portal.version += 1


def _event(
    kind: type[SourceDown | SourceRecovered], portal: Portal, fault: Fault | None, now: datetime
) -> Event:
    whose = {"portal_id": portal.id, "portal_name": portal.name, "unit_code": portal.unit_code}
    if kind is SourceDown:
        return kind(**whose, fault=fault, since=now)
    return SourceRecovered(**whose, down_since=portal.health_since or now, recovered_at=now)


async def _locked(session: AsyncSession, portal_id: str) -> Portal:
    """The portal, held until the transaction ends. Raises NotFound.

    For what must be noted whatever else has changed, so that no caller has to try again:
    the end of a run, and a rule, whose numbers must not have gaps or meet.
    """
    portal = await queries.portal(session, portal_id, lock=True)
    if portal is None:
        raise NotFound
    return portal
