"""`python -m shared.serve services.projects.app:create_app`: what must be published, and was it?"""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI

from services.projects.auditing import models as auditing_models
from services.projects.auditing import routes as auditing
from services.projects.auditing.events import DutyDueSoon, DutyJudged, DutyOverdue, ReportFrozen
from services.projects.auditing.service import prove_tallies, tick
from services.projects.calendar import models as calendar_models
from services.projects.calendar import routes as calendar
from services.projects.calendar.events import CalendarChanged
from services.projects.catalogue import models as catalogue_models
from services.projects.catalogue.routes import router as catalogue
from services.projects.collecting import models as collecting_models
from services.projects.collecting.routes import router as collecting
from services.projects.collecting.running import collect_portals
from services.projects.duties import models as duties_models
from services.projects.duties import routes as duties
from services.projects.duties.events import DutyCreated
from services.projects.duties.handlers import subscriptions as duty_subscriptions
from services.projects.evidence import models as evidence_models
from services.projects.evidence.files import EvidenceFiles
from services.projects.evidence.routes import router as evidence
from services.projects.evidence.service import seal_days
from services.projects.matching import models as matching_models
from services.projects.matching.events import PublicationFound, PublicationWithdrawn
from services.projects.matching.routes import router as matching
from services.projects.matching.service import match_waiting
from services.projects.portals import models as portals_models
from services.projects.portals.events import SourceDown, SourceRecovered
from services.projects.portals.routes import router as portals
from services.projects.register import models as register_models
from services.projects.register import routes as register
from services.projects.settings import ProjectsSettings
from services.projects.tables import Table
from shared import app
from shared.app import Job, LongJob
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("项目信息公开与监察", "Disclosure duties and their audit")

ROUTERS: list[APIRouter] = [
    *(register.router, register.department, catalogue, calendar.router, calendar.admin),
    *(duties.everyone, duties.router, duties.auditor, auditing.router, auditing.everyone),
    *(portals, collecting, evidence, matching),
]
SUBSCRIPTIONS: list[Subscription[Any]] = [*duty_subscriptions]
PUBLISHES: list[type[Event]] = [
    *(DutyCreated, DutyJudged, DutyDueSoon, DutyOverdue, ReportFrozen, CalendarChanged),
    *(SourceDown, SourceRecovered, PublicationFound, PublicationWithdrawn),
]
JOBS: list[Job | LongJob] = [
    Job("audit-tick", timedelta(minutes=1), tick),
    Job("prove-tallies", timedelta(hours=1), prove_tallies),
    LongJob("match-pages", timedelta(seconds=2), match_waiting),
    Job("seal-evidence", timedelta(minutes=10), seal_days),
]

_ = (
    *(auditing_models, calendar_models, catalogue_models, collecting_models, duties_models),
    *(evidence_models, matching_models, portals_models, register_models),
)


def create_app(settings: ProjectsSettings | None = None) -> FastAPI:
    settings = settings or ProjectsSettings()
    return app.build(
        settings,
        name="projects",
        title=TITLE,
        tables=Table.metadata,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        publishes=PUBLISHES,
        jobs=[*JOBS, collect_portals(EvidenceFiles(settings.evidence_dir))],
    )
