"""What a page keeps from whoever looks at it, by its own marks: a machine does not read it. Pure.

By attributes alone: what a style sheet or a script hides is not known here. `aria-hidden` keeps
nothing from eyes.
"""

import re

from selectolax.lexbor import LexborHTMLParser

_ZERO = r"0(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    rf"|(?:font-size|opacity)\s*:\s*{_ZERO}|(?:left|top|text-indent)\s*:\s*-\d{{4}}",
    re.IGNORECASE,
)


def hidden_in(page: LexborHTMLParser) -> frozenset[int]:
    """The memory ids of the nodes that are not shown; what stands in them is not either."""
    return frozenset(
        node.mem_id
        for node in page.css("body [hidden],body [style]")
        if "hidden" in node.attributes or _STYLE.search(node.attributes.get("style") or "")
    )
