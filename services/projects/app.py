"""`python -m shared.web.serve services.projects.app:create_app`: what must be published; was it?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.projects import (
    attachments,
    auditing,
    calendar,
    catalogue,
    collecting,
    disputes,
    duties,
    evidence,
    examples,
    exemptions,
    matching,
    mergers,
    named_addresses,
    opendata,
    packs,
    portals,
    proofs,
    publishing,
    rectification,
    register,
    reported_missing,
    reports,
    scoring,
    source_health,
)
from services.projects.evidence.files import store_of
from services.projects.evidence.marking import ensure_here
from services.projects.settings import ProjectsSettings
from shared.clock import now
from shared.errors import Text
from shared.web import app
from shared.web.blueprint import Blueprint

TITLE = Text("项目信息公开与监察", "Disclosure duties and their audit")

ROOMS = (
    register.room,
    catalogue.room,
    calendar.room,
    opendata.room,
    duties.room,
    disputes.room,
    exemptions.room,
    rectification.room,
    auditing.room,
    reports.room,
    source_health.room,
    scoring.room,
    portals.room,
    collecting.room,
    named_addresses.room,
    evidence.room,
    attachments.room,
    matching.room,
    packs.room,
    mergers.room,
    reported_missing.room,
    proofs.room,
    publishing.room,
)
blueprint = Blueprint("projects", TITLE, ROOMS)


def create_app(settings: ProjectsSettings | None = None) -> FastAPI:
    """The service's application. It does not start where the evidence is not in its store."""
    chosen = settings or ProjectsSettings()

    @asynccontextmanager
    async def with_evidence(state: app.State) -> AsyncIterator[app.Extension]:
        await ensure_here(state["sessions"], store_of(chosen), now())
        yield app.Extension({})

    return app.build(chosen, blueprint, state=with_evidence, live=examples.live)
