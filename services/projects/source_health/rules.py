"""What the board says of a state and of a class of error, and when a host is behind. Pure."""

from datetime import timedelta

from services.projects.portals.models import PortalHealth
from services.projects.reading.faults import Fault
from shared.errors import Text

BEHIND_AFTER = timedelta(hours=24)
"""A portal is to be walked once a day."""
UNPROVEN_AFTER = timedelta(days=14)
"""Two whole walks that agree are a proof of absence; of a sound portal there is one every day."""

STATES = {
    PortalHealth.UP: Text("可以抓取", "can be read"),
    PortalHealth.DOWN: Text("无法抓取", "cannot be read"),
    PortalHealth.UNKNOWN: Text("尚未抓取", "not read yet"),
}

FAULTS = {
    Fault.BLOCKED: Text("网站拒绝访问", "the site refuses us"),
    Fault.REDESIGNED: Text("网站改版，现行采集规则读不出", "redesigned: the rule is lost on it"),
    Fault.GONE: Text("网页不存在", "the page is gone"),
    Fault.TIMEOUT: Text("网站迟迟不答复", "the site did not answer in time"),
    Fault.TOO_LARGE: Text("网页过大", "too large"),
    Fault.WRONG_CHARSET: Text("字符编码不对", "its characters cannot be decoded"),
    Fault.UNREADABLE: Text("内容读不出", "cannot be read"),
    Fault.SERVER_ERROR: Text("网站服务器出错", "the site's server failed"),
    Fault.UNREACHABLE: Text("连不上网站", "the site cannot be reached"),
    Fault.REDIRECT_LOOP: Text("网站反复跳转", "led in circles"),
    Fault.ADDRESS_REFUSED: Text("网址不允许访问", "its address may not be asked"),
    Fault.ROBOTS_DISALLOW: Text("网站不准采集", "robots.txt forbids it"),
    Fault.SHIFTED: Text("核查期间列表有变动", "the list moved while it was read"),
}

WHAT_TO_DO = {
    Fault.BLOCKED: Text("请与网站主管单位联系，放行本系统", "Please ask the site to let us in"),
    Fault.REDESIGNED: Text("请按新版面更新采集规则", "Please fit the rule to the new design"),
    Fault.GONE: Text("请核对栏目网址", "Please check the portal's address"),
    Fault.ADDRESS_REFUSED: Text("请核对栏目网址", "Please check the portal's address"),
    Fault.ROBOTS_DISALLOW: Text("请与网站主管单位联系", "Please talk to the site's owner"),
}
"""By class of error; whatever else passes by itself, or is tried again."""
UNPROVEN = Text("能抓取，但长期不能证明“未公开”", "can be read, but proves no absence")
WAIT = Text("系统会自动重试", "It is tried again by itself")
