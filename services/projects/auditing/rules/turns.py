"""How long an audit waits for those before it, and how it is refused after that."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.errors import Conflict, Text

PATIENCE_SECONDS = 10.0
"""For those before it in this process, and again for other processes: together well inside the
deadline of the operation (30 s)."""

_DETAIL = Text(
    "已有一次监察正在进行，请几秒后再试，或查阅它的报表",
    "Another audit is under way; please try again in some seconds, or read its report",
)


class AuditRunning(Conflict):
    """Members `audit` and `since` name the audit that is running; `audit` is null while something
    else judges duties."""

    type = "/problems/audit-running"
    title = Text("另一次监察正在进行", "Another audit is under way")
    advice = Text(
        "请稍等几秒，再看那次的报告或重新监察",
        "Wait for some seconds, then read that report or audit again",
    )

    def __init__(self, running: Mapping[str, Any]) -> None:
        since = running.get("since")
        begun = datetime.fromisoformat(since) if isinstance(since, str) else since
        super().__init__(_DETAIL, retry_after=5, audit=running.get("audit"), since=begun)
