"""Pages of a unit that says what it has to say in files beside them."""

from collections.abc import Sequence
from dataclasses import replace

from services.projects.demo_portal.files import docx, pdf, xlsx
from services.projects.demo_portal.listings import Listing
from services.projects.demo_portal.pages import Article

LINE = 24
_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def attach(articles: Sequence[Article]) -> tuple[list[Article], list[Listing]]:
    """The articles, of which the first with elements have them in a file, one of each kind."""
    waiting, found, files = [*_TYPES], list[Article](), list[Listing]()
    for article in sorted(articles, key=lambda each: each.path):
        if not waiting or not article.elements:
            found.append(article)
            continue
        kind = waiting.pop(0)
        path = f"{article.path.removesuffix('.htm')}.{kind}"
        found.append(replace(article, attached=path.rpartition("/")[2]))
        files.append((path, _file(kind, article), _TYPES[kind]))
    return found, files


def _file(kind: str, article: Article) -> bytes:
    if kind == "xlsx":
        heads, values = zip(*article.elements, strict=True)
        return xlsx([heads, values])
    title = [article.title[at : at + LINE] for at in range(0, len(article.title), LINE)]
    lines = [*title, *(f"{label}：{value}" for label, value in article.elements)]
    return pdf(lines) if kind == "pdf" else docx(lines)
