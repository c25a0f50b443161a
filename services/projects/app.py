"""`uvicorn --factory services.projects.app:create_app`: what must be published, and was it?"""

from typing import Any

from fastapi import APIRouter, FastAPI

from services.projects.auditing import models as auditing_models
from services.projects.calendar import models as calendar_models
from services.projects.catalogue import models as catalogue_models
from services.projects.collecting import models as collecting_models
from services.projects.duties import models as duties_models
from services.projects.evidence import models as evidence_models
from services.projects.matching import models as matching_models
from services.projects.portals import models as portals_models
from services.projects.register import models as register_models
from services.projects.settings import ProjectsSettings
from services.projects.tables import Table
from shared import app
from shared.app import Job
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("项目信息公开与监察", "Disclosure duties and their audit")

ROUTERS: list[APIRouter] = []
SUBSCRIPTIONS: list[Subscription[Any]] = []
PUBLISHES: list[type[Event]] = []
JOBS: list[Job] = []

_ = (
    *(auditing_models, calendar_models, catalogue_models, collecting_models, duties_models),
    *(evidence_models, matching_models, portals_models, register_models),
)


def create_app(settings: ProjectsSettings | None = None) -> FastAPI:
    return app.build(
        settings or ProjectsSettings(),
        name="projects",
        title=TITLE,
        tables=Table.metadata,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        publishes=PUBLISHES,
        jobs=JOBS,
    )
