"""What people read of matches: why one waits for a person, and why another person has to decide."""

from services.projects.matching.models import ReviewReason
from shared.errors import Text

REASONS = {
    ReviewReason.ONLY_SIMILAR: Text(
        "没有写明项目代码、文号或项目全名，只是相似，机器不作认定",
        "It bears no code, no document number and no full name: likeness alone is never enough",
    ),
    ReviewReason.SEVERAL_CANDIDATES: Text(
        "该项目有几项同类义务，凭文号、日期和单位仍分不开",
        "The project has several such duties that number, day and unit do not tell apart",
    ),
    ReviewReason.ITEM_UNCLEAR: Text(
        "看不出公开的是不是这一事项", "It does not show that it publishes this very item"
    ),
    ReviewReason.OTHER_UNIT: Text(
        "这是另一单位的义务", "It is on another unit's portal than the duty's"
    ),
    ReviewReason.ANOTHER_PART: Text(
        "名称前后还有别的字样，可能是另一期、另一标段或另一项目",
        "What stands beside the name may make it another phase, section or project",
    ),
    ReviewReason.SEVERAL_PROJECTS: Text(
        "写到几个项目，可能只公开其中一个", "It names several projects and may publish one of them"
    ),
    ReviewReason.ROW_WITHOUT_CODE: Text(
        "是表格中的一行，没有写明项目代码", "It is a row of a table without the project's code"
    ),
    ReviewReason.MAKES_LATE: Text(
        "一旦认定，即判为逾期公开或提前公开，须两人认定",
        "It would mean late or too early, which two persons have to say",
    ),
    ReviewReason.MAKES_OVERDUE: Text(
        "一人已否定，否定后期限已过仍未公开，须另一人确认",
        "One person rejected it; without it the duty is overdue, so another has to confirm",
    ),
    ReviewReason.MAKES_WITHDRAWN: Text(
        "一旦认定，即判为已撤下，须另一人确认",
        "It would mean that the publication was taken down, which another has to confirm",
    ),
    ReviewReason.CLAIM_CHANGED: Text(
        "有人认定或否定之后，网页内容又有改动",
        "The page says something else since a person decided on it",
    ),
    ReviewReason.CLAIM_REFUSED: Text(
        "网页改动后的内容，已有人认定不可信",
        "A person looked at what it says since and does not believe it",
    ),
    ReviewReason.PAGE_UNREADABLE: Text(
        "网页或其附件有内容读不出，请查看原网页",
        "The page, or a file or a part of it, cannot be read: please look at it yourself",
    ),
    ReviewReason.NAMED_BY_UNIT: Text(
        "只凭单位自报、尚无人核实的名称、代码或网址",
        "Only a name, a code or an address ties it that its unit gave and nobody confirmed",
    ),
}

ONLY_REGISTERED = Text(
    "只凭单位自己的发布登记，尚无人核实",
    "Only its unit's own register says so, and nobody has looked",
)

ANOTHER_AUDITOR = Text(
    "您已认定过；由此判为或不再判为逾期、提前公开，或判为已撤下的，须由另一位监察人员确认",
    "You have accepted this already; that it means late or too early, or no longer so, or withdrawn"
    " has to be confirmed by another auditor",
)

ANOTHER_TO_REJECT = Text(
    "您已否定过这一对；期限已过又别无疑似网页的，须由另一位监察人员确认",
    "You have rejected this pair already; where the limit is over and no other page may be the"
    " publication, it has to be confirmed by another auditor",
)

ANOTHER_TO_WITHDRAW = Text(
    "您已认为这一网页已撤下；别无网页公开该事项的，须由另一位监察人员确认",
    "You have said already that this page was taken down; where no other page publishes the item,"
    " it has to be confirmed by another auditor",
)


NOT_IN_ONES_OWN_CAUSE = Text(
    "公开主体的经办人不能认定本单位的公开，请交由监察人员认定",
    "An officer of the unit does not decide on what it published; please let an auditor decide",
)
