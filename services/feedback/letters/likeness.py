"""How alike two letters are, from keyed sketches that do not give their text away. Pure.

A sketch is the smallest keyed hashes of a text's character bigrams (bottom-k MinHash). Without the
key, the stored numbers cannot be turned back into bigrams by trying all of them.
"""

import unicodedata
from hashlib import blake2b

SKETCH_SIZE = 48
ALIKE = 0.5


def sketch(text: str, key: bytes) -> list[int]:
    """The `SKETCH_SIZE` smallest bigram hashes, in order; empty for a text below two characters."""
    return sorted({_hash(pair, key) for pair in _bigrams(text)})[:SKETCH_SIZE]


def likeness(one: list[int], other: list[int]) -> float:
    """The estimated share of bigrams that two texts have in common, 0 to 1."""
    union = sorted(set(one) | set(other))[:SKETCH_SIZE]
    return len(set(union) & set(one) & set(other)) / len(union) if union else 0.0


def _bigrams(text: str) -> set[str]:
    plain = [c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum()]
    return {a + b for a, b in zip(plain, plain[1:], strict=False)}


def _hash(pair: str, key: bytes) -> int:
    digest = blake2b(pair.encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)
