"""How often a name may be tried, and a network sign in."""

from datetime import timedelta

from shared.errors import Text, TooMany

ATTEMPTS_ALLOWED = 10
ATTEMPTS_FORGOTTEN_AFTER = timedelta(minutes=15)
NETWORK_INTERVAL = timedelta(seconds=0.2)
NETWORK_BURST = 300
"""Sign-ins of one network: a hall's staff share an address and all begin at nine."""


class LockedOut(TooMany):
    type = "/problems/locked-out"
    title = Text("连续失败次数过多，请稍后再试", "Too many failures in a row; please wait")
    advice = Text("请过一会儿再试", "Please try again in a while")
