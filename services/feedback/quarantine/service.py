"""Where letters come in: those that are part of a flood are kept apart."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters import intake
from services.feedback.letters import limits as letter_limits
from services.feedback.letters import rules as letter_rules
from services.feedback.letters.intake import Draft
from services.feedback.letters.schemas import LetterIn, LetterReceipt
from services.feedback.missing_disclosures import service as missing_disclosures
from services.feedback.missing_disclosures.schemas import DisclosureReference
from services.feedback.office import in_the_office
from services.feedback.quarantine import queries, rules
from services.feedback.quarantine.models import (
    FloodSign,
    QuarantinedLetter,
)
from services.feedback.quarantine.rules import FloodLimits, NetworkCounts
from services.feedback.settings import FeedbackSettings
from shared.database.deciding import DecidingSession
from shared.database.engine import memory_of, on_rollback
from shared.errors import Forbidden, Text
from shared.security.crypto import Keyring
from shared.security.identity import Caller

MOVED = (
    "id", "kind", "channel", "anonymity", "received_at", "code_hash", "sketch", "wants_public"
)  # fmt: skip
SEALED = ("title_sealed", "body_sealed", "place_sealed")
"""What of a letter is written once: in the quarantine, then in the letter itself."""

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
    missing = letter_in.missing_disclosure
    if not rules.is_guarded(letter_in, caller):
        receipt = await intake.receive(session, keyring, letter_in, caller, intake_.region, now)
        await missing_disclosures.report(session, receipt.id, missing, now)
        return receipt
    draft = await intake.prepare(keyring, letter_in, caller, now)
    sign = await _sign(session, draft, intake_, now)
    by = letter_rules.written_by(letter_in.channel, caller)
    await letter_limits.start_on_receipt(session, draft.columns["id"], letter_in.kind, by, now)
    if sign is None:
        letter = await intake.keep(session, draft.columns, intake_.region, now, older=draft.older)
        await missing_disclosures.report(session, letter.id, missing, now)
        return LetterReceipt.of(letter, draft.code)
    return await _set_apart(session, draft, sign, intake_, missing)


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
    session: AsyncSession,
    draft: Draft,
    sign: FloodSign,
    intake_: Intake,
    missing: DisclosureReference | None,
) -> LetterReceipt:
    kept = {name: draft.columns[name] for name in (*MOVED, *SEALED)}
    waiting_no = rules.waiting_number(intake_.region)
    codes = None if missing is None else missing.model_dump(exclude_none=True)
    row = QuarantinedLetter(
        **kept, waiting_no=waiting_no, flood_sign=sign, missing_disclosure=codes
    )
    session.add(row)
    await session.flush()
    return LetterReceipt(
        id=kept["id"],
        reg_no=waiting_no,
        query_code=draft.code,
        state="quarantined",
        notice=rules.NOTICE.say(intake_.language),
    )


def ensure_office(caller: Caller) -> None:
    """Raises Forbidden: nobody knows yet whom such a letter accuses."""
    if not in_the_office(caller):
        raise Forbidden(_OFFICE_ONLY)
