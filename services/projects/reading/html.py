"""HTML of strangers as a tree, within bounds: what no real page needs is refused before parsing."""

import re

from selectolax.lexbor import LexborHTMLParser

from services.projects.reading.faults import Fault, SourceFault

MAX_LETTERS = 2_000_000
MAX_DEPTH = 1000
"""A tree that deep costs the parser time that grows with its square."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NO_DEPTH = frozenset(
    [
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody"),
        *("tfoot", "option", "colgroup"),
    ]
)
"""Tags that hold nothing, or that the next of their kind closes."""


def parse(html: str) -> LexborHTMLParser:
    """The tree of a page. Raises SourceFault(too_large) or SourceFault(unreadable)."""
    if len(html) > MAX_LETTERS:
        raise SourceFault(Fault.TOO_LARGE, f"more than {MAX_LETTERS} characters")
    depth = 0
    for match in _TAG.finditer(html) if html.count("<") > MAX_DEPTH else ():
        if match[2].lower() not in _NO_DEPTH:
            depth += -1 if match[1] else 1
            if depth > MAX_DEPTH:
                raise SourceFault(Fault.UNREADABLE, f"nested deeper than {MAX_DEPTH}")
            depth = max(depth, 0)
    return LexborHTMLParser(html)
