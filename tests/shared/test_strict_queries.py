"""Values of query parameters are taken as they are written, and none is guessed."""

from typing import Annotated

import pytest

from shared.errors import Invalid
from shared.web import strict_queries


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (int, ["0", "20", "-1"], ["1.0", "+1", " 1", "1_0", "1e1", "２", "", "yes"]),
        (int | None, ["5"], ["5.0"]),
        (list[int], ["5"], ["5.0"]),
        (bool, ["true", "false"], ["yes", "1", "0", "on", "True", "t", ""]),
        (Annotated[bool, "whatever"] | None, ["true"], ["TRUE"]),
        (str, ["1.0", "yes", ""], []),
        (int | str, ["1.0"], []),
    ],
)
def test_integers_are_digits_and_booleans_are_true_or_false(
    kind: object, good: list[str], bad: list[str]
) -> None:
    written = strict_queries.form_of(kind)
    for value in good:
        strict_queries.ensure("limit", value, written)
    for value in bad:
        with pytest.raises(Invalid) as refused:
            strict_queries.ensure("limit", value, written)
        assert refused.value.pointer == "/query/limit"
        assert refused.value.detail is not None
