"""Accounts and sign-ins: who somebody is, and the tokens that say so."""

from services.gateway.access import account_routes, routes, service
from services.gateway.access.events import PasswordLinkIssued, SignInEnded
from services.gateway.access.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[routes.clients, routes.tokens, account_routes.router],
    publishes=[SignInEnded, PasswordLinkIssued],
    jobs=[each.job(f"prune-{each.table}-{each.since}") for each in service.FORGOTTEN],
    workflows=[WORKFLOW],
)
