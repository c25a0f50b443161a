"""Packs as the API shows them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar.clocks import words
from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.catalogue.schemas import ItemRow
from services.projects.duties.making import rule_of
from services.projects.packs import queries, rules, service
from services.projects.packs.models import PackVersion
from services.projects.packs.rules import WordedPack
from services.projects.packs.schemas import (
    Pack,
    PackDetail,
    PackItemView,
    PackUseView,
    PackVersionDetail,
    PackVersionView,
    PackView,
)
from shared.web.models import Words
from shared.web.pagination import Page, PageRequest, page

Worded = dict[str, ItemRow]


async def packs(session: AsyncSession) -> list[PackView]:
    """Every pack: those of the release in the order of its file, then others."""
    known = await _in_force(session)
    return [_view(found, known) for found in (await service.in_force(session)).values()]


async def detail(session: AsyncSession, code: str) -> PackDetail:
    """A pack with its items. Raises NotFound."""
    found = await service.find_pack(session, code)
    pack = found.pack
    return PackDetail(
        **dict(_view(found, await _in_force(session))),
        sources=pack.sources,
        channels=pack.channels,
        forms=pack.forms,
        contents=[_item(pack, item) for item in found.items],
    )


async def uses(session: AsyncSession, code: str, paging: PageRequest) -> Page[PackUseView]:
    """For which units a pack is switched on, by unit. Raises NotFound."""
    after = paging.key(str)
    rows = await service.uses(session, code, after[0] if after else None, paging.limit + 1)
    return page(rows, paging, lambda row: (row.unit_code,), PackUseView.model_validate)


async def versions(session: AsyncSession, code: str, paging: PageRequest) -> Page[PackVersionView]:
    """The wordings of a pack that were drafted here, the newest in front."""
    before = paging.key(int)
    rows = await queries.versions(session, code, before[0] if before else None, paging.limit + 1)
    return page(rows, paging, lambda row: (row.number,), PackVersionView.model_validate)


async def version_detail(session: AsyncSession, row: PackVersion) -> PackVersionDetail:
    """A wording of a pack, and how it differs from the one in force."""
    worded = rules.as_worded(row)
    before = (await service.in_force(session)).get(row.pack_code)
    return PackVersionDetail(
        **PackVersionView.model_validate(row).model_dump(),
        content=row.content,
        contents=worded.items,
        changes=rules.changes(before, worded),
    )


async def _in_force(session: AsyncSession) -> Worded:
    return {
        item.item_code: ItemRow(**{name: getattr(item, name) for name in ItemRow.model_fields})
        for item in await catalogue.in_force(session)
    }


def _view(found: WordedPack, known: Worded) -> PackView:
    pack, items = found.pack, found.items
    return PackView(
        code=pack.code,
        name=Words(zh=pack.zh, en=pack.en),
        about=pack.about,
        number=found.number,
        items=len(items),
        adopted=all(known.get(item.item_code) == item for item in items),
    )


def _item(pack: Pack, item: ItemRow) -> PackItemView:
    rule, _ = rule_of(CatalogueItem(version=0, **item.model_dump()))
    return PackItemView(
        item_code=item.item_code,
        item_name=item.item_l2,
        phase=rules.phase_of(pack, item.item_code),
        clock=Words.of(words(rule)),
        elements=item.content_elements,
        channels=item.channels,
        legal_basis=item.legal_basis,
        basis_verified=item.basis_verified,
        periodic=rules.every_of_rule(rule) is not None,
        not_auditable=item.not_auditable,
    )
