"""Sentences with braces around what a rule should find."""

import re


def unmarked(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its braces, and where the names in them stand."""
    text, places = "", []
    for piece in re.split(r"(\{[^}]*\})", marked):
        bare = piece.strip("{}")
        if piece.startswith("{"):
            places.append((len(text), len(text) + len(bare)))
        text += bare
    return text, places
