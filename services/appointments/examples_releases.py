"""Which releases and places in line the documents' examples are about."""

from datetime import timedelta
from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.releases.models import Release, ReleaseEntry, ReleaseEntryState
from services.appointments.releases.workflow import ENTRIES, RELEASES, ReleaseAction
from services.appointments.releases.workflow import ReleaseEntryAction as EntryAction
from shared import clock
from shared.database.newest import newest, newest_in, values_of
from shared.web.examples import Example, read


async def live(session: AsyncSession) -> dict[str, Example]:
    """A release that nobody is in line for, and who is in line for another."""
    found = await _announced(session)
    release = await newest(session, Release)
    if release is not None:
        which = Example({"release_id": str(release.id)})
        found |= {"get_release": which, "get_draw": which}
        found["list_release_entries"] = Example(query={"release": str(release.id)})
    states = [row.state for row in RELEASES.of(ReleaseAction.WITHDRAW)]
    nobody = ~col(Release.id).in_(values_of(ReleaseEntry.release_id))
    unjoined = await newest_in(session, Release, states, nobody)
    if unjoined is not None:
        found["withdraw_release"] = Example({"release_id": str(unjoined.id)})
    is_joined = col(Release.joins_from) <= clock.now()
    joining = await newest_in(session, Release, [RELEASES.starts[0]], nobody, is_joined)
    if joining is not None:
        found["join_release"] = Example({"release_id": str(joining.id)})
    return found | await _entries(session)


async def _announced(session: AsyncSession) -> dict[str, Example]:
    """Days behind all for which a release was announced."""
    example: Any = read("appointments")["announce_release"]["body"]
    known = await newest(
        session,
        Release,
        col(Release.hall_code) == example["hall_code"],
        col(Release.item_codes).contains(example["item_codes"]),
        by=Release.last_on,
    )
    if known is None:
        return {}
    days = {
        "first_on": (known.last_on + timedelta(days=1)).isoformat(),
        "last_on": (known.last_on + timedelta(days=7)).isoformat(),
    }
    return {"announce_release": Example(body=days)}


async def _entries(session: AsyncSession) -> dict[str, Example]:
    found = {}
    leaving: list[ReleaseEntryState] = [row.state for row in ENTRIES.of(EntryAction.LEAVE)]
    is_live = col(ReleaseEntry.state).in_(leaving)
    entry = await newest(session, ReleaseEntry, is_live, by=ReleaseEntry.joined_at)
    if entry is not None:
        found["leave_release"] = Example({"entry_id": str(entry.id)})
    last = await newest(session, ReleaseEntry, by=ReleaseEntry.joined_at)
    if last is not None:
        found["get_release_entry"] = Example({"entry_id": str(last.id)})
    return found
