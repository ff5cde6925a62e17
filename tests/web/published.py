"""Publishes a site, and lists what was published."""

from pathlib import Path

import orjson
from lxml import html

from pipeline.archive import open_archive
from schemas.export import ArticleFilter
from schemas.settings import Settings
from schemas.static_site import PublishedSite
from storage.static_site.folder import STATE_NAME
from tests.web.sample import fill
from web.context import Published
from web.static_site.build import Options, publish_site
from web.static_site.place import PageUrl, name_file

TEXTS = Options(has_search=False)
ALL = ArticleFilter()


def publish(settings: Settings, folder: Path, wanted: ArticleFilter = ALL, options: Options = TEXTS) -> PublishedSite:
    with open_archive(settings, writable=False) as archive:
        return publish_site(archive, folder, wanted, options)


def list_files(folder: Path) -> dict[str, bytes]:
    """The files of a site, without its state."""
    found = (path for path in folder.rglob("*") if path.is_file() and STATE_NAME not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def parse(body: bytes) -> html.HtmlElement:
    return html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))


def path_of(record_id: str, prefix: str = "/article", suffix: str = ".html") -> str:
    return name_file(PageUrl(f"{prefix}/{record_id}", ""), Published(prefix, suffix))


def count_searched(files: dict[str, bytes]) -> dict[str, int]:
    """The parts of the search's index, the newest first, with their numbers of articles."""
    names = [one["name"] for one in orjson.loads(files["pagefind/parts.json"])["parts"]]
    entries = {name: orjson.loads(files[f"pagefind/{name}/pagefind-entry.json"]) for name in names}
    return {name: sum(one["page_count"] for one in entry["languages"].values()) for name, entry in entries.items()}


def make_sample(folder: Path) -> Settings:
    """An archive with a few articles."""
    settings = Settings(data_dir=folder / "data")
    with open_archive(settings, writable=True) as archive:
        fill(archive.database)
    return settings
