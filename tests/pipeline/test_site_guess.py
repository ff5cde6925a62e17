"""Page rules are guessed from several articles, marked as guesses, and `site check` shows what they change."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import sites
from cli.site import _render_check
from extraction.page import read_page
from pipeline.site_check import summarize
from pipeline.site_folder import PageUnusable, make_capture, make_site_folder
from pipeline.site_guess import guess_rules
from replica import riverbend
from replica.pages import serving
from schemas.article import Draft
from schemas.settings import Settings
from sites.installed import load_profiles

APPEAL = "Support independent news from the river: become a member of The Riverbend Post today."
BODIES = {
    "https://river.example/mill-and-school-41001": (
        "The mill was built by a family of bakers who had come down the river with nothing but a sack of rye.",
        "It burned twice, and was rebuilt twice, each time a little further from the water than before.",
        "Today it is a school, and the children know every stone of it better than their teachers do.",
    ),
    "https://river.example/the-first-quay-41002": (
        "Nobody remembers when the quay was first paved, but the oldest stones have the marks of a mason.",
        "Barges still tie up there in the autumn, when the apples come down from the orchards in the hills.",
        "The harbor master keeps a list of them that goes back two hundred years, in seven large books.",
    ),
    "https://river.example/a-quiet-weir-41003": (
        "The weir holds the river back for the turbines, which have been quiet since the spring of last year.",
        "Repairs were promised for the summer, and then for the winter, and now for the spring once more.",
        "Salmon pass it by a ladder of forty steps, which a club of anglers has kept clean for decades.",
    ),
}


def render(url: str, *, holder: str = 'class="entry-content x41"', appeal: str = APPEAL) -> bytes:
    number = url.rpartition("-")[2]
    data = {"@type": "NewsArticle", "headline": f"Story {number}", "datePublished": "2024-06-06T22:30:00+00:00"}
    data["articleBody"] = " ".join(BODIES[url])
    paragraphs = "".join(f"<p>{text}</p>" for text in (*BODIES[url], appeal))
    return f"""<!DOCTYPE html><html lang="en"><head><title>Story {number}</title></head><body>
<script type="application/ld+json">{json.dumps(data)}</script>
<nav><a href="/">Home</a></nav><div class="page"><article class="post-{number}"><h1>Story {number}</h1>
<div {holder}>{paragraphs}</div></article>
<div class="related"><a href="/x">Another story {number}</a></div></div></body></html>""".encode()


CAPTURES = [make_capture(url, render(url)) for url in BODIES]


@pytest.mark.parametrize(
    ("holder", "content"),
    [
        ('class="entry-content x41"', "XPath(f\"descendant::div[{has_class('entry-content')}]\")"),
        ('class="x41" itemprop="articleBody"', "XPath(\"descendant::div[@itemprop='articleBody']\")"),
        ('id="text"', "XPath(\"descendant::div[@id='text']\")"),
        ('class="b7f3a91"', 'XPath("descendant::article")'),
    ],
)
def test_the_smallest_element_that_can_be_found_on_every_page_has_the_text(holder: str, content: str) -> None:
    found = guess_rules([make_capture(url, render(url, holder=holder)) for url in BODIES])
    assert found.content == content
    assert found.repeated == (APPEAL,)


def test_one_page_or_one_article_several_times_shows_nothing_that_repeats() -> None:
    assert guess_rules(CAPTURES[:1]) == (None, ())
    assert guess_rules([make_capture(URL, riverbend.render_page(path)) for path in riverbend.PATHS]).repeated == ()
    assert guess_rules([make_capture(URL, b"<html></html>")] * 2) == (None, ())


URL = next(iter(BODIES))


def test_a_page_without_the_element_leaves_it_unguessed() -> None:
    other = list(BODIES)[1]
    found = guess_rules(
        [CAPTURES[0], make_capture(other, render(other).replace(b"<article", b"<p").replace(b"div", b"p"))]
    )
    assert found.content is None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the user's publishers."""
    folder = tmp_path / "publishers"
    folder.mkdir()
    monkeypatch.setenv("BROADSHEET_SITES_DIR", str(folder))
    known = dict(vars(sites.PUBLISHERS))
    yield folder
    vars(sites.PUBLISHERS).clear()
    vars(sites.PUBLISHERS).update(known)


def test_the_guesses_are_marked_and_a_check_shows_what_they_change(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {url: tmp_path / f"{number}.html" for number, url in enumerate(BODIES)}
    for url, path in paths.items():
        path.write_bytes(render(url))
    others = {url: path for url, path in paths.items() if url != URL}
    done = make_site_folder(Settings(data_dir=tmp_path, sites_dir=folder), "river", URL, paths[URL], others)
    assert any("guesses" in one for one in done.missing)
    text = (folder / "river" / "__init__.py").read_text(encoding="utf-8")
    assert text.count("FIXME: a guess") == 2
    profile = load_profiles(folder)["river"]
    for capture in CAPTURES:
        draft = read_page(capture, profile)
        assert isinstance(draft, Draft)
        assert draft.body == "\n\n".join(BODIES[str(capture.url)])
    found = summarize(profile, CAPTURES)
    assert [(one.url, [text[:20] for text in one.lost], one.won) for one in found.changes] == [
        (url, [APPEAL[:20]], ()) for url in BODIES
    ]
    _render_check(found)
    assert f"rules: {URL}: paragraphs: 1 less, 0 more" in "".join(capsys.readouterr())


def test_a_site_without_rules_changes_nothing_in_a_check() -> None:
    assert summarize(sites.get_site("generic"), CAPTURES).changes == ()


def test_further_articles_are_fetched_too_and_one_that_is_absent_is_named(folder: Path, tmp_path: Path) -> None:
    pages = {
        "https://river.example": {
            url.removeprefix("https://river.example"): ("text/html", render(url)) for url in BODIES
        }
    }
    first, *others = BODIES
    with serving(pages) as origins:
        settings = Settings(
            data_dir=tmp_path, sites_dir=folder, delay_seconds=0, origins=origins, contact="a@example.org"
        )
        with pytest.raises(PageUnusable, match=r"absent: .*404"):
            make_site_folder(settings, "river", first, others={"https://river.example/absent": None})
        make_site_folder(settings, "river", first, others=dict.fromkeys(others))
    assert "has_class('entry-content')" in (folder / "river" / "__init__.py").read_text(encoding="utf-8")
