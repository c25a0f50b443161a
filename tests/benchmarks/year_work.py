"""What people do all day, timed: booked and confirmed, a ticket taken, called, served, finished."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from shared.clock import now, today
from tests.benchmarks.ground import Ground
from tests.benchmarks.growth import Took
from tests.benchmarks.year_halls import YearHall

DAYS = 14
"""Ahead, on which places are on sale."""


class Work:
    """At one hall, by its API; `known` is what came of it last, for requests that name it."""

    def __init__(self, base: Ground, port: int, hall: YearHall) -> None:
        self._base, self._hall = base, hall
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False, timeout=30
        )
        self._clerk, self._kiosk = self._as("clerk", hall.code), self._as("device", hall.code)
        self.known: dict[str, Any] = {"hall": hall.code, "item": hall.items["social"]}
        self.times: dict[str, list[float]] = {}

    def _as(self, role: str, *places: str, sub: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._base.token(role, *places, sub=sub)}"}

    def rounds(self, count: int) -> dict[str, list[Took]]:
        """So many people book for another day, and so many come without."""
        with self._client, suppress(StopIteration):
            window = self._hall.windows[0]
            self._post("open", f"/windows/{window}/open", self._clerk, {}, good=(200, 409))
            self.times.clear()
            places = self._places()
            for _ in range(count):
                self._book(next(places))
                self._serve(str(window))
        return {name: [Took(ms, 200) for ms in times] for name, times in self.times.items()}

    def _places(self) -> Iterator[str]:
        asked = {"hall": self._hall.code, "item": self.known["item"], "limit": 200}
        asked["from"] = str(today(now()) + timedelta(days=1))
        while True:
            answer = self._client.get("/availability", params=asked)
            answer.raise_for_status()
            yield from (row["id"] for row in answer.json()["items"])

    def _book(self, place: str) -> None:
        me = self._as("citizen", sub=f"person-{uuid4()}")
        body = {"slot_ids": [place], "item_code": self.known["item"]}
        held = self._post("hold", "/appointments", me, body, good=(201,))
        self._post("confirm", f"/appointments/{held['id']}/confirm", me, {})
        self.known["appointment"] = held["id"]

    def _serve(self, window: str) -> None:
        body = {"hall_code": self._hall.code, "items": [self.known["item"]]}
        issued = self._post("ticket", "/tickets", self._kiosk, body, good=(201,))
        called = self._post("call-next", f"/windows/{window}/call-next", self._clerk, None)
        assert called["id"] == issued["id"]
        self._post("serve", f"/tickets/{issued['id']}/serve", self._clerk, {})
        done = {"outcome": "done"}
        self._post("finish", f"/tickets/{issued['id']}/finish", self._clerk, done)
        self.known |= {"ticket_id": issued["id"], "window_id": window}

    def _post(
        self, name: str, path: str, who: dict[str, str], body: Any, good: tuple[int, ...] = (200,)
    ) -> Any:
        headers = {**who, "Idempotency-Key": uuid4().hex}
        began = datetime.now(UTC)
        answer = self._client.post(path, json=body, headers=headers)
        took = (datetime.now(UTC) - began).total_seconds() * 1000
        assert answer.status_code in good, f"{path}: {answer.status_code} {answer.text[:300]}"
        self.times.setdefault(name, []).append(took)
        return answer.json()
