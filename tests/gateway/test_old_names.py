"""One thing has one name; what it was called before is given beside it, and marked so."""

from typing import Any

import pytest

from services.gateway.documents.joining import schemas_of

pytestmark = pytest.mark.xdist_group("documents")

OLD = {
    "english_name": "name_en",
    "due_is_provisional": "due_on_is_provisional",
    "is_provisional": "due_on_is_provisional",
    "provisional": "due_on_is_provisional",
}


@pytest.mark.parametrize(("old", "new"), OLD.items())
def test_an_old_name_stands_beside_the_new_one_and_is_deprecated(
    joined: dict[str, Any], old: str, new: str
) -> None:
    found = {
        model: schema["properties"]
        for model, schema in schemas_of(joined).items()
        if old in schema.get("properties", {})
    }
    assert found
    for model, fields in found.items():
        assert fields[old]["deprecated"] is True, model
        assert fields[old]["type"] == fields[new]["type"], model
        assert not fields[new].get("deprecated"), model
