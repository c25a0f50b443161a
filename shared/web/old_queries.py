"""Query parameters that are still taken by the name that they had before.

The old name asks what the new one asks. Both at once are one parameter given twice, and refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.params import Query
from pydantic import TypeAdapter

from shared.errors import Invalid
from shared.web import former_names


@dataclass(frozen=True, slots=True)
class Formerly:
    """Stands beside `Query` in the annotation of a parameter, and says what it was named."""

    name: str


Renamed = Mapping[str, tuple[str, Query]]
"""Old name -> new name and parameter."""


def of(fields: Iterable[Any]) -> Renamed:
    """The parameters of an operation that had another name."""
    return {
        mark.name: (field.alias, field.field_info)
        for field in fields
        for mark in field.field_info.metadata
        if isinstance(mark, Formerly)
    }


def parameters(renamed: Renamed) -> list[dict[str, Any]]:
    """The old ones as the document shows them: optional and deprecated."""
    return [
        {
            "name": old,
            "in": "query",
            "required": False,
            "deprecated": True,
            "description": former_names.description(new),
            "schema": _schema(info),
        }
        for old, (new, info) in renamed.items()
    ]


def _schema(info: Query) -> dict[str, Any]:
    whole: Any = Annotated[info.annotation, *info.metadata]
    return TypeAdapter(whole).json_schema()


def rename(request: Request, renamed: Renamed) -> None:
    """Puts the new names into the request's query, before anything has read it.

    Raises Invalid where both are given.
    """
    asked = request.scope["query_string"].decode("latin-1")
    if not any(old in asked for old in renamed):
        return
    pairs = parse_qsl(asked, keep_blank_values=True)
    names = {old: new for old, (new, _) in renamed.items()}
    given = {name for name, _ in pairs}
    for old in given & names.keys():
        if names[old] in given:
            raise Invalid(former_names.BOTH, pointer=f"/query/{old}")
    request.scope["query_string"] = urlencode(
        [(names.get(name, name), value) for name, value in pairs]
    ).encode("latin-1")
