"""The portal as files: every address with its bytes, made from the demo world. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from types import MappingProxyType

from services.projects import demo_city, demo_packs
from services.projects.catalogue.schemas import ItemRow
from services.projects.demo_city import DemoUnit
from services.projects.demo_packs import PackColumn
from services.projects.demo_portal import attachments, listings, pages
from services.projects.demo_portal.notices import notices_of
from services.projects.demo_portal.pages import Article, PortalColumn
from services.projects.demo_world import DemoPage, World
from shared.clock import SHANGHAI

ROBOTS = b"User-agent: *\nDisallow: /manage/\n"


@dataclass(frozen=True)
class File:
    """What a web server has under one address."""

    body: bytes
    media_type: str
    modified_at: datetime | None = None

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'

    @property
    def last_modified(self) -> str | None:
        return format_datetime(self.modified_at, usegmt=True) if self.modified_at else None


def build(
    world: World, put_up: Mapping[str, Sequence[DemoPage]] = MappingProxyType({})
) -> dict[str, File]:
    """Every address of the portal; the unit that is down has none, its folder answers 503.

    `put_up`: what units have published since, the newest first.
    """
    items = demo_city.items()
    published: dict[str, list[DemoPage]] = defaultdict(list)
    for duty in world.duties:
        if duty.page is not None:
            published[duty.unit_code].append(duty.page)
    files = {"/robots.txt": File(ROBOTS, "text/plain; charset=utf-8")}
    for unit in world.units:
        if not unit.is_down:
            fresh = [_article(page, items[page.item_code]) for page in put_up.get(unit.code, ())]
            files.update(_column(unit, published[unit.code], items, world.today, fresh))
    for pack in demo_packs.columns():
        files.update(_pack_column(pack, world.today))
    files["/"] = _html(pages.home(world.units, demo_packs.columns()), "utf-8")
    return files


def down_folders(world: World) -> tuple[str, ...]:
    """Folders whose server is broken."""
    return tuple(f"/{unit.code.lower()}/" for unit in world.units if unit.is_down)


def _column(
    unit: DemoUnit,
    published: Sequence[DemoPage],
    items: dict[str, ItemRow],
    today: date,
    fresh: Sequence[Article],
) -> Iterator[tuple[str, File]]:
    own = [_article(page, items[page.item_code]) for page in published]
    if unit.code == demo_city.ATTACHES:
        own, attached = attachments.attach(own)
        for path, packed, media_type in attached:
            yield path, File(packed, media_type)
    articles = [*own, *notices_of(unit, today)]
    articles.sort(key=lambda a: (a.list_on or date.min, a.path), reverse=True)
    column = PortalColumn(unit, f"/{unit.code.lower()}/", "重大建设项目批准和实施领域")
    yield from _files(column, articles, fresh)


def _pack_column(pack: PackColumn, today: date) -> Iterator[tuple[str, File]]:
    """A pack's column: what of its duties is published."""
    items = {item.item_code: item for item in pack.items}
    articles = []
    for number, duty in enumerate(demo_packs.duties(today)):
        moment = demo_packs.moment(duty)
        if duty.pack_code != pack.pack_code or moment is None:
            continue
        item = items[duty.item_code]
        article = Article(
            path=f"{pack.folder}{moment:%Y%m}/t{moment:%Y%m%d}_{700000 + number}.htm",
            title=demo_packs.title(duty, item),
            column=item.item_l2,
            list_on=duty.published_on,
            meta_at=moment,
            label_at=moment,
            elements=demo_packs.elements(duty, item, pack.unit),
        )
        articles.append(article)
    articles.sort(key=lambda a: (a.list_on or date.min, a.path), reverse=True)
    return _files(PortalColumn(pack.unit, pack.folder, pack.name), articles)


def _files(
    column: PortalColumn, articles: Sequence[Article], fresh: Sequence[Article] = ()
) -> Iterator[tuple[str, File]]:
    """The pages of a column and its list; what is fresh changes no page that was there before."""
    unit = column.unit
    for article in fresh:
        written_at = article.meta_at.astimezone(UTC) if article.meta_at else None
        body = pages.article(column, article, variant=0)
        yield article.path, _html(body, unit.charset, written_at)
    for place, article in enumerate(articles):
        body = pages.article(column, article, variant=place)
        yield article.path, _html(body, unit.charset, _modified_at(article))
    listed = [*fresh, *articles]
    count = max(1, -(-len(listed) // listings.PAGE_SIZE))
    for number in range(count):
        shown = listed[number * listings.PAGE_SIZE : (number + 1) * listings.PAGE_SIZE]
        name = "index.htm" if number == 0 else f"index_{number}.htm"
        yield column.folder + name, _html(pages.listing(column, shown, number, count), unit.charset)
    kind = demo_city.LISTED_AS.get(unit.code)
    if kind is not None:
        for where, packed, media_type in listings.of_kind(kind, column, listed):
            yield where, File(packed, media_type)


def _article(page: DemoPage, item: ItemRow) -> Article:
    return Article(
        path=page.path,
        title=page.title,
        column=item.item_l2,
        list_on=page.list_on,
        meta_at=page.meta_at,
        label_at=page.label_at,
        elements=page.elements,
    )


def _modified_at(article: Article) -> datetime | None:
    """When the file was written: after what it claims, for such servers regenerate their pages."""
    if article.meta_at is None:
        return None
    written_at = datetime.combine(article.meta_at.date(), time(23, 30), SHANGHAI)
    return written_at.astimezone(UTC)


def _html(text: str, charset: str, modified_at: datetime | None = None) -> File:
    return File(text.encode(charset), "text/html", modified_at)
