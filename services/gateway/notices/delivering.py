"""Carries notices out, each step in a short transaction; whoever is asked is asked outside one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.gateway.notices import emails, queries, rules, service
from services.gateway.notices.channels import Carrier, NotCarried, Parcel
from services.gateway.notices.contracts import Handover
from services.gateway.notices.models import Notice, NoticeChannel, NoticeState
from services.gateway.notices.queries import DueDelivery
from services.gateway.notices.service import Heard
from services.gateway.notices.workflow import NoticeAction, Outcome
from shared import clock
from shared.database.engine import Sessions
from shared.security.crypto import Keyring

EVERY_SECONDS = 1.0

Ask = Callable[[Notice, datetime], Awaitable[Handover | None]]
"""Asks the service that knows what the notice is about; None while it cannot be reached."""

_CARRIED = [way for way in NoticeChannel if way is not NoticeChannel.INBOX]
"""Those that the deployment does not have any more are drained, too."""
_Take = Callable[[datetime], Awaitable[int]]

log = structlog.get_logger()


class _Sent(NamedTuple):
    outcome: Outcome
    receipt: str | None = None


def _heard(notice: Notice, known: Handover | BaseException | None, now: datetime) -> Heard:
    """What follows from what is known of a notice that is due."""
    if isinstance(known, BaseException):
        return _defect(notice, known, now)
    if service.is_late(notice, now):
        return Heard(notice, None, Outcome(NoticeAction.DROP, service.TOO_LATE))
    is_over = known is not None and not known.applies
    return Heard(notice, known, Outcome(NoticeAction.DROP, service.OVER) if is_over else None)


def _defect(notice: Notice, error: BaseException, now: datetime) -> Heard:
    """It is tried again, and keeps none of the others back."""
    log.error("notice_put_off", error=type(error).__name__)
    outcome = service.tried_again(notice.attempts, now)
    return Heard(notice, None, outcome._replace(reason=service.DEFECT))


class Dispatcher:
    """What is due, addressed and sent."""

    def __init__(
        self,
        sessions: Sessions,
        keyring: Keyring,
        ask: Ask,
        carriers: Mapping[NoticeChannel, Carrier],
    ) -> None:
        self._sessions, self._keyring, self._ask = sessions, keyring, ask
        self._carriers = carriers
        self._available = frozenset({NoticeChannel.INBOX, *carriers})
        self._queues: list[_Take] = [
            self.address,
            *(partial(self.deliver, way) for way in _CARRIED),
        ]

    async def run(self) -> None:
        """Until cancelled; each channel has a queue of its own, and none waits for a slow one."""
        async with asyncio.TaskGroup() as queues:
            for take in self._queues:
                queues.create_task(self._keep(take))

    async def _keep(self, take: _Take) -> None:
        """An outage of the database is waited out."""
        while True:
            try:
                while await take(clock.now()):
                    pass
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("notices_wait", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def round(self, now: datetime) -> int:
        """Takes what is due, once, of all queues; returns how much that was."""
        return sum([await take(now) for take in self._queues])

    async def address(self, now: datetime) -> int:
        """Of what is due asks whom to reach, once; returns how much that was."""
        async with self._sessions() as session, session.begin():
            notices = await queries.take_notices(session, now)
        asked = (self._known(notice, now) for notice in notices)
        known = await asyncio.gather(*asked, return_exceptions=True)
        heard = [_heard(*pair, now) for pair in zip(notices, known, strict=True)]
        if heard and await self._failed_to_settle(heard, now):
            for one in heard:
                if error := await self._failed_to_settle([one], now):
                    await self._settle([_defect(one.notice, error, now)], now)
        return len(notices)

    async def deliver(self, channel: NoticeChannel, now: datetime) -> int:
        """Hands over what is due by a channel, once and all at once; returns how much that was. One
        that cannot be opened or written down keeps none of the others back."""
        async with self._sessions() as session, session.begin():
            due = await queries.take_deliveries(session, channel, now)
        sent = (self._deliver(one, now) for one in due)
        ended = await asyncio.gather(*sent, return_exceptions=True)
        for one, error in zip(due, ended, strict=True):
            if error is not None:
                log.error("notice_put_off", error=type(error).__name__)
                await self._put_off(one, now)
        return len(due)

    async def _put_off(self, due: DueDelivery, now: datetime) -> None:
        outcome = service.tried_again(due.delivery.attempts, now)
        async with self._sessions() as session, session.begin():
            await service.settle_delivery(
                session, due, outcome._replace(reason=service.DEFECT), None, now
            )

    async def _failed_to_settle(
        self, heard: Sequence[Heard], now: datetime
    ) -> BaseException | None:
        """What keeps these from being written down together."""
        [error] = await asyncio.gather(self._settle(heard, now), return_exceptions=True)
        return error

    async def _settle(self, heard: Sequence[Heard], now: datetime) -> None:
        async with self._sessions() as session, session.begin():
            await service.settle(session, self._keyring, heard, self._available, now)

    async def _known(self, notice: Notice, now: datetime) -> Handover | None:
        """Whether it holds and whom it is for; of its own the gateway knows that itself."""
        if service.is_late(notice, now):
            return None
        if notice.source != emails.OWN:
            return await self._ask(notice, now)
        async with self._sessions() as session:
            return await emails.hand_over(session, self._keyring, notice, now)

    async def _deliver(self, due: DueDelivery, now: datetime) -> None:
        outcome, receipt = await self._sent(due, now)
        async with self._sessions() as session, session.begin():
            await service.settle_delivery(session, due, outcome, receipt, now)
        if outcome.to is NoticeState.FAILED:
            log.error("notice_given_up", kind=due.notice.kind, channel=due.delivery.channel)

    async def _sent(self, due: DueDelivery, now: datetime) -> _Sent:
        """One attempt: whether it still holds, to whom it goes, and whether they wish for it this
        way, is asked at the last moment."""
        notice, channel = due.notice, due.delivery.channel
        if service.is_late(notice, now):
            return _Sent(Outcome(NoticeAction.DROP, service.TOO_LATE))
        known = await self._known(notice, now)
        if known is None:
            return _Sent(service.tried_again(due.delivery.attempts, now))
        if not known.applies:
            return _Sent(Outcome(NoticeAction.DROP, service.OVER))
        async with self._sessions() as session:
            wishes = await service.wishes_of(session, self._keyring, known.account_id)
        ways = rules.channels(
            notice.kind,
            wishes,
            has_account=known.account_id is not None,
            phone=known.phone,
            available=self._available,
        )
        to = known.email or wishes.email if channel is NoticeChannel.EMAIL else known.phone
        if to is None or channel not in ways:
            return _Sent(Outcome(NoticeAction.DROP, service.NOBODY))
        language = known.language or wishes.language
        said = rules.message(notice.kind, known.facts, language)
        parcel = Parcel(due.delivery.id, notice.kind, to, said, language)
        try:
            receipt = await self._carriers[channel].carry(parcel, now)
        except NotCarried as failed:
            return _Sent(self._failed(failed, due, now))
        return _Sent(Outcome(NoticeAction.COMPLETE), receipt)

    def _failed(self, failed: NotCarried, due: DueDelivery, now: datetime) -> Outcome:
        if failed.is_final:
            return Outcome(NoticeAction.GIVE_UP, failed.reason)
        return service.tried_again(due.delivery.attempts, now)._replace(reason=failed.reason)
