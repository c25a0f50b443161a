"""What says that a page is gone, and what only looks like it: nothing real is called removed."""

import pytest

from services.projects.reading.removed import Place, removal

REAL = (
    "<h1>消防站防火墙工程批复</h1><p>面积：404.5平方米</p>",
    '<meta name="ArticleTitle" content="补正通知"><p>您提交的文件不存在签章，请补正</p>',
    "<h1>某工程建议书批复</h1><script>function go() { location.href = '/search' }</script>"
    "<p>同意该项目建议书，建设规模、内容、投资和工期按批复执行</p>",
    "<p>正文</p>",
)


@pytest.mark.parametrize("html", REAL)
def test_a_short_article_is_no_notice_of_removal(html: str) -> None:
    assert removal(html, is_known=True) is None


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p>您访问的页面不存在或已删除</p>", "gone"),
        ("<title>404 Not Found</title>", "gone"),
        ("<p>抱歉，没有找到您要的网页</p>", "gone"),
        ("<p>该请求被拦截（网站防火墙）</p>", "blocked"),
    ],
)
def test_what_a_portal_answers_for_a_removed_page_is_known_by_its_words(
    html: str, fault: str
) -> None:
    found = removal(html, is_known=False)
    assert found is not None
    assert found.fault == fault


@pytest.mark.parametrize(
    "html",
    [
        '<meta http-equiv="refresh" content="0;url=/elsewhere">',
        "<script>window.location.href = '/list';</script><p>请稍候</p>",
        "<p></p>",
    ],
)
def test_a_signpost_that_was_never_read_is_not_called_removed_and_no_document(html: str) -> None:
    new, known = removal(html, is_known=False), removal(html, is_known=True)
    assert new is not None
    assert known is not None
    assert (new.fault, known.fault) == ("unreadable", "gone")


TITLE = "城东污水处理厂工程施工许可"
PLACE = Place("https://x.gov.cn/zwgk/a.htm", "https://x.gov.cn/list.htm", (TITLE,), ".article")
META = f'<meta name="ArticleTitle" content="{TITLE}"><h1>{TITLE}</h1><p>来源：住建局</p>'
NAVIGATION = f"<div>{'政务公开 办事服务 ' * 12}</div>"
SERVERS = (
    "<title>统一身份认证平台</title><p>统一身份认证平台</p><p>用户登录</p>",
    "<h2>系统正在升级维护中</h2><p>给您带来不便，敬请谅解</p>",
    "<p>当前访问人数过多，请稍后再试</p>",
    "<h1>Welcome to nginx!</h1><p>If you see this page, the web server is installed.</p>",
    "<p>数据库连接失败</p>",
)


@pytest.mark.parametrize("notice", ["该信息已删除", "对不起，您访问的内容不存在或已被删除！"])
@pytest.mark.parametrize("around", ["", NAVIGATION])
@pytest.mark.parametrize("body", [".article", None])
def test_an_article_that_only_says_that_there_is_none_is_gone_whatever_stands_around_it(
    notice: str, around: str, body: str | None
) -> None:
    html = f'{META}{around}<div class="article"><p>{notice}</p></div>'
    found = removal(html, is_known=True, place=Place(PLACE.url, PLACE.start_url, (TITLE,), body))
    assert found is not None
    assert found.fault == "gone"


@pytest.mark.parametrize(
    "leads",
    [
        '<meta http-equiv="refresh" content="0;url=/list.htm">',
        '<meta http-equiv="Refresh" content="3; URL=\'/\'">',
        "<script>window.location.href = '../';</script>",
        "<script>setTimeout(function () { location.replace('/zwgk/index.html') }, 3000)</script>",
    ],
)
def test_what_leads_to_the_list_or_above_leads_away_whatever_its_navigation(leads: str) -> None:
    found = removal(f"{leads}{NAVIGATION}", is_known=True, place=PLACE)
    assert found is not None
    assert found.fault == "gone"


@pytest.mark.parametrize(
    "html",
    [
        f"<h1>{TITLE}</h1><p>准予</p><script>function back() {{ location.href = '/' }}</script>",
        f"<h1>{TITLE}</h1><script>if (isPhone) location.href = '/m/a.htm'</script>{NAVIGATION}",
        f'<meta http-equiv="refresh" content="600;url=/">{META}<p>准予许可</p>',
        f"{META}<p>准予许可</p><p>没有找到相关信息</p>",
        f"<h1>{TITLE}</h1><p>建设统一身份认证平台，支持用户登录</p>",
        '<meta name="ArticleTitle" content="补正"><p class="article">文件不存在签章，请补正</p>',
    ],
)
def test_an_article_that_could_lead_somewhere_or_speaks_of_such_things_is_there(html: str) -> None:
    assert removal(html, is_known=True, place=PLACE) is None


@pytest.mark.parametrize("html", SERVERS)
def test_what_a_server_says_of_itself_is_no_page_of_the_item_and_no_removal(html: str) -> None:
    for is_known in (True, False):
        found = removal(html, is_known=is_known, place=PLACE)
        assert found is not None
        assert found.fault == "blocked"
