"""What a hall shows on its screens, and how busy it is."""

from datetime import timedelta

from services.appointments.display import service
from services.appointments.display.events import HallLoadMeasured
from services.appointments.display.routes import router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[HallLoadMeasured],
    jobs=[Job("measure-loads", timedelta(seconds=1), service.measure_loads)],
)
