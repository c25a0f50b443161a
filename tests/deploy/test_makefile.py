import os
import re
import subprocess
from pathlib import Path

import pytest

from deploy.local import options
from deploy.local.options import BadOption

ASKED_FOR = (
    *(
        "help",
        "run",
        "accounts",
        "tour",
        "audit-demo",
        "test",
        "check",
        "migrate",
        "revision",
        "dead",
        "rebuild-streams",
    ),
    *("verify-audit-log", "seal-anew", "index-anew", "reset", "bench"),
)


def make(*words: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=options.ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_make_alone_lists_every_target_in_both_languages() -> None:
    told = make()
    assert told == make("help")
    for target in ASKED_FOR:
        found = re.search(rf"^  make {target} +(\S.*)\n +(\S.*)$", told, re.MULTILINE)
        assert found is not None, target
        assert re.search(r"[\u4e00-\u9fff]", found[1])
        assert found[2].isascii()


def test_ci_runs_the_checks_and_then_the_tests() -> None:
    commands = Path(options.ROOT / ".ci" / "run").read_text().splitlines()
    assert commands[-2:] == ["make check", "make test"]


def test_without_options_the_system_is_for_this_machine_only() -> None:
    chosen = options.read({})
    assert (chosen.url, chosen.host) == ("http://127.0.0.1:8000", "127.0.0.1")
    assert (chosen.database_url, chosen.nats_url) == (None, None)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
        ("::", "http://[::1]:8000"),
        ("localhost", "http://127.0.0.1:8000"),
    ],
)
def test_the_address_told_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    assert options.read({"HOST": host}).url == url


@pytest.mark.parametrize(
    "bad", [{"PORT": "0"}, {"PORT": "70000"}, {"PORT": "80a"}, {"HOST": "x86_64-linux-gnu"}]
)
def test_an_option_without_sense_is_refused_in_both_languages(bad: dict[str, str]) -> None:
    with pytest.raises(BadOption) as refused:
        options.read(bad)
    assert re.search(r"[\u4e00-\u9fff]", refused.value.zh)
    assert refused.value.en.isascii()
    [named] = [f"{name}={value}" for name, value in bad.items()]
    assert named in refused.value.zh
    assert named in refused.value.en
