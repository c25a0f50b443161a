"""Where the city's units publish what they owed, after its first day: kept in a file of lines."""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from services.projects.demo_portal import site
from services.projects.demo_world import DemoDuty, DemoPage, World, put_up


class PortalPublications:
    """The portal's files, and what is put up among them."""

    def __init__(self, city: World, kept_in: Path | None) -> None:
        self._city, self._kept_in = city, kept_in
        self._put_up: dict[str, list[DemoPage]] = defaultdict(list)
        self._pages = {(d.unit_code, d.doc_no): d.page for d in city.duties if d.page}
        if kept_in is not None and kept_in.exists():
            for line in kept_in.read_text(encoding="utf-8").splitlines():
                unit_code, doc_no, at = json.loads(line)
                self._add(self._duty(unit_code, doc_no), datetime.fromisoformat(at))
        self.files = site.build(city, self._put_up)

    def publish(self, unit_code: str, doc_no: str, now: datetime) -> str:
        """Put up the page of a document; returns its path, that of before where it is there.

        Raises LookupError where the unit has no such document.
        """
        page = self._pages.get((unit_code, doc_no))
        if page is not None:
            return page.path
        page = self._add(self._duty(unit_code, doc_no), now)
        self.files = site.build(self._city, self._put_up)
        if self._kept_in is not None:
            line = json.dumps([unit_code, doc_no, now.isoformat()], ensure_ascii=False)
            with self._kept_in.open("a", encoding="utf-8") as kept:
                kept.write(f"{line}\n")
        return page.path

    def _duty(self, unit_code: str, doc_no: str) -> DemoDuty:
        for duty in self._city.duties:
            if (duty.unit_code, duty.doc_no) == (unit_code, doc_no):
                return duty
        raise LookupError(doc_no)

    def _add(self, duty: DemoDuty, at: datetime) -> DemoPage:
        page = put_up(self._city, duty, at)
        self._pages[duty.unit_code, duty.doc_no] = page
        self._put_up[duty.unit_code].insert(0, page)
        return page
