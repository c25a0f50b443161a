import pytest

from tests.benchmarks import call_next


@pytest.mark.bench
async def test_calling_keeps_up_with_pgbench_running_the_same_statement() -> None:
    assert call_next.show(await call_next.measure()) >= call_next.GOAL
