"""What waits is registered or not: by a dispatcher, and after an appeal by a supervisor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.letters import intake
from services.feedback.letters import limits as letter_limits
from services.feedback.letters.models import Anonymity, Letter
from services.feedback.missing_disclosures import service as missing_disclosures
from services.feedback.missing_disclosures.schemas import DisclosureReference
from services.feedback.quarantine import queries, senders, service
from services.feedback.quarantine.models import QuarantinedLetter, QuarantineState
from services.feedback.quarantine.schemas import Drop, QuarantineDecision, RejectAppeal, Release
from services.feedback.quarantine.workflow import (
    WORKFLOW,
    QuarantineAction,
    QuarantineMove,
    judges_own,
    open_to_staff,
)
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.errors import FourEyes, NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

MOST_AT_ONCE = 200
Given = Release | Drop | RejectAppeal

_NOT_HERE = Text(
    "没有这封待核对的来信；可能已有他人先办，请刷新列表",
    "There is no such letter waiting; somebody may have been faster, please reload the list",
)


@dataclass(frozen=True)
class Decider:
    """Who decides, when, and for which version of the letter."""

    caller: Caller
    now: datetime
    keyring: Keyring
    region: str
    expected: int | None


async def answer(
    session: DecidingSession,
    letter_id: UUID,
    action: QuarantineAction,
    given: Given,
    decider: Decider,
) -> QuarantineDecision:
    """As `decide`, by one statement; in a transaction where many are registered at once, and where
    somebody was faster with the next number."""
    with_others = isinstance(given, Release) and given.all_alike
    if with_others or session.statement.is_again:
        locked = await session.go_on_in_transaction()
        return await decide(locked, letter_id, action, given, decider)
    return await decide(session, letter_id, action, given, decider)


async def decide(
    session: AsyncSession,
    letter_id: UUID,
    action: QuarantineAction,
    given: Given,
    decider: Decider,
) -> QuarantineDecision:
    """Register it after all, or drop it with a reason; those of the same text too, if so wanted.

    Its version guards what goes by it: whoever adds to it changes that, too. Raises NotFound,
    StateConflict, Forbidden for another role, or FourEyes for an appeal against one's own decision.
    """
    service.ensure_office(decider.caller)
    seen = await queries.seen(session, letter_id)
    if seen is None:
        raise NotFound(_NOT_HERE)
    waiting, caller = seen.letter, decider.caller
    versions.ensure(decider.expected, version=waiting.version, state=waiting.state)
    barred = {*WORKFLOW.actions} - {*open_to_staff(waiting, caller)}
    move = WORKFLOW.take(waiting.state, waiting.version, action, caller.roles, barred)
    if judges_own(move, waiting, caller):
        raise FourEyes
    with_others = isinstance(given, Release) and given.all_alike
    others = await _others(session, decider.keyring, waiting) if with_others else []
    left = seen.alike - len(others) - (waiting.state is QuarantineState.QUARANTINED)
    decided, letter = await _decide_one(session, waiting, move, given, decider)
    for other in others:
        again = WORKFLOW.take(other.state, other.version, action, decider.caller.roles)
        await _decide_one(session, other, again, given, decider)
    return QuarantineDecision(
        id=decided.id,
        state=decided.state,
        version=decided.version,
        reg_no=letter and letter.reg_no,
        decided=1 + len(others),
        left=max(left, 0),
    )


async def _others(
    session: AsyncSession, keyring: Keyring, like: QuarantinedLetter
) -> Sequence[QuarantinedLetter]:
    """What was shown with it: others that have the same place too, and nothing added to them."""
    place = senders.open_place(keyring, like)
    same = [
        one.id
        for one in await queries.alike(session, like)
        if place is None or senders.open_place(keyring, one) == place
    ]
    return await queries.lock_waiting(session, same[: MOST_AT_ONCE - 1])


async def _decide_one(
    session: AsyncSession,
    waiting: QuarantinedLetter,
    move: QuarantineMove,
    given: Given,
    decider: Decider,
) -> tuple[QuarantinedLetter, Letter | None]:
    by, now = decider.caller.sub, decider.now
    columns = waiting.model_dump(include={*service.MOVED, *service.SEALED})
    was_dropped = waiting.state is not QuarantineState.QUARANTINED
    changes = {"state": move.to, **_noted(waiting, move, given, decider)}
    if move.becomes_letter:
        changes |= dict.fromkeys(service.SEALED)
    decided = await versioned.swap(session, waiting, changes)
    letter = None
    if move.becomes_letter:
        letter = await intake.keep(
            session,
            # Kept apart by a version of before, it is anonymous without saying so.
            {**columns, "anonymity": waiting.anonymity or Anonymity.ANONYMOUS},
            decider.region,
            now,
        )
        await queries.move_supplements(session, letter.id)
        codes = waiting.missing_disclosure
        missing = None if codes is None else DisclosureReference(**codes)
        await missing_disclosures.report(session, letter.id, missing, now)
    if move.ends_clocks or was_dropped:
        await _turn_clocks(session, decided, move, by, now)
    if move.audited is not None:
        await audit_log.write(session, by, move.audited, f"letter:{decided.id}", now, {})
    return decided, letter


def _noted(
    waiting: QuarantinedLetter, move: QuarantineMove, given: Given, decider: Decider
) -> dict[str, Any]:
    """Who decided when, and why; of an appeal beside what it was about."""
    at = "appeal_decided" if move.ends_appeal else "decided"
    noted: dict[str, Any] = {f"{at}_by": decider.caller.sub, f"{at}_at": decider.now}
    seal, row = decider.keyring.seal, str(waiting.id)
    match given:
        case Drop():
            noted["reason_sealed"] = seal(given.reason, where=senders.REASON, row=row)
        case RejectAppeal():
            answer = seal(given.reason, where=senders.APPEAL_ANSWER, row=row)
            noted["appeal_answer_sealed"] = answer
    return noted


async def _turn_clocks(
    session: AsyncSession, decided: QuarantinedLetter, move: QuarantineMove, by: str, now: datetime
) -> None:
    """Nobody is pressed any more for what is dropped; what was, and becomes a letter after all, has
    its limits from its receipt again.
    """
    clocks = await deadlines.to_change(session, SubjectKind.LETTER, [decided.id], by=by, now=now)
    if move.ends_clocks:
        clocks.cancel()
    if move.ends_appeal:
        clocks.meet(PolicyKind.LETTER_APPEAL)
    if move.becomes_letter:
        letter_limits.start(clocks, decided.id, decided.kind, since=decided.received_at)
    await deadlines.save(session, clocks)
