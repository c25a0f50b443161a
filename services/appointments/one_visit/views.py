"""The items behind one-visit figures as the API gives them."""

from collections.abc import Sequence

from services.appointments.one_visit import rules
from services.appointments.one_visit.rules import OfferedItem
from services.appointments.one_visit.schemas import VisitItem
from shared.web.pagination import Page, PageRequest, page


def page_of(items: Sequence[OfferedItem], paging: PageRequest, language: str) -> Page[VisitItem]:
    """So many of the items, which come by code."""
    (after,) = paging.key(str) or ("",)
    later = [item for item in items if item.code > after][: paging.limit + 1]
    return page(later, paging, lambda one: (one.code,), lambda one: _item(one, language))


def _item(item: OfferedItem, language: str) -> VisitItem:
    why = rules.not_comparable(item)
    shown = {k: v for k, v in item._asdict().items() if k in VisitItem.model_fields}
    return VisitItem(
        **shown,
        item_code=item.code,
        item_name=item.name,
        compression=rules.compression_of(item),
        not_comparable=why and why.say(language),
    )
