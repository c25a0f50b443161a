"""Which of the known project names a text names, and whether it means that project. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

SHORTEST_NAME, LEAST_NAME = 3, 4
"""A shorter name than the second is a word like any other, and at most a likeness."""

_NUMBER = r"(?:[一二三四五六七八九十]{1,3}|\d{1,2}|[ivx]{1,4}|首)"
_COUNTED = rf"第?(?:[a-z]{{0,3}}{_NUMBER}号?|[a-z甲乙丙丁]{{1,3}})"
_LOT = rf"(?:{_COUNTED}|[东西南北中])(?:标段|合同段|地块|区(?!域|间|别|分|划|级|政)|段(?!时|落))"
_ANOTHER_PART = re.compile(
    r"(?:建设)?(?:工程|项目)?(?:施工|监理|设计|勘察)?(?:"
    rf"第?{_NUMBER}(?:期(?!间|限|内|末|初|中)|阶段)"
    r"|改?扩建|续建|迁建|改建|(?:提升|提标|升级)?改造|扩容|修缮|加固"
    r"|(?:及其|及|和|与)?(?:配套(?!费)|附属)"
    rf"|{_LOT}|{_COUNTED}(?:标(?!准|志|识)|[楼栋幢座])|标段{_NUMBER}|[上下前后末]段"
    r"|[东西南北]?(?:延伸|延长|连接|联络)[线段]|延伸工程|[东西南北]延|支线"
    r"|(?:起步|启动|先行|核心|拓展)区"
    rf"|(?:no\d{{1,3}})+(?:标段|包)|[a-z\d]{{3,12}}地块|{_COUNTED}包(?![括含装])|包{_NUMBER})"
)
"""What follows a project's name where another project is meant: 二期, 扩建, 配套, A标段, 2包."""
_SAYS_WHAT = (
    r"(?:(?!中标|成交|评标|招标|采购|公开|竞争|邀请|单一|询价|公[示告]|结果|批复|审批|报告|建议书"
    r"|设计|施工|许可|规划|验收|总承包|epc|立项|核准|申请|货物|服务|第[一二三四五六七八九十\d]"
    r"|投资|建设(?=工程|项目)|项目|工程)[㐀-鿿])"
)
"""A letter of what a contract is for: none of the words of how it comes about."""
_ANOTHER_CONTRACT = re.compile(
    r"(?:建设)?(?:工程|项目)?(?:(?:方案及)?施工(?:阶段|图)?|岩土工程|建筑)?(?:"
    r"(?:全过程)?(?:监理|造价|咨询|代建|招标代理)|(?:专项|第三方)?(?:检测|监测)"
    r"|(?:地质)?勘察(?!设计施工)"
    r"|(?:(?:景观|园林|绿化|室内|装[修饰]|幕墙|智能化|深化|二次){1,2})?"
    r"设计(?![、及和]?(?:采购)?施工|方案|变更|文件|概算|审[查批]|的?批复)"
    rf"|{_SAYS_WHAT}{{2,16}}采购|(?:材料|设备)(?:检测|监理))"
)
"""So does another contract than that of the works: its supervision, its design, its tests, what is
bought for it."""
_LATER_CONTRACT = re.compile(
    r"(?<!施工及)(?<!施工和)监理|造价咨询|招标代理|勘察(?!设计施工)"
    r"|(?<!初步)设计(?![、及和]?(?:采购)?施工|方案|变更|文件|概算|审[查批]|的?批复)"
)
"""These say so wherever they follow: 某工程土方回填施工监理."""
_A_PART = re.compile(rf"(?:工程|项目)?{_SAYS_WHAT}{{2,24}}(?:工程|项目)")
"""So does another thing to be built, where the name said already what is: 道路工程给水管线工程."""
_ANOTHER_NUMBER = re.compile(
    r"\d{1,2}(?![\d年月日个家次份项条处件名万亿元%.])|[a-z](?:\d{1,2}(?!\d)|(?![a-z\d]))"
)
"""So does a bare number or letter: 某工程-2, 某工程B."""
_ANOTHER_BEFORE = re.compile(
    rf"(?:第?{_NUMBER}(?:期|阶段)|(?<![江河城湖海淮]){_LOT}|改?扩建|续建|迁建|改建|改造|老|旧|副"
    r"|(?<![更创翻最重革高刷全崭阜])新|(?<![济海云河湖淮渭陇黔闽苏皖越])南"
    r"|(?<![湖河淮东西华陕])北|(?<![山广华丹启如肇黔冀浦])东|(?<![陕山江广定黔湘])西)$"
)
"""What stands directly before a name that is part of another one: 新, 南, 二期, A标段."""
_NO_WORD = re.compile(r"[^0-9a-z㐀-鿿]+")
_AMONG_OTHERS_BEFORE = re.compile(r"[、和及与]$")
_AMONG_OTHERS_AFTER = re.compile(r"(?:建设)?(?:工程|项目)?(?:、|和|及|与|以及|等(?!级|候|离))")
_MARKS = "“”\"'《》()[]【】 "
_NEAR = 12
_TYPE = re.compile(r"(?:(?:建设)?(?:工程|项目))+")
"""What a register may call otherwise: 某大道改造工程 is 某大道改造建设项目."""
_LETTER_OR_TYPE = re.compile(rf"{_TYPE.pattern}|.")
_ANY_TYPE = "＊"
LEAST_CORE = 6
"""So many letters a name has besides, to be known without that."""


@dataclass(frozen=True)
class Naming:
    """How a text names a project: as itself, as another part of it, as one of several."""

    part: str
    """What stands beside the name and makes another part or project of it, if anything does."""
    is_among_others: bool
    is_to_the_letter: bool = True
    """Whether not even 建设, 工程 and 项目 stand otherwise in it."""

    @property
    def is_another_part(self) -> bool:
        return bool(self.part)


def normal_name(text: str) -> str:
    """A name without spaces, punctuation and differences of width."""
    return _NO_WORD.sub("", _one_width(text))


def goes_on_otherwise(name: str, text: str) -> bool:
    """Whether a normal text begins with a normal name and means another part by what follows."""
    return text.startswith(name) and _ANOTHER_PART.match(text, len(name)) is not None


def names_in(text: str, known: Iterable[str]) -> dict[str, Naming]:
    """Those of the known normal names that the text names; 某项目 is not where 某项目二期 is known.

    A name counts as itself if it stands so anywhere in the text. What is named to the letter is not
    also another project that is called alike.
    """
    plain, names = _one_width(text), [name for name in known if len(name) >= SHORTEST_NAME]
    places = [at for at, letter in enumerate(plain) if not _NO_WORD.fullmatch(letter)]
    normal = "".join(plain[at] for at in places)
    exact = _longest(
        _Span(start, start + len(name), name) for name in names for start in _starts(normal, name)
    )
    alike = [
        span
        for span in _longest(_alike(names, normal))
        if not any(one.start < span.end and span.start < one.end for one in exact)
    ]
    found: dict[str, Naming] = {}
    for start, end, name in [*exact, *alike]:
        before = plain[max(places[start] - _NEAR, 0) : places[start]].rstrip(_MARKS)
        after = plain[places[end - 1] + 1 :][:_NEAR].lstrip(_MARKS)
        naming = Naming(
            part=_part(before, name, normal, end),
            is_among_others=_AMONG_OTHERS_BEFORE.search(before) is not None
            or _AMONG_OTHERS_AFTER.match(after) is not None,
            is_to_the_letter=normal[start:end] == name,
        )
        if name not in found or found[name].is_another_part:
            found[name] = naming
    return found


def _part(before: str, name: str, normal: str, end: int) -> str:
    """What stands directly before or after a name and makes it the name of another project."""
    found = (
        _ANOTHER_PART.match(normal, end)
        or _ANOTHER_CONTRACT.match(normal, end)
        or _ANOTHER_NUMBER.match(normal, end)
        or (_TYPE.search(name) and _A_PART.match(normal, end))
        or _LATER_CONTRACT.search(normal, end)
        or _ANOTHER_BEFORE.search(before)
    )
    return found.group() if found else ""


class _Span(NamedTuple):
    """Where a name stands in a normal text."""

    start: int
    end: int
    name: str


def _longest(spans: Iterable[_Span]) -> list[_Span]:
    """Those that are no part of a longer one."""
    known = list(spans)
    return [
        span
        for span in known
        if not any(
            one.start <= span.start and span.end <= one.end and one[:2] != span[:2] for one in known
        )
    ]


def _alike(names: Iterable[str], normal: str) -> Iterator[_Span]:
    """Where names stand whatever type they or the text give the project."""
    pieces = [(piece.start(), piece.end()) for piece in _LETTER_OR_TYPE.finditer(normal)]
    text = _any_type(normal)
    for name in names:
        wanted = _any_type(name)
        if wanted != name and len(wanted.replace(_ANY_TYPE, "")) >= LEAST_CORE:
            for at in _starts(text, wanted):
                yield _Span(pieces[at][0], pieces[at + len(wanted) - 1][1], name)


@lru_cache(maxsize=8192)
def _any_type(normal: str) -> str:
    return _TYPE.sub(_ANY_TYPE, normal)


def _starts(text: str, name: str) -> Iterable[int]:
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + 1)


def _one_width(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
