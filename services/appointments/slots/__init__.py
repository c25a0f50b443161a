"""号源: places at a time, opened, full, freed and closed."""

from datetime import timedelta

from services.appointments.slots import events, queries, service, statement
from services.appointments.slots.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    publishes=[events.SlotsOpened, events.SlotsWithdrawn, events.SlotFull, events.SlotFreed],
    jobs=[
        Job("open-slots", timedelta(seconds=10), service.open_some, batch=queries.OPENED_AT_ONCE),
        Job("close-slots", timedelta(seconds=10), queries.close_due),
        Job("return-places", timedelta(seconds=20), statement.return_due),
        Job("announce-fullness", timedelta(seconds=2), service.announce_fullness),
    ],
    workflows=[WORKFLOW],
)
