"""`python -m deploy.local.reset`: wipes the embedded stack's data, never under a running one."""

import shutil
import sys

from deploy.local import lock, options
from deploy.local.console import Console


def main() -> int:
    """The exit code: 1 when a system still runs on the data."""
    console, data = Console(), options.read().data
    if lock.is_running(data):
        console.problem(
            "系统正在运行，请先按 Ctrl-C 停止。",
            "The system is running; stop it with Ctrl-C first.",
        )
        return 1
    if data.exists():
        shutil.rmtree(data)
    console.step(f"已清空 {data}。", f"Wiped {data}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
