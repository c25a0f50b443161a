"""The main job from end to end, as `make tour` walks it."""

import os
import subprocess
import sys

import pytest

from tests.system import ROOT, System

pytestmark = pytest.mark.xdist_group("system")


def _tour(system: System, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deploy.tour"],
        cwd=ROOT, env={**system.environment, **environment}, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_tour_walks_the_main_job_in_chinese(system: System) -> None:
    walked = _tour(system, LANG="C.UTF-8")
    assert walked.returncode == 0, walked.stdout + walked.stderr
    for said in (
        "预约码",
        "一次办好",
        "差评成立",
        "督办单",
        "查询码",
        "姓名、电话、身份证号、门牌",
    ):
        assert said in walked.stdout


@pytest.mark.slow
def test_the_tour_can_be_walked_again_in_english(system: System) -> None:
    walked = _tour(system, LANG="en")
    assert walked.returncode == 0, walked.stdout + walked.stderr
    for said in ("call next", "put right", "supervision order", "shown once"):
        assert said in walked.stdout


def test_without_a_system_the_tour_says_what_to_do(tmp_path: os.PathLike[str]) -> None:
    environment = {**os.environ, "ONEDOOR_DATA": str(tmp_path), "PORT": "1"}
    walked = subprocess.run(
        [sys.executable, "-m", "deploy.tour"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert walked.returncode == 1
    assert "make run" in walked.stderr
