"""A consultation of several departments, and short words for what people do."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good

LEAD = "D77"
BODIES: dict[str, dict[str, Any]] = {
    "invite": {"department_code": "D99"},
    "convene": {"starts_at": "2027-01-05T14:00:00+08:00", "place": "二楼会商室"},
    "opine": {"stance": "agrees", "text": "同意，按规定办理"},
    "escalate": {"reason": "群众急用，请协调"},
    "answer": {"text": "可以办理，请带齐三份材料"},
    "withdraw": {"reason": "当事人已另行办理"},
}
PATHS = {"opine": "opinion"}
ROLES = ("citizen", "clerk", "hall_manager", "officer", "auditor", "supervisor", "device")


@dataclass
class Consulted:
    """A consultation of the office, and short words for what people do."""

    office: Office
    made: dict[str, Any]
    one: str
    other: str

    def officer(self, *places: str) -> dict[str, str]:
        return self.office.sign("officer", *(places or (LEAD,)))

    async def do(
        self, action: str, headers: dict[str, str], version: int | None = None, **body: Any
    ) -> httpx.Response:
        path = f"/api/v1/consultations/{self.made['id']}/{PATHS.get(action, action)}"
        match = {"If-Match": f'"{version}"'} if version is not None else {}
        sent = body or BODIES[action]
        return await self.office.client.post(path, json=sent, headers={**headers, **match})

    async def opinion(self, department: str, stance: str = "agrees") -> dict[str, Any]:
        headers = self.officer(department)
        return good(await self.do("opine", headers, stance=stance, text="同意，须补一份材料"))

    async def see(self, headers: dict[str, str] | None = None) -> dict[str, Any]:
        path = f"/api/v1/consultations/{self.made['id']}"
        asked = await self.office.client.get(path, headers=headers or self.office.manager())
        return good(asked)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        found = await self.office.events(f"consultation.{kind}")
        return [each for each in found if each["consultation_id"] == self.made["id"]]


async def opened(office: Office, **others: Any) -> Consulted:
    """A new one that asks two departments of the test's own."""
    one, other = (f"D-{uuid4().hex[:8].upper()}" for _ in range(2))
    asked = {
        "hall_code": office.code,
        "item_code": office.items[0],
        "title": "跨部门联合审批",
        "question": "企业迁址后许可证如何衔接？",
        "lead_department_code": LEAD,
        "departments": [one, other],
        **others,
    }
    made = await office.client.post("/api/v1/consultations", json=asked, headers=office.clerk())
    return Consulted(office, good(made, 201), one, other)
