"""What says that a page is gone, and what only looks like it: nothing real is called removed."""

import pytest

from services.projects.reading.removed import removal

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
