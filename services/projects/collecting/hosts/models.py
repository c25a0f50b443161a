"""Who walks on a host, and from when on it may be asked again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, func, text
from sqlmodel import Field

from services.projects.tables import Table
from shared.database.tables import Moment


class PortalHost(Table, table=True):
    """A host, by its name and port (`Portal.host`); the database adds it with its first portal.

    It has no lease of its own: it is held as long as its run is under way, and whoever takes over
    a run whose lease ran out takes over its host. All others on it wait for that run.
    """

    __tablename__ = "portal_host"
    __table_args__ = (
        Index("ix_portal_host_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    )

    host: str = Field(primary_key=True, max_length=800)
    run_id: UUID | None = Field(default=None, foreign_key="collector_run.id", ondelete="SET NULL")
    free_at: datetime = Field(sa_type=Moment, sa_column_kwargs={"server_default": func.now()})
    """From when on it may be asked again: the last walk's pause has passed by then."""
