"""A letter office for tests: writes letters and moves them over the API, as people would."""

from typing import Any
from uuid import uuid4

import httpx

from services.feedback.casework import workflow
from services.feedback.casework.workflow import SENDER, STAFF, LetterMove
from services.feedback.departments.models import Department
from services.feedback.letters.models import LetterState as S
from tests.feedback.isolated_service import IsolatedService, Sign, new_code

API = "/api/v1"
BODY = "东城街道的路灯坏了半个月，晚上出行很不方便，希望尽快修好。"
FIELDS: dict[str, dict[str, Any]] = {
    "refuse": {
        "reason_code": "other_procedure",
        "basis": "属于诉讼事项",
        "where_to_go": "人民法院",
    },
    "transfer": {"organisation": "铁路公司", "basis": "不属本级管辖"},
    "return": {"reason_code": "not_competent", "basis": "职责在他处"},
    "dispute": {"reason_code": "several_authorities", "basis": "涉及两个部门"},
    "confirm_dispatch": {"reason": "职责明确"},
    "uphold_return": {"reason": "同意退回"},
    "recall": {"reason": "派错部门"},
    "ask_citizen": {"question": "请补充路灯杆编号"},
    "log_activity": {"kind": "site_visit", "held_on": "2026-11-20", "summary": "到现场查看"},
    "request_extension": {"workdays": 3, "reason": "等待配件"},
    "refuse_extension": {"reason": "理由不足"},
    "submit_reply": {"text": "您好，路灯已于昨日修复，感谢您的反映。"},
    "send_back": {"reason": "请写明修复时间"},
    "refuse_reopen": {"reason": "已按规定办结"},
    "unmerge": {"reason": "不是同一事项"},
    "supplement": {"text": "路灯杆编号是甲七"},
    "withdraw": {},
    "consent": {"wants_public": False},
    "appeal": {"reason": "不服不予受理的决定"},
    "reject_appeal": {"reason": "维持原决定"},
    "reopen": {"reason": "灯又灭了"},
    "rate_good": {"grade": "satisfied"},
    "rate_bad": {"grade": "dissatisfied"},
}
AS_SENDER = {"rate_good": "rate", "rate_bad": "rate"}
WAY: dict[S, tuple[str, ...]] = {
    S.RECEIVED: (),
    S.REGISTERED: ("register",),
    S.NOT_ACCEPTED: ("register", "refuse"),
    S.ACCEPTED: ("register", "accept"),
    S.TRANSFERRED: ("register", "transfer"),
    S.DISPATCHED: ("register", "accept", "dispatch"),
    S.DISPUTED: ("register", "accept", "dispatch", "dispute"),
    S.HANDLING: ("register", "accept", "dispatch", "accept"),
    S.AWAITING_CITIZEN: ("register", "accept", "dispatch", "accept", "ask_citizen"),
    S.IN_REVIEW: ("register", "accept", "dispatch", "accept", "submit_reply"),
    S.REPLIED: ("register", "accept", "dispatch", "accept", "submit_reply", "approve"),
    S.CLOSED: (
        "register", "accept", "dispatch", "accept", "submit_reply", "approve", "reopen",
        "refuse_reopen",
    ),
    S.REOPEN_REQUESTED: (
        "register", "accept", "dispatch", "accept", "submit_reply", "approve", "reopen"
    ),
    S.APPEALED: ("register", "refuse", "appeal"),
    S.MERGED: ("merge",),
    S.WITHDRAWN: ("withdraw",),
}  # fmt: skip
"""A way to each state over the actions of the table."""


class Letter:
    """One letter and its sender's code, at the office with a department of its own."""

    def __init__(self, office: "LetterOffice", receipt: dict[str, Any]) -> None:
        self.office = office
        self.id, self.reg_no = receipt["id"], receipt["reg_no"]
        self.code = receipt["query_code"]
        self.version, self.state = 1, S(receipt["state"])

    async def act(
        self, action: str, *, role: str | None = None, sub: str | None = None, **fields: Any
    ) -> httpx.Response:
        """One action with what it needs; the letter's state and version follow a success."""
        body = {**(await self.office.fields(action)), **fields}
        row = workflow.WORKFLOW.get(self.state, action)
        role = role or self._usual(row, action)
        if role == SENDER:
            answer = await self.as_sender(AS_SENDER.get(action, action), **body)
        else:
            answer = await self.as_staff(action, body, role, sub=sub)
        if answer.status_code == 200:
            self.state, self.version = S(answer.json()["state"]), self.version + 1
        return answer

    def _usual(self, row: LetterMove[Any] | None, action: str) -> str:
        roles = row.roles if row else workflow.WORKFLOW.roles_of(action)
        return next(role for role in (*STAFF, SENDER) if role in roles)

    async def as_staff(
        self, action: str, body: dict[str, Any], role: str, *, sub: str | None = None
    ) -> httpx.Response:
        return await self.office.client.post(
            f"{API}/letters/{self.id}/actions/{action}",
            json=body,
            headers={**self.office.headers(role, sub=sub), "If-Match": f'"{self.version}"'},
        )

    async def as_sender(self, what: str, **body: Any) -> httpx.Response:
        return await self.office.client.post(
            f"{API}/letters/{self.reg_no}/{what}", json={"code": self.code, **body}
        )

    async def seen(self) -> dict[str, Any]:
        """The letter as its sender sees it."""
        answer = await self.office.client.get(
            f"{API}/letters/{self.reg_no}", params={"code": self.code}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def bring_to(self, state: S) -> "Letter":
        """Over the table's own actions into `state`."""
        for action in WAY[state]:
            answer = await self.act(action)
            assert answer.status_code == 200, (action, answer.text)
        assert self.state is state
        return self


class LetterOffice:
    """The staff of one new department and of the office, at the isolated service."""

    def __init__(self, isolated: IsolatedService, sign: Sign, department: str) -> None:
        self.isolated, self.client, self._sign = isolated, isolated.client, sign
        self.department = department

    def headers(self, role: str, *places: str, sub: str | None = None) -> dict[str, str]:
        """An officer is of the department, everybody else of the office."""
        usual = (self.department,) if role == "officer" else ("*",)
        return self._sign(role, *(places or usual), sub=sub)

    async def write(self, **letter: Any) -> Letter:
        """A new letter; a suggestion about a street lamp unless said otherwise."""
        usual = {"kind": "suggestion", "title": "路灯不亮", "body": BODY, "wants_public": True}
        answer = await self.client.post(f"{API}/letters", json={**usual, **letter})
        assert answer.status_code == 201, answer.text
        return Letter(self, answer.json())

    async def letter_in(self, state: S, **letter: Any) -> Letter:
        return await (await self.write(**letter)).bring_to(state)

    async def fields(self, action: str) -> dict[str, Any]:
        """What an action needs at the least."""
        if action == "dispatch":
            return {"department_code": self.department}
        if action == "merge":
            return {"into": (await self.write(body=BODY + uuid4().hex)).id}
        return FIELDS.get(action, {})

    async def list(self, role: str, *places: str, **params: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(
            f"{API}/letters", params=params, headers=self.headers(role, *places)
        )
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


async def new_department(isolated: IsolatedService) -> str:
    """A department of this test's own."""
    code = new_code()
    async with isolated.sessions() as session, session.begin():
        session.add(Department(code=code, name=f"试验局{code}", english_name="Test Bureau"))
    return code
