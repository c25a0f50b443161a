"""`python -m deploy.local.reset`: wipes what the system keeps, and only that.

On a terminal it asks first. It deletes by name, in a folder that carries the system's marker, never
under a running system.
"""

import sys
from pathlib import Path

from deploy.local import lock, marker, options
from deploy.local.console import Console

YES = {"y", "yes", "是"}


def main() -> int:
    """The exit code: 1 when a system runs on the data, or the folder is not the system's."""
    console, data = Console(), options.read().data
    if not data.is_dir():
        console.step(f"{data} 不存在，没有要清空的。", f"There is no {data}: nothing to wipe.")
        return 0
    if not marker.is_ours(data):
        console.problem(
            f"{data} 没有本系统的标记（{marker.NAME}），什么也没有删除。",
            f"{data} does not carry this system's marker ({marker.NAME}): nothing was deleted.",
        )
        return 1
    with lock.claimed(data) as is_free:
        if not is_free:
            console.problem(
                "系统正在运行，请先按 Ctrl-C 停止。",
                "The system is running; stop it with Ctrl-C first.",
            )
            return 1
        if not _is_wanted(console, data):
            console.step("没有删除。", "Nothing was deleted.")
            return 1
        _wipe(console, data)
    return 0


def _is_wanted(console: Console, data: Path) -> bool:
    """Asks whoever sits at the terminal; a script has decided already."""
    if not sys.stdin.isatty():
        return True
    names = ", ".join(path.name for path in marker.held(data))
    console.step(f"将删除 {data} 中的：{names}", f"This deletes from {data}: {names}")
    console.step("确定吗？输入 yes 并回车。", "Sure? Type yes and Enter.")
    return sys.stdin.readline().strip().lower() in YES


def _wipe(console: Console, data: Path) -> None:
    left = marker.wipe(data)
    console.step(f"已清空 {data}。", f"Wiped {data}.")
    if left:
        names = ", ".join(path.name for path in left)
        console.step(f"不是本系统的，已保留：{names}", f"Kept, not this system's: {names}")


if __name__ == "__main__":
    sys.exit(main())
