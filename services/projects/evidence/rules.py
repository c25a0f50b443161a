"""How captures are tied together: a hash chain per portal and a Merkle tree per day (RFC 6962)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import NamedTuple

from services.projects.evidence.models import Capture
from shared.clock import today

COVERED = ("chain", "seq", "url", "final_url", "status", "headers", "size", "sha256", "charset")


class ProofStep(NamedTuple):
    """A neighbour's hash on the way from a capture to the day's root, and its side."""

    side: str
    hash: str


def content_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def covered(capture: Capture) -> dict[str, object]:
    """What the hash of a capture covers: everything it says, and the hash of the one before.

    Since it is kept what was sent, that is covered, and the id by which facts name the capture:
    captures of before have the hash that they had. So have those to which nothing led.
    """
    values = {name: getattr(capture, name) for name in COVERED}
    if capture.request_headers is not None:
        values |= {"id": str(capture.id), "request_headers": capture.request_headers}
    if capture.redirects:
        values["redirects"] = capture.redirects
    values["fetched_at"] = capture.fetched_at.astimezone(UTC).isoformat()
    values["captured_on"] = today(capture.fetched_at).isoformat()
    values["previous_hash"] = capture.previous_hash
    return values


def capture_hash(capture: Capture) -> str:
    """The SHA-256 of what it covers, as JSON with its keys in order."""
    canonical = json.dumps(
        covered(capture), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def merkle_root(hashes: Sequence[str]) -> str:
    """The root over `hashes` in their order; of nothing it is the hash of nothing."""
    return above([_leaf(value) for value in hashes])


def above(nodes: Sequence[str]) -> str:
    """The root over nodes of one level, such as the roots of subtrees that are whole but for the
    last; of none it is the hash of nothing."""
    level = list(nodes)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else hashlib.sha256(b"").hexdigest()


def merkle_proof(hashes: Sequence[str], place: int) -> list[ProofStep]:
    """What it takes to compute the root from the hash at `place` alone."""
    return merkle_proofs(hashes, [place])[0]


def merkle_proofs(hashes: Sequence[str], places: Iterable[int]) -> list[list[ProofStep]]:
    """The same for several places of one tree, which is built once."""
    levels = _levels([_leaf(value) for value in hashes])
    return [_path(levels, place) for place in places]


def path_above(nodes: Sequence[str], place: int) -> list[ProofStep]:
    """The same from the node at `place` of one level."""
    return _path(_levels(nodes), place)


def _levels(nodes: Sequence[str]) -> list[Sequence[str]]:
    levels = [nodes]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return levels


def _path(levels: Sequence[Sequence[str]], place: int) -> list[ProofStep]:
    steps = []
    for level in levels:
        neighbour = place ^ 1
        if neighbour < len(level):
            steps.append(ProofStep("left" if neighbour < place else "right", level[neighbour]))
        place //= 2
    return steps


def _above(level: Sequence[str]) -> list[str]:
    pairs = [_pair(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
    return pairs + [level[-1]] * (len(level) % 2)


def _leaf(value: str) -> str:
    return hashlib.sha256(b"\x00" + bytes.fromhex(value)).hexdigest()


def _pair(left: str, right: str) -> str:
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()
