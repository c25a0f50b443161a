"""How well a tagger hints at names that no rule announces, and that a hint is in nobody's way."""

import subprocess
import sys

import pytest

from services.feedback.letters.models import LetterState as S
from services.feedback.redaction import tagging
from services.feedback.redaction.rules import propose
from services.feedback.redaction.spans import Span
from tests.feedback.letter_helpers import API, LetterOffice
from tests.feedback.marked_text import unmarked

# Each name is in braces, and no word announces it; the rest holds nobody's name.
SENTENCES = [
    "昨天{王小明}把车停在消防通道，跟他说了也不挪。",
    "{陈建国}收了我的押金一直不退。",
    "物业的{李秀英}态度很差，找{刘德海}也没用。",
    "我和{赵志强}一起去的，{孙丽华}当时在场。",
    "{周文斌}收了钱没有开票，{黄美玲}可以作证。",
    "昨晚{林国栋}又在楼下唱歌到十二点。",
    "请联系{吴桂芳}处理，她很清楚情况。",
    "施工队的{郑永福}说还要等一个月。",
    "{欧阳志远}负责这个项目，但从来不接电话。",
    "班上的{马晓东}被同学欺负了。",
    "城管{梁志勇}没收了我的推车。",
    "上次是{谢春花}接的电话，说第二天回复。",
    "养老院里{邓秀珍}摔倒了没有人管。",
    "{许文强}把垃圾倒在我家门口。",
    "窗口的{曹雪梅}叫我回去重新打印。",
    "这块地原来是{彭德贵}家的，后来给了{袁世海}。",
    "听说{蒋志华}已经拿到补偿款了。",
    "{韩冬梅}和{唐建军}两家共用一堵墙。",
    "工地上{冯大庆}欠了我们三个月工资。",
    "{董小兵}骑摩托车撞了人就跑了。",
    "卖家叫{程丽娟}，店名叫好又多。",
    "{傅明亮}开的饭店油烟直接排到楼道。",
    "希望{沈佳怡}能给个说法。",
    "当天值班的是{余海波}，监控可以查。",
    "{潘玉兰}今年八十二岁，一个人住。",
    "村里把{杜长江}的低保取消了。",
    "{丁少华}多次上门威胁我们。",
    "{石磊}在群里骂人。",
    "{江涛}把我的快递拿走了。",
    "后来{方圆}来看过，说不归他们管。",
    "{任静}写的材料和事实不符。",
    "{夏雨}的孩子没有报上名。",
    "中介{田野}隐瞒了房子漏水。",
    "包工头{钟国强}说老板没有给他钱。",
    "{贺晓峰}在会上答应过，现在又不承认。",
    "{熊伟}、{白洁}都是当时的证人。",
    "我把材料交给了{廖俊杰}，他说会转交。",
    "{尹志平}占用公共绿地种菜。",
    "司法所{侯建华}调解过两次没有结果。",
    "{龙飞}开车从来不打转向灯，差点撞到孩子。",
    "感谢{段玉琴}帮我妈妈找到了回家的路。",
    "{贾宏声}半夜装修，邻居都睡不着。",
    "关于高新区安置房办理不动产登记的问题",
    "东城街道的路灯坏了半个月，晚上出行很不方便，希望尽快修好。",
    "金佛大道人行道地砖松动，方便时请修一下。",
    "南平镇卫生院疫苗什么时候到货？",
    "公交车站牌被广告遮挡，看不清时间。",
    "请问灵活就业人员如何缴纳养老保险？",
    "万盛大道红绿灯时间太短，老人过不去。",
    "小区周边施工噪音大，严重影响休息。",
    "和谐家园二期什么时候交房？",
    "高速公路出口的指示牌不清楚。",
    "来信收悉，经核实，您反映的问题属实，我局已责令整改。",
    "感谢您对我们工作的关心和支持，祝您生活愉快。",
    "水库管理不到位，雨天容易漫水。",
    "孩子上学需要居住证，办理流程太复杂。",
    "安全出口长期上锁，存在隐患。",
    "于家湾村的自来水经常停水。",
    "康乐路的井盖丢失，车辆经过很危险。",
    "幼儿园收费标准在哪里公示？",
    "关停的化工厂旁边还有异味。",
    "请规范共享单车停放，人行道都走不了人。",
    "建议增加高峰期公交班次。",
    "车位配比不足，业主停车难。",
    "农贸市场占道经营严重，摊贩随意摆放。",
    "常年无人打扫卫生，垃圾成堆。",
    "应当公开物业费的收支明细。",
    "经向上级部门请示，现答复如下。",
    "白天没有水压，晚上才有水。",
    "明年的医保什么时候开始缴费？",
    "房东不退押金，合同已到期。",
    "黄土裸露没有覆盖，扬尘很大。",
    "孟家桥头的路口没有斑马线。",
    "金山湖公园厕所太脏。",
    "全科医生签约服务怎么办理？",
    "高考期间工地仍在施工。",
    "从水江镇到县城的班车太少。",
    "双河口村道路硬化什么时候开始？",
    "余额查询不了，充值也不到账。",
    "严查无证摊贩，保障食品安全。",
    "方竹笋加工厂排放污水。",
    "古花乡的文化站长期不开门。",
    "项目经理说工资下个月发。",
    "社区民警上门登记流动人口。",
    "安装充电桩需要物业盖章，物业不同意。",
    "卫生间漏水，楼上不配合维修。",
    "时间过去了三个月，还没有结果。",
    "成都到本地的车票买不到。",
]


ENDS_OF_NAMES = [
    ("{赵明}收了我的押金。", "赵明"),
    ("昨天{赵明}收走了钥匙。", "赵明"),
    ("{小林}收了钱。", "小林"),
    ("村民代表{黄丽}来过", "黄丽来"),
    ("前任{张}局长不管", "张"),
]


@pytest.mark.parametrize(("marked", "hinted"), ENDS_OF_NAMES)
def test_a_hint_is_no_longer_than_the_name(marked: str, hinted: str) -> None:
    text, _ = unmarked(marked)
    rules = propose(text)
    hints = tagging.hints(text, rules)
    assert [text[one.start : one.end] for one in [*rules, *hints]] == [hinted]


def test_most_names_that_no_rule_announces_are_touched_and_few_proposals_are_false() -> None:
    names = touched = proposed = false = 0
    for marked in SENTENCES:
        text, wanted = unmarked(marked)
        rules = propose(text)
        spans = [*rules, *tagging.hints(text, rules)]
        hit = [any(s.start < end and start < s.end for s in spans) for start, end in wanted]
        names, touched = names + len(hit), touched + sum(hit)
        wrong = [s for s in spans if not any(s.start < e and b < s.end for b, e in wanted)]
        proposed, false = proposed + len(spans), false + len(wrong)
    assert touched >= 0.75 * names, f"{touched} of {names} names touched"
    assert false <= 0.12 * proposed, f"{false} of {proposed} proposals false"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("昨天王小明把车停在门口", "王小明"),
        ("我和赵志强一起去的", "赵志强"),
        ("施工队的郑永福说还要等", "郑永福"),
        ("欧阳志远负责这个项目", "欧阳志远"),
        ("原来是彭德贵家的", "彭德贵"),
    ],
)
def test_a_hint_covers_the_whole_name_and_no_more(text: str, name: str) -> None:
    [span] = tagging.hints(text, [])
    assert text[span.start : span.end] == name


@pytest.mark.parametrize(
    "text",
    [
        "康乐路的井盖",
        "金佛大道的路灯",
        "早高峰的公交车",
        "红绿灯时间太短",
        "李家沟到县城",
        "孔子学校",
        "",
        "a\n，😀",
    ],
)
def test_places_and_common_words_are_no_names(text: str) -> None:
    assert tagging.hints(text, []) == []


def test_what_a_rule_has_taken_or_staff_may_show_is_not_hinted_at() -> None:
    text = "昨天王小明把车停在门口"
    [span] = tagging.hints(text, [])
    assert tagging.hints(text, [span]) == []
    assert tagging.hints(text, [], frozenset({"王小明"})) == []
    assert tagging.hints("联系人：林知远，电话在上", [], frozenset({"林知远"})) == []
    assert tagging.hints("王小明和刘德海", [Span(0, 3, span.kind)]) == [Span(4, 7, span.kind)]


def test_the_tagger_is_loaded_when_it_is_first_needed() -> None:
    code = (
        "import sys; import services.feedback.app; import services.feedback.redaction.tagging;"
        "sys.exit('rjieba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_hint_is_marked_as_one_and_blocks_no_publication(office: LetterOffice) -> None:
    letter = await office.letter_in(S.REPLIED, body="昨天王小明把车停在消防通道，电话13859120033。")
    path = f"{API}/letters/{letter.id}/publication"
    reviewer = office.headers("reviewer")
    opened = await office.client.post(path, json={}, headers=reviewer)
    assert opened.status_code in (200, 201), opened.text
    spans = {s["kind"]: s for s in opened.json()["spans"] if s["part"] == "body"}
    assert (spans["name"]["hint"], spans["phone"]["hint"]) == (True, False)
    headers = {**reviewer, "If-Match": f'"{opened.json()["version"]}"'}
    decided = await office.client.post(
        f"{path}/spans", json={"accept": [spans["phone"]["id"]]}, headers=headers
    )
    assert decided.status_code == 200, decided.text
    assert "王小明" in decided.json()["preview"]["body"]
    headers = {**reviewer, "If-Match": f'"{decided.json()["version"]}"'}
    approved = await office.client.post(f"{path}/approve", json={}, headers=headers)
    assert approved.json()["state"] == "published", approved.text


async def test_a_hint_that_is_accepted_is_hidden_like_any_proposal(office: LetterOffice) -> None:
    letter = await office.letter_in(S.REPLIED, body="昨天王小明把车停在消防通道。")
    path = f"{API}/letters/{letter.id}/publication"
    reviewer = office.headers("reviewer")
    opened = await office.client.post(path, json={}, headers=reviewer)
    [hint] = [span for span in opened.json()["spans"] if span["hint"]]
    headers = {**reviewer, "If-Match": f'"{opened.json()["version"]}"'}
    decided = await office.client.post(
        f"{path}/spans", json={"accept": [hint["id"]]}, headers=headers
    )
    assert decided.json()["preview"]["body"] == "昨天王某把车停在消防通道。"


async def test_an_offices_own_number_is_neither_proposed_nor_in_the_way(
    office: LetterOffice,
) -> None:
    body = "拨打0772-3855123没有人接，找我请打13859120033。"
    contact = {"name": "李秀英", "phone": "13859120033"}
    registered = {"name": "试验局", "numbers": ["0772-3855123"], "version": 1}
    put = await office.client.put(
        f"{API}/feedback/departments/{office.department}",
        json=registered,
        headers=office.headers("admin"),
    )
    assert put.status_code == 200, put.text
    for anonymity in ("named", "confidential"):
        letter = await office.letter_in(
            S.REPLIED, title="电话没人接", body=body, contact=contact, anonymity=anonymity
        )
        opened = await office.client.post(
            f"{API}/letters/{letter.id}/publication", json={}, headers=office.headers("reviewer")
        )
        found = [span for span in opened.json()["spans"] if span["part"] == "body"]
        assert [body[s["start"] : s["end"]] for s in found] == ["13859120033"]
        left = {body[b["start"] : b["end"]] for b in opened.json()["blocked_by"]}
        assert left == {"13859120033"}
        original = await office.client.get(
            f"{API}/letters/{letter.id}/original", headers=office.headers("officer")
        )
        assert "0772-3855123" in original.json()["body"]
        file = await office.client.get(
            f"{API}/letters/{letter.id}/file", headers=office.headers("officer")
        )
        assert file.json()["body"] == "拨打0772-3855123没有人接，找我请打［电话］。"
