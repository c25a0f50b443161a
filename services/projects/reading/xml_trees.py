"""XML of strangers as a tree: nothing in it is fetched, and nothing in it unfolds."""

from collections.abc import Iterator
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.projects.reading.faults import Fault, SourceFault

MAX_LETTERS = 5_000_000
MAX_FIELD = 4000
"""What an entry says in one place is not read further than so many characters, nor pieces."""


def parse(text: str) -> Element:
    """Raises SourceFault(redesigned) for what is no XML, or unfolds by entities of its own."""
    if len(text) > MAX_LETTERS:
        raise SourceFault(Fault.TOO_LARGE, f"more than {MAX_LETTERS} characters")
    try:
        root: Element = fromstring(text.lstrip())
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SourceFault(Fault.REDESIGNED, "the answer is not XML that may be read") from error
    return root


def name_of(element: Element) -> str:
    """Its name in small letters, without its namespace."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """The elements directly below it of these names, in the order of the names."""
    for name in names:
        yield from (child for child in element if name_of(child) == name)


def first_text(element: Element, *names: str) -> str:
    """What the first of these says that says anything, with whatever stands inside it."""
    texts = (" ".join(_bounded(child).split()) for child in children(element, *names))
    return next(filter(None, texts), "")


def _bounded(element: Element) -> str:
    """Its first characters: what strangers nest in it is not walked through."""
    return "".join(islice(element.itertext(), MAX_FIELD))[:MAX_FIELD]
