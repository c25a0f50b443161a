"""How the values of query parameters are written: as the documents show them; nothing is guessed.

pydantic would take `limit=1.0`, `limit=+1` and `full=yes` as well, and other readers of the same
address (a cache, a proxy, a log) would not.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from shared.errors import Invalid, Text

_NUMBER = re.compile(r"-?[0-9]{1,18}")
_BOOLEAN = re.compile("true|false")


class Written(NamedTuple):
    """What a value looks like, and what to say of one that does not."""

    form: re.Pattern[str]
    advice: Text


_FORMS: Mapping[Any, Written] = {
    bool: Written(_BOOLEAN, Text("请写 true 或 false", "Please write true or false")),
    int: Written(
        _NUMBER,
        Text("请用数字写一个整数，例如 20", "Please write a whole number in digits, such as 20"),
    ),
}


def form_of(annotation: Any) -> Written | None:
    """How the values of a parameter of that type are written; None where its type says it."""
    kinds = [part for part in _parts(annotation) if part is not type(None)]
    return _FORMS.get(kinds[0]) if len(kinds) == 1 else None


def ensure(name: str, value: str, written: Written | None) -> None:
    """Raises Invalid, which says how to write it."""
    if written is not None and not written.form.fullmatch(value):
        raise Invalid(written.advice, pointer=f"/query/{name}")


def _parts(annotation: Any) -> Iterable[Any]:
    """The types that a union or a list is made of."""
    if get_origin(annotation) is Annotated:
        return _parts(get_args(annotation)[0])
    inner = get_args(annotation)
    return [part for each in inner for part in _parts(each)] if inner else [annotation]
