"""`python -m services.feedback.ratings.diagram > docs/ratings.md`: the way of a bad rating."""

import sys
from collections import defaultdict

from services.feedback.ratings.machine import MOVES, Move, after_revisit
from services.feedback.ratings.models import MOST_REVISITS, Action, RatingState, RevisitOutcome

STATES = {
    RatingState.RATED_GOOD: "好评",
    RatingState.RATED_BAD: "差评",
    RatingState.VERIFYING: "核实中",
    RatingState.EXPLAINED: "已说明",
    RatingState.APPEALED: "申诉中",
    RatingState.CONFIRMED: "维持差评",
    RatingState.EXCLUDED: "不计入统计",
    RatingState.RECTIFYING: "整改中",
    RatingState.FEEDBACK_GIVEN: "已反馈群众",
    RatingState.SATISFIED_CLOSED: "满意办结",
    RatingState.UNREACHABLE_CLOSED: "未能联系办结",
    RatingState.UNDER_SUPERVISION: "转二级督办",
}
ACTIONS = {
    Action.VERIFY: "核实",
    Action.EXPLAIN: "说明",
    Action.APPEAL: "申诉",
    Action.CONFIRM: "维持",
    Action.EXCLUDE: "剔除",
    Action.RECTIFY: "整改",
    Action.FEEDBACK: "反馈",
    Action.REVISIT: "回访",
}

_HEAD = """# 差评的整改流程 | How a bad rating is put right

本页由 `services/feedback/ratings/machine.py` 中的状态表生成，由测试核对；请改表，不要改本页。
接口、权限和测试都来自同一张表。

This page is generated from the table in `services/feedback/ratings/machine.py` and checked by a
test: change the table, not the page. The API, its permissions and the test of every state, action
and role come from the same table.

The citizen may amend the rating once within 24 hours, until the department begins to put it right.
A return visit is made by someone who had no part in it, at most three tries on different days.
"""


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, "```mermaid", *_diagram(), "```", "", *_table(), ""])


def _diagram() -> list[str]:
    edges: dict[tuple[RatingState, RatingState], list[str]] = defaultdict(list)
    for (state, action), move in MOVES.items():
        if action is not Action.REVISIT:
            edges[state, move.to].append(action)
    for outcome, round_, attempt in _visits():
        to = after_revisit(outcome, round_=round_, attempt=attempt)
        said = f"{outcome}, {attempt} tries" if attempt > 1 else outcome
        edges[RatingState.FEEDBACK_GIVEN, to].append(f"{said}, again" if round_ else said)
    names = [f"    {state}: {STATES[state]} {state}" for state in RatingState]
    arrows = [f"    {a} --> {b}: {'; '.join(said)}" for (a, b), said in edges.items()]
    starts = ["    [*] --> rated_good", "    [*] --> rated_bad"]
    return ["stateDiagram-v2", "    direction TB", *names, *starts, *arrows]


def _visits() -> list[tuple[RevisitOutcome, int, int]]:
    """Outcome, round and try: one of each kind that leads somewhere else."""
    return [
        (RevisitOutcome.SATISFIED, 0, 1),
        (RevisitOutcome.UNSATISFIED, 0, 1),
        (RevisitOutcome.UNSATISFIED, 1, 1),
        (RevisitOutcome.UNREACHABLE, 0, MOST_REVISITS),
    ]


def _table() -> list[str]:
    head = "| 状态 state | 操作 action | 到 to | 谁 who | 时限 limits |"
    rows = [_row(state, action, move) for (state, action), move in MOVES.items()]
    return [head, "|---|---|---|---|---|", *rows]


def _row(state: RatingState, action: Action, move: Move) -> str:
    limits = [
        *(f"meets {kind}" for kind in move.meets),
        *(f"pauses {kind}" for kind in move.pauses),
        *(f"resumes {kind}" for kind in move.resumes),
        *([f"starts {move.starts}"] if move.starts else []),
    ]
    to = "见上图 see above" if action is Action.REVISIT else move.to
    who = ", ".join(sorted(move.roles)) + ("，另一人 another person" if move.by_another else "")
    return f"| {state} | {ACTIONS[action]} `{action}` | {to} | {who} | {'; '.join(limits)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
