"""What documents name exists: a file that moved takes its mentions along."""

import re
from pathlib import Path

import pytest

from tests.houserules.source import ROOT

_QUOTED = re.compile(r"`([\w./-]+)`")
_FILE = re.compile(r"\.(py|html|md|toml|yml|conf|csv|json)$")
_MADE = (".data/", ".env", "/")
_SERVICES = sorted(folder for folder in (ROOT / "services").iterdir() if folder.is_dir())
DOCUMENTS = sorted(
    document
    for pattern in ("*.md", "docs/decisions/*.md", "services/*/README.md", "deploy/**/*.md")
    for document in ROOT.glob(pattern)
)


def _missing(text: str, folder: Path) -> list[str]:
    """The files that `text` names and nobody finds: from here, from the root, or from a service."""
    places = (folder, ROOT, ROOT / "services", ROOT / "shared", *_SERVICES)
    named = [name for name in _QUOTED.findall(text) if _FILE.search(name)]
    return [
        name
        for name in named
        if not name.startswith(_MADE) and not any((place / name).exists() for place in places)
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    assert _missing(document.read_text(), document.parent) == []


def test_a_file_that_went_is_missed() -> None:
    assert _missing("`casework/machine.py` is the table of `Makefile`", ROOT) == [
        "casework/machine.py"
    ]
