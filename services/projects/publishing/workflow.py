"""How a document goes out: drafted, checked for secrets, approved by another, released, verified.

Three persons have their hands in it: no author checks or approves, and who checked does not
approve. That it is released is the unit's own word; it is verified once the collector has read a
page that agrees with the register, and unverified once two walks did not find one: then a person
looks. What claims a time before we were told is contradicted, and for a person from the start.
"""

from enum import StrEnum
from typing import NamedTuple

from services.projects.publishing.models import RegisteredReleaseState
from shared.errors import Text
from shared.workflow import Workflow


class RegisteredReleaseAction(StrEnum):
    REVISE = "revise"
    SUBMIT = "submit"
    CHECK = "check"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    SEE = "see"
    MISS = "miss"
    VERIFY = "verify"
    ATTACH = "attach"


class ReleaseStep(NamedTuple):
    """What an action makes of a release, who may take it, and its word in the log.

    No roles: the matcher alone. `writes`: whoever takes it is one of its authors from then on.
    `leads_on`: somebody is waited for to take it. `not_by_author`, `not_by_checker`, `not_by_unit`:
    who of those that have the role may not. `needs_document`: only with the document at hand that
    is checked and approved. `of_register` False: only of what was not approved here.
    """

    state: RegisteredReleaseState
    action: RegisteredReleaseAction
    to: RegisteredReleaseState
    roles: frozenset[str]
    audited: str
    writes: bool = False
    leads_on: bool = True
    not_by_author: bool = False
    not_by_checker: bool = False
    not_by_unit: bool = False
    needs_document: bool = False
    of_register: bool = True


_S, _A, _R = RegisteredReleaseState, RegisteredReleaseAction, ReleaseStep
_OFFICER, _REVIEWER = frozenset({"officer"}), frozenset({"reviewer"})
_AUDITOR, _MACHINE = frozenset({"auditor"}), frozenset[str]()
_SYSTEM = frozenset({"system"})
_BEFORE = (_S.DRAFT, _S.SUBMITTED, _S.CHECKED, _S.APPROVED, _S.REJECTED)

WORKFLOW = Workflow(
    (
        _R(_S.DRAFT, _A.REVISE, _S.DRAFT, _OFFICER, "release.revised", writes=True),
        _R(_S.REJECTED, _A.REVISE, _S.DRAFT, _OFFICER, "release.revised", writes=True),
        _R(
            *(_S.DRAFT, _A.SUBMIT, _S.SUBMITTED, _OFFICER, "release.submitted"),
            writes=True,
            needs_document=True,
        ),
        _R(
            *(_S.SUBMITTED, _A.CHECK, _S.CHECKED, _REVIEWER, "release.checked"),
            not_by_author=True,
            needs_document=True,
        ),
        _R(
            *(_S.CHECKED, _A.APPROVE, _S.APPROVED, _REVIEWER, "release.approved"),
            not_by_author=True,
            not_by_checker=True,
            needs_document=True,
        ),
        *(
            _R(
                *(state, _A.REJECT, _S.REJECTED, _REVIEWER, "release.rejected"),
                leads_on=False,
                not_by_author=True,
            )
            for state in (_S.SUBMITTED, _S.CHECKED)
        ),
        *(
            _R(state, _A.WITHDRAW, _S.WITHDRAWN, _OFFICER, "release.withdrawn", leads_on=False)
            for state in _BEFORE
        ),
        _R(_S.DRAFT, _A.ATTACH, _S.DRAFT, _OFFICER, "release.attached", writes=True),
        *(
            _R(
                *(state, _A.ATTACH, state, _OFFICER | _SYSTEM, "release.attached"),
                leads_on=False,
                of_register=False,
            )
            for state in (_S.RELEASED, _S.UNVERIFIED, _S.CONTRADICTED)
        ),
        _R(_S.APPROVED, _A.RELEASE, _S.RELEASED, _OFFICER, "release.released"),
        _R(_S.RELEASED, _A.SEE, _S.VERIFIED, _MACHINE, "release.seen"),
        _R(_S.UNVERIFIED, _A.SEE, _S.VERIFIED, _MACHINE, "release.seen"),
        _R(_S.RELEASED, _A.MISS, _S.UNVERIFIED, _MACHINE, "release.missed"),
        *(
            _R(state, _A.VERIFY, _S.VERIFIED, _AUDITOR, "release.verified", not_by_unit=True)
            for state in (_S.UNVERIFIED, _S.CONTRADICTED)
        ),
        _R(
            *(_S.VERIFIED, _A.VERIFY, _S.VERIFIED, _AUDITOR, "release.verified"),
            leads_on=False,
            not_by_unit=True,
        ),
        *(
            _R(
                *(state, _A.REJECT, _S.DISMISSED, _AUDITOR, "release.dismissed"),
                leads_on=False,
                not_by_unit=True,
            )
            for state in (_S.UNVERIFIED, _S.CONTRADICTED)
        ),
    ),
    {
        _S.DRAFT: Text("起草中", "draft"),
        _S.SUBMITTED: Text("待保密审查", "waits for its confidentiality check"),
        _S.CHECKED: Text("待审批", "waits for approval"),
        _S.APPROVED: Text("已批准，待发布", "approved, to be released"),
        _S.REJECTED: Text("已退回", "rejected"),
        _S.WITHDRAWN: Text("已撤回", "withdrawn"),
        _S.RELEASED: Text("已发布，待核实", "released, to be verified"),
        _S.VERIFIED: Text("已核实上网", "verified online"),
        _S.UNVERIFIED: Text("未能核实，待人工", "not verified: for a person"),
        _S.CONTRADICTED: Text("所报时间早于报送，待人工", "claims an earlier time: for a person"),
        _S.DISMISSED: Text("不予采信", "dismissed"),
    },
    {
        _A.REVISE: Text("修改", "revise"),
        _A.SUBMIT: Text("送审", "submit"),
        _A.CHECK: Text("保密审查通过", "pass the confidentiality check"),
        _A.APPROVE: Text("批准发布", "approve"),
        _A.REJECT: Text("退回", "reject"),
        _A.WITHDRAW: Text("撤回", "withdraw"),
        _A.RELEASE: Text("登记发布", "release"),
        _A.SEE: Text("采集核实", "see it online"),
        _A.MISS: Text("两次核查未见", "miss it in two walks"),
        _A.VERIFY: Text("人工核实", "verify by hand"),
        _A.ATTACH: Text("上传文件", "upload its document"),
    },
    title=Text("信息发布登记", "The release register"),
    starts=[_S.DRAFT, _S.RELEASED, _S.CONTRADICTED],
    columns={
        "audited": Text("审计记录", "audit log"),
        "writes": Text("计为起草人", "counts as an author"),
        "leads_on": Text("待办", "is waited for"),
        "not_by_author": Text("起草人除外", "not by an author"),
        "not_by_checker": Text("保密审查人除外", "not by who checked"),
        "not_by_unit": Text("本单位人员除外", "not by the unit"),
        "needs_document": Text("须已上传文件", "needs its document"),
        "of_register": Text("在此审批的也可", "also of what was approved here"),
    },
)
BELIEVED = frozenset({_S.RELEASED, _S.VERIFIED, _S.UNVERIFIED})
"""States in which what the register says may be held against pages."""
UNFINISHED = frozenset({_S.DRAFT, _S.SUBMITTED, _S.CHECKED, _S.REJECTED})
"""States before it has a number: another unit may go on with it."""
