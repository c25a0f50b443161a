"""Where to look and whom to sign in as, in Chinese and English; `make accounts` prints it again."""

import ipaddress
import json
import socket
import sys
from contextlib import suppress
from pathlib import Path
from unicodedata import east_asian_width

from deploy import running
from deploy.local import options
from deploy.local.console import Console
from deploy.local.options import BadOption, Options

PLACES = (
    ("接口文档 API documents", "/docs"),
    ("事件说明 Events", "/events"),
    ("OpenAPI", "/openapi.json"),
    ("AsyncAPI", "/asyncapi.json"),
    ("大厅叫号屏 A hall's display", "/live/halls/H001"),
    ("健康状态 Health", "/readyz"),
)


def addresses(url: str, accounts: Path) -> list[str]:
    """The places of a system at that address, and its demo accounts with their passwords."""
    return [
        *(f"  {padded(name, 28)}{url}{path}" for name, path in PLACES),
        "",
        *_accounts(accounts),
    ]


def reach(chosen: Options) -> list[str]:
    """Who can reach the system: this machine alone, or a network, and under which addresses."""
    if ipaddress.ip_address(chosen.host).is_loopback:
        return ["  仅本机可以访问。 Only this machine can reach it."]
    lines = [f"  {padded('网络上的地址 On the network', 28)}{url}" for url in _outside(chosen)]
    return [
        *lines,
        "  注意：网络上的人都能访问；知道下面密码的人都能登录。不要放真实数据。",
        "  Mind: everybody on the network can reach it, and sign in with the passwords below."
        " Keep real data out.",
    ]


def padded(text: str, width: int) -> str:
    """The text with spaces up to a width on the screen, where a Chinese character takes two."""
    taken = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * (width - taken)


def _outside(chosen: Options) -> list[str]:
    """The addresses under which other machines find the system, as far as this one knows them."""
    if not ipaddress.ip_address(chosen.host).is_unspecified:
        return [chosen.url]
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    found = {_towards(family)}
    with suppress(OSError):  # the machine's name may have no address
        found |= {str(at[4][0]) for at in socket.getaddrinfo(socket.gethostname(), None, family)}
    usable = sorted(a for a in found if a and not ipaddress.ip_address(a).is_loopback)
    return [
        f"http://[{a}]:{chosen.port}" if ":" in a else f"http://{a}:{chosen.port}" for a in usable
    ]


def _towards(family: socket.AddressFamily) -> str:
    """Our address on the way out, empty where there is no way; nothing is sent."""
    elsewhere = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((elsewhere, 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _accounts(path: Path) -> list[str]:
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        "  {:<14}{:<14}{:<8}{}".format(
            row["account"], row["role"], ",".join(row["places"]) or "-", row["password"]
        )
        for row in rows
    ]
    return ["演示账号（只属于这个系统） Demo accounts (of this system only):", *lines]


def main() -> int:
    """Prints the addresses and accounts of the running system. The exit code: 1 if none runs."""
    console = Console()
    try:
        data = options.read().data
    except BadOption as refused:
        console.problem(refused.zh, refused.en)
        return 1
    left = data / "stack.json"
    if not left.exists():
        console.problem(*running.not_there("accounts", data))
        return 1
    url = json.loads(left.read_text(encoding="utf-8"))["ONEDOOR_URL"]
    console.write("\n".join(addresses(url, data / "demo-accounts.json")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
