"""`site new` copes with what the web has: other charsets and alphabets, redirects, ports, numbers that are years."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import sites
from pipeline.site_check import check_site
from pipeline.site_folder import NewSite, PageUnusable, SiteExists, SiteNameInvalid, SitesDirUnusable, make_site_folder
from replica.pages import MOVED, Pages, render_feed, render_sitemap, serving
from schemas.settings import Settings
from sites.installed import load_profiles
from sites.ordinary import OrdinarySite

TEXTS = (
    "Городская администрация объявила в субботу, что старый мост закрыт для движения до конца лета.",
    "«Мы не можем рисковать жизнью людей», — сказал инженер, который осматривал мост вместе с комиссией.",
)
OTHER_TEXTS = (
    "Паром вернулся в порт после шторма, который продолжался трое суток и повредил причалы.",
    "Пассажиры провели это время на борту и говорят, что команда сделала для них всё возможное.",
)
HTML = "text/html"
DAY = "Sat, 09 Mar 2024 13:40:00 +0000"


def render(charset: str, texts: tuple[str, ...] = TEXTS, head: str = "", declared: str | None = None) -> bytes:
    paragraphs = "".join(f"<p>{text}</p>" for text in texts)
    page = f"""<!DOCTYPE html><html xml:lang="ru"><head><meta charset="{declared or charset}"><title>Мост закрыт</title>
<meta property="og:site_name" content="Речной
 вестник">{head}</head><body><nav><a href="/">Главная</a></nav><div class="text"><h1>Мост закрыт</h1>{paragraphs}</div>
</body></html>"""
    return page.encode(charset)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings with a folder for publishers, which child processes know too."""
    folder = tmp_path / "publishers"
    folder.mkdir()
    monkeypatch.setenv("BROADSHEET_SITES_DIR", str(folder))
    known = dict(vars(sites.PUBLISHERS))
    yield Settings(data_dir=tmp_path / "data", sites_dir=folder, delay_seconds=0, contact="test@example.org")
    vars(sites.PUBLISHERS).clear()
    vars(sites.PUBLISHERS).update(known)


def load(settings: Settings, done: NewSite) -> OrdinarySite:
    """Return the profile that was written."""
    found = load_profiles(settings.sites_dir)[done.name]
    assert isinstance(found, OrdinarySite)
    return found


def save(folder: Path, body: bytes, name: str = "page.html") -> Path:
    (folder / name).write_bytes(body)
    return folder / name


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("windows-1251", None), ("koi8-r", None), ("utf-16", None), ("utf-8", "windows-1251"), ("windows-1251", "")],
)
def test_name_language_and_page_rules_are_read_in_the_pages_own_charset(
    settings: Settings, tmp_path: Path, charset: str, declared: str | None
) -> None:
    urls = ("https://mill.example/one-story-here", "https://mill.example/another-story-here")
    texts = [tuple(one.encode(charset, "ignore").decode(charset) for one in both) for both in (TEXTS, OTHER_TEXTS)]
    first, second = (
        save(tmp_path, render(charset, both, declared=declared), f"{number}.html") for number, both in enumerate(texts)
    )
    done = make_site_folder(settings, "mill", urls[0], first, {urls[1]: second})
    profile = load(settings, done)
    assert (profile.title, profile.editions["ru"].language) == ("Речной вестник", "ru")
    assert str(profile.page.content.path).startswith("descendant::div[")


def test_addresses_in_another_alphabet_may_be_given_as_the_browser_shows_them(settings: Settings) -> None:
    origin, path = "https://mill.example", "/новости/2024/03/09/мост-закрыт"
    feed_link = '<link rel="alternate" type="application/rss+xml" href="/лента">'
    pages: Pages = {
        quote(path): (HTML, render("windows-1251", head=feed_link)),
        quote("/лента"): ("application/rss+xml", render_feed({f"{origin}{path}": "Мост"}, DAY)),
        "/map": ("text/xml", render_sitemap([f"{origin}{quote(path)}"])),
        "/robots.txt": ("text/plain", b"User-agent: *\nAllow: /\nSitemap: /map\n"),
    }
    with serving({origin: pages}) as origins:
        done = make_site_folder(settings.model_copy(update={"origins": origins}), "mill", f"{origin}{path}")
    profile = load(settings, done)
    assert (profile.feeds, profile.sitemaps) == ((f"{origin}{quote('/лента')}",), (f"{origin}/map",))
    assert any(one.endswith("fits 1 of 1 listed URLs") for one in done.found)
    assert profile.identify(f"{origin}{path}").id == f"mill:ru:{quote(path)[1:]}"


def test_a_page_and_a_feed_that_have_moved_are_known_by_where_they_are_now(settings: Settings) -> None:
    bare, origin = "https://mill.example", "https://www.mill.example"
    page = render("utf-8", head='<link rel="alternate" type="application/rss+xml" href="/feed">')
    feed = render_feed({f"{origin}/story-41001": "Мост"}, DAY)
    pages: Pages = {
        "/story-41001": (HTML, page),
        "/feed": (MOVED, f"{origin}/feeds/all".encode()),
        "/feeds/all": ("application/rss+xml", feed),
    }
    with serving({bare: {"/story-41001": (MOVED, f"{origin}/story-41001".encode())}, origin: pages}) as origins:
        done = make_site_folder(settings.model_copy(update={"origins": origins}), "mill", f"{bare}/story-41001")
    profile = load(settings, done)
    assert (profile.editions["ru"].origin, profile.feeds) == (origin, (f"{origin}/feeds/all",))
    assert {profile.identify(f"{one}/story-41001").id for one in (bare, origin)} == {"mill:ru:41001"}


def test_a_host_may_have_a_port_or_another_alphabet(settings: Settings, tmp_path: Path) -> None:
    saved = save(tmp_path, render("utf-8"))
    ported = load(settings, make_site_folder(settings, "ported", "https://mill.example:8443/a-41001", saved))
    assert ported.identify("https://mill.example:8443/b-41002").url == "https://mill.example:8443/b-41002"
    assert ported.identify("https://mill.example:8443/b-41002").id == "ported:ru:41002"
    other = load(settings, make_site_folder(settings, "other", "https://вестник.example/a-41001", saved))
    assert other.identify("https://вестник.example/b-41002").id == "other:ru:41002"
    assert other.has_host("https://xn--b1agjinxh.example/")


@pytest.mark.parametrize(
    ("path", "other", "wanted"),
    [
        ("/2024/03/09/the-games-of-2024", "/2024/03/10/the-end-of-2024", "2024/03/10/the-end-of-2024"),
        ("/story/41001/a-mill", "/story/41002/a-quay", "41002"),
        ("/world/41001-a-mill", "/world/41002-a-quay", "41002"),
        ("/20240309/a-mill-that-burned", "/20240309/a-quay-that-sank", "20240309/a-quay-that-sank"),
    ],
)
def test_a_year_or_a_day_identifies_no_article(
    settings: Settings, tmp_path: Path, path: str, other: str, wanted: str
) -> None:
    origin = "https://mill.example"
    profile = load(settings, make_site_folder(settings, "mill", f"{origin}{path}", save(tmp_path, render("utf-8"))))
    assert profile.identify(f"{origin}{other}").id == f"mill:ru:{wanted}"


def test_what_is_no_page_is_refused_before_anything_is_written(settings: Settings, tmp_path: Path) -> None:
    url = "https://mill.example/a-41001"
    for body, reason in ((b"", "empty-page"), (bytes(range(256)) * 20, "not-html")):
        with pytest.raises(PageUnusable, match=reason):
            make_site_folder(settings, "mill", url, save(tmp_path, body))
    page = save(tmp_path, render("utf-8"))
    with pytest.raises(SiteNameInvalid, match="mill2"):
        make_site_folder(settings, "mill", url, page, {"mill2": page})
    with pytest.raises(SiteExists, match="meduza"):
        make_site_folder(settings, "mill", url, page, {"https://meduza.io/en/news/2024/01/02/x": page})
    file = settings.model_copy(update={"sites_dir": page})
    with pytest.raises(SitesDirUnusable, match=r"page\.html: File exists"):
        make_site_folder(file, "mill", url, page)
    assert settings.sites_dir is not None
    assert list(settings.sites_dir.iterdir()) == []


def test_feeds_of_comments_and_links_that_lead_nowhere_are_left_out(settings: Settings) -> None:
    origin, path = "https://mill.example", "/a-story-of-the-mill"
    feeds = ("/feed", "/comments/feed", f"{path}/feed", "http://[bad", " ", "javascript:void(0)", "/feed")
    head = "".join(f'<link rel="alternate" type="application/rss+xml" href="{one}">' for one in feeds)
    feed = ("application/rss+xml", render_feed({f"{origin}{path}": "Мост"}, DAY))
    robots = b"User-agent: *\nAllow: /\nSitemap: http://[bad\nSitemap: ftp://mill.example/map\nSitemap:\n"
    pages: Pages = {path: (HTML, render("utf-8", head=head)), "/robots.txt": ("text/plain", robots)}
    pages = {**pages, "/feed": feed, "/comments/feed": feed, f"{path}/feed": feed}
    with serving({origin: pages}) as origins:
        done = make_site_folder(settings.model_copy(update={"origins": origins}), "mill", f"{origin}{path}")
    assert load(settings, done).feeds == (f"{origin}/feed",)


def test_articles_whose_urls_end_in_a_slash_are_asked_for_with_it(settings: Settings) -> None:
    origin, paths = "https://mill.example", ("/a-story-of-the-mill/", "/a-story-of-the-weir/")
    head = '<link rel="alternate" type="application/rss+xml" href="/feed/">'
    pages: Pages = {path: (HTML, render("utf-8", head=head)) for path in paths}
    feed = render_feed({f"{origin}{path}": "Мост" for path in paths}, DAY)
    with serving({origin: {**pages, "/feed/": ("application/rss+xml", feed)}}) as origins:
        live = settings.model_copy(update={"origins": origins})
        profile = load(settings, make_site_folder(live, "mill", f"{origin}{paths[0]}"))
        vars(sites.PUBLISHERS).update(profiles=load_profiles(settings.sites_dir))  # as the next command would
        found = check_site(live, profile)
    assert profile.feeds == (f"{origin}/feed/",)
    assert {profile.identify(f"{origin}{path}").url for path in ("/one-two-three", "/one-two-three/")} == {
        f"{origin}/one-two-three/"
    }
    assert found.page_count == len(paths)
