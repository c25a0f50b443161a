"""The standard meta tags of government pages (国办发〔2017〕47号, 政府网站发展指引)."""

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser

MAX_CONTENT = 1000

_NOTHING = {"", "null", "undefined", "none", "nil"}


@dataclass(frozen=True)
class MetaTags:
    """Meta tags by lower-case name; empty and "null" values are as if absent."""

    values: dict[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str | None:
        """The value of the first of `names` that the page carries."""
        return next((v for n in names if (v := self.values.get(n.lower()))), None)


def read_meta_tags(page: LexborHTMLParser) -> MetaTags:
    """The page's meta tags: any order, any case of the name; the first value of a name stands."""
    found: dict[str, str] = {}
    for node in page.css("meta"):
        attributes = node.attributes
        name = (attributes.get("name") or "").strip().lower()
        content = (attributes.get("content") or "")[:MAX_CONTENT].strip()
        if name and content.lower() not in _NOTHING:
            found.setdefault(name, content)
    return MetaTags(found)
