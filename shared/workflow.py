"""Workflows as tables of rows: in a state, an action by one of some roles leads to a state.

Each room has a row type of its own, with the fields and guards of its trade. From its rows come the
lookups, the permissions, the words of a refusal, the tests, and the pages of docs/workflows/.
Whatever an action changes, adds, tells, starts or stops is a field of its row: nothing is looked up
by the action beside the table, so that a new row cannot forget a part of what it does.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, NoReturn, Protocol, TypeVar

from shared.errors import Forbidden, StateConflict, Text


def refuse(state: str, version: int, detail: Text | None = None) -> NoReturn:
    """Raises StateConflict, which names the present state and version: the one place that does."""
    raise StateConflict(detail, state=str(state), version=version)


class Row(Protocol):
    """`to` None: where it leads is not in the table. No role at all: no caller may take it."""

    @property
    def state(self) -> StrEnum: ...
    @property
    def action(self) -> str: ...
    @property
    def to(self) -> StrEnum | None: ...
    @property
    def roles(self) -> frozenset[str]: ...


R = TypeVar("R", bound=Row)


class Arrow(NamedTuple):
    """A way from state to state that its row leaves open, for the drawing."""

    state: StrEnum
    to: StrEnum
    label: str


class Workflow(Generic[R]):
    """The rows, one for a state and an action, and what people call the states and actions; in
    `names`, a state and an action have a name of their own where the action's is not the word.

    `states` names every member of the state's enum, which the column's CHECK is made from
    (`database.tables.known_states`): what is not in the table is not in the database. `columns` are
    the fields of a row that its page shows, by their headings; `arrows` what the rows leave open.
    """

    def __init__(
        self,
        rows: Iterable[R],
        states: Mapping[Any, Text],
        names: Mapping[Any, Text],
        *,
        title: Text,
        starts: Sequence[StrEnum],
        columns: Mapping[str, Text] | None = None,
        arrows: Sequence[Arrow] = (),
    ) -> None:
        self.rows, self.states, self.names = tuple(rows), states, names
        self.title, self.starts, self.columns = title, starts, columns or {}
        self.arrows = arrows
        self.actions = tuple(dict.fromkeys(row.action for row in self.rows))
        self.kind: type[StrEnum] = type(next(iter(states)))
        self._by = {(row.state, row.action): row for row in self.rows}
        reached = {row.to for row in self.rows if row.to is not None}
        unnamed = {row.state for row in self.rows} | reached | set(self.kind.__members__.values())
        unnamed = unnamed - {*states} | {*self.actions} - {*names}
        if unnamed or len(self._by) < len(self.rows):
            raise ValueError(f"without a name: {unnamed}, or two rows for a state and an action")

    def get(self, state: StrEnum, action: str) -> R | None:
        """The row, None if there is none."""
        return self._by.get((state, action))

    def __getitem__(self, of: tuple[StrEnum, str]) -> R:
        """The row of a state and an action, for who names it in code. Raises KeyError."""
        return self._by[of]

    def name(self, state: StrEnum, action: str) -> Text:
        """What the action is called in that state."""
        return self.names.get((state, action)) or self.names[action]

    def names_of(self, action: str, roles: frozenset[str] = frozenset()) -> Text:
        """What the action is called where these roles, or any, may take it: all of its names."""
        rows = self.of(action)
        own = [row for row in rows if row.roles & roles]
        found = dict.fromkeys(self.name(row.state, action) for row in own or rows)
        return Text("、".join(one.zh for one in found), ", ".join(one.en for one in found))

    def of(self, action: str) -> tuple[R, ...]:
        """The rows of an action, one for each state in which it may be taken."""
        return tuple(row for row in self.rows if row.action == action)

    def find(
        self,
        state: StrEnum,
        version: int,
        action: str,
        roles: Iterable[str] = (),
        barred: Collection[str] = (),
    ) -> R:
        """The row, whoever takes it; `roles` only help to say what they may do instead, but for
        the actions that are `barred` by something else than the state.

        Raises StateConflict, which names the present state and version.
        """
        row = self.get(state, action)
        if row is None:
            others = [o for o in self.open_to(state, frozenset(roles)) if o not in barred]
            wanted = self.names_of(action, frozenset(roles))
            refuse(state, version, self._refusal(state, wanted, others))
        return row

    def take(
        self,
        state: StrEnum,
        version: int,
        action: str,
        roles: frozenset[str],
        barred: Collection[str] = (),
    ) -> R:
        """The row for one of these roles. Raises StateConflict, or Forbidden for other roles."""
        row = self.find(state, version, action, roles, barred)
        if row.roles.isdisjoint(roles):
            raise Forbidden
        return row

    def roles_of(self, action: str) -> frozenset[str]:
        """Who may do `action` in any state at all: what its route declares."""
        return frozenset[str]().union(*(row.roles for row in self.rows if row.action == action))

    def open_to(self, state: StrEnum, roles: frozenset[str]) -> list[str]:
        """What one with these roles may do in `state`."""
        return [r.action for r in self.rows if r.state is state and not r.roles.isdisjoint(roles)]

    def leads(self, action: str) -> tuple[tuple[StrEnum, ...], StrEnum]:
        """From which states `action` leads on and to which one: for statements over many rows.

        Raises ValueError where it leads to several, or nowhere.
        """
        rows = self.of(action)
        [to] = {row.to for row in rows}
        if to is None:
            raise ValueError(f"{action} leads where its rows do not say")
        return tuple(row.state for row in rows), to

    @property
    def ends(self) -> frozenset[StrEnum]:
        """The states that no row leads on from."""
        return frozenset(self.states) - {row.state for row in self.rows}

    def before(self, to: StrEnum) -> frozenset[StrEnum]:
        """The states from which a row leads to `to`."""
        return frozenset(row.state for row in self.rows if row.to is to)

    def _refusal(self, state: StrEnum, wanted: Text, others: list[str]) -> Text:
        now_is = self.states[state]
        zh = f"现在是“{now_is.zh}”，不能“{wanted.zh}”"
        en = f"It is “{now_is.en}” now, which does not allow “{wanted.en}”"
        if others:
            names = dict.fromkeys(self.name(state, other) for other in others)
            zh += f"；可以：{'、'.join(name.zh for name in names)}"
            en += f"; you may: {', '.join(name.en for name in names)}"
        else:
            zh += "；可能已有他人先办，请刷新后查看"
            en += "; somebody may have been faster, please reload"
        return Text(zh, en)
