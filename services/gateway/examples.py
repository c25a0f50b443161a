"""Which accounts of a local system the examples of the documents are about."""

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import workflow
from services.gateway.access.models import Account, AccountState
from services.gateway.identities.models import IdentityProposal
from services.gateway.notices.models import Notice
from shared.database.newest import newest, newest_in
from shared.security.crypto import Keyring
from shared.web.examples import Example, read

ACCOUNTS = {"approve_account": "approve", "disable_account": "disable", "enable_account": "enable"}
CHANGES = ("reset_password", "grant_account", "identify_account")


async def live(session: AsyncSession, keyring: Keyring) -> dict[str, Example]:
    """The newest account that came after those of the demo, and the next free name."""
    found, added = {}, ~col(Account.is_demo)
    for operation, action in ACCOUNTS.items():
        states = [row.state for row in workflow.WORKFLOW.of(action)]
        account = await newest_in(session, Account, states, added)
        if account is not None:
            found[operation] = _of(account, with_version=True)
    account = await newest_in(session, Account, [AccountState.ACTIVE], added)
    if account is not None:
        for operation in CHANGES:
            found[operation] = _of(account, with_version=operation != "identify_account")
    proposal = await newest(session, IdentityProposal, by=IdentityProposal.verified_at)
    if proposal is not None:
        found["approve_account_identity"] = Example(
            {"account_id": str(proposal.account_id)}, body={"version": proposal.version}
        )
    notice = await newest(session, Notice, col(Notice.account_id).is_not(None))
    if notice is not None:
        found["read_notice"] = Example({"notice_id": str(notice.id)})
    last = await newest(session, Account, added)
    if last is not None:
        name = read("gateway")["create_account"]["body"]["name"]
        found["create_account"] = Example(body={"name": f"{name}-{last.id.hex[-6:]}"})
    return found


def _of(account: Account, *, with_version: bool) -> Example:
    body = {"version": account.version} if with_version else None
    return Example({"account_id": str(account.id)}, body=body)
