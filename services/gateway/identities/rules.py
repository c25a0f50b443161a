"""One number, one account."""

from shared.errors import Conflict, Text


class IdentityTaken(Conflict):
    """It is not said whose: whoever may know finds the account, and nobody else should."""

    type = "/problems/identity-taken"
    title = Text("这个证件号码已登记在另一个账号上", "Another account has this ID number already")
    advice = Text(
        "请核对号码；本人换了账号的，请先更正原账号的实名信息",
        "Check the number; if the person has a new account, correct the identity of the old one",
    )
