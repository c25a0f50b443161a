"""The proof of a capture as anybody checks it: RFC 6962 hashing, and nothing of the service."""

import hashlib
from collections.abc import Iterable


def root_from(value: str, steps: Iterable[tuple[str, str]]) -> str:
    """The root that a hash leads to by the neighbours (side, hash) of its proof."""
    node = hashlib.sha256(b"\x00" + bytes.fromhex(value))
    for side, neighbour in steps:
        other = bytes.fromhex(neighbour)
        pair = other + node.digest() if side == "left" else node.digest() + other
        node = hashlib.sha256(b"\x01" + pair)
    return node.hexdigest()
