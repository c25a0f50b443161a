"""Names of persons: after a word that announces one, or before a form of address. Pure."""

import re
from collections.abc import Iterator

from services.feedback.redaction.places import is_address, is_place
from services.feedback.redaction.simplified import simplified
from services.feedback.redaction.surnames import COMMON_WORDS, COMPOUND, SINGLE

_HAN = "\u4e00-\u9fff"
_GIVEN = f"(?![我你他她它们的了是不])[{_HAN}]"
_ANY = f"(?:{COMPOUND}|[{SINGLE}])"
_OTHER_WORDS = (
    "代[表理]|(?<=[主前现责担信])任|任[何意课务职期命]|何[时日处况必]|金[牌额融属]|宣传|国[家际内外企有]|房[产屋东主间管租]"
    "|路[口灯边段面]|时[间候常]|班[长级车组主]|车[主辆位库队站间]|师[傅资]"
)
_RARE = f"(?:{COMPOUND}|(?![{COMMON_WORDS}]|{_OTHER_WORDS})[{SINGLE}])"
"""Without the family names that mostly stand for another word: 有效, 家庭, 代表."""

_SURE = (
    "我叫|姓名|联系人|申请人|投诉人|举报人|被投诉人|被举报人|当事人|来信人|反映人|报告人|签名|落款|署名|名叫|叫做"
    "|法人|法定代表人|负责人|经办人"
)
_LIKELY = (
    "我是|本人|业主|户主|房东|租客|租户|住户|患者|病人|学生|孩子|儿子|女儿|丈夫|老公|妻子|老婆|爱人|父亲|母亲"
    "|爸爸|妈妈|爷爷|奶奶|哥哥|姐姐|弟弟|妹妹|邻居|村民|居民|老板|店主|司机|师傅|工人|员工|会计|经理|此致"
)
_OF_OTHERS = (
    *("被投诉人", "被举报人", "当事人", "名叫", "叫做", "法人", "法定代表人", "负责人", "经办人"),
    *(
        "房东",
        "租客",
        "租户",
        "邻居",
        "老板",
        "店主",
        "司机",
        "师傅",
        "工人",
        "员工",
        "会计",
        "经理",
    ),
)
_GAP = r"[是为叫:\s,，（(]{0,3}"
_FOLLOWS = (
    "在的于向因和与及跟把被住身电手反说称系今现年女男从到没不已将曾就也都要想是先同老师小大敬"
)
_AFTER_CUE = re.compile(
    rf"(?:{_SURE}|{_LIKELY}){_GAP}({_ANY}(?:{_GIVEN}){{1,2}})(?![{_HAN}])"
    rf"|(?:{_SURE}){_GAP}({_ANY}(?:{_GIVEN}){{1,2}}?)(?=[{_FOLLOWS}])"
    rf"|(?:{_SURE}){_GAP}({_ANY}(?:{_GIVEN}){{1,2}})"
    rf"|(?:{_LIKELY}){_GAP}({_RARE}(?:{_GIVEN}){{1,2}}?)(?=[{_FOLLOWS}])"
    rf"|(?:{_LIKELY}){_GAP}({_RARE}(?:{_GIVEN}){{1,2}})"
)
_TITLES = (
    "主任|书记|局长|处长|科长|所长|院长|校长|园长|站长|队长|组长|区长|镇长|乡长|村长|县长|市长|股长|班长|厂长"
    "|主席|委员|干事|会长|医生|大夫|护士长|护士|民警|交警|辅警|警察|法官|检察官|教练|教授|经理|工程师|网格员|保安|物管"
    "|副主任|副书记|副局长|副科长|副所长|副院长|支书"
)
_BARE_TITLES = rf"{_TITLES}|律师|警官|老师|师傅"
_BEFORE_A_PERSON = (
    "和与及跟找向由请是的被对给让把叫为问见这那位名了说着过到称天晚午年月日号次里"
    "科院所室站局校处队会办厅组部口诊管委业乡镇街店厂安警任"
)
_NO_TITLE_BEHIND = "期年月日达久大时途椅度廊满约近由意任何务凭性录载"
"""Behind what looks like a title: 车站长期, 车主任意, 文书记录."""
_TITLED = re.compile(
    rf"(?:(?<![{_HAN}])|(?<=[{_BEFORE_A_PERSON}]))(?![习国康花古车])({_RARE})(?<![给了收]钱)"
    rf"(?={_BARE_TITLES})(?!.{{1,2}}[长任记][{_NO_TITLE_BEHIND}])"
)
"""A family name right before a title: 张护士长."""
_OF_AN_OFFICE = "委部目级间牌土管务科局所院社区镇村街办室组会厅站队处班校园副正总支项路线政警"
_PERSONAL = f"(?![{_OF_AN_OFFICE}])(?:{_GIVEN})"
_ADDRESSED = re.compile(
    rf"((?<![感多答致]){_RARE}(?:{_GIVEN}){{1,2}})"
    "(?=先生|女士|小姐|同志|老师|师傅|阿姨|大爷|大妈|大姐|大哥|医生|律师|警官)"
    rf"|((?<![感多答致]){_RARE}(?:{_PERSONAL}){{1,2}})(?={_TITLES})"
    rf"|(?<=尊敬的)({_ANY}(?:{_GIVEN}){{1,2}})(?=[:,，您你先女同])"
    rf"|(?<![{_HAN}])({_RARE}(?:{_GIVEN}){{1,2}})(?=[:,，]?\s?[您你]好)"
    rf"|(?<![{_HAN}])({_RARE}(?:{_GIVEN}){{1,2}})(?=敬上|谨上|敬呈|拜上|谨启|敬启|亲笔)"
)
_NICKNAMED = re.compile(
    rf"(?<![{_HAN}][大最很古])([老小][王李张刘陈杨赵周吴徐孙郭罗郑梁谢宋许韩冯邓曹彭蔡潘袁董吕魏蒋杜沈姜范傅钟卢汪戴崔"
    rf"陆廖姚邱谭贾邹孟秦薛侯郝邵贺尹龚林黄朱马何胡叶程余丁夏洪顾]|(?<![得堆扔架修建垒砌涨飞])[老小]高|小苏(?!打)|老苏|阿(?!姨)[{_HAN}])(?=[^{_HAN}]|$|[说在的和跟与把被家是又也都反去来找打住])"
)
_LISTED = re.compile(
    rf"(?<![{_HAN}])({_RARE}{_GIVEN}(?:{_GIVEN})?(?:、{_RARE}{_GIVEN}(?:{_GIVEN})?)+)(?![{_HAN}、])"
    rf"|(?<![{_HAN}])({_RARE}{_GIVEN}(?:{_GIVEN})?(?:、{_RARE}{_GIVEN}(?:{_GIVEN})?)+)(?=等)"
)
_SIGNED = re.compile(
    rf"(?m)^[\s]*(?!谢谢)({_ANY}{_GIVEN}(?:{_GIVEN})?)[ \t]*$"
    rf"|(?<=[。!！?？\s])(?!谢谢|何时|何日)({_RARE}{_GIVEN}(?:{_GIVEN})?)\s*\Z"
)
_ADDRESS = re.compile(r"(?<=.)(?:先生|女士|小姐|同志|老师|师傅|阿姨|大爷|大妈|大姐|大哥)$")
_MARKED = re.compile(rf"[{_HAN}]某")


_CALLED_SO = re.compile(_SURE)
"""Behind these words a name stands, even one that ends like a place: 我叫李小桥."""


def find(text: str) -> Iterator[tuple[int, int]]:
    """Where names stand, in simplified characters; a place is none."""
    yield from (where for _, where in _after_cues(text) if not _MARKED.match(text, where[0]))
    for pattern in (_ADDRESSED, _TITLED, _NICKNAMED, _SIGNED):
        for match in pattern.finditer(text):
            where = match.span(match.lastindex or 0)
            if not _MARKED.match(text, where[0]) and not is_place(text, *where):
                yield where
    for match in _LISTED.finditer(text):
        start, end = match.span(match.lastindex or 0)
        yield from _items(text, start, end)


def _items(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names of a list 甲、乙、丙."""
    for item in re.finditer(r"[^、]+", text[start:end]):
        where = start + item.start(), start + item.end()
        if not _MARKED.match(item[0]) and not is_place(text, *where):
            yield where


def find_own(text: str) -> Iterator[tuple[int, int]]:
    """Where the writer names themselves or their family, and not whom they write about."""
    return (where for cue, where in _after_cues(text) if not cue.startswith(_OF_OTHERS))


def _after_cues(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """What stands behind a word that announces a name, with that word before it."""
    for match in _AFTER_CUE.finditer(text):
        where = next(match.span(group) for group in range(1, 6) if match[group])
        place = is_address if _CALLED_SO.match(match[0]) else is_place
        if not place(text, *where):
            yield match[0], where


def without_address(name: str) -> str:
    """The name without a form of address behind it, unless only the family name is left."""
    bare = _ADDRESS.sub("", name)
    return bare if len(bare) > len(surname_of(bare)) else name


def surname_of(name: str) -> str:
    """The family name, of one or two characters."""
    compound = re.match(COMPOUND, simplified(name[:2]))
    return name[: compound.end() if compound else 1]
