"""Where an address belongs that a unit has named, and what its unit is told. Pure."""

import hashlib
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urldefrag, urlsplit

from services.projects.portals.models import Portal
from services.projects.reading.rule import DetailRule, FeedRule
from shared.errors import Text


class Recapture(NamedTuple):
    """What will become of an address: which column of the unit takes it in, if one does."""

    portal_id: str | None
    portal_name: str | None

    @property
    def words(self) -> Text:
        """What the unit is told."""
        if self.portal_name is not None:
            return Text(
                f"采集器将随栏目“{self.portal_name}”读取这个网址并存证，再按常规比对；网页上看到的才作为证明。",
                f"The collector reads this address with the column “{self.portal_name}”, keeps it"
                " as evidence and matches it as usual; what is seen there is what counts.",
            )
        return Text(
            "这个网址不在本单位已登记、可读取的栏目里。采集器将单独读取它并存证，由监察人员认定，公开时间以首次读到为准；"
            "内网地址不予读取。以后仍公开在那里的，请管理员登记该栏目。",
            "This address is on no registered column of the unit that can be read. The collector"
            " reads it by itself and keeps it as evidence, auditors confirm what it is, and it"
            " counts from when it was read first; a private address is not read. Where more is"
            " published there, please have the column registered.",
        )


def address_of(url: str) -> str:
    """The address as it is asked for: without a place on the page."""
    return urldefrag(url).url


def portal_without_list(unit_code: str, url: str, now: datetime) -> Portal:
    """What stands for the host of an address of which the unit has no column.

    It is off, for it has no list to be walked and proves nothing absent, and its captures are not
    public, for nobody has agreed on the place. Known by unit and host, however often one is named.
    """
    parts = urlsplit(url)
    start = f"{parts.scheme}://{parts.netloc}/"
    host = parts.netloc.lower()
    key = hashlib.sha256(f"{unit_code} {start.lower()}".encode()).hexdigest()[:24]
    return Portal(
        id=f"named-{key}",
        name=f"整改回复的网址（{host}）"[:200],
        unit_code=unit_code,
        start_url=start,
        is_public=False,
        enabled=False,
        has_list=False,
        rule_version=1,
        next_run_at=now,
        read_since=now,
    )


def reading_rule(*, judges_elements: bool) -> FeedRule:
    """By what such a page is read: in full, and never as a list that proves an absence.
    `judges_elements`: as the unit's own columns do."""
    return FeedRule(kind="feed", detail=DetailRule(judges_elements=judges_elements))
