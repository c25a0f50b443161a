"""The text and the tables of a DOCX (ECMA-376, WordprocessingML), without anything else in it."""

import io
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.projects.reading.extracting.child import MAX_CELLS, MAX_LETTERS, Extracted, Rows, run
from services.projects.reading.extracting.unfolding import BROKEN, TooLarge, open_packed

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BODY = "word/document.xml"
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n"}
_GONE = (f"{_W}del", f"{_W}moveFrom")
"""What a reviser struck out, or moved away, does not stand there."""
_OFF = ("0", "false", "off")


def read(body: bytes) -> Extracted:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            open_packed(file)
            root: Element = fromstring(file.read(_BODY))
            has_pictures = any(name.startswith("word/media/") for name in file.namelist())
    except TooLarge:
        return Extracted(fault="too_large")
    except (*BROKEN, ParseError, DefusedXmlException):
        return Extracted(fault="broken")
    tables = [_rows(table) for table in root.iter(f"{_W}tbl")]
    if sum(len(row) for table in tables for row in table) > MAX_CELLS:
        return Extracted(fault="too_large")
    text = "\n".join(_lines(root))
    if len(text) > MAX_LETTERS:
        return Extracted(text[:MAX_LETTERS], tables, "too_large")
    is_mute = not text.strip() or (has_pictures and len(text) < 20)
    return Extracted(text, tables, "no_text" if is_mute else None)


def _lines(root: Element) -> Iterator[str]:
    """Paragraphs as lines; the cells of a row beside one another in one, apart by tabs."""
    body = root.find(f"{_W}body")
    for block in body if body is not None else ():
        if block.tag == f"{_W}tbl":
            yield from ("\t".join(row) for row in _rows(block))
        else:
            yield _text(block)


def _rows(table: Element) -> Rows:
    return [
        [" ".join(_text(cell).split()) for cell in row.findall(f"{_W}tc")]
        for row in table.findall(f"{_W}tr")
    ]


def _text(element: Element) -> str:
    return "".join(_pieces(element)).strip()


def _pieces(element: Element) -> Iterator[str]:
    """Without recursion: the trees of strangers are deep."""
    waiting = [element]
    while waiting:
        node = waiting.pop()
        if node.tag == f"{_W}t":
            yield node.text or ""
        elif node.tag in _BREAKS:
            yield _BREAKS[node.tag]
        elif node.tag not in _GONE and not _is_hidden(node):
            if node.tag == f"{_W}p" and node is not element:
                yield "\n"
            waiting.extend(reversed(node))


def _is_hidden(node: Element) -> bool:
    """Whether a run is shown to nobody (ECMA-376 part 1, 17.3.2.41)."""
    marks = node.find(f"{_W}rPr") if node.tag == f"{_W}r" else None
    mark = marks.find(f"{_W}vanish") if marks is not None else None
    return mark is not None and mark.get(f"{_W}val", "true") not in _OFF


if __name__ == "__main__":
    run(read)
