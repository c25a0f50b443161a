"""The text of a page as people see it: a line of the page is a line here. Pure.

Where two inline pieces touch stands JOINT, so that the words of two are not taken for one; a row of
a table ends in an empty line, so that nothing is taken for the value of a cell in the row before.
"""

import re
from collections.abc import Collection, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.projects.reading.dates import plain

JOINT = "\x1f"
MAX_TEXT = 100_000
MAX_NODES = 60_000
"""What is said further down than so many characters or nodes is not looked for."""

_ROW = "\x1d"
_HIDDEN = frozenset({"script", "style", "noscript", "template", "head", "-comment"})
_BLOCKS = frozenset(
    [
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd"),
        *(
            "details",
            "dialog",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
        ),
        *("h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "nav", "ol"),
        *("option", "p", "pre", "section", "table", "tbody", "td", "textarea", "tfoot"),
        *("th", "thead", "ul", "br"),
    ]
)
_SPACES = re.compile(r"[\s\x1c-\x1f\x85]+")
_SPACES_OF_PRE = re.compile(r"[^\S\n]+")
_GAP = re.compile(rf"[ \n{JOINT}{_ROW}]+")
_BETWEEN_DIGITS = re.compile(rf"(?<=\d){JOINT}(?=\d)")


def page_text(page: LexborHTMLParser, body: str | None = None) -> str:
    """The visible text in one width, as lines; of the whole page where `body` finds nothing."""
    return unjoined(visible_text((page.css_first(body) if body else None) or page.body))


def node_text(node: LexborNode | None, *, but: Collection[int] = ()) -> str:
    return unjoined(visible_text(node, but=but))


def visible_text(node: LexborNode | None, *, but: Collection[int] = ()) -> str:
    """The same with its joints; `but` the nodes of these memory ids."""
    if node is None or node.mem_id in but:
        return ""
    only = node.child
    if only is None or (only.is_text_node and only.next is None):
        return _words(only, MAX_TEXT, keeps_lines=node.tag == "pre").strip() if only else ""
    return _GAP.sub(_strongest, "".join(_pieces(node, but))).strip(f" \n{JOINT}")


def _strongest(gap: re.Match[str]) -> str:
    """Of what stands in a gap the strongest: the end of a row, of a line, a space, a joint."""
    found = gap.group()
    return "\n\n" if _ROW in found else next(each for each in ("\n", " ", JOINT) if each in found)


def unjoined(text: str) -> str:
    """The text without its joints; digits that touch are two numbers."""
    return _BETWEEN_DIGITS.sub(" ", text).replace(JOINT, "")


def one_line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _pieces(root: LexborNode, but: Collection[int]) -> Iterator[str]:
    """Texts and breaks in the order of the page, without recursion: trees of strangers are deep."""
    node, depth, in_pre, left = root, 0, 0, MAX_TEXT
    for _ in range(MAX_NODES):
        tag = node.tag or ""
        if tag == "-text":
            text = _words(node, left, keeps_lines=in_pre > 0)
            left -= len(text)
            yield text
        elif tag not in _HIDDEN and node.mem_id not in but:
            yield _break(tag)
            child = node.child
            if child is not None:
                in_pre += tag == "pre"
                node, depth = child, depth + 1
                continue
        while depth and node.next is None:
            node, depth = node.parent or root, depth - 1
            in_pre -= node.tag == "pre"
            yield _break(node.tag or "")
        if not depth or left <= 0 or node.next is None:
            return
        node = node.next
        yield _break(node.prev.tag or "") if node.prev is not None else ""


def _words(node: LexborNode, limit: int, *, keeps_lines: bool) -> str:
    text = node.text_content or ""
    if text.isspace() and not keeps_lines:
        return " "[:limit]
    text = plain(text[:limit])[:limit]
    return _SPACES_OF_PRE.sub(" ", text) if keeps_lines else _SPACES.sub(" ", text)


def _break(tag: str) -> str:
    if tag == "tr":
        return _ROW
    return "\n" if tag in _BLOCKS else "" if tag == "-text" else JOINT
