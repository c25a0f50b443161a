"""Where a service's database is, for its owner: the settings of each way to deploy say it."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

SERVER = "ONEDOOR_DATABASE_URL"
LINEAGE = "alembic_lineage"
"""The table of the migrations that a database has been through; see `lineage`."""


def database(service: str) -> str:
    """The name of a service's database, and of the role that the service has in it."""
    return f"onedoor_{service}"


def owner(service: str) -> str:
    """The role that owns the service's tables."""
    return f"{database(service)}_owner"


def url(server_url: str, user: str, password: str, name: str) -> str:
    """The same server as `server_url`, seen by another user in another database."""
    parts = urlsplit(server_url)
    address = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(("postgresql", f"{login}@{address}", f"/{name}", parts.query, ""))


def owner_url(service: str, environment: Mapping[str, str]) -> str | None:
    """The owner's address: given whole, or by the server's and the owner's password, as compose
    has them. None where neither is set."""
    name = service.upper()
    if whole := environment.get(f"{name}_OWNER_DATABASE_URL"):
        return whole
    server, password = environment.get(SERVER), environment.get(f"{name}_OWNER_PASSWORD")
    if not server or not password:
        return None
    return url(server, owner(service), password, database(service))
