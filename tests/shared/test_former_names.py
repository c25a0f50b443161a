"""What a body was named before is taken as what it is named now."""

import pytest
from pydantic import Field, ValidationError

from shared.web.models import Input, named


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


def test_both_names_at_once_are_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        Label.model_validate({"parcel_code": "P1", "parcel": "P2"})
    assert refused.value.errors()[0]["loc"] == ("parcel",)


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
