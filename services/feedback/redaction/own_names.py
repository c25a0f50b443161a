"""What else than by their whole name somebody is called: 建华, 老陆, 姓陆名建华. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from services.feedback.redaction import names
from services.feedback.redaction.places import is_place
from services.feedback.redaction.spans import SpanKind

_FAMILIAR = ("老", "小")
_GIVEN_ALONE = 2
"""Characters of a given name that stands for somebody alone; one stands in too many words."""
_NO_NAME_BEHIND = "大最很古"
"""最老, 很小: the next character is no name."""
_WORDS = re.compile(
    "小时|小路|小麦|小米|小康|小车|小白|小金|小平|小包|小鱼|小牛|小羊|小毛|小孔"
    "|小池|小农|小方|小苗|小花|小班|小项|小井|小巷|小曲|小计|小满|小段|小于|小单"
    "|小国|小文|小步|小利|老师|老公|老家|老路|老房|老车|老井|老巢|老花|安康|安全"
    "|安宁|爱国|爱民|春天|长城|长江|长久|长远|大同|东方|东风|东海|发展|富强|富贵"
    "|改革|高峰|光明|光辉|国际|国家|国庆|国民|海洋|和平|和谐|红旗|花园|华丽|黄河"
    "|辉煌|建设|建立|健康|江山|解放|金山|进步|景气|军人|开发|开放|可爱|乐意|明白"
    "|明亮|明天|明年|民生|民主|南方|宁静|平安|平静|千里|前进|强大|青春|清明|庆祝"
    "|全民|人民|荣誉|如意|瑞雪|森林|山河|善良|胜利|石头|世界|思想|天空|天使|田野"
    "|铁路|同心|团结|万里|卫生|为民|文化|文明|文学|温暖|先进|向阳|小心|晓得|新建"
    "|新民|新闻|兴旺|幸福|雪花|阳光|阳春|一定|一心|英雄|永远|友好|玉米|元旦|月亮"
    "|运动|长安|正常|正直|正义|志愿|中华|中国|中心|忠诚|忠实|重阳|自立|自强"
)
"""What these are first of all is another word."""
_LONGER_WORDS = re.compile(
    "小(?:高层|马路|黄车|黄鱼|黄牛|胡同|叶榕|苏打|程序|石头|石子|石块|龙虾|熊猫|姜花|夏天)|老(?:黄牛|黄历|黄瓜)"
)


class Called(NamedTuple):
    """A form of a name as it is looked for, and how it is read: 6建华 of 陆建华, for there 陆 is a
    six as well.
    """

    value: str
    read: str
    kind: SpanKind


def called(plain: str, name: str) -> Iterator[Called]:
    """The forms of a Chinese `name`; `plain` is the same as it is looked for, of equal length."""
    family = len(names.surname_of(name))
    if len(plain) != len(name) or len(name) <= family or not "\u3400" <= name[0] <= "\u9fff":
        return
    for between in ("名", "名叫", "单名", "单名一个"):
        read = f"姓{name[:family]}{between}{name[family:]}"
        value = f"姓{plain[:family]}{between.replace('一', '1')}{plain[family:]}"
        yield Called(value, read, SpanKind.NAME)
    for before in _FAMILIAR:
        yield Called(before + plain[:family], before + name[:family], SpanKind.NAME)
    if len(name) - family == _GIVEN_ALONE:
        yield Called(plain[family:], name[family:], SpanKind.OTHER)


def is_another_word(text: str, start: int, end: int) -> bool:
    """Whether what is written there, in simplified characters, is no name: a place, or a word."""
    word = text[start:end]
    if _WORDS.fullmatch(word) or _LONGER_WORDS.match(text, start) or is_place(text, start, end):
        return True
    return word.startswith(_FAMILIAR) and text[:start].endswith(tuple(_NO_NAME_BEHIND))
