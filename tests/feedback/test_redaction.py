"""What the rules propose, and what they leave to nobody's chance."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.redaction.characters import fold
from services.feedback.redaction.own_data import hide
from services.feedback.redaction.rules import Known, mask, propose, unresolved
from services.feedback.redaction.spans import Own, Span, SpanKind, redact

PERSONAL = [
    ("身份证11010519491231002X号", "身份证［证件号］号"),
    ("身份证１１０１０５１９４９１２３１００２Ｘ", "身份证［证件号］"),
    ("老证110105491231002", "老证［证件号］"),
    ("电话13800138000转", "电话［电话］转"),
    ("电话138 0013 8000或139-0013-9000", "电话［电话］或［电话］"),
    ("电话13800138000 13900139000", "电话［电话］ ［电话］"),
    ("+86 13800138000", "［电话］"),
    ("一三八零零一三八零零零", "［电话］"),
    ("138\u200b0013\u200b8000", "［电话］"),
    ("座机023-71422222", "座机［电话］"),
    ("卡6222021234567890128", "卡［卡号］"),
    ("号码123456789", "号码［号码］"),
    ("车牌渝A·12345和渝AD12345", "车牌［车牌］和［车牌］"),
    ("信箱wang.xm＠example.com", "信箱［邮箱］"),
    ("微信号：wxid_abc123", "微信号：［账号］"),
    ("金佛大道12号金佛花园3栋2单元501室漏水", "金佛大道［门牌］漏水"),
    ("东城街道金佛大道12号", "东城街道金佛大道［门牌］"),
    ("龙泉村3组12号", "龙泉村［门牌］"),
    ("我住十二单元", "我住［门牌］"),
    ("我叫王小明，", "我叫王某，"),
    ("本人欧阳修文反映", "本人欧阳某反映"),
    ("联系人：李建国 电话", "联系人：李某 电话"),
    ("李建国同志态度好", "李某同志态度好"),
    ("本人时大勇，", "本人时某，"),
    ("孩子姓名：明小小", "孩子姓名：明某"),
    ("幸福新村5号楼外墙", "［门牌］外墙"),
    ("东城街道金佛大道12号3栋501室", "东城街道金佛大道［门牌］"),
    ("“大学”路金佛花园3栋501室", "“大学”路［门牌］"),
    ("老证110105200229002", "老证［证件号］"),  # 1920 had a 29 February
    ("来信NC-LX-20261123-0012-5，电话13800138000", "来信NC-LX-20261123-0012-5，电话［电话］"),
]

PUBLIC = [
    "2026年11月23日上午9:30",
    "地铁12号线",
    "大学路2号线",
    "微信：NC-LX-20261123-0012-5",
    "我叫王某某，",
    "请找李某某同志",
    "渝府发〔2018〕12号文件",
    "补贴标准为每亩1200元，共350000元",
    "拨打12345热线",
    "信件编号NC-LX-20261123-0012-5",
    "感谢张医生",
    "住房和城乡建设局答复",
    "带本人有效身份证件",
    "孩子明年上一年级",
    "预约家庭医生",
    "我母亲和我，",
]


@pytest.mark.parametrize(("text", "shown"), PERSONAL)
def test_personal_data_is_proposed(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("text", PUBLIC)
def test_public_facts_stay(text: str) -> None:
    assert mask(text) == text


def test_the_senders_own_name_is_found_without_a_cue() -> None:
    known = Known(personal=frozenset({Own("纳兰容若", SpanKind.NAME)}))
    assert mask("昨天纳兰容若去了大厅", known) == "昨天纳某去了大厅"


def test_the_senders_own_number_is_found_however_short() -> None:
    known = Known(personal=frozenset({Own("66123", SpanKind.PHONE)}))
    assert mask("请拨66123找我", known) == "请拨［电话］找我"


def test_names_of_staff_may_be_shown() -> None:
    known = Known(allowed=frozenset({"王小明"}))
    assert propose("联系人：王小明，", known) == []


def test_proposals_never_overlap() -> None:
    spans = propose("我叫王小明 11010519491231002X 13800138000 金佛大道1号2栋301室")
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("电话 7142222", True),
        ("电话 714222", False),
        ("7 1 4 2 2 2 2", True),
        ("３号楼", True),
        ("二单元", True),
        ("501室", True),
        ("会议室", False),
        ("NC-LX-20261123-0012-5", False),
    ],
)
def test_long_numbers_and_dwellings_block(text: str, blocked: bool) -> None:
    assert bool(unresolved(text, [])) is blocked


def test_a_decided_span_no_longer_blocks() -> None:
    text = "服务电话 71422222"
    assert unresolved(text, [Span(5, 13, SpanKind.DIGITS)]) == []


def test_half_a_decision_is_none() -> None:
    text = "13800138000"
    assert unresolved(text, [Span(0, 3, SpanKind.DIGITS)])


@given(st.text(alphabet="0123456789 -号楼单元室栋王小明我叫，道一三八０１Ａa@.", max_size=60))
def test_what_the_rules_propose_never_leaves_a_long_number(text: str) -> None:
    spans = propose(text)
    assert unresolved(text, spans) == []
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


HOSTILE = [
    "1" * 5000,
    "幸福小区" + "1" * 4990,
    "1-" * 2500,
    "12-34" * 1000,
    "村1组" * 1600,
    "路" * 5000,
    "业主" * 2500,
    "a." * 2499 + "@",
    "A1" * 2500,
    "1 " * 2500,
    "NC-LX-20261123-0012-5" * 230,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:8])
def test_no_text_keeps_the_rules_busy(text: str) -> None:
    """A letter is anybody's text: a pattern that can be made to backtrack would stop the office."""
    began = time.process_time()
    propose(text)
    assert time.process_time() - began < 2


@given(st.text(max_size=80))
def test_redaction_keeps_everything_else(text: str) -> None:
    assert redact(text, []) == text
    assert unresolved(redact(text, propose(text)), []) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("卡6222021234567890129", "卡［号码］"),  # its check digit is wrong
        ("卡4222222222222", "卡［卡号］"),  # the shortest card has thirteen digits
        ("卡4222222222223", "卡［号码］"),
        ("身份证110105194912310021号", "身份证［号码］号"),  # its check digit is wrong
        ("老证110105491331002", "老证［号码］"),  # no thirteenth month
        ("老证110105490030002", "老证［号码］"),
        ("老证110105491230002", "老证［证件号］"),
        ("老证110105000229002", "老证［号码］"),  # 1900 had no 29 February
        ("老证110105040229002", "老证［证件号］"),
        ("老证110105030229002", "老证［号码］"),
        ("路5组", "路［门牌］"),
        ("路5座", "路5座"),
    ],
)
def test_a_number_is_what_its_check_says(text: str, shown: str) -> None:
    assert mask(text) == shown


def test_only_the_named_data_are_hidden() -> None:
    personal = frozenset({Own("张三丰", SpanKind.NAME), Own("66123", SpanKind.PHONE)})
    assert hide("张\u200b三丰打66123，电话13800138000", personal) == (
        "张某打［电话］，电话13800138000"
    )


def test_a_span_within_another_is_replaced_with_it() -> None:
    spans = [Span(start, end, SpanKind.OTHER) for start, end in ((0, 3), (1, 2), (4, 5))]
    assert redact("甲乙丙丁戊己", spans) == "［略］丁［略］己"


def test_case_is_folded_only_when_asked_for() -> None:
    assert fold("ＡbC").text == "AbC"
    assert fold("ＡbC", caseless=True).text == "abc"


def test_six_digits_of_a_longer_run_left_over_may_stand() -> None:
    assert unresolved("71422221", [Span(0, 2, SpanKind.DIGITS)]) == []
    assert unresolved("71422221", [Span(0, 1, SpanKind.DIGITS)]) == [Span(1, 8, SpanKind.DIGITS)]


@pytest.mark.parametrize(
    "spelled",
    [
        "138杠5912杠0033",
        "138x5912x0033",
        "138 和 5912 和 0033",
        "138a5912b0033",
        "138，转5912，转0033",
    ],
)
def test_ones_own_number_is_found_whatever_stands_between_its_digits(spelled: str) -> None:
    own = frozenset({Own("13859120033", SpanKind.PHONE)})
    assert "0033" not in hide(f"请打{spelled}，谢谢", own)
    apart = "138号居民楼里5912室，一共住0033户"
    assert hide(apart, own) == apart
