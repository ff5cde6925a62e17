"""What is left of a hostile page: its words, and nothing that runs, loads or leads away."""

import json
from typing import Any

import pytest
from lxml import html

from schemas.capture import Capture, CaptureRef
from tests.golden.folder import FOLDERS, load_capture
from tests.web.captured import PLANT, START
from web.capture_frame import CaptureFrame, render_capture
from web.captured_document import MAX_LETTERS

URL = "https://www.themoscowtimes.com/2024/10/01/a-page-a1"
EVIL = "https://evil.example"

HOSTILE = [
    "<script>alert(1)</script>",
    "<script src=//evil.example/x.js></script>",
    "<SCRIPT\n>alert(1)</SCRIPT\t>",
    "<img src=//evil.example/x.png srcset='//evil.example/x.png 2x' onerror=alert(1)>",
    "<image src=//evil.example/x.png>",
    "<picture><source srcset=//evil.example/x.webp><img src=//evil.example/x.png></picture>",
    "<video src=//evil.example/v.mp4 poster=//evil.example/p.png autoplay><track src=//evil.example/t.vtt></video>",
    "<audio src=//evil.example/a.mp3 controls></audio>",
    "<iframe src=//evil.example/></iframe><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=//evil.example/o.swf><param name=movie value=//evil.example/o.swf></object>",
    "<embed src=//evil.example/e.swf><applet code=//evil.example/a.class></applet>",
    "<link rel=stylesheet href=//evil.example/a.css><link rel=prefetch href=//evil.example/>",
    "<style>@import '//evil.example/a.css'; p{background:url(//evil.example/b.png)}</style>",
    "<p style=\"background:url('//evil.example/b.png')\">a</p>",
    "<p style='background-image:\\75\\72\\6c(//evil.example/b.png)'>a</p>",
    "<p style='list-style-type:url(//evil.example/b.png); margin: 1px'>a</p>",
    "<p style='margin:1px;width:expression(alert(1))'>a</p>",
    "<p style='position:fixed;top:0;left:0;width:100%;z-index:9'>a</p>",
    "<body background=//evil.example/b.png onload=alert(1)><table background=//evil.example/b.png><tr><td>a",
    "<base href=//evil.example/><meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<a href='javascript:alert(1)' ping=//evil.example/ target=_top download>a</a>",
    "<a href='java\tscript:alert(1)'>a</a><a href=//evil.example/ name=m1 id=m1>a</a>",
    "<area href=//evil.example/ shape=default><map name=m><area href=//evil.example/></map>",
    "<form action=//evil.example/><input type=image src=//evil.example/x.png formaction=//evil.example/></form>",
    "<svg onload=alert(1)><script>alert(1)</script><use href=//evil.example/x.svg#a /></svg>",
    "<svg><image xlink:href=//evil.example/x.png /><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>a</mi></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>a</p></noscript>",
    "<textarea><img src=x onerror=alert(1)></textarea><title><img src=x onerror=alert(1)></title>",
    "<xmp><img src=x onerror=alert(1)></xmp><plaintext><img src=x onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<!--[if IE]><script>alert(1)</script><![endif]--><!-- --!><img src=x onerror=alert(1)> -->",
    "<?xml-stylesheet href='//evil.example/a.xsl'?><![CDATA[<img src=x onerror=alert(1)>]]>",
    "<p onclick=alert(1) onfocus=alert(1) autofocus tabindex=0 contenteditable>a</p>",
    "<x-element onclick=alert(1) is=evil><p/onmouseover=alert(1)>a</p></x-element>",
    "<frameset onload=alert(1)><frame src=//evil.example/></frameset>",
    "<marquee onstart=alert(1)>a</marquee><details ontoggle=alert(1) open>a</details>",
    "<blockquote cite=//evil.example/>a</blockquote><q cite=//evil.example/>a</q>",
    "<html manifest=//evil.example/m><button popovertarget=x>a</button><dialog open>a</dialog>",
    "<p lang='\"><img src=x onerror=alert(1)>' title='\"><script>alert(1)</script>'>a</p>",
    "<table><p><style><!--</style><img src=x onerror=alert(1)>--></table>",
    "<select><option><img src=x onerror=alert(1)></option></select>",
    PLANT,
]

NAMES = (
    "abbr align alt aria-label class colspan datetime dir headers hidden href id lang open reversed rowspan scope span"
    " start style title type valign value"
)
ALLOWED = frozenset(NAMES.split())
ALLOWED_TAGS_WITH = {"href": "a", "id": "mark"}


def capture(body: bytes | str, media_type: str = "text/html; charset=utf-8", **special: Any) -> Capture:
    data = body.encode() if isinstance(body, str) else body
    ref = CaptureRef(warc="a.warc.gz", offset=0, length=1, sha256="0" * 64)
    fields: dict[str, Any] = {"url": URL, "status": 200, "headers": (("content-type", media_type),)} | special
    return Capture(ref=ref, fetched_at=START, body=data, **fields)


def render(body: bytes | str, text: str = "", media_type: str = "text/html; charset=utf-8") -> CaptureFrame:
    return render_capture(capture(body, media_type), text)


def assert_inert(frame: CaptureFrame) -> None:
    markup = str(frame.page)
    tree = html.fromstring(f"<div>{markup}</div>")
    assert not tree.xpath("//script | //style | //svg | //math | //img | //iframe | //form | //input | //link | //base")
    assert "<!--" not in markup
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert name in ALLOWED, (element.tag, name)
            assert element.tag == ALLOWED_TAGS_WITH.get(str(name), element.tag)
            if name == "href":
                assert str(value).startswith("#m")
            if name == "style":
                assert not set("()\\'\"@/") & set(str(value))
                assert "position" not in str(value)


@pytest.mark.parametrize("markup", HOSTILE)
def test_nothing_runs_loads_or_leads_away(markup: str) -> None:
    page = f"<!doctype html><html><body><p>Before it is some text.</p>{markup}<p>After it is more.</p></body></html>"
    assert_inert(render(page, "Before it is some text.\n\nAfter it is more."))
    assert_inert(render(f"<div>{markup}</div>"))
    assert_inert(render(f'[{{"body": [{{"html": {json.dumps(markup)}}}]}}]', media_type="application/json"))


@pytest.mark.parametrize("name", FOLDERS)
def test_real_pages_are_inert(name: str) -> None:
    assert_inert(render_capture(load_capture(name), ""))


def test_words_and_harmless_styles_stay() -> None:
    page = str(
        render(
            "<h1 class=x id=y>A <b>bold</b> title</h1><p style='TEXT-ALIGN: Center; color: red'>One</p>"
            "<p style='display:none'>Secret</p><a href='https://a.example/b'>There</a><img alt='A dog' src=d.png>"
        ).page
    )
    assert "<h1>A <b>bold</b> title</h1>" in page
    assert '<p style="text-align: center">One</p>' in page
    assert '<p hidden="">Secret</p>' in page
    assert '<a title="https://a.example/b">There</a>' in page
    assert "[Picture: A dog]" in page


def test_what_follows_an_embedded_object_stays() -> None:
    page = html.fromstring(
        str(render("<p>before<embed src=//evil.example/e.swf>beside<p>after</p><embed><embed>last").page)
    )
    assert "".join(page.itertext()) == "before[Embedded object]besideafter[Embedded object][Embedded object]last"


def test_a_pages_own_highlights_are_not_taken_for_ours() -> None:
    frame = render(
        "<p>What <mark>they</mark> say is not the text of this record.</p><p>This is the text of it.</p>",
        "This is the text of it.",
    )
    assert [one.text for one in html.fromstring(str(frame.page)).iter("mark")] == ["This is the text of it."]


def test_what_is_hidden_is_not_marked() -> None:
    text = "This sentence is on the page twice, and once in secret."
    frame = render(f"<p hidden>{text}</p><p>{text}</p>", text)
    (mark,) = html.fromstring(str(frame.page)).iter("mark")
    assert not mark.xpath("ancestor::*[@hidden]")
    assert (frame.found_count, frame.word_count) == (11, 11)


@pytest.mark.parametrize(
    ("body", "media_type", "note"),
    [
        (b"", "text/html", "no content"),
        (b"%PDF-1.7\n" + bytes(range(32)) * 200, "application/pdf", "no text"),
        ("<p>" + "word " * (MAX_LETTERS // 4), "text/html", "longer than"),
        ("word " * (MAX_LETTERS // 4), "text/plain", "longer than"),
        ("<p>a</p>" * 60_000, "text/html", "too many elements"),
        (f"<p {' '.join(f'a{number}=1' for number in range(2_000))}>", "text/html", "too many elements"),
        ("[" + ",".join(["1"] * 6_000) + "]", "application/json", "first 5,000 values"),
        (json.dumps("<p>a</p>" * 60_000), "application/json", "too many elements"),
    ],
)
def test_what_cannot_be_shown_whole_is_said(body: bytes | str, media_type: str, note: str) -> None:
    frame = render(body, media_type=media_type)
    assert any(note in one for one in frame.notes)


@pytest.mark.parametrize(
    ("special", "note"),
    [
        ({"too_large": True}, "larger than the limit"),
        ({"truncated": True}, "broken off"),
        (
            {"status": 301, "headers": (("location", "/elsewhere"),)},
            "redirects to https://www.themoscowtimes.com/elsewhere",
        ),
    ],
)
def test_what_is_special_about_a_response_is_said(special: dict[str, Any], note: str) -> None:
    frame = render_capture(capture("", **special), "")
    assert any(note in one for one in frame.notes)


@pytest.mark.parametrize("depth", range(800, 1_000, 10))
def test_json_as_deep_as_python_can_read_is_shown_somehow(depth: int) -> None:
    assert render("[" * depth + "]" * depth, media_type="application/json").page


@pytest.mark.parametrize(
    "body", ['{"a": ' * 5_000 + "1" + "}" * 5_000, "[" * 100_000, '{"a": "\\ud800\\u0000<p>b</p>"}', "{"]
)
def test_strange_json_is_shown_somehow(body: str) -> None:
    frame = render(body, media_type="application/json")
    assert frame.page
    assert_inert(frame)


def test_a_page_in_another_encoding_is_read() -> None:
    text = "Мэр города открыл новый мост через реку, сообщает администрация."
    frame = render(f"<meta charset=windows-1251><p>{text}</p>".encode("cp1251"), text, media_type="text/html")
    assert frame.found_count == frame.word_count == 9
