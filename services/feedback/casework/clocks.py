"""What a move does to the letter's time limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.clock_effects import ClockEffect
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Extension, Subject
from services.feedback.letters.limits import (
    REPLY_LIMITS,
    limit_of,
    owner_without_department,
)
from services.feedback.letters.models import Letter, LetterKind, LetterState

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
    """One letter's limits, changed by one actor at one moment."""

    def __init__(self, session: AsyncSession, letter: Letter, by: str, now: datetime) -> None:
        self._session, self._letter, self._by, self._now = session, letter, by, now
        self._subject = Subject(SubjectKind.LETTER, letter.id)
        self._reply = REPLY_LIMITS[letter.kind]

    async def apply(self, effect: ClockEffect, extension: Extension | None = None) -> None:
        """The letter is the one after the move."""
        match effect:
            case _ if effect in MET:
                await self._meet(MET[effect])
            case ClockEffect.KIND_SETTLED:
                await self._settle_kind()
            case ClockEffect.DISPATCHED:
                await self._assign()
                await self._start(PolicyKind.LETTER_ACCEPT)
            case ClockEffect.TAKEN:
                await self._meet(PolicyKind.LETTER_ACCEPT)
                await self._assign()
            case ClockEffect.PAUSED:
                await self._pause()
            case ClockEffect.WAITS_ON:
                await self._meet(PolicyKind.AWAIT_CITIZEN)
                await self._start(PolicyKind.AWAIT_CITIZEN)
            case ClockEffect.RESUMED:
                await self._resume()
            case ClockEffect.EXTENDED if extension is not None:
                await deadlines.extend(
                    self._session, self._subject, self._reply, extension, now=self._now
                )
            case ClockEffect.ANSWERED:
                await self._meet(self._reply)
                await self._start_several(ANSWER_CLOCKS)
            case _ if effect in ASKED:
                owner = owner_without_department(self._letter.kind)
                await self._start(ASKED[effect], owner=owner)
            case ClockEffect.REOPENED:
                await self._cancel(*ANSWER_CLOCKS)
                await self._start(self._reply)
            case ClockEffect.ENDED:
                await self._cancel()
            case ClockEffect.REVIVED:
                await self._revive()

    @property
    def _owner(self) -> str:
        """Whose clock it is; an accusation's is nobody's to list or to hear of."""
        without = owner_without_department(self._letter.kind)
        if self._letter.kind is LetterKind.ACCUSATION:
            return without
        return self._letter.department_code or without

    async def _start(self, kind: PolicyKind, owner: str | None = None, **how: Any) -> None:
        """`how` is what `deadlines.start` takes besides."""
        await deadlines.start(
            self._session,
            self._subject,
            kind,
            department_code=owner or self._owner,
            by=self._by,
            now=self._now,
            **how,
        )

    async def _start_several(self, kinds: Sequence[PolicyKind]) -> None:
        await deadlines.start_several(
            self._session,
            self._subject,
            kinds,
            department_code=self._owner,
            by=self._by,
            now=self._now,
        )

    async def _meet(self, kind: PolicyKind) -> list[Deadline]:
        return await deadlines.meet(self._session, self._subject, kind, by=self._by, now=self._now)

    async def _cancel(self, *kinds: PolicyKind) -> list[Deadline]:
        return await deadlines.cancel(
            self._session, self._subject, *kinds, by=self._by, now=self._now
        )

    async def _assign(self) -> None:
        await deadlines.assign(
            self._session, self._subject, self._owner, by=self._by, now=self._now
        )

    async def _pause(self) -> None:
        """The limit to reply stands still for what is left of the days to wait, or for all of them
        once more where nothing is left: only a supervisor may ask then.
        """
        await deadlines.pause(self._session, self._subject, self._reply, by=self._by, now=self._now)
        left = await waiting_left(self._session, self._letter, self._now)
        await self._start(PolicyKind.AWAIT_CITIZEN, n=left or None)

    async def _resume(self) -> None:
        """No day after the sender's last one is added, however late that is noticed."""
        waited = await self._meet(PolicyKind.AWAIT_CITIZEN)
        await deadlines.resume(
            self._session,
            self._subject,
            self._reply,
            by=self._by,
            now=self._now,
            until=waited[0].due_on if waited else None,
        )

    async def _revive(self) -> None:
        """What ran before the merge runs again; the limits from the receipt keep their days."""
        before = (await of(self._session, self._letter)).get(self._reply)
        received = self._letter.received_at
        await self._start(self._reply, since=received, like=before)
        match self._letter.state:
            case LetterState.RECEIVED:
                await self._start(PolicyKind.LETTER_REGISTER, since=received)
            case LetterState.DISPATCHED:
                await self._start(PolicyKind.LETTER_ACCEPT)
            case LetterState.AWAITING_CITIZEN:
                await self._pause()

    async def _settle_kind(self) -> None:
        """The limit of another kind ends, that of the right one runs from the same day."""
        others = [kind for kind in FIRST_KINDS if kind is not self._reply]
        ended = await self._cancel(*others)
        if ended:
            await self._start(self._reply, like=ended[-1])


async def waiting_left(session: AsyncSession, letter: Letter, now: datetime) -> int:
    """Working days that the letter may still wait for its sender in this round of handling."""
    limit = await deadlines.policy(session, PolicyKind.AWAIT_CITIZEN, now)
    clock = (await of(session, letter)).get(REPLY_LIMITS[letter.kind])
    waited = await deadlines.paused_workdays(session, clock, now) if clock else 0
    return max(limit.n - waited, 0)


async def of(session: AsyncSession, letter: Letter) -> dict[PolicyKind, Deadline]:
    """The latest clock of each kind."""
    clocks = await deadlines.of(session, Subject(SubjectKind.LETTER, letter.id))
    return {clock.kind: clock for clock in clocks}


def awaited(letter: Letter, clocks: Sequence[Deadline]) -> Deadline | None:
    """Of the letter's clocks, oldest first, the one that it waits by: for the reply, or for what
    the office is to decide.
    """
    kind = limit_of(letter.kind, letter.state)
    return next((clock for clock in reversed(clocks) if clock.kind is kind), None)
