"""A page of what is published costs the same, however far back it is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.feedback.publication import queries
from tests.plans import Planned
from tests.support import Connect

FAR_BACK = datetime(2025, 6, 1, tzinfo=UTC), "L1"


@pytest.mark.parametrize("filters", [(None, None), ("consultation", "D01")])
async def test_a_page_begins_where_the_one_before_ended(sql: Connect, filters: Any) -> None:
    planned = Planned(await sql("feedback"))
    await queries.latest(planned.direct, filters, FAR_BACK, 51)
    [(index, condition)] = planned.conditions()
    assert index == "ix_published_letter_latest"
    assert "published_at" in condition
