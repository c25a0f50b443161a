"""Tests of one group run in one worker: what they share is started once, not once a worker."""

import os
import re
import subprocess
import sys
from pathlib import Path

GROUPED = """
import pytest

pytestmark = pytest.mark.xdist_group("shared")


@pytest.mark.parametrize("number", range(6))
def test_of_the_group(number): ...
"""


def test_a_group_stays_in_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(GROUPED, encoding="utf-8")
    plain = ("-c", "/dev/null", "--rootdir", str(tmp_path), "-p", "no:cacheprovider", "-p", "xdist")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup", *plain, tmp_path],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    workers = re.findall(r"\[(gw\d)\] .* PASSED", run.stdout)
    assert len(workers) == 6
    assert len(set(workers)) == 1, "pytest-xdist takes no notice of groups"
