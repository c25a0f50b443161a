"""Machines of a hall: enrolled by a one-time code, and how each of them is."""

from datetime import timedelta

from services.appointments.devices import events, watching
from services.appointments.devices.routes import router
from services.appointments.devices.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[
        events.DeviceWentOffline,
        events.DeviceCameBack,
        events.DevicePaperChanged,
        events.DeviceFaultsChanged,
    ],
    jobs=[Job("watch-devices", timedelta(minutes=1), watching.watch, watching.BATCH)],
    workflows=[WORKFLOW],
)
