"""Whoever did not hear of what they did asks again with their key: it is done once."""

from uuid import uuid4

from tests.projects.test_duties_at_once import RULING, Case, case
from tests.unheard import asked_twice

__all__ = ["case"]


async def test_a_duty_is_disputed_suspended_and_made_once(case: Case) -> None:
    steps = {
        "dispute": lambda: case.act("dispute", **RULING, version=1),
        "suspend": lambda: case.act("suspend", **RULING, version=2),
        "record": lambda: case.record("宁发改〔2026〕8号"),
    }
    for name, step in steps.items():
        case.desk.client.headers["Idempotency-Key"] = uuid4().hex
        try:
            answer = await asked_twice(step)
        finally:
            del case.desk.client.headers["Idempotency-Key"]
        assert answer.is_success, (name, answer.text)
    assert await case.wrong_tallies() == 0
