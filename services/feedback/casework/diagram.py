"""`python -m services.feedback.casework.diagram > docs/letters.md`: the letter's way, as a page."""

import sys
from collections import defaultdict

from services.feedback.casework.labels import LABELS
from services.feedback.casework.machine import MOVES, Move
from services.feedback.letters.models import LetterState

STATES = {
    LetterState.RECEIVED: "收到",
    LetterState.REGISTERED: "已登记",
    LetterState.NOT_ACCEPTED: "不予受理",
    LetterState.ACCEPTED: "已受理",
    LetterState.DISPATCHED: "已派单",
    LetterState.DISPUTED: "派单有异议",
    LetterState.HANDLING: "办理中",
    LetterState.AWAITING_CITIZEN: "待来信人补充",
    LetterState.IN_REVIEW: "答复审核中",
    LetterState.REPLIED: "已答复",
    LetterState.REOPEN_REQUESTED: "申请重办",
    LetterState.CLOSED: "已办结",
    LetterState.MERGED: "已并案",
    LetterState.WITHDRAWN: "已撤回",
    LetterState.TRANSFERRED: "已转外单位",
}

_HEAD = """# 来信的办理流程 | The way of a letter

本页由 `services/feedback/casework/machine.py` 中的状态表生成，由测试核对；请改表，不要改本页。
接口、权限、接口文档和测试都来自同一张表。

This page is generated from the table in `services/feedback/casework/machine.py` and checked by a
test: change the table, not the page. The API, its permissions, its documents and the test of every
state, action and role come from the same table.

`sender` is whoever shows the query code; `clock` is the passing of time. A reply goes out only
through `in_review`, and never by the approval of its own author. An accusation (举报) is never
seen by whom it accuses.
"""


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, "```mermaid", *_diagram(), "```", "", *_table(), ""])


def _diagram() -> list[str]:
    edges: dict[tuple[LetterState, LetterState], list[str]] = defaultdict(list)
    for move in MOVES:
        if move.to is not None and move.to is not move.state:
            edges[move.state, move.to].append(move.action)
    names = [f"    {state}: {STATES[state]} {state}" for state in LetterState]
    arrows = [f"    {a} --> {b}: {', '.join(actions)}" for (a, b), actions in edges.items()]
    return ["stateDiagram-v2", "    direction TB", *names, "    [*] --> received", *arrows]


def _table() -> list[str]:
    head = "| 状态 state | 操作 action | 到 to | 谁 who | 必填 needs | 时限 limits | 事件 event |"
    return [head, "|---|---|---|---|---|---|---|", *(_row(move) for move in MOVES)]


def _row(move: Move) -> str:
    needs = [n for n, field in move.takes.model_fields.items() if field.is_required()]
    cells = [
        move.state,
        f"{LABELS[move.action].zh} `{move.action}`",
        move.to or "并案前的状态 the state before",
        ", ".join(sorted(move.roles)),
        ", ".join(needs),
        "; ".join(move.effects),
        f"`{move.event.type}`" if move.event else "",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
