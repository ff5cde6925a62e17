"""Brings the search of a static site up to date: only the parts of its index whose articles changed are made anew."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version

import orjson

from pipeline.archive import Archive
from pipeline.progress import report_progress
from schemas.article import ArticleRecord
from storage.articles.article import list_articles
from storage.static_site.folder import SiteFolder
from storage.static_site.manifest import StaticFile
from web.context import Published
from web.static_site.place import PageUrl, name_file
from web.static_site.search_facts import SearchFacts
from web.static_site.search_index import make_index
from web.static_site.search_part import Part, iterate_parts

SEARCH = "search:"
"""Owner of the list of parts. A part's owner is this and its name; no record id begins so."""

SEARCH_PATH = "pagefind"
LIST_PATH = f"{SEARCH_PATH}/parts.json"
"""What a browser loads first."""

READ_COUNT = 100
"""Articles read at a time, some hundred kB."""

ARTICLE = Published("/article")


class SearchBuild:
    """Makes the search of a site."""

    def __init__(self, archive: Archive, site: SiteFolder, program: bytes, part_count: int) -> None:
        self._archive = archive
        self._site = site
        self._manifest = site.manifest
        self._program = hashlib.sha256(program + version("pagefind").encode()).digest()
        self._part_count = part_count

    def run(self, facts: SearchFacts) -> None:
        """Make what is not as it should be; the list of parts, which leads to the others, after them."""
        kept, parts, count = [SEARCH], [], 0
        for part in iterate_parts(self._manifest, self._part_count):
            report_progress("search", count, facts.article_count, unit="articles")
            self._make_part(part, facts.language)
            parts.append(_describe_part(part))
            kept.append(f"{SEARCH}{part.name}")
            count += len(part.articles)
        listed = {"article_count": facts.article_count, "parts": parts, "filters": facts.list_filters()}
        self._store(SEARCH, None, [self._site.write(LIST_PATH, orjson.dumps(listed))])
        for owner in self._manifest.list_owners(SEARCH):
            if owner not in kept:
                self._site.delete(self._manifest.list_files(owner))
                self._manifest.remove(owner)
        self._site.commit()

    def _make_part(self, part: Part, language: str) -> None:
        owner = f"{SEARCH}{part.name}"
        fingerprint = hashlib.sha256(self._program + language.encode() + part.digest()).digest()
        is_same = self._manifest.find_fingerprint(owner) == fingerprint
        if is_same and self._site.is_complete(self._manifest.list_files(owner)):
            return
        files = make_index(self._iterate_articles(part), language, part.name)
        made = [self._site.write(f"{SEARCH_PATH}/{part.name}/{one.path}", one.body) for one in files]
        self._store(owner, fingerprint, made)
        self._manifest.store_searched(owner, (one.id for one in part.articles))
        self._site.commit()

    def _iterate_articles(self, part: Part) -> Iterator[tuple[ArticleRecord, str]]:
        with self._archive.database.read_snapshot() as session:
            for start in range(0, len(part.articles), READ_COUNT):
                ids = [one.id for one in part.articles[start : start + READ_COUNT]]
                for record in list_articles(session, ids):
                    yield record, name_file(PageUrl(f"/article/{record.id}", ""), ARTICLE)

    def _store(self, owner: str, fingerprint: bytes | None, made: list[StaticFile]) -> None:
        kept = {one.path for one in made}
        self._site.delete(one for one in self._manifest.list_files(owner) if one.path not in kept)
        self._manifest.store(owner, fingerprint, made)


def delete_searched(site: SiteFolder, article_ids: list[str]) -> bool:
    """Delete what lets these articles be found; return whether there was anything."""
    found = {owner for one in article_ids for owner in site.manifest.list_searched(one)}
    for owner in (SEARCH, *sorted(found)) if found else ():
        site.delete(site.manifest.list_files(owner))
        site.manifest.remove(owner)
    return bool(found)


def _describe_part(part: Part) -> dict[str, object]:
    """Return what a browser needs to know of a part. A year of its publisher may be the next one to UTC's."""
    return {"name": part.name, "since": part.first_year - 1, "until": part.last_year + 1}
