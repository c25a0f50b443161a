"""Letters that came in a flood are kept apart, and registered or not by a dispatcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import PolicyKind, SubjectKind
from services.feedback.letters import intake
from services.feedback.letters import limits as letter_limits
from services.feedback.letters import rules as letter_rules
from services.feedback.letters.intake import Draft
from services.feedback.letters.models import Anonymity, Letter
from services.feedback.letters.schemas import LetterIn, LetterReceipt
from services.feedback.office import in_the_office
from services.feedback.quarantine import queries, rules, senders
from services.feedback.quarantine.models import (
    FloodSign,
    QuarantinedLetter,
    QuarantineState,
)
from services.feedback.quarantine.rules import FloodLimits, NetworkCounts
from services.feedback.quarantine.schemas import Drop, QuarantineDecision, RejectAppeal, Release
from services.feedback.quarantine.workflow import (
    WORKFLOW,
    QuarantineAction,
    QuarantineMove,
    judges_own,
    open_to_staff,
)
from services.feedback.settings import FeedbackSettings
from shared.database import versioned
from shared.database.deciding import DecidingSession
from shared.database.engine import memory_of, on_rollback
from shared.errors import Forbidden, FourEyes, NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions

MOST_AT_ONCE = 200
Given = Release | Drop | RejectAppeal
_MOVED = (
    "id", "kind", "channel", "anonymity", "received_at", "code_hash", "sketch", "wants_public"
)  # fmt: skip
_SEALED = ("title_sealed", "body_sealed", "place_sealed")
"""What of a letter is written once: in the quarantine, then in the letter itself."""

_NOT_HERE = Text(
    "没有这封待核对的来信；可能已有他人先办，请刷新列表",
    "There is no such letter waiting; somebody may have been faster, please reload the list",
)
_OFFICE_ONLY = Text(
    "集中来信由信件登记机构核对，请交给他们",
    "Letters of a flood are for the office that registers letters; please leave them to it",
)


@dataclass(frozen=True)
class Intake:
    """Where letters come in: the region of their numbers, and what is a flood there."""

    region: str
    limits: FloodLimits
    network: str | None
    """A digest of the network that the letter came from; None where it tells nobody apart."""
    language: str
    """In which the sender is answered."""


def limits_of(settings: FeedbackSettings) -> FloodLimits:
    """What one worker goes by: letters of one network are counted in its memory, others in rows."""
    return FloodLimits(
        settings.equal_letters_a_day,
        settings.share(settings.network_letters_an_hour),
        settings.anonymous_letters_an_hour,
    )


@dataclass(frozen=True)
class Decider:
    """Who decides, when, and for which version of the letter."""

    caller: Caller
    now: datetime
    keyring: Keyring
    region: str
    expected: int | None


async def write_letter(
    session: DecidingSession,
    keyring: Keyring,
    letter_in: LetterIn,
    caller: Caller | None,
    intake_: Intake,
    now: datetime,
) -> LetterReceipt:
    """As `take_in`, by one statement.

    In a transaction where somebody was faster with the number, so that many who write at once take
    turns at it; and where others that are just being written have to be counted, by their locks.
    """
    if session.statement.is_again or rules.is_guarded(letter_in, caller):
        locked = await session.go_on_in_transaction()
        return await take_in(locked, keyring, letter_in, caller, intake_, now)
    return await take_in(session, keyring, letter_in, caller, intake_, now)


async def take_in(
    session: AsyncSession,
    keyring: Keyring,
    letter_in: LetterIn,
    caller: Caller | None,
    intake_: Intake,
    now: datetime,
) -> LetterReceipt:
    """The receipt of a letter: registered, or kept apart where it is part of a flood.

    Raises Forbidden for a channel that is staff's.
    """
    if not rules.is_guarded(letter_in, caller):
        return await intake.receive(session, keyring, letter_in, caller, intake_.region, now)
    draft = await intake.prepare(keyring, letter_in, caller, now)
    sign = await _sign(session, draft, intake_, now)
    by = letter_rules.written_by(letter_in.channel, caller)
    await letter_limits.start_on_receipt(session, draft.columns["id"], letter_in.kind, by, now)
    if sign is None:
        letter = await intake.keep(session, draft.columns, intake_.region, now, older=draft.older)
        return LetterReceipt.of(letter, draft.code)
    return await _set_apart(session, draft, sign, intake_)


async def _sign(
    session: AsyncSession, draft: Draft, intake_: Intake, now: datetime
) -> FloodSign | None:
    sketch, network = draft.columns["sketch"], intake_.network
    counts = memory_of(session, NetworkCounts)
    of_network = 0
    if network is not None:
        of_network = counts.count(network, now)
        # Counted before the commit, so that of many at once each counts the others.
        on_rollback(session, partial(counts.take_back, network, now))
    others = await queries.writing(session, sketch) - 1
    lately = await queries.registered_since(session, sketch, now - rules.DAY, now - rules.HOUR)
    in_all, equal = lately.in_all, lately.equal + others
    return rules.sign_of(equal, of_network, in_all, intake_.limits)


async def _set_apart(
    session: AsyncSession, draft: Draft, sign: FloodSign, intake_: Intake
) -> LetterReceipt:
    kept = {name: draft.columns[name] for name in (*_MOVED, *_SEALED)}
    waiting_no = rules.waiting_number(intake_.region)
    session.add(QuarantinedLetter(**kept, waiting_no=waiting_no, flood_sign=sign))
    await session.flush()
    return LetterReceipt(
        id=kept["id"],
        reg_no=waiting_no,
        query_code=draft.code,
        state="quarantined",
        notice=rules.NOTICE.say(intake_.language),
    )


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
    ensure_office(decider.caller)
    seen = await queries.seen(session, letter_id)
    if seen is None:
        raise NotFound(_NOT_HERE)
    waiting = seen.letter
    versions.ensure(decider.expected, version=waiting.version, state=waiting.state)
    move = WORKFLOW.take(waiting.state, waiting.version, action, decider.caller.roles)
    if move.ends_appeal and waiting.decided_by == decider.caller.sub:
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
    columns = waiting.model_dump(include={*_MOVED, *_SEALED})
    was_dropped = waiting.state is not QuarantineState.QUARANTINED
    changes = {"state": move.to, **_noted(waiting, move, given, decider)}
    if move.becomes_letter:
        changes |= dict.fromkeys(_SEALED)
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


def ensure_office(caller: Caller) -> None:
    """Raises Forbidden: nobody knows yet whom such a letter accuses."""
    if not in_the_office(caller):
        raise Forbidden(_OFFICE_ONLY)
