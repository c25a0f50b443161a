"""`python -m deploy.local`: the whole system on this machine, until Ctrl-C."""

import asyncio
import os
import resource
import signal
import sys
import time
from contextlib import suppress

import asyncpg

from deploy.local import banner, lock, options, secrets
from deploy.local.console import Console
from deploy.local.options import BadOption, Options
from deploy.local.servers import StartFailed
from deploy.local.stack import Stack

ECHO_SECONDS = 1.0
FAILURES = (StartFailed, OSError, TimeoutError, asyncpg.PostgresError)


def main() -> int:
    """The exit code: 0 after an orderly stop, 1 when the system did not come up."""
    console = Console()
    try:
        chosen = options.read()
        lock.claim(chosen)
        kept = secrets.kept(chosen.data / "secrets.json")
        console.keep(chosen.data / "logs", is_quiet=not chosen.is_verbose)
    except BadOption as refused:
        console.problem(refused.zh, refused.en)
        return 1
    except PermissionError as error:
        console.problem(
            f"无法写入 {error.filename}（可能由另一用户创建）。",
            f"Cannot write {error.filename} (perhaps another user made it).",
        )
        return 1
    _allow_many_connections()
    return asyncio.run(_run(Stack(chosen, kept, console), console))


def _allow_many_connections() -> None:
    """Open files up to what the system lets us: a live stream is one each."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if most == resource.RLIM_INFINITY else min(most, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _run(stack: Stack, console: Console) -> int:
    started = time.monotonic()
    up = asyncio.create_task(stack.start())
    stop = asyncio.Event()
    _stop_on_signals(stack, stop, up, console)
    try:
        await up
        seconds = time.monotonic() - started
        console.write(welcome(stack.options, seconds))
        await stop.wait()
    except asyncio.CancelledError:
        if not stop.is_set():
            raise  # no signal came: this is a defect of ours
    except FAILURES as error:
        reason = str(error) or type(error).__name__
        console.problem(f"启动失败：{reason}", f"The system did not start: {reason}")
        return 1
    finally:
        await stack.supervisor.stop()
        with suppress(OSError):
            (stack.options.data / "stack.json").unlink()
        data = stack.options.data
        console.step(f"已停止；数据保留在 {data}。", f"Stopped; the data stays in {data}.")
        console.close()
    return 0


def _stop_on_signals(
    stack: Stack, stop: asyncio.Event, up: asyncio.Task[None], console: Console
) -> None:
    """The first signal stops in order, another one later at once."""
    first: float | None = None

    def signalled(number: signal.Signals) -> None:
        nonlocal first
        if is_echo(first, now := time.monotonic()):
            return
        first = now if first is None else first
        console.step(f"收到 {number.name}，正在停止……", f"{number.name}: stopping...")
        if stop.is_set():
            stack.supervisor.kill()
        stop.set()
        up.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, signalled, number)


def is_echo(first: float | None, now: float) -> bool:
    """Whether it is the first signal once more: sent to the process group it comes from there, and
    from `make`, which hands its own on. Nobody loses patience within a second.
    """
    return first is not None and now - first < ECHO_SECONDS


def welcome(chosen: Options, seconds: float) -> str:
    """That it is ready, where, for whom, and what to do next."""
    logs = chosen.data / "logs"
    nexts = [
        ("另开窗口走一遍 In another terminal", chosen.command("tour")),
        ("再看地址与账号 These lines again", chosen.command("accounts")),
        ("全部日志 All the logs", f"{logs}，make run VERBOSE=1"),
        # A shell starts `make` in the background deaf to Ctrl-C's signal, and it hands none on.
        ("停止 To stop", f"Ctrl-C；后台运行 in the background: kill {os.getpid()}"),
    ]
    return "\n".join(
        [
            "",
            f"一扇门已就绪（{seconds:.0f} 秒） OneDoor is ready ({seconds:.0f} s)",
            "",
            *banner.reach(chosen),
            "",
            *banner.addresses(chosen.url, chosen.data / "demo-accounts.json"),
            "",
            *(f"  {banner.padded(name, 40)}{what}" for name, what in nexts),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
