"""Chapter four: a citizen's letter from intake to a published answer."""

from typing import Any

from deploy.tour.visiting import Door, Person
from services.feedback.casework import wording
from services.feedback.letters.models import LetterState
from shared.errors import Text, counted

TITLE = "小区门口路灯坏了两周"
NAME, PHONE, ID_NUMBER = "张建国", "13800138000", "11010519491231002X"
BODY = (
    f"我叫{NAME}，电话{PHONE}，身份证{ID_NUMBER}，家住东湖路18号3号楼2单元501室。"
    "小区门口的路灯坏了两周，晚上老人出门看不清路，请尽快维修。"
)
REPLY = "您好。经现场查看，门口三盏路灯线路老化，已于昨日更换并恢复照明。感谢您的来信。"
SEARCH = "路灯"


def visit(door: Door) -> None:
    door.narrator.chapter(
        Text("四、群众来信：登记、转办、答复、公开、评价", "A letter: intake to published answer")
    )
    written = _write(door)
    _handle(door, written)
    _publish(door, written)
    _look_and_rate(door, written)


def _write(door: Door) -> dict[str, Any]:
    letter = {
        "kind": "help",
        "title": TITLE,
        "body": BODY,
        "contact": {"name": NAME, "phone": PHONE},
        "wants_public": True,
    }
    written: dict[str, Any] = door.anyone.post("/letters", letter)
    door.narrator.step(
        Text("群众写信，不用注册", "a citizen writes, without an account"),
        Text(
            f"编号 {written['reg_no']}，查询码 {written['query_code']}（只显示这一次）",
            f"number {written['reg_no']}, query code {written['query_code']} (shown once)",
        ),
    )
    wrong = door.anyone.status("GET", f"/letters/{written['reg_no']}?code=0000000000")
    door.narrator.step(
        Text("别人拿错误的查询码来查", "somebody tries a wrong code"),
        Text(f"{wrong}：查无此信", f"{wrong}: there is no such letter"),
    )
    return written


def _handle(door: Door, written: dict[str, Any]) -> None:
    dispatcher, officer, reviewer = (
        door.sign_in(a) for a in ("dispatcher1", "officer-d03", "reviewer1")
    )
    path = f"/letters/{written['id']}"
    steps: list[tuple[Person, str, dict[str, Any], Text]] = [
        (dispatcher, "register", {}, Text("信访登记", "registered")),
        (dispatcher, "accept", {}, Text("受理", "accepted")),
        (dispatcher, "dispatch", {"department_code": "D03"}, Text("转住建局", "to department D03")),
        (officer, "accept", {}, Text("住建局签收办理", "the department takes it on")),
        (officer, "submit_reply", {"text": REPLY}, Text("拟答复，送审", "submits a reply")),
        (reviewer, "approve", {}, Text("另一人审核通过（双人复核）", "another person approves")),
    ]
    for person, action, body, text in steps:
        version = person.get(f"{path}/file")["version"]
        moved = person.post(f"{path}/actions/{action}", body, version=version)
        due, now_is = moved["due_on"], _state(moved)
        zh, en = (f"，{due} 前答复", f", due {due}") if due else ("", "")
        door.narrator.step(text, Text(f"现在：{now_is.zh}{zh}", f"now: {now_is.en}{en}"))


def _publish(door: Door, written: dict[str, Any]) -> None:
    reviewer, path = door.sign_in("reviewer1"), f"/letters/{written['id']}/publication"
    review = reviewer.post(path)
    door.narrator.step(
        Text("准备公开：系统提出脱敏建议", "before publication the system proposes redactions"),
        Text(f"{len(review['spans'])} 处", counted(len(review["spans"]), "place")),
    )
    spans = [span["id"] for span in review["spans"]]
    review = reviewer.post(f"{path}/spans", {"accept": spans}, version=review["version"])
    review = reviewer.post(f"{path}/approve", version=review["version"])
    door.narrator.step(
        Text(
            "审核人逐处确认，公开脱敏后的副本", "the reviewer confirms; a redacted copy is public"
        ),
        Text("已公开", "published"),
    )


def _look_and_rate(door: Door, written: dict[str, Any]) -> None:
    narrator, anyone, reg_no = door.narrator, door.anyone, written["reg_no"]

    def found() -> dict[str, Any] | None:
        letters = anyone.get("/published-letters", q=SEARCH, limit=50)["items"]
        return next((letter for letter in letters if letter["reg_no"] == reg_no), None)

    shown = door.until(found)
    narrator.step(Text(f"任何人搜索“{SEARCH}”", f"anybody searches for {SEARCH}"))
    narrator.result(Text(shown["body"], shown["body"]))
    leaked = [secret for secret in (NAME, PHONE, ID_NUMBER, "501室") if secret in str(shown)]
    if leaked:
        raise AssertionError(f"{len(leaked)} personal details are public")
    narrator.result(
        Text("姓名、电话、身份证号、门牌都不在其中", "no name, phone, ID or door number")
    )
    own = anyone.get(f"/letters/{reg_no}", code=written["query_code"])
    narrator.step(
        Text("写信人凭查询码看进度和答复", "the writer follows it with the code"),
        Text(f"{_state(own).zh}：{own['reply']}", f"{_state(own).en}: {own['reply']}"),
    )
    rated = anyone.door.client.post(
        f"/api/v1/letters/{reg_no}/rate",
        params={"code": written["query_code"]},
        json={"grade": "satisfied"},
    )
    rated.raise_for_status()
    narrator.step(
        Text("写信人评价：满意", "the writer rates it: satisfied"),
        Text(f"现在：{_state(rated.json()).zh}", f"now: {_state(rated.json()).en}"),
    )


def _state(letter: dict[str, Any]) -> Text:
    """What people call the state that a letter is in."""
    return wording.STATES[LetterState(letter["state"])]
