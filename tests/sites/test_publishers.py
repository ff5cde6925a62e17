"""Profiles are found by looking, and nothing outside a publisher's folder names it."""

import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import sites
from extraction.page import read_page
from pipeline.site_folder import make_capture
from schemas.article import Draft
from sites.installed import SiteUnusable, load_profiles
from sites.profile import Site
from sites.publishers import GENERIC_NAME, Publishers, SiteUnnamed, UnknownSite

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "boilerplate",
    "broadsheet",
    "cli",
    "docker",
    "extraction",
    "flows",
    "pipeline",
    "schemas",
    "spiders",
    "storage",
)
AGENCY_NAMES = "extraction/agency.py"
"""RFE/RL is a news agency too."""


def list_sources() -> Iterator[Path]:
    """Yield what may name no publisher."""
    for name in (*PACKAGES, "web"):
        yield from (path for path in (ROOT / name).rglob("*") if path.suffix in {".py", ".yaml", ".html", ".md", ".js"})
    yield from (ROOT / "sites").glob("*.py")
    yield ROOT / "prefect.yaml"


def test_nothing_outside_its_folder_names_a_publisher() -> None:
    own = sites.PUBLISHERS.list_own()
    names = {name for one in own for name in (one.name, one.name.replace("-", "_"), one.title or one.name, *one.hosts)}
    pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in sorted(names)), re.IGNORECASE)
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in list_sources()
        if str(path.relative_to(ROOT)) != AGENCY_NAMES
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_folder_is_a_publisher_with_a_page_of_facts_and_a_short_profile() -> None:
    folders = {path.parent.name for path in (ROOT / "sites").glob("*/__init__.py")} - {GENERIC_NAME}
    assert {one.name.replace("-", "_") for one in sites.PUBLISHERS.list_own()} == folders
    for name in sorted(folders - {"moscow_times"}):
        lines = (ROOT / "sites" / name / "__init__.py").read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line.strip()]) <= 60


USERS_OWN = """
import re
from sites.ordinary import OrdinarySite
from sites.profile import Edition

class Own(OrdinarySite):
    pass

PUBLISHER = Own(
    name="riverbend-post",
    editions={"en": Edition("en", "https://riverbend.example", "en")},
    article=re.compile(r"^/(?P<id>[0-9]+)$"),
)
"""


def write_profile(folder: Path, text: str, name: str = "riverbend_post") -> Path:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text, encoding="utf-8")
    return folder


PLAIN = """
import re
from sites.ordinary import OrdinarySite
from sites.profile import Edition

PUBLISHER = OrdinarySite(
    name="{name}",
    editions={{"en": Edition("en", "https://{name}.example", "en")}},
    article=re.compile(r"^/(?P<id>[a-z-]+)$"),
    feeds=("https://feeds.example/{name}",),
)
"""


@pytest.mark.parametrize(
    ("written", "slip", "message"),
    [
        ("(?P<id>", "(", "group id"),
        ('re.compile(r"^/(?P<id>[a-z-]+)$")', '"/.+"', "group id"),
        ('feeds=("https://feeds.example/mill",)', 'feeds=("https://feeds.example/mill")', "comma"),
        ("https://mill.example", "mill.example", "a scheme and a host"),
        ("https://mill.example", "https://mill.example/", "a scheme and a host"),
        ("article=", 'edition_by_host={"m.mill.example": "ru"}, article=', "'ru'"),
        ('"en")}', '"english")}', "two letters"),
        ("article=", 'time_zone="Europe/Riga", article=', "ZoneInfo"),
        ('name="mill"', 'name="Mill Post"', "kyiv-post"),
        ('name="mill"', 'name="generic"', "generic"),
        ("import re", "raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_slip_in_a_profile_is_named_when_it_is_loaded(tmp_path: Path, written: str, slip: str, message: str) -> None:
    text = PLAIN.format(name="mill")
    assert written in text
    with pytest.raises(SiteUnusable, match=message):
        load_profiles(write_profile(tmp_path, text.replace(written, slip, 1), "mill"))


def test_publishers_may_have_their_feeds_on_one_host(tmp_path: Path) -> None:
    for name in ("mill", "weir"):
        write_profile(tmp_path, PLAIN.format(name=name), name)
    publishers = Publishers(load_profiles(tmp_path).values())
    owners = {
        url: publishers.find(url).name
        for url in ("https://feeds.example/weir", "https://feeds.example/mill", "https://feeds.example/third")
    }
    assert list(owners.values()) == ["weir", "mill", "generic"]


def test_a_profile_without_page_rules_reads_pages_as_those_of_any_publisher(tmp_path: Path) -> None:
    page = b"""<html><head><title>A mill burns | The Mill</title></head><body><div><h1>A mill burns</h1>
    <p>The old mill beside the river burned down on Tuesday night, and no one was hurt, the firemen said.</p>
    <p>It had been empty since the flood, and was to become a school after the summer holidays.</p></div>"""
    found = pickle.loads(pickle.dumps(load_profiles(write_profile(tmp_path, PLAIN.format(name="mill"), "mill"))))  # noqa: S301 - our own
    own, other = (
        read_page(make_capture("https://mill.example/a-fire", page), found[one]) for one in ("mill", "generic")
    )
    assert isinstance(own, Draft)
    assert isinstance(other, Draft)
    assert (own.headline, own.body, own.site) == (other.headline, other.body, "mill")
    assert own.body.count("\n\n") == 1
    assert "container-missing" not in own.flags
    assert own.confidence == 0.7  # it has no day


def test_a_live_blog_of_an_unknown_publisher_lacks_no_posts_in_a_reading_process() -> None:
    data = '{"@type": "LiveBlogPosting", "headline": "A mill burns", "datePublished": "2024-03-05T10:00:00Z"}'
    page = f'<script type="application/ld+json">{data}</script><p>The old mill burned down on Tuesday night.</p>'
    profile = pickle.loads(pickle.dumps(sites.get_site("generic")))  # noqa: S301 - our own
    draft = read_page(make_capture("https://mill.example/a-fire", page.encode()), profile)
    assert isinstance(draft, Draft)
    assert (draft.kind, "posts-missing" in draft.flags) == ("live", False)


def test_a_folder_of_the_users_own_is_a_publisher_and_reaches_reading_processes(tmp_path: Path) -> None:
    publishers = Publishers(load_profiles(write_profile(tmp_path, USERS_OWN)).values())
    for found in (publishers, pickle.loads(pickle.dumps(publishers))):  # noqa: S301 - our own
        assert found.identify("https://riverbend.example/12").id == "riverbend-post:en:12"
    assert sites.PUBLISHERS.profiles.keys() < publishers.profiles.keys()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("PUBLISHER = (", "SyntaxError"),
        ("import nothing_of_this_name", "No module named"),
        ("", "no profile named PUBLISHER"),
        (USERS_OWN.replace("riverbend.example", "meduza.io"), "both claim the host meduza.io"),
    ],
)
def test_an_unusable_profile_is_named_in_one_line(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SiteUnusable, match=reason) as raised:
        load_profiles(write_profile(tmp_path, text, name=f"unusable_{len(text)}"))
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteUnusable, match=r"BROADSHEET_SITES_DIR: .* is not a folder"):
        load_profiles(tmp_path / "absent")


def test_the_site_that_is_meant_is_that_of_the_settings_else_the_default() -> None:
    assert sites.PUBLISHERS.choose(()) == ("moscow-times",)
    assert sites.PUBLISHERS.choose(("voa", "meduza", "voa")) == ("voa", "meduza")
    with pytest.raises(UnknownSite, match="Did you mean meduza"):
        sites.PUBLISHERS.choose(("medusa",))
    plain = Publishers([Site(), Site(name="a"), Site(name="b")])
    with pytest.raises(SiteUnnamed, match="a, b"):
        plain.choose(())
    assert Publishers([Site(), Site(name="a")]).choose(()) == ("a",)


@pytest.mark.parametrize("name", ["generic", "a-site-that-was-removed"])
def test_a_site_without_a_profile_has_its_days_at_the_pages_offset_or_in_utc(name: str) -> None:
    late = datetime(2026, 5, 7, 16, 30, tzinfo=UTC)
    assert sites.find_time_zone(name) is UTC
    assert late.astimezone(sites.find_time_zone(name, "+09:00")).isoformat() == "2026-05-08T01:30:00+09:00"
    assert late.astimezone(sites.find_time_zone(name, "-23:59")).isoformat() == "2026-05-06T16:31:00-23:59"


def test_a_site_with_a_profile_has_its_days_in_its_own_time_zone_whatever_the_page_says() -> None:
    for offset in (None, "+09:00"):
        assert str(sites.find_time_zone("meduza", offset)) == "Europe/Riga"
