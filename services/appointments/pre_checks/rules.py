"""What can be submitted and what cannot. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.errors import Conflict, Invalid, Text


class AlreadySubmitted(Conflict):
    """One person, hall and item have one pre-check at a time. Member `pre_check_id` names it."""

    type = "/problems/pre-check-open"
    title = Text("这个事项已有一份预审", "There is a pre-check for this matter already")
    advice = Text(
        "请在那一份上补充再提交，或先撤回", "Please submit that one again, or withdraw it first"
    )


class Listed(NamedTuple):
    """A material of a guide."""

    name: str
    required: bool
    may_follow: bool


def ensure_listed(
    ready: Sequence[int], materials: Sequence[Listed], pointer: str = "/body/ready"
) -> None:
    """Raises Invalid for a number that no material of the guide has, or one named twice."""
    if len(set(ready)) < len(ready) or any(number > len(materials) for number in ready):
        raise Invalid(
            Text(
                f"请填材料在指南中的序号，1 至 {len(materials)}，每种一次",
                f"Give the numbers in the guide, 1 to {len(materials)}, each once",
            ),
            pointer=pointer,
        )
