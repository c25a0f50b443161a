"""Each kind of thing has its place: HTML, files that are long, what all share."""

import ast
import re
from pathlib import Path

from tests.houserules.source import PYTHON, ROOT, SOURCE, name, nodes, of_every, tracked, tree

FILE_LINES = 300
SHARED_ENTRIES = 14
LONGER: dict[str, str] = {
    "deploy/check_proof.py": "handed over by itself: it checks a proof without anything of ours",
    "services/projects/auditing/statement.py": "the audits of today and of a past day share a CASE",
}
"""Files over 300 lines, each with the reason why it is still one concept."""

MARKUP = re.compile(r"</?(a|b|br|div|h[1-6]|head|html|img|li|p|span|table|t[dhr]|ul)\b[^<]*>", re.I)
PAGES_OF_ANOTHER = "services/projects/demo_portal/"
"""The demo's portal is a site made to be read, defects and all, and not a page of the house."""


@of_every(PYTHON)
def test_a_file_is_one_room_or_says_why_it_is_longer(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= FILE_LINES or LONGER.get(name(path))


def test_no_reason_outlives_its_long_file() -> None:
    long = {name(p) for p in PYTHON if len(p.read_text("utf-8").splitlines()) > FILE_LINES}
    assert set(LONGER) == long


def test_shared_is_drawers_and_a_few_files() -> None:
    top = {path.relative_to(ROOT).parts[1] for path in tracked("shared")}
    assert len(top) <= SHARED_ENTRIES, sorted(top)


@of_every([p for p in SOURCE if not name(p).startswith(PAGES_OF_ANOTHER)])
def test_no_page_is_put_together_from_strings(path: Path) -> None:
    parts = (
        part
        for node in nodes(tree(path), ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant)
    )
    assert not [part.lineno for part in parts if MARKUP.search(str(part.value))]


REACHES_THE_BUS = {
    "services/gateway/live/feed.py": "a task that reads the streams for all viewers",
    "services/gateway/watching.py": "figures of the connection",
}
"""Files of services that know the bus itself, each outside of any request."""


@of_every(tracked("services/*.py"))
def test_no_request_waits_for_the_bus(path: Path) -> None:
    """Events leave through the outbox, so that an answer never hangs on NATS."""
    if name(path) in REACHES_THE_BUS:
        return
    known = {
        alias.name
        for node in nodes(tree(path), ast.ImportFrom)
        if node.module == "shared.messaging.bus"
        for alias in node.names
    }
    assert known <= {"Subscription"}
    assert not [node for node in nodes(tree(path), ast.Attribute) if node.attr == "bus"]
