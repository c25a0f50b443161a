"""What a caller reads about a value that does not validate: words, never a library's code."""

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from services.projects.reading.readers import AnyRule
from shared.errors import Text
from shared.web.models import Input
from shared.web.validation_messages import message_for


class Parcel(Input):
    weight: int
    inner: dict[str, int] = {}


NO_OBJECT = [
    pytest.param(Parcel, ["x"], id="a list for a body"),
    pytest.param(Parcel, {"weight": 1, "inner": 3}, id="a number for an inner object"),
    pytest.param(AnyRule, {"kind": "html_list", "list": 3}, id="a rule read by its kind"),
]


def errors(schema: Any, value: Any) -> list[Any]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(schema).validate_python(value)
    return list(refused.value.errors())


@pytest.mark.parametrize(("schema", "value"), NO_OBJECT)
def test_whatever_is_no_object_where_one_is_needed_is_named_so(schema: Any, value: Any) -> None:
    assert Text("应为对象", "Must be an object") in map(message_for, errors(schema, value))


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_message_shows_the_code_of_the_library(kind: str) -> None:
    message = message_for({"type": kind, "loc": (), "msg": "", "input": None})
    assert kind not in message.en
    assert "_" not in message.en
    assert "_" not in message.zh
