"""Chapter five: several departments give one answer."""

from deploy.tour.visiting import Door
from shared.errors import Text, counted

HALL, LEAD = "H001", "PBOC"
CONSULTED = {"D01": "officer-d01", "D03": "officer-d03"}


def visit(door: Door) -> None:
    narrator = door.narrator
    narrator.chapter(Text("五、会诊：几个部门，一个答复", "Consultation: one answer of several"))
    question = {
        "hall_code": HALL,
        "title": "企业迁入一次办",
        "question": "企业由外市迁入，账户与许可证如何一次办好？",
        "lead_department_code": LEAD,
        "departments": sorted(CONSULTED),
    }
    opened = door.sign_in("clerk1").post("/consultations", question)
    due_on = opened["departments"][0]["due_on"]
    many = len(CONSULTED)
    narrator.step(
        Text(f"窗口发起会诊，请 {many} 个部门提出意见", "a clerk asks several departments"),
        Text(
            f"意见期限 {due_on}，统一答复期限 {opened['due_on']}",
            f"opinions by {due_on}, the one answer by {opened['due_on']}",
        ),
    )
    path = f"/consultations/{opened['id']}"
    opinion = {"stance": "agrees", "text": "同意一次受理，材料互认"}
    for account in CONSULTED.values():
        state = door.sign_in(account).post(f"{path}/opinion", opinion)["state"]
    narrator.step(
        Text("各部门在期限内提出意见", f"{counted(many, 'department')} agree in time"),
        Text("意见已齐", "all opinions are there") if state == "ready" else None,
    )
    door.sign_in("officer-pboc").post(f"{path}/answer", {"text": "一次受理，五个工作日办结"})
    looked = {"consultation_id": opened["id"], "key": opened["key"]}
    seen = door.anyone.post("/consultations/answers", looked)
    narrator.step(
        Text("牵头部门统一答复，当事人凭键查看", "the lead answers; the key shows it"),
        Text(seen["answer"], "one answer, read without signing in"),
    )
