"""The words that go with a proof, in both languages."""

from services.projects.auditing.rules.judging import reason_text
from services.projects.proofs.service import Gathered
from shared.clock import today

_TEXT = """# 监察结论的证明 | The proof of a verdict

- 单位 unit: {unit}
- 项目 project: {project}
- 事项 item: {item}
- 截至 as of: {as_of}
- 结论 verdict: {verdict}（{zh} | {en}）

## 中文

这份文件包含得出上述结论的全部依据，不需要原系统即可核对：

| 文件 | 内容 |
|---|---|
| duty.json | 公开义务：谁、什么项目或对象、什么事项、何日形成、期限怎样计算、有关裁定 |
| | 随其他信息公开的，follows 为该信息的历次观测，不便提供的只有公开日期；须保留的，见 keep |
| facts.json | 历次观测：何时看见网页、网页自称何时公开、报送何时收到、此前何时确认没有 |
| report.json | 最近签发的报表；facts.json 的 proof 由各项观测通向其证据根（evidence_root） |
| calendar.json | 逐日的工作日历及所依据的放假通知 |
| walks.json | 证明“没有公开”时所读的栏目；因篇幅未收入的存证在 left_out 中列出编号 |
| verdict.json | 结论、理由、届满日、须保留至何日、规则和日历的版本、结论的历次变化 |
| evidence/…/page.bin | 抓取到的网页原始字节 |
| evidence/…/capture.json | 网址、时间、请求头、应答头、存证链上的前后各一份、到当日默克尔根的路径 |
| manifest.json | 以上每个文件的 SHA-256 |

核对：从 OneDoor 的公开代码中取 `deploy/check_proof.py`（只需 Python 3.11 以上，不需其他软件），运行

    python check_proof.py proof.zip

它重新计算全部散列、存证链和默克尔路径，按日历和裁定数出届满日，再按规则得出结论，逐项与文件比对；
并核对起决定作用的观测有网页为证，证明“没有公开”的栏目确在其后读过。相符为 0，不符为 1，
缺少证据、当日尚未封存、或所给的根没有存证通向的为 2；最后一行列出未予证明、以文件所载为准的事项。
事先从存证页面（GET /evidence/…）记下当日默克尔根的人，加上 `--root 日期=根`，
即可确认证据就是当天封存的那一份；手中有已签发报表的，加上 `--root report=证据根`。
请勿用随本文件一并给出的程序核对本文件。

## English

This file holds all that the verdict above follows from. It is checked without the system:

| file | holds |
|---|---|
| duty.json | the duty: who, which project or subject, item, formed when, its clock, rulings |
| | `follows`: what was seen of the duty with which it goes, of what is not for you only the day; |
| | `keep`: how long it must stay |
| facts.json | each observation: when a page was seen, what it claims, when a push was received, |
| | when it was last absent |
| report.json | the report signed last: `proof` leads from each fact to its evidence root |
| calendar.json | day by day: a working day or not, and the notice that says so |
| walks.json | the lists read where an absence is proven; `left_out`: captures not sent |
| verdict.json | verdict, reason, due day, until when it must stay, versions, earlier verdicts |
| evidence/…/page.bin | the bytes of the page as they were received |
| evidence/…/capture.json | address, time, headers both ways, neighbours in the chain, path |
| manifest.json | the SHA-256 of each of these files |

Take `deploy/check_proof.py` from OneDoor's published code (Python 3.11 or later, nothing else):

    python check_proof.py proof.zip

It computes every hash, the chain and the Merkle paths anew, counts the due day from the calendar
and the rulings, gives the verdict by the rule, and compares each with what the file says; that the
observations which decide rest on pages in the file, and that the lists which prove an absence were
read after it began. 0: all holds. 1: something differs. 2: evidence is missing, a day is not sealed
yet, or nothing leads to a root that was given. The last line names what is not proven, and taken as
the file has it. Who has noted the root of a day before (GET /evidence/…) adds `--root DAY=ROOT`,
who holds the report that was signed last `--root report=EVIDENCE_ROOT`. Check it by no program that
came with it.
"""


def text(gathered: Gathered) -> str:
    """What the file is, what is in it, how it is checked."""
    found, words = gathered.found, reason_text(gathered.judged.reason)
    return _TEXT.format(
        unit=found.unit_name,
        project=found.project_name or "–",
        item=found.item_name,
        as_of=today(gathered.now),
        verdict=gathered.judged.verdict,
        zh=words.zh,
        en=words.en,
    )
