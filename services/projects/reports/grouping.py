"""Which group of a report is opened, as an address says it."""

from typing import Annotated

from fastapi import Depends, Query

from services.projects.reports.rules.period_report import Group


async def _group(
    project: Annotated[str | None, Query(max_length=24)] = None,
    item: Annotated[str | None, Query(max_length=16)] = None,
    phase: Annotated[str | None, Query(max_length=16)] = None,
    region: Annotated[str | None, Query(max_length=16)] = None,
    trust: Annotated[str | None, Query(pattern=r"^[0-5]?$")] = None,
) -> Group:
    return Group(project, item, phase, region, trust)


Grouped = Annotated[Group, Depends(_group)]
"""Raises nothing: a group that no duty is of has no rows."""
