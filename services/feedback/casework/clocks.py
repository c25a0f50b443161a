"""What a move does to the letter's time limits."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.casework.clock_effects import ClockEffect
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Deadline, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Extension, Subject
from services.feedback.letters.limits import NO_DEPARTMENT, REPLY_LIMITS
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
                await deadlines.pause(
                    self._session, self._subject, self._reply, by=self._by, now=self._now
                )
                await self._start(PolicyKind.AWAIT_CITIZEN)
            case ClockEffect.RESUMED:
                await self._meet(PolicyKind.AWAIT_CITIZEN)
                await deadlines.resume(
                    self._session, self._subject, self._reply, by=self._by, now=self._now
                )
            case ClockEffect.EXTENDED if extension is not None:
                await deadlines.extend(
                    self._session, self._subject, self._reply, extension, now=self._now
                )
            case ClockEffect.ANSWERED:
                await self._meet(self._reply)
                for kind in ANSWER_CLOCKS:
                    await self._start(kind)
            case _ if effect in ASKED:
                await self._start(ASKED[effect], owner=NO_DEPARTMENT)
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
        if self._letter.kind is LetterKind.ACCUSATION:
            return NO_DEPARTMENT
        return self._letter.department_code or NO_DEPARTMENT

    async def _start(
        self, kind: PolicyKind, since: datetime | None = None, owner: str | None = None
    ) -> None:
        await deadlines.start(
            self._session,
            self._subject,
            kind,
            department_code=owner or self._owner,
            by=self._by,
            now=self._now,
            since=since,
        )

    async def _meet(self, kind: PolicyKind) -> None:
        await deadlines.meet(self._session, self._subject, kind, by=self._by, now=self._now)

    async def _cancel(self, *kinds: PolicyKind) -> None:
        await deadlines.cancel(self._session, self._subject, *kinds, by=self._by, now=self._now)

    async def _assign(self) -> None:
        await deadlines.assign(
            self._session, self._subject, self._owner, by=self._by, now=self._now
        )

    async def _revive(self) -> None:
        """What ran before the merge runs again; the limits from the receipt keep their days."""
        await self._start(self._reply, since=self._letter.received_at)
        match self._letter.state:
            case LetterState.RECEIVED:
                await self._start(PolicyKind.LETTER_REGISTER, since=self._letter.received_at)
            case LetterState.DISPATCHED:
                await self._start(PolicyKind.LETTER_ACCEPT)
            case LetterState.AWAITING_CITIZEN:
                await self.apply(ClockEffect.PAUSED)

    async def _settle_kind(self) -> None:
        """The limit of another kind ends, that of the right one runs from the day of receipt."""
        others = [kind for kind in FIRST_KINDS if kind is not self._reply]
        if await deadlines.cancel(
            self._session, self._subject, *others, by=self._by, now=self._now
        ):
            await self._start(self._reply, since=self._letter.received_at)


async def of(session: AsyncSession, letter: Letter) -> dict[PolicyKind, Deadline]:
    """The latest clock of each kind."""
    clocks = await deadlines.of(session, Subject(SubjectKind.LETTER, letter.id))
    return {clock.kind: clock for clock in clocks}


def reply_clock(letter: Letter, clocks: list[Deadline]) -> Deadline | None:
    """The limit to reply, latest last."""
    kind = REPLY_LIMITS[letter.kind]
    return next((clock for clock in reversed(clocks) if clock.kind is kind), None)
