"""Feeds and sitemaps: what they name, the dates that they give, and none where they give none."""

import time
from datetime import date

import pytest

from services.projects.reading import feeds, sitemaps, xml_trees
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.rule import SitemapRule

URL = "https://www.ning.gov.cn/zdxm/rss.xml"
RULE = SitemapRule.model_validate({"kind": "sitemap", "under": ["/zdxm/"]})


def rss(*items: str) -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    head = '<?xml version="1.0" encoding="GB2312"?>'
    return f'{head}<rss version="2.0"><channel>{inner}</channel></rss>'


RSS_ITEM = "<title>甲工程批复</title><link>/a.htm</link><category>批复</category>"
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry>
<title type="html">甲&lt;b&gt;工程&lt;/b&gt;</title>
<link rel="self" href="/api/a"/><link href="a.htm"/><category term="pf" label="批复"/>
{}</entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel/>
<item><title>甲</title><link>https://www.ning.gov.cn/a.htm</link><dc:date>2026-01-05</dc:date></item>
</rdf:RDF>"""


@pytest.mark.parametrize(
    ("text", "title", "day"),
    [
        (
            rss(RSS_ITEM + "<pubDate>Mon, 05 Jan 2026 09:00:00 +0800</pubDate>"),
            "甲工程批复",
            (5, 1),
        ),
        (rss(RSS_ITEM + "<pubDate>2026-01-05 09:00</pubDate>"), "甲工程批复", (5, 1)),
        (rss(RSS_ITEM + "<pubDate>2025-02-30</pubDate>"), "甲工程批复", None),
        (rss(RSS_ITEM), "甲工程批复", None),
        (ATOM.format("<published>2026-01-05T01:00:00Z</published>"), "甲工程", (5, 1)),
        (ATOM.format("<updated>2026-01-05T01:00:00Z</updated>"), "甲工程", None),
        (RDF, "甲", None),  # dc:date is a date of anything
    ],
)
def test_an_entry_has_the_day_of_its_publication_or_none(
    text: str, title: str, day: tuple[int, int] | None
) -> None:
    (entry,) = feeds.read_list(text, URL).entries
    assert entry.title == title
    assert entry.url.endswith("/a.htm")
    assert entry.listed_on == (date(2026, day[1], day[0]) if day else None)


def test_a_link_may_be_a_guid_that_is_an_address() -> None:
    guid = "<title>甲</title><guid{}>https://www.ning.gov.cn/a.htm</guid>"
    found = feeds.read_list(rss(guid.format("")), URL)
    assert (len(found.entries), found.lacks) == (1, False)
    other = feeds.read_list(rss(guid.format(' isPermaLink="false"')), URL)
    assert (other.entries, other.lacks) == ((), True)


NESTED = 1500
WITHIN = "<item><title>" * NESTED + "甲" * 100_000 + "</title></item>" * NESTED
BESIDE = RSS_ITEM.replace("甲工程批复", "甲工程批复" + "<b>批</b>" * 200_000)


@pytest.mark.parametrize("item", [WITHIN[6:-7], BESIDE], ids=["items in titles", "a long title"])
def test_of_an_entry_no_more_is_read_than_any_entry_says_and_none_stands_in_another(
    item: str,
) -> None:
    began = time.thread_time()
    found = feeds.read_list(rss(item, RSS_ITEM), URL)
    assert time.thread_time() - began < 2.0
    assert found.entries[-1].title == "甲工程批复"
    assert len(found.entries) <= 2
    assert max(len(entry.title) for entry in found.entries) <= xml_trees.MAX_FIELD


def test_a_feed_says_neither_how_long_it_is_nor_where_it_goes_on() -> None:
    found = feeds.read_list(rss(RSS_ITEM), URL)
    assert (found.pages, found.next_url, found.parts) == (None, None, ())


BOMB = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=True))
    + "]><rss><channel><item><title>&h;</title></item></channel></rss>"
)
FETCHES = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item>&x;</item></rss>'


@pytest.mark.parametrize(
    "text", ["<html><body>请登录</body></html>", "", "<rss><channel>", '{"a": 1}', BOMB, FETCHES]
)
def test_what_is_no_feed_and_no_sitemap_is_a_fault_of_the_source(text: str) -> None:
    with pytest.raises(SourceFault) as of_feed:
        feeds.read_list(text, URL)
    with pytest.raises(SourceFault) as of_sitemap:
        sitemaps.read_list(text, URL, RULE)
    assert (of_feed.value.fault, of_sitemap.value.fault) == (Fault.REDESIGNED,) * 2


def sitemap(*addresses: str, extra: str = "") -> str:
    inner = "".join(
        f"<url><loc>{each}</loc><lastmod>2026-01-05</lastmod>{extra}</url>" for each in addresses
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</urlset>'


def test_a_sitemap_names_addresses_below_the_folders_and_no_days() -> None:
    text = sitemap("https://www.ning.gov.cn/zdxm/a.htm", "/zdxm/b.htm", "/news/c.htm", "mailto:x")
    found = sitemaps.read_list(text, URL, RULE)
    assert [entry.url.rpartition("/")[2] for entry in found.entries] == ["a.htm", "b.htm"]
    assert {(entry.title, entry.listed_on) for entry in found.entries} == {("", None)}
    assert found.pages is None


def test_a_sitemap_of_news_says_titles_and_when_they_were_published() -> None:
    news = (
        '<n:news xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><n:title>甲工程</n:title>'
        "<n:publication_date>2026-01-04</n:publication_date></n:news>"
    )
    (entry,) = sitemaps.read_list(sitemap("/zdxm/a.htm", extra=news), URL, RULE).entries
    assert (entry.title, entry.listed_on) == ("甲工程", date(2026, 1, 4))


def index(*addresses: str) -> str:
    inner = "".join(f"<sitemap><loc>{each}</loc></sitemap>" for each in addresses)
    return f"<sitemapindex>{inner}</sitemapindex>"


def test_an_index_names_the_sitemaps_of_its_own_host_once_each() -> None:
    found = sitemaps.read_list(index("/s1.xml", "/s1.xml", "/s2.xml"), URL, RULE)
    assert found.parts == ("https://www.ning.gov.cn/s1.xml", "https://www.ning.gov.cn/s2.xml")
    elsewhere = sitemaps.read_list(index("/s1.xml", "https://else.cn/s2.xml"), URL, RULE)
    assert (len(elsewhere.parts), elsewhere.lacks) == (1, True)


def test_an_index_within_an_index_is_not_followed() -> None:
    with pytest.raises(SourceFault, match="redesigned"):
        sitemaps.read_list(index("/s1.xml"), URL, RULE, number=2)
