"""Query parameters that several lists and statistics of letters and ratings have."""

from typing import Annotated

from fastapi import Query

from shared.web.models import Day
from shared.web.old_queries import Formerly

FirstDay = Annotated[Day | None, Query(alias="from"), Formerly("from_on")]
LastDay = Annotated[Day | None, Query(alias="to"), Formerly("to_on")]
DepartmentAsked = Annotated[str | None, Query(max_length=32), Formerly("department_code")]
