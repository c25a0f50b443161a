"""What a move does to the letter's time limits."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.clock_effects import ClockEffect
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import COUNTRY, Deadline, PolicyKind
from services.feedback.deadlines.service import ClockSet, Extension
from services.feedback.letters.limits import (
    REPLY_LIMITS,
    limit_of,
    owner_without_department,
    subject_of,
)
from services.feedback.letters.models import Letter, LetterKind, LetterState
from shared.clock import today

ANSWER_CLOCKS = (
    PolicyKind.PUBLICATION_DECISION,
    PolicyKind.SILENCE_CLOSES,
    PolicyKind.REOPEN_WINDOW,
)
"""What a reply sets going; a reopening ends those of the reply before."""

ASKED = {
    ClockEffect.REOPEN_ASKED: PolicyKind.REOPEN_DECISION,
    ClockEffect.APPEALED: PolicyKind.LETTER_APPEAL,
}
"""What the office is to decide; no department is pressed for it."""

MET = {
    ClockEffect.REGISTERED_IN_TIME: PolicyKind.LETTER_REGISTER,
    ClockEffect.REOPEN_DECIDED: PolicyKind.REOPEN_DECISION,
    ClockEffect.APPEAL_DECIDED: PolicyKind.LETTER_APPEAL,
}

FIRST_KINDS = tuple(REPLY_LIMITS.values())


class LetterClocks:
    """One letter's limits in hand, changed by one actor at one moment."""

    def __init__(self, letter: Letter, clocks: ClockSet) -> None:
        self._letter, self._clocks = letter, clocks
        self._subject = subject_of(letter)
        self._reply = REPLY_LIMITS[letter.kind]

    def apply(self, effect: ClockEffect, extension: Extension | None = None) -> None:
        """The letter is the one after the move."""
        clocks = self._clocks
        match effect:
            case _ if effect in MET:
                clocks.meet(MET[effect])
            case ClockEffect.KIND_SETTLED:
                self._settle_kind()
            case ClockEffect.DISPATCHED:
                clocks.assign(self._owner)
                self._start(PolicyKind.LETTER_ACCEPT)
            case ClockEffect.TAKEN:
                clocks.meet(PolicyKind.LETTER_ACCEPT)
                clocks.assign(self._owner)
            case ClockEffect.PAUSED:
                self._pause()
            case ClockEffect.WAITS_ON:
                clocks.meet(PolicyKind.AWAIT_CITIZEN)
                self._start(PolicyKind.AWAIT_CITIZEN)
            case ClockEffect.RESUMED:
                self._resume()
            case ClockEffect.EXTENDED if extension is not None:
                clocks.extend(self._reply, extension)
            case ClockEffect.ANSWERED:
                clocks.meet(self._reply)
                self._start(*ANSWER_CLOCKS)
            case _ if effect in ASKED:
                owner = owner_without_department(self._letter.kind)
                self._start(ASKED[effect], owner=owner)
            case ClockEffect.REOPENED:
                clocks.cancel(*ANSWER_CLOCKS)
                self._start(self._reply)
            case ClockEffect.ENDED:
                clocks.cancel()
            case ClockEffect.REVIVED:
                self._revive()

    @property
    def _owner(self) -> str:
        """Whose clock it is; an accusation's is nobody's to list or to hear of."""
        without = owner_without_department(self._letter.kind)
        if self._letter.kind is LetterKind.ACCUSATION:
            return without
        return self._letter.department_code or without

    def _start(self, *kinds: PolicyKind, owner: str | None = None, **how: Any) -> None:
        """`how` is what `ClockSet.start` takes besides."""
        self._clocks.start(self._subject, kinds, owner or self._owner, **how)

    def _pause(self) -> None:
        """The limit to reply stands still for what is left of the days to wait, or for all of them
        once more where nothing is left: only a supervisor may ask then.
        """
        self._clocks.pause(self._reply)
        left = waiting_left(self._letter, self._clocks)
        self._start(PolicyKind.AWAIT_CITIZEN, n=left or None)

    def _resume(self) -> None:
        """No day after the sender's last one is added, however late that is noticed."""
        waited = self._clocks.meet(PolicyKind.AWAIT_CITIZEN)
        self._clocks.resume(self._reply, until=waited[0].due_on if waited else None)

    def _revive(self) -> None:
        """What ran before the merge runs again; the limits from the receipt keep their days."""
        before = self._clocks.latest.get(self._reply)
        received = self._letter.received_at
        self._start(self._reply, since=received, like=before)
        match self._letter.state:
            case LetterState.RECEIVED:
                self._start(PolicyKind.LETTER_REGISTER, since=received)
            case LetterState.DISPATCHED:
                self._start(PolicyKind.LETTER_ACCEPT)
            case LetterState.AWAITING_CITIZEN:
                self._pause()

    def _settle_kind(self) -> None:
        """The limit of another kind ends, that of the right one runs from the same day."""
        others = [kind for kind in FIRST_KINDS if kind is not self._reply]
        ended = self._clocks.cancel(*others)
        if ended:
            self._start(self._reply, like=ended[-1])


def waiting_left(letter: Letter, clocks: ClockSet) -> int:
    """Working days that the letter may still wait for its sender in this round of handling."""
    waits = PolicyKind.AWAIT_CITIZEN
    limit = clocks.basis.in_force([waits], COUNTRY, today(clocks.now))[waits]
    clock = clocks.latest.get(REPLY_LIMITS[letter.kind])
    return max(limit.n - (clocks.paused_workdays(clock) if clock else 0), 0)


def extension_left(letter: Letter, clocks: ClockSet) -> int:
    """How many days more the rules allow."""
    kind = REPLY_LIMITS[letter.kind]
    allowed = clocks.basis.in_force([kind], COUNTRY, today(clocks.now))[kind].extension_limit
    clock = clocks.latest.get(kind)
    return max(allowed - (clock.extension_n if clock else 0), 0)


async def of(session: AsyncSession, letter: Letter) -> dict[PolicyKind, Deadline]:
    """The latest clock of each kind."""
    clocks = await deadlines.of(session, subject_of(letter))
    return {clock.kind: clock for clock in clocks}


def answer_by(letter: Letter, clocks: Sequence[Deadline]) -> date | None:
    """The last day for the sender to answer what they were asked; None where nothing was asked."""
    if letter.state is not LetterState.AWAITING_CITIZEN:
        return None
    waits = (clock for clock in reversed(clocks) if clock.kind is PolicyKind.AWAIT_CITIZEN)
    return next((clock.due_on for clock in waits), None)


def awaited(letter: Letter, clocks: Sequence[Deadline]) -> Deadline | None:
    """Of the letter's clocks, oldest first, the one that it waits by: for the reply, or for what
    the office is to decide.
    """
    kind = limit_of(letter.kind, letter.state)
    return next((clock for clock in reversed(clocks) if clock.kind is kind), None)
