"""Citizens who were served, and what becomes of their ratings, on the isolated service."""

from typing import Any
from uuid import UUID, uuid4

from services.feedback.ratings import service
from services.feedback.ratings.contracts import CaseFinished
from shared.security.crypto import Keyring, rating_key
from tests import support
from tests.feedback.isolated_service import IsolatedService, new_code

BAD: dict[str, Any] = {"grade": "dissatisfied", "tags": ["213", "214"], "text": "等了两个小时"}
GOOD: dict[str, Any] = {"grade": "satisfied", "tags": ["411"]}
STEP_TEXT = {"text": "已联系群众并说明情况"}

BODIES: dict[str, dict[str, Any]] = {
    "verify": STEP_TEXT,
    "explain": STEP_TEXT,
    "appeal": {**STEP_TEXT, "reason": "mistaken"},
    "confirm": STEP_TEXT,
    "exclude": STEP_TEXT,
    "rectify": STEP_TEXT,
    "feedback": STEP_TEXT,
    "revisit": {"outcome": "satisfied"},
}


KEYRING = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)


def key_of(case_id: UUID) -> dict[str, str]:
    """What the person was handed with the ticket."""
    return {"case_id": str(case_id), "rating_key": rating_key(KEYRING, case_id)}


class ServedCitizen:
    """One citizen with one finished case at one department."""

    def __init__(
        self, isolated: IsolatedService, department: str | None = None, hall: str = "H001"
    ) -> None:
        self.isolated, self.department = isolated, department or new_code()
        self.hall, self.case_id = hall, uuid4()
        self.rating_id = ""

    async def invite(self) -> "ServedCitizen":
        finished = CaseFinished(
            case_id=self.case_id,
            hall_code=self.hall,
            department_code=self.department,
            item_code="11320100",
            item_name="不动产登记",
            outcome="done",
            finished_at=self.isolated.clock.now,
        )
        await self.isolated.run(service.invite, finished)
        return self

    async def invitation(self) -> dict[str, Any]:
        asked = await self.isolated.post("/ratings/invitations", body=key_of(self.case_id))
        return dict(asked.raise_for_status().json())

    async def rate(self, rating: dict[str, Any], path: str = "/ratings") -> Any:
        token = (await self.invitation())["token"]
        answer = await self.isolated.post(path, body={"token": token, **rating})
        self.rating_id = answer.json().get("id") or self.rating_id
        return answer

    async def amend(self, rating: dict[str, Any]) -> Any:
        return await self.rate(rating, "/ratings/amendments")

    async def act(
        self, action: str, sub: str | None = None, body: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        """By the department's officer, or by a reviewer where it is a reviewer's."""
        is_reviewers = action in ("confirm", "exclude", "revisit")
        who = ("reviewer", "*") if is_reviewers else ("officer", self.department)
        path = f"/ratings/{self.rating_id}/{action}"
        return await self.isolated.post(path, *who, sub=sub, body=body or BODIES[action], **more)

    async def take(self, *actions: str) -> dict[str, Any]:
        """Take these steps; the last answer."""
        for action in actions:
            answer = await self.act(action)
            assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def detail(self) -> dict[str, Any]:
        answer = await self.isolated.get(f"/ratings/{self.rating_id}", "officer", self.department)
        return dict(answer.raise_for_status().json())


async def rated_badly(isolated: IsolatedService, department: str | None = None) -> ServedCitizen:
    served = await ServedCitizen(isolated, department).invite()
    answer = await served.rate(BAD)
    assert answer.status_code == 201, answer.text
    return served
