"""What a request of a sender brings: the query code in the body, a header or the address."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request, Response

from services.feedback.casework import sender_views, service
from services.feedback.casework.moving import Moved
from services.feedback.casework.schemas import (
    Consent,
    LetterAppeal,
    SenderView,
    Supplement,
    WithCode,
)
from services.feedback.letters.models import Letter
from services.feedback.quarantine import senders as quarantine
from services.feedback.quarantine.models import QuarantinedLetter
from services.feedback.quarantine.rules import NotYetRegistered
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Deciding, Direct, Now, RequestKeyring, Session, public
from shared.web.problems import language_of


@dataclass(frozen=True)
class SenderRequest:
    """What every request of a sender brings."""

    reg_no: Annotated[str, Path(max_length=40, examples=["NC-LX-20261123-0012-5"])]
    request: Request
    response: Response
    session: Session
    direct: Direct
    keyring: RequestKeyring
    now: Now
    _: Annotated[Caller | None, public()]
    in_header: Annotated[
        str | None,
        Header(
            alias="X-Query-Code",
            max_length=20,
            description="查询码，不写在地址里时用 | Query code, to keep it out of the address",
            examples=["7KQ2M9XTCA"],
        ),
    ] = None
    code: Annotated[str | None, Query(max_length=20, description="查询码 | Query code")] = None

    @property
    def language(self) -> str:
        """In which what it is told is written."""
        return language_of(self.request)

    async def found(self, given: WithCode | None = None) -> Letter | QuarantinedLetter:
        """What number and code open: a letter, or one that waits to be looked at."""
        code = (given.code if given else None) or self.in_header or self.code
        answers.vary(self.response, "X-Query-Code")
        answers.in_language(self.response, self.language)
        return await quarantine.with_code(
            self.session, self.direct, self.keyring, self.reg_no, code, self.now
        )

    async def letter(self, given: WithCode | None = None) -> Letter:
        """The letter. Raises NotYetRegistered for one that waits."""
        found = await self.found(given)
        if isinstance(found, QuarantinedLetter):
            raise NotYetRegistered(state=found.state)
        return found

    async def move(self, action: str, given: WithCode) -> SenderView:
        letter = await self.found(given)
        if isinstance(letter, QuarantinedLetter):
            return await self._move_waiting(letter, action, given)
        return await self.shown(
            await service.act_as_sender(self.session, self.keyring, letter, action, given, self.now)
        )

    async def shown(self, done: Moved) -> SenderView:
        """The letter after a move."""
        return await sender_views.view(
            self.session, self.keyring, done.letter, self.language, self.now, done
        )

    async def _move_waiting(
        self, waiting: QuarantinedLetter, action: str, given: WithCode
    ) -> SenderView:
        """Raises NotYetRegistered for what only a registered letter allows."""
        moved = await quarantine.act_as_sender(
            self.session,
            self.keyring,
            waiting,
            action,
            self.now,
            text=given.text if isinstance(given, Supplement) else None,
            appeal=given.reason if isinstance(given, LetterAppeal) else None,
            wants_public=given.wants_public if isinstance(given, Consent) else None,
        )
        return await sender_views.waiting(
            self.session, self.keyring, moved.letter, self.language, moved
        )


@dataclass(frozen=True)
class SenderDecision(SenderRequest):
    """The same of what a sender does: it reads, and is written by one statement."""

    session: Deciding


Sender = Annotated[SenderRequest, Depends()]
DecidingSender = Annotated[SenderDecision, Depends()]
"""The sender who does something."""
