"""A dry run: read one list page and its first item by a rule, show it, store nothing."""

from datetime import datetime

from services.projects.fetching.addresses import origin_of
from services.projects.fetching.fetcher import Fetcher, Limits
from services.projects.portals.models import Portal
from services.projects.portals.schemas import DetailTrial, Trial
from services.projects.reading.claims import claim_of
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.lists import Entry
from services.projects.reading.readers import decode_by, is_file, read_list, read_page
from services.projects.reading.rule import CollectorRule

LIMITS = Limits(connect_seconds=2, read_seconds=3, total_seconds=4, interval_seconds=0)


async def try_rule(portal: Portal, rule: CollectorRule, now: datetime) -> Trial:
    """What the rule reads from the portal now; a fault is part of the answer."""
    private = origin_of(portal.start_url) if portal.allow_private else None
    async with Fetcher(private_origin=private, limits=LIMITS) as fetcher:
        try:
            answer = await fetcher.get(portal.start_url)
            page = read_list(answer.body, answer.headers, answer.final_url, rule).page
            if not page.entries:
                return Trial(fault=Fault.REDESIGNED)
        except SourceFault as fault:
            return Trial(fault=fault.fault)
        detail = await _try_detail(fetcher, page.entries[0], rule, now)
        return Trial.of(page, detail=detail)


async def _try_detail(
    fetcher: Fetcher, entry: Entry, rule: CollectorRule, now: datetime
) -> DetailTrial:
    try:
        answer = await fetcher.get(entry.url)
        if is_file(answer.body, answer.headers, answer.final_url):
            return DetailTrial(url=entry.url, fault=Fault.UNREADABLE)
        decoded = decode_by(rule, answer.body, answer.headers)
    except SourceFault as fault:
        return DetailTrial(url=entry.url, fault=fault.fault)
    read = read_page(decoded, entry.url, rule, now)
    claim = claim_of(read, listed_on=entry.listed_on, header_at=answer.last_modified_at, now=now)
    return DetailTrial.of(entry.url, read, claim)
