"""How often to read a portal, and what makes a rule fit for use. Pure."""

from datetime import datetime, timedelta

from services.projects.portals.models import Portal
from shared.errors import Invalid, Text

SOON_AGAIN = timedelta(minutes=15)
LEAST_PAUSE = timedelta(seconds=10)
"""Between two walks of a proof, where the policy asks for no gap."""

USUAL_GAP = timedelta(minutes=60)
"""Between two walks that prove an absence, until a policy says otherwise."""


class RuleReadsNothing(Invalid):
    """The rule finds no entries on the page that was captured last."""

    advice = Text(
        "请用试运行调整规则，直到读出列表", "Adjust the rule with a dry run until it reads the list"
    )

    def __init__(self, evidence_id: str, pointer: str) -> None:
        detail = Text(
            "按此规则在最近一次抓取的列表页上找不到任何条目，请检查规则的种类和读取列表的部分",
            "By this rule the list page captured last is empty; check its kind and how it reads"
            " the list",
        )
        super().__init__(detail, pointer=pointer, evidence_id=evidence_id)


def unknown_unit(code: str) -> Invalid:
    """The unit is not in the register."""
    detail = Text(f"公开主体名录中没有 {code}", f"No unit {code} in the register")
    return Invalid(detail, pointer="/body/unit_code")


def no_list() -> Invalid:
    """What stands for pages that a unit named has no list to be walked."""
    detail = Text(
        "它只代表该单位回复中所列的网址，没有可采集的列表，不能启用；请为这个网站另行登记栏目",
        "It stands for addresses that the unit named and has no list to be read, so that it cannot"
        " be switched on; please register a column of that site",
    )
    return Invalid(detail, pointer="/body/enabled")


def wants_proof(portal: Portal, needed_since: datetime | None) -> bool:
    """Whether the portal's last proof of absence is too old for what its unit's duties need."""
    if portal.proven_at is None:
        return True
    return needed_since is not None and portal.proven_at < needed_since


def next_run_at(portal: Portal, now: datetime, wait: timedelta | None) -> datetime:
    """The next run: as usual, or after `wait` where that comes first."""
    usual = timedelta(minutes=portal.every_minutes)
    return now + (usual if wait is None else min(usual, wait))
