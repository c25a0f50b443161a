"""What every table model is: a class of columns, whose new rows are cheap.

SQLModel looks at each field of a new row as a form would be looked at, and asks the factory of each
default how it wants to be called: 100 to 250 us a row, a quarter of the work on a ticket. Values
of our own code need none of that.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel


class _Defaults(NamedTuple):
    """What a new row has where nothing was said, by attribute."""

    names: frozenset[str]
    constant: dict[str, Any]
    made: dict[str, Callable[[], Any]]


@cache
def _defaults(kind: type[SQLModel]) -> _Defaults:
    fields = kind.model_fields
    constant, made = {}, {}
    for name, field in fields.items():
        if field.default_factory is not None:
            made[name] = field.default_factory
        elif field.default is not PydanticUndefined:
            constant[name] = field.default
            hash(field.default)  # what can change is made anew for each row
    return _Defaults(frozenset(fields), constant, made)  # type: ignore[arg-type]


class TableModel(SQLModel):
    """Base of the bases of the services' tables."""

    def __init__(self, **values: Any) -> None:
        """Raises TypeError for what is no column. What is left out and has no default is not set,
        as the database fills it in or refuses the row."""
        defaults = _defaults(type(self))
        if not defaults.names >= values.keys():
            unknown = sorted(values.keys() - defaults.names)
            raise TypeError(f"{type(self).__name__} has no {', '.join(unknown)}")
        made = {n: make() for n, make in defaults.made.items() if n not in values}
        # Of a new row the mapper reads what its attributes are, not how they came to be it.
        self.__dict__.update({**defaults.constant, **made, **values})
