"""Which catalogue item a page is of, and whether it is of the item's decision. Pure."""

import re
from collections.abc import Collection, Iterable

from services.projects.reading.rule import ItemCue

BEFORE_APPROVAL = re.compile(
    r"审批前|批前|拟审批|拟批准|拟核准|拟作出|拟对.{0,120}?作出|(?:不予)?受理(?:公[示告]|通知|情况|决定|告知|回执|凭证)"
    r"|听证(?:会?(?:公[示告]|通知)|告知)|技术审查公[示告]"
    r"|(?:征求|征集).{0,40}意见的?(?:公[示告]|通知|函|稿)|意见(?:的)?(?:征求|征集)"
)
"""A notice before the decision is not the publication of the decision."""

_ANOTHER_MATTER = re.compile(
    r"不予|不同意|撤[销回]|注销|吊销|废止|作废|失效|遗失|处罚|责令|投诉|更正(?:公[示告]|通知|启事|说明)"
    r"|废标|流标|终止|中止|暂停|失败|澄清|答疑|补遗|(?:变更|修改|延期|补充)(?:公[示告]|通知|文件)"
    r"|控制价|最高(?:投标)?限价"
    r"|招标文件|资格预审结果|开标记录|(?:采购|中标)?合同公[示告]"
    r"|预计|正在|通过|进入|建成(?!区)|投用|完工|开工(?!报告|许可)|收尾|冲刺|火热|打卡|[！!丨｜]"
    r"|(?:办事|服务|申报)指南|(?:示范|格式)文本|流程图|解读|调研|视察|督导|座谈|办理情况"
    r"|受理|听证|征求|征集|初审|评审|审查"
)
"""Words of what is done before, after or about a decision, and of the news: a title with one of
them may be of another matter, unless the item itself is called so (节能审查意见, 办事指南)."""


def item_codes(cues: Iterable[ItemCue], column: str | None, title: str) -> frozenset[str]:
    """The catalogue items that a page's column stands for, else those whose words its title has."""
    known = list(cues)
    by_column = {cue.item_code for cue in known if column and column in cue.columns}
    by_words = {cue.item_code for cue in known if any(word in title for word in cue.words)}
    if by_column and by_words & by_column:
        return frozenset(by_words & by_column)
    return frozenset(by_column or by_words)


def own_words(cues: Iterable[ItemCue], items: Collection[str]) -> frozenset[str]:
    """What the portal calls these items: their columns, and their words in titles."""
    return frozenset(
        word for cue in cues if cue.item_code in items for word in (*cue.columns, *cue.words)
    )


def is_of_another_matter(title: str, own: Iterable[str]) -> bool:
    """Whether a word of the title is of another matter than a decision, beside the item's `own`."""
    names = [*own]
    return any(not any(word in name for name in names) for word in words_of_another_matter(title))


def words_of_another_matter(title: str) -> list[str]:
    """Those words of the title, each once."""
    return list(dict.fromkeys(_ANOTHER_MATTER.findall(title)))
