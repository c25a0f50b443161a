import re
import tomllib
from typing import Any

import pytest

from deploy.local.options import ROOT

FOLDER = ROOT / "deploy" / "requirements"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS: dict[str, list[Any]] = {"base": [], **PROJECT["dependency-groups"]}


def asked(group: str) -> set[str]:
    """The distributions that a group names, with those of the groups it includes."""
    names = set() if group == "tools" else {name_of(d) for d in PROJECT["project"]["dependencies"]}
    for entry in GROUPS[group]:
        names |= asked(entry["include-group"]) if isinstance(entry, dict) else {name_of(entry)}
    return names


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=; ]", requirement)[0].lower()


def pinned(group: str) -> dict[str, str]:
    lines = (FOLDER / f"{group}.txt").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([a-z0-9-]+)(?:\[.*\])?==(\S+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_is_locked_with_what_it_asks_for(group: str) -> None:
    missing = asked(group) - pinned(group).keys()
    assert not missing, "run `make requirements`"


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_versions_and_hashes_only(group: str) -> None:
    for line in (FOLDER / f"{group}.txt").read_text(encoding="utf-8").splitlines():
        assert re.match(
            r"[a-z0-9-]+(\[.*\])?==\S+( ; .+)? \\$|    --hash=sha256:[0-9a-f]{64}", line
        )


@pytest.mark.parametrize("group", sorted(GROUPS.keys() - {"dev", "tools"}))
def test_images_run_on_the_versions_that_were_tested(group: str) -> None:
    tested = pinned("dev")
    assert {name: tested[name] for name in pinned(group)} == pinned(group)
