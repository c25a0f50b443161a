"""The end of chapter two: who was served is asked again, and a bad answer is put right, too."""

from typing import Any

from deploy.tour.visiting import Door, Person
from services.feedback.ratings import workflow as ratings
from services.feedback.ratings.models import RatingState
from shared.errors import Text

FOUR_EYES = "/problems/four-eyes"


def follow_up(door: Door, ticket: dict[str, Any]) -> None:
    narrator, anyone = door.narrator, door.anyone
    asked = {"case_id": ticket["id"], "key": ticket["rating_key"]}
    followup = door.until(
        door.quietly(lambda: anyone.post("/followups/invitations", asked)),
        "appointments.case.finished.v1",
    )
    questions = followup["questionnaire"]["questions"]
    narrator.step(
        Text("办结的事按规定抽样回诊", "finished cases are sampled, and their people asked again"),
        Text(f"抽中，{len(questions)} 题", f"drawn, questions: {len(questions)}"),
    )
    _call_by_who_served(door, followup["id"])
    answers = {one["code"]: _worst(one) for one in questions if one["required"]}
    anyone.post(f"/followups/{followup['id']}/answers", {"key": asked["key"], "answers": answers})
    narrator.step(
        Text(
            "群众凭号上的键回答，不满意", "the citizen answers with the ticket's key: it went ill"
        ),
        Text("再答会被拒绝：只答一次", "a second answer is refused"),
    )
    _put_right(door, door.sign_in("officer-pboc"), followup["id"])


def _call_by_who_served(door: Door, followup: str) -> None:
    """Whoever served does not ask how it was; where somebody else did, the call is noted."""
    call = {"outcome": "unreachable"}
    _, refused = door.sign_in("clerk1").attempt(f"/followups/{followup}/calls", call)
    result = Text("记下：未接通", "noted: nobody answered")
    if refused == FOUR_EYES:
        result = Text("被拒绝：须由另一人回访", "refused: somebody else has to call")
    door.narrator.step(Text("窗口人员想电话回访", "the clerk wants to call back"), result)


def _worst(question: dict[str, Any]) -> Any:
    """The answer that says that it went ill, where the question has one."""
    if question["kind"] == "scale":
        return 1
    if question["kind"] == "yes_no":
        return question["bad_answer"] is True
    bad = [option["code"] for option in question["options"] if option["is_bad"]]
    return (bad or [question["options"][0]["code"]])[0]


def _put_right(door: Door, officer: Person, followup: str) -> None:
    rating = door.until(lambda: _opened_by(officer, followup), "appointments.followup.answered.v1")
    text = {"text": "已联系群众并核实"}
    done = officer.post(f"/ratings/{rating['id']}/verify", text, version=rating["version"])
    now_is = ratings.WORKFLOW.states[RatingState(done["state"])]
    door.narrator.step(
        Text("差的回诊自动转部门整改", "a bad answer opens its rectification by itself"),
        Text(f"现在：{now_is.zh}", f"now: {now_is.en}"),
    )


def _opened_by(officer: Person, followup: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = officer.get("/ratings", state="rated_bad")["items"]
    return next((one for one in found if one["followup_id"] == followup), None)
