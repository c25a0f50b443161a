"""What may happen to a thing with states is a table of rows in `workflow.py`, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.houserules import vocabulary
from tests.houserules.source import SOURCE, nodes, of_every, tree
from tests.houserules.vocabulary import ROW, TABLES, Reader, Vocabulary, flat, is_words

OUTSIDE = [path for path in SOURCE if path.name != "workflow.py"]
SAID_OF_AN_ACTION = re.compile(r"\baction$")
GROUPS: tuple[type[ast.AST], ...] = (ast.Dict, ast.Tuple, ast.Set, ast.List)
CHOICES: tuple[type[ast.AST], ...] = (ast.If, ast.IfExp, ast.match_case)
OF_A_MACHINE: tuple[type[ast.AST], ...] = (ast.Call, ast.Raise, ast.ClassDef, *GROUPS, *CHOICES)
OF_A_LOOKUP: tuple[type[ast.AST], ...] = (
    ast.Call,
    ast.Subscript,
    ast.Compare,
    ast.MatchValue,
    *GROUPS,
)

KNOWN = Vocabulary(
    {"TicketState": frozenset({"waiting", "called"})}, frozenset({"Action"}), frozenset({"merge"})
)
"""For the snippets: one enum of states, one of actions, one action that is plain text."""
IMPORTS = "from m import Action as A, TicketState as S\nimport m, errors\n"


def snippet(code: str) -> ast.Module:
    return ast.parse(IMPORTS + code)


def transitions(module: ast.Module, known: Vocabulary) -> Iterator[str]:
    """What looks like a machine: a workflow made, a conflict raised, a way from state to state."""
    states = Reader(module, known.states)
    conflict = Reader(module, {"StateConflict", "Workflow"})
    for node in nodes(module, *OF_A_MACHINE):
        match node:
            case ast.Call(func=made) if conflict.enum(made):
                yield f"{node.lineno}: {ast.unparse(made)}(...)"
            case ast.Raise(exc=ast.Name() | ast.Attribute() as raised) if conflict.enum(raised):
                yield f"{node.lineno}: raise {ast.unparse(raised)}"
            case ast.ClassDef() if _is_row(node, states):
                yield f"{node.lineno}: class {node.name}"
            case ast.Dict() if _leads(node, states, known) or _of_one_enum(node):
                yield f"{node.lineno}: from state to {ast.unparse(node)[:60]}"
            case ast.Tuple() | ast.Set() | ast.List() if any(_pair(p, states) for p in node.elts):
                yield f"{node.lineno}: from state to state in {ast.unparse(node)[:60]}"
            case ast.If() | ast.IfExp() | ast.match_case() if _chooses(node, states):
                yield f"from state to state: {ast.unparse(node)[:60]}"


def _is_row(cls: ast.ClassDef, states: Reader) -> bool:
    """A row of a table: by its fields, or a record of two states that is no row of a database."""
    fields = vocabulary.fields(cls)
    if fields.keys() >= ROW:
        return True
    record = [ast.unparse(part) for part in (*cls.bases, *cls.decorator_list)]
    if not any("NamedTuple" in part or "dataclass" in part for part in record):
        return False
    found = [states.enum(part) for each in fields.values() for part in ast.walk(each)]
    return any(found.count(enum) > 1 for enum in found if enum)


def _leads(node: ast.Dict, states: Reader, known: Vocabulary) -> bool:
    """Whether states lead to anything but words, as members or as the texts that are stored."""
    keyed = any(states.member(part) for key in node.keys if key for part in flat(key))
    if keyed and not all(_is_text(value) for value in node.values):
        return True
    keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
    texts = {p.value for v in node.values for p in flat(v) if isinstance(p, ast.Constant)}
    return any(texts & values and (keyed or keys & values) for values in known.states.values())


def _is_text(value: ast.expr) -> bool:
    return is_words(value) or isinstance(value, ast.Constant) and isinstance(value.value, str)


def _of_one_enum(node: ast.Dict) -> bool:
    """Whether members of any enum, be it in no table yet, lead to members of the same one."""

    def enums(part: ast.expr) -> set[str]:
        return {
            ast.unparse(each.value)
            for each in ast.walk(part)
            if isinstance(each, ast.Attribute) and each.attr.isupper()
        }

    keys = (enums(part) for key in node.keys if key for part in flat(key))
    values = (enums(value) for value in node.values)
    return bool(set().union(*keys) & set().union(*values))


def _pair(node: ast.expr, states: Reader) -> bool:
    """`(S.A, S.B)` or `Edge(S.A, S.B)` in a group: two states of one enum belong together."""
    match node:
        case ast.Tuple(elts=parts) | ast.Call(args=parts):
            found = [states.member(part) for part in parts]
        case _:
            return False
    return any(found.count(enum) > 1 for enum in found if enum)


def _chooses(node: ast.If | ast.IfExp | ast.match_case, states: Reader) -> bool:
    """Whether a state is asked for, and another of its kind returned, set or handed on."""
    match node:
        case ast.match_case():
            return bool(states.members(node.pattern) & _given(node.body, states))
        case ast.If():
            return bool(states.members(node.test) & _given(node.body, states))
    return bool(states.members(node.test) & states.members(node.body, node.orelse))


def _given(body: list[ast.stmt], states: Reader) -> set[str]:
    values: list[ast.AST] = []
    for node in (part for statement in body for part in ast.walk(statement)):
        match node:
            case ast.Return(value=ast.expr() as value) | ast.Assign(value=value):
                values.append(value)
            case ast.keyword(value=value):
                values.append(value)
            case ast.Dict():
                values.extend(node.values)
    return states.members(*values)


def lookups(module: ast.Module, known: Vocabulary) -> Iterator[tuple[ast.AST, str]]:
    """Where what is done depends on which action it is, and no row says so."""
    actions = Reader(module, known.actions)
    for node in nodes(module, *OF_A_LOOKUP):
        if _looks_up(node, actions, known.texts):
            yield node, f"{getattr(node, 'lineno', '')}: {ast.unparse(node)[:60]}"


def _looks_up(node: ast.AST, actions: Reader, texts: frozenset[str]) -> bool:
    def is_action(part: ast.AST) -> bool:
        if isinstance(part, ast.Constant):
            return part.value in texts
        return actions.member(part) is not None

    match node:
        case ast.Dict():
            keyed = any(is_action(part) for key in node.keys if key for part in flat(key))
            return keyed and not all(map(is_words, node.values))
        case ast.Call(func=ast.Name(id="dict")):
            return any(keyword.arg in texts for keyword in node.keywords)
        case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[key, *_]):
            return is_action(key)
        case ast.Subscript(slice=key):
            return any(map(is_action, flat(key)))
        case ast.Compare():
            parts = [node.left, *node.comparators]
            sides = [part for each in parts for part in flat(each)]
            return any(map(is_action, sides)) or _by_text(parts)
        case ast.MatchValue(value=value):
            return is_action(value)
        case ast.Tuple() | ast.Set() | ast.List():
            first = [e.elts[0] for e in node.elts if isinstance(e, ast.Tuple) and e.elts]
            return sum(map(is_action, node.elts)) > 1 or any(map(is_action, first))
    return False


def _by_text(sides: list[ast.expr]) -> bool:
    """`row.action == "cancel"`: an enum compared by the text that it stands for."""
    asked = any(SAID_OF_AN_ACTION.search(ast.unparse(part).rstrip(")")) for part in sides)
    texts = [part for side in sides for part in flat(side) if isinstance(part, ast.Constant)]
    return asked and any(isinstance(part.value, str) for part in texts)


@of_every(OUTSIDE)
def test_no_state_machine_stands_outside_a_workflow(path: Path) -> None:
    assert not list(transitions(tree(path), vocabulary.of_file(path)))


def beside_rows(module: ast.Module, known: Vocabulary, *tables: str) -> list[str]:
    """The lookups but for conditions on the rows of a table, and rows that are taken by name."""
    workflows = vocabulary.workflows(module)
    taken = {
        id(node) for node in nodes(module, ast.Subscript) if ast.unparse(node.value) in workflows
    }
    read = taken | {
        id(part)
        for node in nodes(module, ast.comprehension)
        if ast.unparse(node.iter).endswith((".rows", *tables))
        for condition in node.ifs
        for part in ast.walk(condition)
    }
    return [where for node, where in lookups(module, known) if id(node) not in read]


@of_every(OUTSIDE)
def test_nothing_is_looked_up_by_an_action_beside_the_table(path: Path) -> None:
    """Words for states and actions stand in dictionaries; what an action does, in its rows."""
    assert not beside_rows(tree(path), vocabulary.of_file(path))


@of_every(TABLES)
def test_a_table_is_read_by_its_rows_alone(path: Path) -> None:
    """Beside its rows, too, nothing depends on an action."""
    assert not beside_rows(tree(path), vocabulary.of_file(path), "ROWS", "EDGES", "MOVES")


@pytest.mark.parametrize(
    "code",
    [
        "NEXT = {S.WAITING: S.CALLED}",
        "NEXT = {None: 1, m.TicketState.WAITING: go}",
        "NEXT = {(S.WAITING, 'call'): S.CALLED}",
        "NEXT = {S.WAITING: 'called'}",
        "NEXT = {'waiting': ['called', 'gone']}",
        "NEXT = {Other.A: 1, Other.B: (Other.A, Other.B)}",
        "NEXT = {**more, S('waiting'): effects}",
        "NEXT = {(S.WAITING, S.CALLED)}",
        "NEXT = frozenset({(S.WAITING, A.CALL, S.CALLED)})",
        "NEXT = (Edge(S.WAITING, S.CALLED), Edge(S.CALLED, S.WAITING))",
        "T = S\nif ticket.state is T.WAITING:\n    ticket.state = T.CALLED",
        "def after(state):\n    match state:\n        case S.WAITING:\n            return S.CALLED",
        "to = S.CALLED if state == S.WAITING else None",
        "class Step(NamedTuple):\n    before: S\n    after: S | None",
        "class Step:\n    state: str\n    action: str\n    to: str",
        "raise errors.StateConflict",
        "raise errors.StateConflict(state='x')",
        "from shared.errors import StateConflict as Lost\nraise Lost",
        "W = workflow.Workflow(rows, states, names)",
    ],
)
def test_a_state_machine_is_seen(code: str) -> None:
    assert list(transitions(snippet(code), KNOWN))


@pytest.mark.parametrize(
    "code",
    [
        "WORDS = {S.WAITING: Text('等候中', 'waiting'), S.CALLED: Text('已叫号', 'called')}",
        "ICALENDAR = {S.WAITING: 'TENTATIVE'}",
        "AT_A_WINDOW = (S.CALLED, S.SERVING)",
        "if ticket.state is S.WAITING:\n    estimate(ticket)",
        "changes = {'state': row.to}",
        "class View(BaseModel):\n    from_state: S\n    to_state: S",
        "def responses():\n    return problem_responses(StateConflict, NotFound)",
        "try:\n    go()\nexcept errors.StateConflict:\n    refused()",
        "LIMITS = {Kind.A: Unit.DAY}",
    ],
)
def test_what_is_no_machine_is_let_be(code: str) -> None:
    assert not list(transitions(snippet(code), KNOWN))


@pytest.mark.parametrize(
    "code",
    [
        "EFFECTS = {A.CALL: ring}",
        "EFFECTS = {m.Action.CALL: ring}",
        "EFFECTS = {(A.CALL, 'H001'): ring}",
        "EFFECTS = {'merge': ring}",
        "EFFECTS = dict(merge=ring)",
        "EFFECTS = ((A.CALL, ring),)",
        "SILENT = {A.CALL, A.MISS}",
        "B = A\nif action is B.CALL:\n    ring()",
        "if action in (A.CALL, A.MISS):\n    ring()",
        "if step.name == 'merge':\n    ring()",
        "if row.action == 'call':\n    ring()",
        "rows = select(Log).where(col(Log.action) == 'call')",
        "match action:\n    case A.CALL | A.MISS:\n        ring()",
        "match action:\n    case 'merge':\n        ring()",
        "EFFECTS[A.CALL]()",
        "from room.rules import EFFECTS\nEFFECTS[A.CALL]()",
        "calls = [entry for entry in entries if entry.action is A.CALL]",
        "EFFECTS.get(A.CALL, nothing)()",
    ],
)
def test_a_lookup_by_an_action_is_seen(code: str) -> None:
    assert beside_rows(snippet(code), KNOWN)


@pytest.mark.parametrize(
    "code",
    [
        "NAMES = {A.CALL: Text('叫号', 'call')}",
        "row = WORKFLOW.take(ticket.state, ticket.version, A.CALL, roles)",
        "row = WORKFLOW.get(ticket.state, A.CALL)",
        "from room.workflow import WORKFLOW as W\nfreed = W[S.WAITING, A.CALL].to",
        "done = await act(session, A.CALL, wanted.version)",
        "change = (A.CALL, wanted.version)",
        "calls = {row.state: row.to for row in WORKFLOW.rows if row.action is A.CALL}",
        "takes = [move.takes for move in MOVES if move.action == action]",
        "if row.rings:\n    ring()",
        "by_action = {row.action: row for row in ROWS}",
    ],
)
def test_a_row_that_is_taken_is_no_lookup(code: str) -> None:
    assert not beside_rows(snippet(code), KNOWN)
