"""Who is before whom, how fast it goes on, and what a release covers. Pure.

The draw is what `docs/draws.md` says: whoever has the published ids and the seed gets the same.
"""

import hashlib
import math
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.releases.models import (
    Release,
    ReleaseEntry,
    ReleaseEntryState,
    ReleaseState,
)
from shared.clock import moment_en, moment_zh
from shared.database.transitions import listed
from shared.errors import Conflict, Text, counted

LIVE = listed([ReleaseState.ANNOUNCED, ReleaseState.CLOSED, ReleaseState.OPEN])
"""States in which a release holds its places for who is admitted."""
IN_LINE = listed([ReleaseEntryState.WAITING, ReleaseEntryState.ADMITTED, ReleaseEntryState.BOOKED])
"""States of which a person has one a release (the index `uq_release_entry_live`)."""
MEASURED = timedelta(minutes=5)
"""How fast people book is measured over so long."""
_MINUTE = timedelta(minutes=1)
_HEADROOM = 1.5
"""So much more are admitted than have booked: else it could never go faster than it does."""


_BOOKED = Text(
    "您已按这个号约过一次，一个号只能约一次；取消后，轮到您的时限未过的，可以另选时间",
    "You have booked by your place in line, and it is good for one visit: cancel it to choose "
    "another while your time to book lasts",
)
_LAPSED = Text(
    "您没有在时限内预约，已轮到后面的人；可以重新加入，排在后面",
    "You have not booked in time, and others have their turn; you may join again behind them",
)


class NotAdmitted(Conflict):
    """The places are given out in turn, and it is not this person's.

    Members `release_id`, `state`, `joins_from`, `opens_at` and `called_through` of the release, and
    `entry_id`, `entry_state` and `number` of who is in line.
    """

    type = "/problems/not-admitted"
    title = Text("这些名额按次序预约，还没有轮到您", "These places are booked in turn")
    advice = Text(
        "请加入这次放号的排队，轮到您时再约；没有账号的，可请大厅工作人员代为排队",
        "Join the line for this release and book when it is your turn; without an account, ask the "
        "staff of the hall to join for you",
    )


class MoreThanJoined(Conflict):
    """It is their turn, but for fewer people: so many places are counted for it.

    Members `entry_id`, and `persons`: for how many it is.
    """

    type = "/problems/more-than-joined"
    title = Text("来的人比排队时登记的多", "More people than the place in line is for")
    advice = Text(
        "请按登记的人数预约，其他人另行排队",
        "Book for as many as were named on joining; the others join for themselves",
    )


class AlreadyInLine(Conflict):
    """One place in line a person and release, however they are named.

    Members `entry_id` and `state` name it to its owner and to the staff of the hall.
    """

    type = "/problems/already-in-line"
    title = Text("已经在这次放号的排队中", "There is a place in line for this release already")
    advice = Text("一人只能排一个号，请查看自己的次序", "One place a person: look at yours")


class JoiningNotOpen(Conflict):
    """Member `joins_from`: when one may join."""

    type = "/problems/joining-not-open"
    title = Text("还没到排队时间", "It is too early to join")
    advice = Text("请到排队开始时再来", "Please come back when joining begins")


class ReleaseOverlaps(Conflict):
    """Member `release_id`: the other that is meant to give out some of the same places."""

    type = "/problems/release-overlaps"
    title = Text("这些名额已有另一次抽签放号", "Another release gives out some of these places")
    advice = Text("请改选事项或日期，或先撤销那一次", "Choose other items or days, or withdraw it")


class PressingRelease(NamedTuple):
    """What a release that is not over covers; so much never changes about it."""

    id: UUID
    item_codes: frozenset[str]
    starts_from: datetime
    starts_until: datetime

    def covers(self, items: Collection[str], starts_at: datetime) -> bool:
        """Whether a visit for one of the items at that time is one of its places."""
        on_its_days = self.starts_from <= starts_at < self.starts_until
        return on_its_days and not self.item_codes.isdisjoint(items)


def in_turn(slot: str, item: str) -> str:
    """The condition that the place of a slot, for the item, is one that a release gives out."""
    return (
        f"EXISTS (SELECT FROM release rt WHERE rt.hall_code = {slot}.hall_code"
        f" AND rt.state IN ({LIVE}) AND {item} = ANY(rt.item_codes)"
        f" AND {slot}.starts_at >= rt.starts_from AND {slot}.starts_at < rt.starts_until)"
    )


class SeenRelease(NamedTuple):
    """A release, how somebody stands in line for it, and the states of all that they booked by it
    and that came of it by moves."""

    release: Release
    entry: ReleaseEntry | None
    appointment_states: Sequence[str]


class Pace(NamedTuple):
    """How many are to be admitted now."""

    due: int
    per_minute: int
    begins_at: datetime
    """From when on they were due: whoever is admitted moves it on by their share of a minute."""

    def after(self, admitted: int) -> datetime:
        return self.begins_at + _MINUTE * admitted / self.per_minute


def new_seed() -> str:
    """256 random bits in hexadecimal digits."""
    return secrets.token_hex(32)


def commitment_of(seed: str) -> str:
    """What is published before anybody may join."""
    return _sha256(seed)


def digest_of(ids: Iterable[UUID]) -> str:
    """What is fixed when joining closes: it goes into the draw, so that who knows the seed before
    does not know the draw."""
    return _sha256("\n".join(sorted(str(each) for each in ids)))


def drawn(seed: str, ids: Iterable[UUID]) -> list[UUID]:
    """The order of the draw, the first first."""
    those = [*ids]
    digest = digest_of(those)
    return sorted(those, key=lambda each: _sha256(f"{seed}:{digest}:{each}"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rate(booked: int, over: timedelta, least: int, most: int) -> int:
    """People a minute, by how many of them booked in the time `over`."""
    minutes = max(over / _MINUTE, 1.0)
    return min(max(math.ceil(booked / minutes * _HEADROOM), least), most)


def pace(paced_at: datetime, now: datetime, per_minute: int, room: int) -> Pace:
    """Those who became due since `paced_at`: of the last minute at the most, so that nobody who was
    kept up comes with a crowd; and no more than there is `room` for."""
    begins_at = max(paced_at, now - _MINUTE)
    due = int((now - begins_at) * per_minute / _MINUTE)
    return Pace(max(min(due, room), 0), per_minute, begins_at)


def ahead(number: int, called_through: int) -> int:
    """How many come before that number, at the most: who left is still counted."""
    return max(number - called_through - 1, 0)


def expected_minutes(number: int, release: Release) -> int | None:
    """In how many minutes it is that number's turn; None where nobody can say: before the draw, and
    while there are no places left that somebody might be admitted to."""
    if release.state is not ReleaseState.OPEN or not release.places_left:
        return None
    return math.ceil((ahead(number, release.called_through) + 1) / max(release.per_minute, 1))


def is_over(release: Release, now: datetime) -> bool:
    """Whether it takes nobody any more, in the draw or after it."""
    live = release.state in (ReleaseState.ANNOUNCED, ReleaseState.CLOSED, ReleaseState.OPEN)
    return not live or now >= release.ends_at


def is_drawn(release: Release, now: datetime) -> bool:
    """Whether who joins now is in the draw: at the second of the release it is too late."""
    return release.state is ReleaseState.ANNOUNCED and now < release.opens_at


def not_admitted(release: Release, number: int | None, now: datetime, **theirs: Any) -> NotAdmitted:
    """The refusal that says how to join, or how far it is; `theirs` is of who is in line."""
    return NotAdmitted(
        _how_to_join(release, now) if not theirs else _how_far(release, number, theirs),
        release_id=str(release.id),
        state=release.state.value,
        joins_from=release.joins_from,
        opens_at=release.opens_at,
        called_through=release.called_through,
        number=number,
        **theirs,
    )


def _how_to_join(release: Release, now: datetime) -> Text:
    opens = moment_zh(release.opens_at), moment_en(release.opens_at)
    if now < release.joins_from:
        return Text(
            f"{moment_zh(release.joins_from)}开始排队，{opens[0]}放号；放号前加入的由抽签定先后，早来晚来一样",
            f"Joining begins at {moment_en(release.joins_from)} and the places are released at "
            f"{opens[1]}; among those who join before that a draw decides, however early they came",
        )
    if now < release.opens_at:
        return Text(
            f"请在{opens[0]}放号前加入排队，由抽签定先后",
            f"Join the line before the release at {opens[1]}; a draw decides on the order",
        )
    return Text(
        "已经放号，现在加入的排在后面，轮到时即可预约",
        "The places are being given out: join now to be in line after the others",
    )


def _how_far(release: Release, number: int | None, theirs: Mapping[str, Any]) -> Text:
    if theirs["entry_state"] == ReleaseEntryState.BOOKED:
        return _BOOKED
    if theirs["entry_state"] == ReleaseEntryState.LAPSED:
        return _LAPSED
    if number is None:
        at = moment_zh(release.opens_at), moment_en(release.opens_at)
        return Text(f"您已在排队中，{at[0]}放号", f"You are in line; the release is at {at[1]}")
    return Text(
        f"您的号是 {number}，已叫到 {release.called_through}，轮到时请再来预约",
        f"Your number is {number}, and {release.called_through} was called: book when it is yours",
    )


def too_many(entry: ReleaseEntry) -> MoreThanJoined:
    """The refusal of a visit of more people than the place in line is for."""
    return MoreThanJoined(
        Text(
            f"排队时登记的是 {entry.persons} 人，这个号最多约 {entry.persons} 人",
            f"The place in line is for {counted(entry.persons or 1, 'person', 'people')}: no more "
            "can be booked by it",
        ),
        entry_id=str(entry.id),
        persons=entry.persons,
    )


def already_in_line(entry: UUID | None, state: str) -> AlreadyInLine:
    """The refusal; it names the place in line to who may see it."""
    if entry is None:
        return AlreadyInLine()
    return AlreadyInLine(entry_id=str(entry), state=state)


def too_early(joins_from: datetime) -> JoiningNotOpen:
    """The refusal of who comes before one may join."""
    return JoiningNotOpen(
        Text(
            f"{moment_zh(joins_from)}开始排队，放号前加入的机会均等，不用抢先",
            f"Joining begins at {moment_en(joins_from)}; all who join before the release have the "
            "same chance, so there is no need to hurry",
        ),
        joins_from=joins_from,
    )
