"""Accounts and sign-ins: who somebody is, and the tokens that say so."""

from datetime import timedelta

from services.gateway.access import account_routes, routes, service
from services.gateway.access.events import PasswordLinkIssued, SignInEnded
from services.gateway.access.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[routes.clients, routes.tokens, account_routes.router],
    publishes=[SignInEnded, PasswordLinkIssued],
    jobs=[Job("prune-sign-ins", timedelta(hours=1), service.prune)],
    workflows=[WORKFLOW],
)
