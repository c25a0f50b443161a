"""`python -m deploy.workflows`: every table of states as a page of docs/workflows/."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from inspect import getdoc
from pathlib import Path
from types import ModuleType
from typing import Any

from services.appointments.booking import rules as appointments
from services.appointments.queueing import rules as tickets
from services.appointments.windows import rules as windows
from services.feedback.casework import machine as letters
from services.feedback.ratings import machine as ratings
from services.feedback.ratings.models import MOST_REVISITS, RevisitOutcome
from services.feedback.supervision import rules as supervision

FOLDER = Path(__file__).parent.parent / "docs" / "workflows"

Columns = dict[str, Callable[[Any], str]]
"""Heading of a column, and its cell in a row."""

_HEAD = """# {title}

本页由 `{source}` 中的状态表生成，由测试核对；请改表，再运行 `python -m deploy.workflows`。
This page is generated from the table in `{source}` and checked by a test: change the table,
then run `python -m deploy.workflows`.

{said}

```mermaid
stateDiagram-v2
    direction TB
"""


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    reached = [(state, to) for state, after in appointments.EDGES.items() for to in sorted(after)]
    said: Columns = {
        "必填 needs": lambda m: ", ".join(
            n for n, f in m.takes.model_fields.items() if f.is_required()
        ),
        "时限 limits": lambda move: "; ".join(move.effects),
        "事件 event": lambda move: f"`{move.event.type}`" if move.event else "",
    }
    another: Columns = {"另一人 another person": lambda move: "是 yes" * move.by_another}
    clocks: Columns = {"时限 limits": _limits}
    edges: Columns = {"状态 state": lambda edge: edge[0], "到 to": lambda edge: edge[1]}
    return {
        "letters.md": _of(letters, "来信 | Letters", said, ["received"]),
        "ratings.md": _of(
            ratings, "差评 | Bad ratings", clocks | another, ["rated_good", "rated_bad"], _visits()
        ),
        "supervision.md": _of(supervision, "督办单 | Supervision orders", clocks, ["issued"]),
        "tickets.md": _of(tickets, "号票 | Tickets", {}, ["waiting"]),
        "windows.md": _of(windows, "窗口 | Windows at work", {}, ["offline"]),
        "appointments.md": _page(
            appointments,
            "预约 | Appointments",
            appointments.STATES,
            [("[*]", "held", ""), *((*edge, "") for edge in reached)],
            edges,
            reached,
        ),
    }


def _of(
    source: Any,
    title: str,
    more: Columns,
    starts: Iterable[str],
    arrows: Iterable[tuple[str, str, str]] = (),
) -> str:
    """The page of a room's workflow, with the columns that all have and `more`."""
    rows, names = source.WORKFLOW.rows, source.WORKFLOW.names
    common: Columns = {
        "状态 state": lambda row: row.state,
        "操作 action": lambda row: f"{names[row.action].zh} `{row.action}`",
        "到 to": lambda row: row.to or "见上文 see above",
        "谁 who": lambda row: ", ".join(sorted(row.roles)) or "系统 the system",
    }
    begun = [("[*]", state, "") for state in starts]
    moved = [(row.state, row.to, row.action) for row in rows if row.to not in (None, row.state)]
    drawn = [*begun, *moved, *arrows]
    return _page(source, title, source.WORKFLOW.states, drawn, common | more, rows)


def _page(
    source: ModuleType,
    title: str,
    states: Any,
    arrows: Iterable[tuple[str, str, str]],
    columns: Columns,
    rows: Iterable[Any],
) -> str:
    """The words of the table's module, a diagram in Mermaid, the rows."""
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for state, to, label in arrows:
        labels[state, to].append(label)
    cells = [columns, ["---"] * len(columns)]
    cells += [[cell(row) for cell in columns.values()] for row in rows]
    lines = [
        *(f"    {state}: {name.zh} {state}" for state, name in states.items()),
        *(f"    {a} --> {b}: {'; '.join(of)}".rstrip(": ") for (a, b), of in labels.items()),
        "```\n",
        *(f"| {' | '.join(line)} |" for line in cells),
    ]
    path = source.__name__.replace(".", "/") + ".py"
    head = _HEAD.format(title=title, source=path, said=getdoc(source))
    return head + "\n".join(lines) + "\n"


def _limits(move: Any) -> str:
    """What a move does to clocks: `meets x; starts y`."""
    said = []
    for verb in ("meets", "pauses", "resumes", "starts"):
        kinds = getattr(move, verb, None) or ()
        said += [f"{verb} {kind}" for kind in (kinds if isinstance(kinds, tuple) else [kinds])]
    return "; ".join(said)


def _visits() -> Iterator[tuple[str, str, str]]:
    """Where return visits lead: an outcome of each kind."""
    for outcome, round_, attempt, more in (
        (RevisitOutcome.SATISFIED, 0, 1, ""),
        (RevisitOutcome.UNSATISFIED, 0, 1, ""),
        (RevisitOutcome.UNSATISFIED, 1, 1, ", again"),
        (RevisitOutcome.UNREACHABLE, 0, MOST_REVISITS, f", {MOST_REVISITS} tries"),
    ):
        to = ratings.after_revisit(outcome, round_=round_, attempt=attempt)
        yield "feedback_given", to, f"{outcome}{more}"


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
