"""Somebody's own name and numbers, in whatever characters they are written, and places beside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.redaction import addresses, own_data, tagging
from services.feedback.redaction.characters import letters_and_digits, lookalikes_as_digits
from services.feedback.redaction.own_data import black_out, hide
from services.feedback.redaction.rules import given_away, mask, propose, unresolved
from services.feedback.redaction.spans import Own, SpanKind

PHONE, ID_NUMBER = "13800138000", "11010519491231002X"
OWN = frozenset(
    {
        Own("张伟", SpanKind.NAME),
        Own(PHONE, SpanKind.PHONE),
        Own(ID_NUMBER, SpanKind.ID_NUMBER),
    }
)
NAME_SPELLED = [
    "張偉",
    "張 偉",
    "Zhang Wei",
    "zhangwei",
    "ZHANG, Wei",
    "Wei Zhang",
    "Zhāng Wěi",
    "ｚｈａｎｇ－ｗｅｉ",
    "zhangwei1988",
]
NUMBER_SPELLED = [
    "①③⑧⓪⓪①③⑧⓪⓪⓪",
    "❶❸❽⓿⓿❶❸❽⓿⓿⓿",
    "𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎",
    "١٣٨٠٠١٣٨٠٠٠",
    "〡〣〨〇〇〡〣〨〇〇〇",
    "壹叁捌零零壹叁捌零零零",
    "l38OOl38OOO",
    "I38-OOl3-8OOO",
    "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣",
    "11O1O5l949l23lOO2X",
]
PLACES = [
    "东湖路",
    "東湖路",
    "金桥村",
    "金桥镇",
    "龙凤乡",
    "王家桥",
    "何家庄",
    "黄龙小区",
    "东湖路、金山路",
    "我是金桥村村民",
    "邻居王家桥头",
]
ADDRESSES = [
    ("幸福小区12-3-1202漏水", "［门牌］漏水"),
    ("住东湖小区3-2-501", "住［门牌］"),
    ("阳光花园A座1203", "［门牌］"),
    ("1号楼2单元3-1", "［门牌］"),
    ("東湖路12號3棟", "東湖路［门牌］"),
]


@pytest.mark.parametrize("spelled", NAME_SPELLED)
def test_ones_own_name_is_found_in_older_characters_and_in_pinyin(spelled: str) -> None:
    text = f"请联系{spelled}，谢谢"
    shown = hide(text, OWN)
    assert shown.startswith(("请联系張某，", "请联系某某")), shown
    assert "█" in black_out(text, OWN)


@pytest.mark.parametrize("text", ["Zhangweiyi", "xzhangwei", "Wei", "Zhang", "漳卫路", "章伟"])
def test_letters_within_other_words_and_other_names_stay(text: str) -> None:
    assert hide(text, OWN) == text


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("曾小贤", "Zeng Xiaoxian"),
        ("单雄信", "shanxiongxin"),
        ("欧阳修文", "Ouyang Xiuwen"),
        ("欧阳修文", "歐陽修文"),
        ("歐陽修文", "欧阳修文"),
        ("吕不韦", "Lü Buwei"),
        ("吕不韦", "Lv Buwei"),
        ("陆一鸣", "Lu Yiming"),
        ("张先生", "張先生"),
    ],
)
def test_a_name_is_read_in_each_way_that_its_characters_can_be(name: str, spelled: str) -> None:
    shown = hide(f"找{spelled}。", frozenset({Own(name, SpanKind.NAME)}))
    assert shown in ("找某某。", f"找{spelled[0]}某。", f"找{spelled[:2]}某。")


def test_a_name_of_one_syllable_is_in_too_many_words_to_be_looked_for_in_letters() -> None:
    assert hide("an old man", frozenset({Own("安", SpanKind.NAME)})) == "an old man"


@pytest.mark.parametrize("spelled", NUMBER_SPELLED)
def test_ones_own_number_is_found_in_whatever_digits(spelled: str) -> None:
    shown = hide(f"请打{spelled}找我", OWN)
    assert shown.replace("\ufe0f", "").replace("\u20e3", "") in (
        "请打［电话］找我",
        "请打［证件号］找我",
    )


DIGITS = {
    digit: (digit, chr(0xFF10 + at), chr(0x1D7CE + at), chr(0x660 + at), "⓪①②③④⑤⑥⑦⑧⑨"[at])
    + {0: ("O", "o"), 1: ("l", "I")}.get(at, ())
    for at, digit in enumerate("0123456789")
}


@given(st.data())
def test_no_mixture_of_digits_that_look_alike_hides_a_number(data: st.DataObject) -> None:
    written = "".join(data.draw(st.sampled_from(DIGITS[digit])) for digit in PHONE)
    text = f"请打{written}找我"
    assert hide(text, OWN) == "请打［电话］找我"
    assert mask(text) == "请打［电话］找我"
    assert unresolved(text, []), "nobody may publish it undecided"


@pytest.mark.parametrize(
    "text", ["Hello World 2026", "il y a 7 lois", "从2O26年起", "共IO台", "附件I 2026-11-30公布"]
)
def test_letters_among_words_are_no_digits(text: str) -> None:
    assert mask(text) == text


def test_what_is_written_in_older_characters_is_proposed_as_well() -> None:
    assert mask("我叫張偉，聯繫人：歐陽修文，電話138OO138OOO") == (
        "我叫張某，聯繫人：歐陽某，電話［电话］"
    )
    assert Own("張偉", SpanKind.NAME) in given_away(["我叫張偉，路燈壞了"])
    text = "昨天趙志強把車停在門口"
    [hint] = tagging.hints(text, [])
    assert text[hint.start : hint.end] == "趙志強"


KNOWN = frozenset(
    {
        Own("陆建华", SpanKind.NAME),
        Own("柳溪路18号3栋501室", SpanKind.ADDRESS),
        Own("lujh@qq.com", SpanKind.EMAIL),
    }
)
IN_PARTS = [
    ("建华反映路灯", "［略］反映路灯"),
    ("大家叫我建华，也有叫老陆的", "大家叫我［略］，也有叫老某的"),
    ("小陸說，建華家門口", "小某說，［略］家門口"),
    ("姓陆名建华", "姓某"),
    ("姓陆，名叫建华。", "姓某。"),
    ("房号3-501", "房号［门牌］"),
    ("18#3-501", "［门牌］"),
    ("三幢五零一的灯", "［门牌］的灯"),
    ("住3杠501，3／501房", "住［门牌］，［门牌］"),
    ("写信到lujh艾特qq点com", "写信到［邮箱］"),
    ("建华路的灯", "建华路的灯"),
    ("最老陆地，停车3小时", "最老陆地，停车3小时"),
    ("3,501元，3:501，13-501，3-5012", "3,501元，3:501，13-501，3-5012"),
]
OTHER_WORDS = [
    ("王和平", "为和平大道的和平反映"),
    ("时光明", "停水3小时，前途光明"),
    ("高伟", "小高层"),
    ("张三元", "收3元"),
    ("王建设", "建设没有答复，城乡建设局也没有"),
]


@pytest.mark.parametrize(("text", "shown"), IN_PARTS)
def test_a_part_of_ones_own_data_is_found_too(text: str, shown: str) -> None:
    assert hide(text, KNOWN) == shown


@pytest.mark.parametrize(("name", "text"), OTHER_WORDS)
def test_a_part_of_a_name_that_is_another_word_stays(name: str, text: str) -> None:
    assert hide(text, frozenset({Own(name, SpanKind.NAME)})) == text


@given(
    st.tuples(st.integers(1, 99), st.integers(1, 9), st.integers(101, 3399)),
    st.text(alphabet=" -—－_/／#＃·、", min_size=1, max_size=3),
    st.sampled_from(["", "室", "房"]),
)
def test_whatever_joins_the_numbers_of_a_dwelling_they_are_found(
    numbers: tuple[int, int, int], between: str, behind: str
) -> None:
    building, entrance, room = numbers
    known = frozenset({Own(f"{building}栋{entrance}单元{room}室", SpanKind.ADDRESS)})
    for written in (numbers, (entrance, room)):
        text = f"家在{between.join(map(str, written))}{behind}，灯不亮"
        assert hide(text, known) == "家在［门牌］，灯不亮"


def test_an_address_without_end_has_no_more_parts_than_it_has_numbers() -> None:
    """Each is looked for in all that its sender wrote: the parts of 240 numbers took a minute."""
    address = "".join(f"{n}号{n}栋{n}室" for n in range(1, 81))
    assert len(list(addresses.parts(address))) <= 6 * 240
    assert len(list(addresses.numbers(address))) <= 6 * 240
    assert not re.search(r"\d", hide(f"住{address}", given_away([f"住{address}"])))


def test_what_says_a_place_is_read_as_one() -> None:
    place = "2-803 丽萍家门口，G65与12-3号之间"
    known = given_away([place], place=place) | {Own("黄丽萍", SpanKind.NAME)}
    assert hide(place, known) == "［门牌］ ［略］家门口，G65与12-3号之间"


@pytest.mark.parametrize("plate", ["闽 A 12345", "闽A 12345", "闽 A·12345", "闽A·12345"])
def test_a_plate_is_one_with_blanks(plate: str) -> None:
    assert mask(f"车牌{plate}，") == "车牌［车牌］，"


@pytest.mark.parametrize("text", PLACES)
def test_a_place_is_nobodys_name(text: str) -> None:
    assert propose(text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我叫李小桥，", "我叫李某，"),
        ("谢谢！\n田大山", "谢谢！\n田某"),
        ("居民李小红村里人", "居民李某村里人"),
        ("业主王芳路过", "业主王某过"),
    ],
)
def test_a_name_that_ends_like_a_place_is_still_one(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize(("text", "shown"), ADDRESSES)
def test_a_dwelling_is_called_one_however_it_is_numbered(text: str, shown: str) -> None:
    assert mask(text) == shown


@given(st.text(max_size=60))
def test_folding_keeps_the_way_back(text: str) -> None:
    plain = letters_and_digits(text)
    assert len(plain.text) == len(plain.origin)
    assert all(0 <= at < len(text) for at in plain.origin)


def test_a_text_is_read_once_however_many_numbers_its_sender_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A letter may name thousands: to read the text for each of them took a minute."""
    numbers = [f"139{n:08d}" for n in range(300)]
    text, read = "，".join(numbers), []
    known = frozenset(Own(number, SpanKind.PHONE) for number in numbers)

    def reading(given: str) -> str:
        read.append(len(given))
        return lookalikes_as_digits(given)

    monkeypatch.setattr(own_data, "lookalikes_as_digits", reading)
    assert not re.search(r"\d", hide(text, known))
    assert sum(length > 100 for length in read) == 1
