"""The text of a PDF, page by page. A page that shows pictures and no word is one for eyes."""

import io

from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import DictionaryObject

from services.projects.reading.extracting.child import MAX_LETTERS, Extracted, run

MAX_PAGES = 300
LEAST_LETTERS = 10
"""Fewer on a page are its number or a stamp beside what was scanned."""


def read(body: bytes) -> Extracted:
    try:
        return _read(PdfReader(io.BytesIO(body), strict=False))
    except LimitReachedError:
        return Extracted(fault="too_large")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Extracted(fault="broken")


def _read(reader: PdfReader) -> Extracted:
    # Many are locked against changes alone, and open without a password.
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        return Extracted(fault="encrypted")
    if len(reader.pages) > MAX_PAGES:
        return Extracted(fault="too_large")
    texts, left, is_mute = [], MAX_LETTERS, False
    for page in reader.pages:
        text = page.extract_text()[:left]
        left -= len(text)
        is_mute = is_mute or _is_mute(page, text)
        texts.append(text)
    text = "\n".join(texts)
    if is_mute or not text.strip():
        return Extracted(text, fault="no_text")
    return Extracted(text, fault=None if left > 0 else "too_large")


def _is_mute(page: PageObject, text: str) -> bool:
    """Whether it shows something and says nothing; an empty page shows nothing either."""
    resources = page.get("/Resources")
    found = resources.get_object() if resources is not None else None
    shows = isinstance(found, DictionaryObject) and "/XObject" in found
    return shows and len("".join(text.split())) < LEAST_LETTERS


if __name__ == "__main__":
    run(read)
