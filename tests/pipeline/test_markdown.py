"""Publishers' text appears in Prefect's artifacts as plain text."""

import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from pipeline.report import escape_markdown


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "![x](https://evil.example/a.png)",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script> &lt;b&gt;",
        "<https://evil.example>",
        "`code` and ``more``",
        "a | b || c\n| d |",
        "**bold** _slanted_ a_b ~~gone~~ # title \\",
        "[x]: javascript:alert(1)",
    ],
)
def test_a_publishers_text_is_shown_unchanged(text: str) -> None:
    page = f"| text | next |\n|---|---|\n| {escape_markdown(text)} | end |\n\n- {escape_markdown(text)}\n"
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(page)
    assert set(re.findall(r"<(\w+)", html)) == {"table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    shown = " ".join(text.split())
    cells = re.findall(r"<td>(.*?)</td>", html)
    assert [unescape(cell) for cell in cells] == [shown, "end"]
    assert unescape(re.findall(r"<li>(.*?)</li>", html)[0]) == shown
