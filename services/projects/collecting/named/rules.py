"""What is known of a page that no list has shown. Pure."""

from dataclasses import replace
from datetime import datetime

from services.projects.collecting.models import NEVER, PortalPage
from services.projects.portals.models import Portal
from services.projects.reading.claims import Claim


def note_first_seen(page: PortalPage, at: datetime) -> None:
    """A page that no list has shown is seen first when it is read first."""
    if page.last_listed_at == NEVER:
        page.first_seen_at = page.content_seen_at = at


def believed(claim: Claim, portal: Portal) -> Claim:
    """On a place that nobody has agreed on, what a page says of its time is no claim of its unit:
    it came when it was seen."""
    return claim if portal.has_list else replace(claim, provenance=None, trust=0, agree=False)


def is_only_named(page: PortalPage) -> bool:
    """Whether nothing is known of the page but its address, in which there is nothing to match."""
    return page.last_listed_at == NEVER and page.content_sha256 is None
