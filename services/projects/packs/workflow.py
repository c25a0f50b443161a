"""How a pack is worded otherwise: drafted from the version in force, adopted by another."""

from enum import StrEnum
from typing import NamedTuple

from services.projects.packs.models import PackVersionState
from shared.errors import Text
from shared.workflow import Workflow


class PackVersionAction(StrEnum):
    EDIT = "edit"
    ADOPT = "adopt"
    DROP = "drop"


class PackVersionStep(NamedTuple):
    """What an action makes of a version. `writes`: whoever takes it is one of its authors."""

    state: PackVersionState
    action: PackVersionAction
    to: PackVersionState
    roles: frozenset[str]
    audited: str
    writes: bool = False
    not_by_author: bool = False


_S, _A = PackVersionState, PackVersionAction
_ADMIN = frozenset({"admin"})

WORKFLOW = Workflow(
    (
        PackVersionStep(_S.DRAFT, _A.EDIT, _S.DRAFT, _ADMIN, "pack_version.edited", writes=True),
        PackVersionStep(
            *(_S.DRAFT, _A.ADOPT, _S.ADOPTED, _ADMIN, "pack_version.adopted"), not_by_author=True
        ),
        PackVersionStep(_S.DRAFT, _A.DROP, _S.DROPPED, _ADMIN, "pack_version.dropped"),
    ),
    {
        _S.DRAFT: Text("起草中", "draft"),
        _S.ADOPTED: Text("已采用", "adopted"),
        _S.DROPPED: Text("已放弃", "dropped"),
    },
    {
        _A.EDIT: Text("修改", "edit"),
        _A.ADOPT: Text("采用", "adopt"),
        _A.DROP: Text("放弃", "drop"),
    },
    title=Text("公开包的版本", "Versions of a pack"),
    starts=[_S.DRAFT],
    columns={
        "audited": Text("审计记录", "audit log"),
        "writes": Text("计为起草人", "counts as an author"),
        "not_by_author": Text("起草人除外", "not by an author"),
    },
)
