"""What real portals get wrong in their meta tags; none of it may change what is understood."""

from collections.abc import Sequence

Tags = list[tuple[str, str]]

PUB_DATES = (
    "{at:%Y-%m-%d %H:%M}",
    "{at:%Y-%m-%d %H:%M:%S}",
    "{at:%Y-%m-%d %H:%M}",
    "{at:%Y-%m-%d}",
    "{at:%Y/%m/%d %H:%M}",
    "{at:%Y-%m-%d} 00:00:00",
    "{at:%Y}年{at:%m}月{at:%d}日 {at:%H:%M}",
    "{at:%Y}——{at:%m}——{at:%d} {at:%H:%M}",
)
"""As the guideline asks, and as sites write it: seconds, no time, midnight for none, dashes."""


def meta_tags(
    site: Sequence[tuple[str, str]],
    *,
    title: str,
    source: str,
    path: str,
    pub_date: str | None,
    variant: int,
) -> Tags:
    """The meta tags of an item's page, with one of the usual defects."""
    tags = [*site, ("ArticleTitle", title), ("ContentSource", source), ("Keywords", "")]
    if pub_date is not None:
        tags.append((("PubDate", "pubdate", "PUBDATE")[variant % 3], pub_date))
    tags.append(("Url", path))
    match variant % 7:
        case 1:
            tags = [(n, "null" if n == "ColumnName" else content) for n, content in tags]
        case 2 if pub_date is not None:
            # mee.gov.cn carries a tag of its own; here the standard one is missing beside it.
            tags = [(n, c) for n, c in tags if n.lower() != "pubdate"]
            tags.append(("publishdate", pub_date))
        case 3:
            tags.append(("others", "页面生成时间 2019-01-01 07:22:49"))
        case 4:
            tags += [("Author", ""), ("Description", "null"), ("ColumnId", "618")]
    return tags
