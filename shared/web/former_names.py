"""What is said of a name that was changed: in a body, in a query, in the document."""

from shared.errors import Text

BOTH = Text(
    "这一项的新旧两个名称都写了，请只留新的",
    "This stands there by its old name and its new one; please keep the new one",
)
"""Of an old name that is given beside the new one, which leaves open what of the two is meant."""


def description(name: str) -> str:
    """What the document says of the old name of `name`: it is still taken, alone."""
    return f"{name} 的旧名，只能带其中一个 | The old name of `{name}`; send one of the two."
