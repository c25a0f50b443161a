"""`python -m deploy.workflows`: every table of states as a page of docs/workflows/."""

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from shared.messaging.events import Event
from shared.workflow import Workflow

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "workflows"

_HEAD = """# {title}

本页由 `{source}` 中的状态表生成，由测试核对；请改表，再运行 `python -m deploy.workflows`。
This page is generated from the table in `{source}` and checked by a test: change the table,
then run `python -m deploy.workflows`.

{words}

```mermaid
stateDiagram-v2
    direction TB
"""


class Found(NamedTuple):
    """A workflow, its name in its module, and the words and the file of that module."""

    name: str
    workflow: Workflow[Any]
    words: str
    source: str


def workflows() -> Iterator[Found]:
    """Every workflow of the house: what stands in a room's `workflow.py`, one or several."""
    for path in sorted(ROOT.glob("services/*/*/workflow.py")):
        source = path.relative_to(ROOT)
        module = import_module(".".join(source.with_suffix("").parts))
        for name, value in vars(module).items():
            if isinstance(value, Workflow):
                yield Found(name, value, getdoc(module) or "", str(source))


def pages() -> dict[str, str]:
    """Every page by the name of its file, which is what the workflow's English title says."""
    return {
        f"{found.workflow.title.en.lower().replace(' ', '-')}.md": _page(found)
        for found in workflows()
    }


def _page(found: Found) -> str:
    """The words of the table's module, a diagram in Mermaid, the rows."""
    workflow = found.workflow
    title = f"{workflow.title.zh} | {workflow.title.en}"
    head = _HEAD.format(title=title, source=found.source, words=found.words)
    lines = [*_drawing(workflow), "```\n", *_table(workflow)]
    return head + "\n".join(lines) + "\n"


def _drawing(workflow: Workflow[Any]) -> Iterator[str]:
    for state, name in workflow.states.items():
        yield f"    {state}: {name.zh} {state}"
    for state in workflow.starts:
        yield f"    [*] --> {state}"
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in workflow.rows:
        if row.to not in (None, row.state):
            labels[row.state, row.to].append(row.action)
    for arrow in workflow.arrows:
        labels[arrow.state, arrow.to].append(arrow.label)
    for (state, to), of in labels.items():
        yield f"    {state} --> {to}: {'; '.join(of)}"


def _table(workflow: Workflow[Any]) -> Iterator[str]:
    own = [f"{heading.zh} {heading.en}" for heading in workflow.columns.values()]
    headings = ["状态 state", "操作 action", "到 to", "谁 who", *own]
    yield f"| {' | '.join(headings)} |"
    yield f"| {' | '.join(['---'] * len(headings))} |"
    for row in workflow.rows:
        cells = [
            row.state,
            f"{workflow.name(row.state, row.action).zh} `{row.action}`",
            row.to or "见上文 see above",
            ", ".join(sorted(row.roles)) or "系统 the system",
            *(_cell(getattr(row, name)) for name in workflow.columns),
        ]
        yield f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    """A field of a row in a few words; what takes nothing and does nothing says nothing."""
    match value:
        case None | False:
            return ""
        case True:
            return "是 yes"
        case StrEnum() | str():
            return str(value)
        case type() if issubclass(value, Event):
            return f"`{value.type}`"
        case type() if issubclass(value, BaseModel):
            fields = value.model_fields.items()
            return ", ".join(name for name, field in fields if field.is_required())
        case tuple() | frozenset() | list():
            return "; ".join(map(_cell, value))
    return f"`{value.__name__}`"


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
