"""Chapter two: a bad rating is put right."""

from typing import Any

from deploy.tour import followup
from deploy.tour.visiting import Door, Person
from services.feedback.ratings import workflow as ratings
from services.feedback.ratings.models import RatingState
from shared.errors import Text

BAD_GRADE = "dissatisfied"
BAD_TAG = "213"


def rate_badly(door: Door, ticket: dict[str, Any]) -> None:
    narrator, anyone = door.narrator, door.anyone
    narrator.step(
        Text("办结后，请群众凭号上的评价键评价", "finished: the key on the ticket opens the rating")
    )
    asked = {"case_id": ticket["id"], "rating_key": ticket["rating_key"]}
    invitation = door.until(
        door.quietly(lambda: anyone.post("/ratings/invitations", asked)),
        "appointments.case.finished.v1",
    )
    body = {"token": invitation["token"], "grade": BAD_GRADE, "tags": [BAD_TAG]}
    rating = anyone.post("/ratings", {**body, "text": "等了很久，窗口人员不熟悉业务"})
    narrator.step(
        Text("群众给了“不满意”", "the citizen rates: dissatisfied"),
        Text("差评成立，部门须在 1 个工作日内核实", "bad: the department has 1 working day"),
    )
    officer, reviewer = door.sign_in("officer-pboc"), door.sign_in("reviewer1")
    steps: list[tuple[Person, str, dict[str, Any], Text]] = [
        (officer, "verify", {"text": "已电话联系并核实"}, Text("部门核实", "verified")),
        (officer, "rectify", {"text": "窗口人员补训并轮岗"}, Text("部门整改", "put right")),
        (
            officer,
            "feedback",
            {"text": "已向群众反馈整改结果"},
            Text("部门反馈", "told the citizen"),
        ),
        (reviewer, "revisit", {"outcome": "satisfied"}, Text("另一人回访", "another revisits")),
    ]
    for person, action, text, name in steps:
        version = officer.get(f"/ratings/{rating['id']}")["version"]
        answer = person.post(f"/ratings/{rating['id']}/{action}", text, version=version)
        now_is = ratings.WORKFLOW.states[RatingState(answer["state"])]
        narrator.step(name, Text(f"现在：{now_is.zh}", f"now: {now_is.en}"))
    followup.follow_up(door, ticket)
