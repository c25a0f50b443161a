"""What a body was named before is taken as what it is named now."""

from typing import Any

import pytest
from fastapi import Request
from fastapi.params import Query
from pydantic import Field, ValidationError

from shared.errors import Invalid
from shared.web import former_names, old_queries
from shared.web.models import Input, named
from shared.web.validation_messages import message_for


class Label(Input):
    parcel_code: str = Field(
        min_length=2, validation_alias=named("parcel_code", formerly="parcel"), examples=["P1"]
    )


@pytest.mark.parametrize("name", ["parcel_code", "parcel"])
def test_a_field_is_taken_by_either_of_its_names(name: str) -> None:
    assert Label.model_validate({name: "P1"}).parcel_code == "P1"


@pytest.mark.parametrize("name", ["parcel_code", "parcel"])
def test_a_wrong_value_is_named_as_it_was_sent(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Label.model_validate({name: "P"})
    assert refused.value.errors()[0]["loc"] == (name,)


class Sheet(Input):
    labels: list[Label]


@pytest.mark.parametrize(
    ("model", "given", "where"),
    [
        (Label, {"parcel_code": "P1", "parcel": "P2"}, ("parcel",)),
        (Sheet, {"labels": [{"parcel_code": "P1", "parcel": "P1"}]}, ("labels", 0, "parcel")),
    ],
)
def test_both_names_at_once_are_refused_as_what_they_are(
    model: type[Input], given: dict[str, Any], where: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(given)
    [error] = refused.value.errors()
    assert error["loc"] == where
    assert message_for(error) == former_names.BOTH


def test_both_names_of_a_query_are_refused_as_what_they_are() -> None:
    renamed = {"parcel": ("parcel_code", Query(annotation=str))}
    request = Request({"type": "http", "query_string": b"parcel=P1&parcel_code=P1"})
    with pytest.raises(Invalid) as refused:
        old_queries.rename(request, renamed)
    assert (refused.value.detail, refused.value.pointer) == (former_names.BOTH, "/query/parcel")


def test_the_schema_shows_the_old_name_as_deprecated() -> None:
    shown = Label.model_json_schema()
    assert shown["required"] == ["parcel_code"]
    assert shown["properties"]["parcel"] == {
        "type": "string",
        "minLength": 2,
        "description": "parcel_code 的旧名，只能带其中一个"
        " | The old name of `parcel_code`; send one of the two.",
        "deprecated": True,
    }
