"""How long tokens last, which roles exclude one another, and what a failed sign-in is answered."""

import re
from collections.abc import Collection
from datetime import timedelta
from http import HTTPStatus
from typing import Self

from services.gateway.access import common_passwords
from shared.errors import Conflict, Forbidden, Invalid, Problem, Text, counted
from shared.security.identity import ACCESS_SECONDS, REFUSED_SECONDS

SIGN_IN_LASTS = timedelta(hours=12)
"""A working day: after it the password is asked for again, however often the token was renewed."""
CLIENT_SIGN_IN_LASTS = timedelta(seconds=ACCESS_SECONDS)
"""A system or device gets one token a sign-in, and proves itself anew for the next."""
TOKENS_OUTLIVE_SIGN_INS = timedelta(seconds=REFUSED_SECONDS)
"""The last access token of a sign-in that has run out is good for so long: it is ended as well."""
REPEATED_WITHIN = timedelta(seconds=30)
"""A refresh token that was spent this short a while ago gives the same successor once more."""

PASSPHRASE = 16
KINDS = 3
DIFFERENT = 6
_TOO_SIMPLE = Text(
    f"请混用大写、小写、数字、符号中的三种，或用 {PASSPHRASE} 个字符以上的长密码",
    "Mix three of capitals, small letters, digits and signs, or use "
    f"{counted(PASSPHRASE, 'character')}",
)
_TOO_EASY = Text(
    f"密码不能含账号名，且至少要有 {DIFFERENT} 个不同的字符",
    f"Must not hold the account's name, and needs {DIFFERENT} different characters",
)
THE_SAME = Text("新密码不能与现有密码相同", "The new password is the present one")

_COMMON = Text(
    "这是常见的密码，容易被猜中，请换一个",
    "This is a common password, easily guessed; please choose another",
)
NEW_PASSWORD = "/body/new_password"
LINK_LASTS = timedelta(hours=24)
OPERATOR = "operator"
"""Whoever runs a command on the server: what the audit log calls them. They can do anything there
already, so that no second person is asked for."""
PRIVILEGED = frozenset({"admin", "auditor", "reviewer", "supervisor"})
"""Who can undo what others are held to: no one person makes, changes or enables such an account."""
_PARTED = (
    {"officer", "reviewer"},
    {"officer", "dispatcher"},
    {"officer", "supervisor"},
    {"dispatcher", "supervisor"},
)
"""Who answers a letter, who sends it to them, and who holds both to it are different people."""

_NOT_DESCRIBED = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
"""What an `error_description` may not hold (RFC 6749 section 5.2)."""

_ALONE = ("admin", "auditor", "citizen", "device", "system")


class InvalidGrant(Problem):
    """RFC 6749 section 5.2: wrong password, spent refresh token, disabled account, all alike."""

    status, type = HTTPStatus.BAD_REQUEST, "/problems/invalid-grant"
    title = Text("账号或密码不对，或登录已失效", "Wrong account or password, or an ended sign-in")
    advice = Text(
        "请核对账号和密码；登录已失效的，请重新登录",
        "Check account and password; where the sign-in has ended, sign in again",
    )

    def __init__(self) -> None:
        super().__init__(error="invalid_grant", error_description=self.title.en)


class InvalidTokenRequest(Problem):
    """RFC 6749 section 5.2: what was sent cannot be read as a request for a token."""

    status, type = HTTPStatus.BAD_REQUEST, "/problems/invalid-token-request"
    title = Text("登录请求的参数不对", "The token request has the wrong parameters")
    advice = Text(
        "请补上缺少的参数，每个参数只写一次；按 application/x-www-form-urlencoded 提交",
        "Please add the parameter that is missing, write each once, and send them as"
        " application/x-www-form-urlencoded",
    )

    def __init__(self, detail: Text) -> None:
        described = _NOT_DESCRIBED.sub("?", detail.en)
        super().__init__(detail, error="invalid_request", error_description=described)

    @classmethod
    def missing(cls, parameter: str) -> Self:
        """One that is needed is not there."""
        return cls(Text(f"缺少 {parameter}", f"{parameter} is missing"))

    @classmethod
    def no_form(cls) -> Self:
        """It came in another form than the one of section 4."""
        return cls(
            Text(
                "请按 application/x-www-form-urlencoded 提交",
                "Please send it as application/x-www-form-urlencoded",
            )
        )

    @classmethod
    def twice(cls, parameter: str) -> Self:
        """One is there twice (section 3.2)."""
        return cls(Text(f"{parameter} 写了两次", f"{parameter} stands there twice"))


class UnsupportedGrantType(Problem):
    """RFC 6749 section 5.2."""

    status, type = HTTPStatus.BAD_REQUEST, "/problems/unsupported-grant-type"
    title = Text("不支持这种登录方式", "This grant type is not supported")
    advice = Text(
        "grant_type 可用：password、refresh_token、client_credentials",
        "`grant_type` may be: password, refresh_token, client_credentials",
    )

    def __init__(self) -> None:
        super().__init__(error="unsupported_grant_type", error_description=self.title.en)


class UnauthorizedClient(Problem):
    """RFC 6749 section 5.2: it proved who it is, and is nobody who may use this grant."""

    status, type = HTTPStatus.BAD_REQUEST, "/problems/unauthorized-client"
    title = Text("此账号不能用这种方式登录", "This account may not use that grant type")
    advice = Text(
        "client_credentials 只供外部系统和设备使用；人员请用账号和密码登录",
        "`client_credentials` is for systems and devices; people sign in with a password",
    )

    def __init__(self) -> None:
        super().__init__(error="unauthorized_client", error_description=self.title.en)


class InvalidClient(Problem):
    """RFC 6749 section 5.2: the client did not prove who it is."""

    status, type = HTTPStatus.UNAUTHORIZED, "/problems/invalid-client"
    title = Text("客户端编号或密钥不对", "Wrong client id or secret")
    advice = Text("请核对 client_id 和 client_secret", "Check `client_id` and `client_secret`")

    def __init__(self) -> None:
        super().__init__(error="invalid_client", error_description=self.title.en)


class WrongPassword(Forbidden):
    type = "/problems/wrong-password"
    title = Text("现有密码不对", "The present password is not right")
    advice = Text(
        "请再输一次；忘记密码的，请管理员重置",
        "Type it again; if it is forgotten, an administrator replaces it",
    )


class OwnGrant(Forbidden):
    type = "/problems/own-grant"
    title = Text("不能更改自己的权限或状态", "Nobody may change their own grants or state")
    advice = Text("请另一位管理员办理", "Another administrator has to do it")


class RolesExclude(Conflict):
    type = "/problems/roles-exclude"
    title = Text("这些角色不能由同一账号兼任", "One account may not hold these roles together")
    advice = Text(
        "请分别建立账号，由不同的人使用（三员分立）",
        "Make an account for each, used by different people",
    )


class LinkEnded(Problem):
    """All alike: used, replaced, expired, or never issued."""

    status, type = HTTPStatus.GONE, "/problems/link-ended"
    title = Text("设密链接已失效", "The link to set a password has ended")
    advice = Text(
        "链接只能用一次，24 小时内有效；请管理员重新签发",
        "It works once and for 24 hours; please ask an administrator for a new one",
    )


class PasswordNotSet(Conflict):
    type = "/problems/password-not-set"
    title = Text("账号本人还没有设置密码", "The owner has not set a password yet")
    advice = Text(
        "请等本人用链接设好密码，向本人核实后再批准",
        "Wait until they have used their link, make sure that it was them, then approve",
    )


_CITIZENS_PLACES = Text(
    "群众账号不属于任何大厅或部门，请不要填写；工作人员请同时授予相应的角色",
    "A citizen acts for no hall or department: leave this empty, or grant a role of staff as well",
)


class UnknownPlaces(Invalid):
    type = "/problems/unknown-places"
    title = Text("没有这些大厅、区划或部门", "There are no such halls, areas or departments")
    advice = Text(
        "请核对代码；先登记大厅、区划或部门，再授权",
        "Check the codes; register the hall, area or department first",
    )


class AccountTaken(Conflict):
    type = "/problems/account-taken"
    title = Text("账号名已被使用", "The account name is taken")
    advice = Text("请换一个账号名", "Please choose another name")


def ensure_acts_there(roles: Collection[str], places: Collection[str]) -> None:
    """A citizen acts for no hall and no department. Raises Invalid."""
    if places and set(roles) <= {"citizen"}:
        raise Invalid(_CITIZENS_PLACES, pointer="/body/places")


def ensure_separate(roles: Collection[str]) -> None:
    """Administration, audit and the trade stay in different hands (三员分立).

    GB/T 22239-2019 8.1.4.2 asks for separated privileges of administrative users; citizens,
    devices and systems are no staff. Nobody approves, dispatches or supervises their own answers.
    Raises RolesExclude.
    """
    together = set(roles)
    alone = [role for role in _ALONE if role in together]
    if alone and len(together) > 1:
        raise RolesExclude(roles=sorted(together))
    for parted in _PARTED:
        if parted <= together:
            raise RolesExclude(roles=sorted(parted))


def is_privileged(roles: Collection[str]) -> bool:
    """Whether an account with these roles needs a second person's approval."""
    return not PRIVILEGED.isdisjoint(roles)


def ensure_strong(password: str, account: str, current: str | None = None) -> None:
    """A password that is neither guessed nor shared (GB/T 22239-2019 8.1.4.1 asks for complexity).

    Raises Invalid, which says what is missing.
    """
    kinds = sum(any(map(kind, password)) for kind in (str.islower, str.isupper, str.isdigit))
    kinds += any(not letter.isalnum() for letter in password)
    if len(password) < PASSPHRASE and kinds < KINDS:
        raise Invalid(_TOO_SIMPLE, pointer=NEW_PASSWORD)
    if len(set(password)) < DIFFERENT or account in password.lower():
        raise Invalid(_TOO_EASY, pointer=NEW_PASSWORD)
    if common_passwords.is_common(password):
        raise Invalid(_COMMON, pointer=NEW_PASSWORD)
    if password == current:
        raise Invalid(THE_SAME, pointer=NEW_PASSWORD)


def ensure_other(caller: str, account_id: str) -> None:
    """An administrator may not grant to, disable or enable itself. Raises OwnGrant."""
    if caller == account_id:
        raise OwnGrant
