"""One number, one account; and two people who read the same numbers."""

from shared.errors import Conflict, Text


class IdentityTaken(Conflict):
    """It is not said whose: whoever may know finds the account, and nobody else should."""

    type = "/problems/identity-taken"
    title = Text("这个证件号码已登记在另一个账号上", "Another account has this ID number already")
    advice = Text(
        "请核对号码；本人换了账号的，请先更正原账号的实名信息",
        "Check the number; if the person has a new account, correct the identity of the old one",
    )


class IdentityDiffers(Conflict):
    """It is not said what differs, nor by how much: nobody is to try digits until they fit."""

    type = "/problems/identity-differs"
    title = Text(
        "您填写的与待批准的登记不一致", "What you typed is not what waits for your approval"
    )
    advice = Text(
        "请对照证件原件再填一次，登记有身份证号码和电话的都要填；仍不一致的，请撤回这次登记，由同事重新登记",
        "Type it once more from the document itself, the ID number and the phone number where both"
        " were recorded; if it still differs, withdraw the proposal and have it recorded anew",
    )
