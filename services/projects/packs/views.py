"""Packs as the API shows them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar.clocks import words
from services.projects.calendar.schemas import Note
from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.catalogue.schemas import ItemRow
from services.projects.duties.making import rule_of
from services.projects.packs import rules, service
from services.projects.packs.schemas import (
    Pack,
    PackDetail,
    PackItemView,
    PackUseView,
    PackView,
)
from shared.web.pagination import Page, PageRequest, page

Worded = dict[str, ItemRow]


async def packs(session: AsyncSession) -> list[PackView]:
    """Every pack, in the order of its file."""
    known = await _in_force(session)
    return [_view(pack, known) for pack in rules.packs().values()]


async def detail(session: AsyncSession, code: str) -> PackDetail:
    """A pack with its items. Raises NotFound."""
    pack = service.find_pack(code)
    return PackDetail(
        **dict(_view(pack, await _in_force(session))),
        sources=pack.sources,
        carriers=pack.carriers,
        forms=pack.forms,
        contents=[_item(pack, item) for item in rules.items_of(pack)],
    )


async def uses(session: AsyncSession, code: str, paging: PageRequest) -> Page[PackUseView]:
    """For which units a pack is switched on, by unit. Raises NotFound."""
    after = paging.key(str)
    rows = await service.uses(session, code, after[0] if after else None, paging.limit + 1)
    return page(rows, paging, lambda row: (row.unit_code,), PackUseView.model_validate)


async def _in_force(session: AsyncSession) -> Worded:
    return {
        item.item_code: ItemRow(**{name: getattr(item, name) for name in ItemRow.model_fields})
        for item in await catalogue.in_force(session)
    }


def _view(pack: Pack, known: Worded) -> PackView:
    items = rules.items_of(pack)
    return PackView(
        code=pack.code,
        name=Note(zh=pack.zh, en=pack.en),
        about=pack.about,
        items=len(items),
        adopted=all(known.get(item.item_code) == item for item in items),
    )


def _item(pack: Pack, item: ItemRow) -> PackItemView:
    rule, _ = rule_of(CatalogueItem(version=0, **item.model_dump()))
    return PackItemView(
        item_code=item.item_code,
        item_name=item.item_l2,
        phase=rules.phase_of(pack, item.item_code),
        clock=Note(**words(rule)._asdict()),
        elements=item.content_elements,
        carriers=item.channels,
        legal_basis=item.legal_basis,
        basis_verified=item.basis_verified,
        periodic=rules.every_of_rule(rule) is not None,
        not_auditable=item.not_auditable,
    )
