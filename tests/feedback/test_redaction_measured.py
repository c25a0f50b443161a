"""How well the rules see personal data in letters as people write them, and how often they err."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.redaction.rules import mask, propose, unresolved
from services.feedback.redaction.spans import SpanKind
from tests.feedback.marked_text import unmarked

SPELLED = [
    "138 - 5912 - 0033",
    "138，5912，0033",
    "138（5912）0033",
    "138\u20115912\u20110033",
    "138  5912  0033",
    "138\n5912\n0033",
    "138/5912/0033",
    "138 / 5912 / 0033",
    "1 3 8 5 9 1 2 0 0 3 3",
    "一三八 五九一二 零零三三",
    "一三八，五九一二，〇〇三三",
    "１３８—５９１２—００３３",
    "+86 138。5912。0033",
    "023，7142，2222",
    "138:5912:0033",
    "1:38 59120033",
    "138：12：34：0033",
    "138 12:34 0033",
    "138：59 120033",
    "(023)  7142  2222",
]

CUES = ["业务号码：", "订单号", "流水号 ", "工单编号是", "受理号码为", "合同编号:"]
BEHIND_A_CUE = [
    "138-5912-0033",
    "13859120033",
    "1385912 0033",
    "138 5912 0033",
    "8613859120033",
    "1385912，零零三三",
    "023-71422222",
    "110105-19491231-002X",
    "110105194912 31002X",
]
UNITS = ["请回复", "次", "户", "元"]
BEFORE_A_UNIT = [
    ("打过138-59120033次", "打过［电话］次"),
    ("致电71422222次日回电", "致电［号码］次日回电"),
    ("座机71422222户主姓王", "座机［号码］户主姓王"),
    ("电话1385-9120033人不在", "电话［电话］人不在"),
    ("电话71422222、71422223户", "电话［号码］户"),
    ("电话138，2026-11-30", "电话［电话］"),
    ("电话71422222元旦不通", "电话［号码］元旦不通"),
]

EXEMPT = [
    "业务编号20261123-000123-7已受理",
    "合同编号HT-2026-000123",
    "全市共1,500,000人",
    "时间09:00-11:30，14:00-17:30，20:15",
    "从2026-11-30一直没修",
    "2026-11-30 09:00，2026-12-01 14:00至17:30",
    "2026/11/30、2026/12/01两天",
    "营业时间9:00-11:30，14:00-17:30",
    "订单号：202611230001一直没发货",
    "督办单号2026112300017",
    "三次收费3000，2500，1200元",
    "11月3、5、8、12、15、20、25日停水",
    "补偿款共1500000元",
    "南川府发〔2018〕1234号",
    "按GB/T 39734-2020办理",
    "统一安排在2026年",
    "来信NC-LX-20261123-0012-5",
]

OTHERS = [
    ("微信：abc_123", "微信：［账号］"),
    ("加V zhang2020", "加V ［账号］"),
    ("vx:zhang2020", "vx:［账号］"),
    ("薇信号zhang2020", "薇信号［账号］"),
    ("住12#203，", "住［门牌］，"),
    ("3号床的病人", "［略］的病人"),
    ("工号12345", "工号［号码］"),
    ("住院号 A20261", "住院号 ［号码］"),
    ("证件E12345678", "证件［证件号］"),
    ("找小李，老王说", "找小某，老某说"),
    ("谢谢！\n王小明", "谢谢！\n王某"),
    ("王小明、李建国、张丽等人", "王某、李某、张某等人"),
    ("尊敬的王小明：您好", "尊敬的王某：您好"),
    ("此致敬礼 王小明敬上", "此致敬礼 王某敬上"),
]

TITLED = [
    ("内科张护士长对我很凶，李护士长不理人", "内科张某护士长对我很凶，李某护士长不理人"),
    ("昨天刘医生开错了药", "昨天刘某医生开错了药"),
    ("在派出所找到孙警官反映", "在派出所找到孙某警官反映"),
    ("找欧阳主任", "找欧阳某主任"),
    ("找小林，老黄说，小朱和老马", "找小某，老某说，小某和老某"),
    ("老高的树", "老某的树"),
]
NO_PERSON = [
    "值班医生和实习医生都不在",
    "外国医生",
    "孩子的班主任没有回复",
    "在车站长期堆放，公园长椅坏了",
    "车主任意停放",
    "有文书记录为证",
    "收了钱医生就不管了",
    "墙修得老高，小马路上小黄车乱停",
    "小胡同里卖小苏打",
]

# Each name is in braces; the rest holds nobody's name and nobody's number.
LETTERS = [
    "{张建国}主任态度很差，问他什么都说不知道。",
    "向{刘德明}书记反映过三次，没有下文。",
    "局里的{陈志强}局长答应过要修。",
    "门诊的{周晓燕}医生开错了药。",
    "{王丽华}护士长对病人很耐心。",
    "派出所{李伟}民警没有出警。",
    "{赵国栋}法官一直不开庭。",
    "驾校的{孙立军}教练收了红包。",
    "我找{小李}，他说不归他管。",
    "楼下{老王}在楼道堆东西。",
    "{王小明}您好，您反映的路灯已修复。",
    "尊敬的{李秀英}女士，您好。",
    "来信人：{郑文斌}",
    "住户有{王小明}、{李建国}、{张丽}等人。",
    "请尽快处理，谢谢！\n{吴春梅}",
    "我叫{徐海燕}，今年六十岁。",
    "本人{马志远}于去年十月申请低保。",
    "被投诉人{胡大勇}，物业经理。",
    "我儿子{高天宇}在第三小学读书。",
    "社区{林小红}网格员登记了两次。",
    "联系人：{何志平}，物业前台。",
    "{罗永浩}老师在课后收费补课。",
    "经办人{谢文东}让我补材料。",
    "请转告{郭建军}科长。",
    "去年{杨秀兰}和{黄志刚}都去过现场。",
    "村里{田大山}家占了路。",
    "此事{冯玉梅}可以作证。",
    "{邓小军}同志服务热情。",
    "{潘国华}院长接待了我们。",
    "患者{蔡明亮}住院半个月。",
    "党委书记和车间主任都没有回复。",
    "小区车位收费3000，2500，1200元三种。",
    "高级工程师现场看过，全科医生也来过。",
    "从2026-11-30一直停水到现在。",
    "金佛大道人行道地砖松动，方便时请修。",
    "于今年三月办理，时间为9:00-11:30，14:00-17:30。",
    "万盛大道红绿灯时间太短，老人过不去。",
    "何时能通水？请给个时间表。",
    "管委会主任表示和谐小区要统一安排。",
    "水费单号码看不清，包装也破了。",
    "和平里",
    "住户金水里3号和居民安康里都反映停水。",
    "邻居张家里漏水，房东李家里有狗。",
    "反映地点：\n时代里",
    "老板{张万里}欠薪，{方千里}可以作证。",
    "我叫{和平里}，不是地名。",
    "请转告\n{王文里}",
]


@pytest.mark.parametrize("number", SPELLED)
def test_a_phone_number_is_found_however_it_is_separated(number: str) -> None:
    text = f"请打{number}找我"
    assert mask(text) == "请打［电话］找我"
    assert unresolved(text, []), "nobody may publish it undecided"


@pytest.mark.parametrize("cue", CUES)
@pytest.mark.parametrize("number", BEHIND_A_CUE)
def test_a_number_of_somebodys_is_one_whatever_cue_stands_before_it(cue: str, number: str) -> None:
    text = f"请记下{cue}{number}，谢谢"
    shown = mask(text)
    assert not any(c.isdigit() or c in "零三" for c in shown), shown
    assert unresolved(text, []), "nobody may publish it undecided"


@pytest.mark.parametrize(("text", "shown"), BEFORE_A_UNIT)
def test_nor_does_a_unit_behind_it_make_it_a_count(text: str, shown: str) -> None:
    assert mask(text) == shown
    assert unresolved(text, []), "nobody may publish it undecided"


@pytest.mark.parametrize("text", EXEMPT)
def test_what_is_nobodys_number_is_neither_proposed_nor_blocked(text: str) -> None:
    assert mask(text) == text
    assert unresolved(text, []) == []


@pytest.mark.parametrize(("text", "shown"), OTHERS)
def test_what_leads_to_a_person_is_proposed(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize(("text", "shown"), TITLED)
def test_a_family_name_is_one_before_a_title_and_behind_what_makes_it_familiar(
    text: str, shown: str
) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("text", NO_PERSON)
def test_what_ends_like_a_title_or_begins_like_a_familiar_name_is_nobody(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("place", ["和平里", "安康里", "康乐里", "家里", "金水坊", "文昌街"])
@pytest.mark.parametrize("text", ["{}", "停水地点：\n{}", "业主{}", "请到现场看看。{}"])
def test_a_place_that_stands_alone_is_nobodys_name(text: str, place: str) -> None:
    at = text.format("张家里" if place == "家里" else place)
    assert mask(at) == at


@pytest.mark.parametrize("name", ["张万里", "方千里", "王文里"])
def test_a_name_that_ends_like_a_lane_is_one(name: str) -> None:
    assert mask(f"联系人：{name}，住户{name}\n{name}") == "联系人：X某，住户X某\nX某".replace(
        "X", name[0]
    )


def test_most_names_are_touched_and_few_proposals_are_false() -> None:
    touched = names = proposed = false = 0
    for marked in LETTERS:
        text, wanted = unmarked(marked)
        spans = propose(text)
        hit = [any(s.start < end and start < s.end for s in spans) for start, end in wanted]
        names, touched = names + len(hit), touched + sum(hit)
        wrong = [s for s in spans if not any(s.start < e and b < s.end for b, e in wanted)]
        proposed, false = proposed + len(spans), false + len(wrong)
    assert touched >= 0.75 * names, f"{touched} of {names} names touched"
    assert false <= 0.12 * proposed, f"{false} of {proposed} proposals false"


@given(
    st.from_regex(re.compile(r"1[3-9][0-9]{9}"), fullmatch=True),
    st.data(),
)
def test_no_separation_of_up_to_three_signs_hides_a_mobile_number(
    number: str, data: st.DataObject
) -> None:
    signs = st.text(alphabet=" -.·,，/()（）:：\n\t\u2011\u2014_*", max_size=3)
    cuts = data.draw(st.sets(st.integers(1, 10), max_size=4))
    spelled = "".join(
        (data.draw(signs) if at in cuts else "") + digit for at, digit in enumerate(number)
    )
    cue, unit = data.draw(st.sampled_from(["电话", *CUES])), data.draw(st.sampled_from(UNITS))
    text = f"{cue}{spelled}{unit}"
    assert {span.kind for span in propose(text)} & {SpanKind.PHONE, SpanKind.DIGITS}, spelled
    assert not any(c.isdigit() for c in mask(text)), mask(text)
