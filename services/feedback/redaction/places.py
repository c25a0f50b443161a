"""What a place is told by where it could be taken for a name: 东湖路, 金桥村, 王家|桥. Pure."""

import re

from services.feedback.redaction.surnames import COMMON_WORDS

_LANES = (
    "安乐|白云|成功|凤凰|凤鸣|福寿|富贵|富民|富强|高新|广福|国泰|红星|红旗|华侨|华兴|黄金|吉庆|吉祥|江滨|江南|金水|金星"
    "|金鱼|景明|景山|康乐|康宁|康泰|乐善|利民|柳林|柳荫|龙江|龙泉|隆兴|梅花|宁静|平安|荣光|荣华|松柏|太平|泰安|万福|万寿"
    "|文昌|文化|文明|文兴|向阳|祥和|云锦|云山"
)
"""Words that lanes are called by and that begin like a family name."""
_ENDS = re.compile(
    r"(?:[路街巷弄村屯镇乡县市区桥湖坊]|家[湾庄沟坝坪坡岭洞院营堡铺垭里]"
    rf"|[新花公家]园|大道|广场|公寓|(?:[{COMMON_WORDS}][^万千百]|{_LANES})里)\Z"
)
_GOES_ON = re.compile(r"街道|社区|小区|大道|大桥|新村|花园|广场|公园|家园|公寓|大厦|居委|村委")
_SUFFIX = re.compile(r"[路街巷村镇乡县桥湖沟湾坝](?![过里民干长上边人])")
_WITHIN = ("过", "里", "上", "边")
"""Behind what ends like a place these mostly go with its last character: 王芳路过, 李红村里."""
_NUMBERED = re.compile(r"\s?[0-9]")
_SHORT = 2


def is_place(text: str, start: int, end: int) -> bool:
    """Whether a place stands there, or begins there and goes on behind it."""
    return (
        (_ENDS.search(text, start, end) is not None and not text.startswith(_WITHIN, end))
        or _GOES_ON.match(text, end) is not None
        or (end - start == _SHORT and _SUFFIX.match(text, end) is not None)
    )


def is_address(text: str, start: int, end: int) -> bool:
    """Whether it is a place with a number right behind it: 东湖路12号."""
    return _ENDS.search(text, start, end) is not None and _NUMBERED.match(text, end) is not None
