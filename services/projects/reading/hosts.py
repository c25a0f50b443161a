"""Whose host an address names: who is asked there, over http or https. Pure."""

from urllib.parse import urlsplit

USUAL_PORTS = {"http": 80, "https": 443}


def host_name(name: str) -> str:
    """A host's name as the network has it: in ASCII (IDNA, RFC 3490), in lower case, without the
    dot at its end. Raises ValueError for what is none.
    """
    bare = name.rstrip(".").lower()
    return bare if bare.isascii() else bare.encode("idna").decode()


def with_port(name: str, port: int | None) -> str:
    """The host as `Portal.host` has it: with its port where that is not a usual one."""
    host = f"[{name}]" if ":" in name else name
    return host if port is None or port in USUAL_PORTS.values() else f"{host}:{port}"


def host_of(url: str) -> str | None:
    """The host of an address, with its port where that is not a usual one; None for what is none.

    Turns and pace are kept by it: the same name by http and by https is one, another port another.
    """
    try:
        parts = urlsplit(url)
        name, port = host_name(parts.hostname or ""), parts.port
    except ValueError:
        return None
    return with_port(name, port) if name else None
