"""Publishes an archive as a static site: only what is new or changed is rendered, and what is gone is deleted."""

import hashlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from pipeline.archive import Archive
from pipeline.progress import report_progress
from pipeline.release import list_left_out
from schemas.export import ArticleFilter
from schemas.release import ReleaseEmpty
from schemas.static_site import PublishedSite
from storage.articles.page_state import iterate_page_states
from storage.redactions.synchronization import list_tombstones
from storage.static_site.folder import SiteFolder, opening_site
from storage.static_site.manifest import Manifest, Selected, StaticFile
from web.static_site.search_build import SEARCH, SearchBuild, delete_searched
from web.static_site.search_facts import SearchFacts
from web.static_site.search_index import check_pagefind
from web.static_site.search_part import PART_COUNT, make_key
from web.static_site.worker import RenderContext, RenderedArticle, RenderPool, render_common

COMMON = "common:"
"""Owner of files that belong to no article; no record id begins so."""

BATCH_COUNT = 50
"""Articles after which what was written is kept: a kill costs at most their time."""


class Changed(NamedTuple):
    """An article whose pages are to be made, and the fingerprint that they will have."""

    id: str
    fingerprint: bytes


class Options(NamedTuple):
    """What a site shows beside the articles."""

    has_captures: bool = False
    has_search: bool = True
    part_count: int = PART_COUNT
    """Articles in a part of the search's index, at most."""


def publish_site(archive: Archive, folder: Path, wanted: ArticleFilter, options: Options) -> PublishedSite:
    """Publish the selected articles to a folder: a new or empty one, or that of a site, which is brought up to date.

    Raises:
        PagefindMissing: the search is wanted, and Pagefind is not installed.
        ReleaseEmpty: no article matches.
        FolderUnusable: the folder is another one.
        FolderUnwritable: a file cannot be written.
    """
    if options.has_search and not folder.exists():
        check_pagefind()
    with opening_site(folder, (*archive.settings.own_dirs, archive.settings.data_dir)) as site:
        return SiteBuild(archive, site, wanted, options).run(folder)


class SiteBuild:
    """One run of `publish`."""

    def __init__(self, archive: Archive, site: SiteFolder, wanted: ArticleFilter, options: Options) -> None:
        self._archive = archive
        self._site = site
        self._manifest: Manifest = site.manifest
        self._wanted = wanted
        self._options = options
        self._context = RenderContext(archive.settings, wanted, options.has_captures, site.manifest_path)
        self._program = _digest_program(options)
        self._rendered_count = 0
        self._problems: list[str] = []

    def run(self, folder: Path) -> PublishedSite:
        """Bring the site up to date."""
        self._delete_redacted()
        if self._options.has_search:
            check_pagefind()
        facts = self._select()
        count = facts.article_count
        self._delete_gone()
        with RenderPool(self._context, count) as pool:
            self._render_articles(pool, count)
            self._render_common()
        if self._options.has_search:
            SearchBuild(self._archive, self._site, self._program, self._options.part_count).run(facts)
        self._site.finish()
        return self._summarize(folder, count)

    def _summarize(self, folder: Path, count: int) -> PublishedSite:
        with self._archive.database.read() as session:
            left_out = Counter(one.reason for one in list_left_out(session, self._wanted))
        file_count, byte_count = self._manifest.count_files()
        return PublishedSite(
            path=str(folder),
            article_count=count,
            rendered_count=self._rendered_count,
            file_count=file_count,
            written_count=self._site.written_count,
            deleted_count=self._site.deleted_count,
            bytes=byte_count,
            has_search=self._options.has_search,
            left_out_counts=dict(left_out),
            problems=tuple(self._problems),
        )

    def _select(self) -> SearchFacts:
        """Note which articles the site shall show; return what they have in common."""
        facts = SearchFacts()

        def iterate() -> Iterator[tuple[str, bytes, tuple[str, ...], int]]:
            with self._archive.database.read_snapshot() as session:
                for count, (record, digest, related) in enumerate(iterate_page_states(session, self._wanted)):
                    if count % 1000 == 0:
                        report_progress("select", count, None, unit="articles")
                    facts.add(record)
                    yield record.id, digest, related, make_key(record.id, record.published_at)

        if not self._manifest.select(iterate()):
            raise ReleaseEmpty("no article matches: there is nothing to publish")
        return facts

    def _delete_redacted(self) -> None:
        """Delete the pages of what was taken down, its search, and the lists, even if nothing can be published."""
        with self._archive.database.read() as session:
            redacted = [one.id for one in list_tombstones(session)]
        found = [owner for owner in redacted if self._manifest.list_files(owner)]
        was_searched = delete_searched(self._site, redacted)
        for owner in (*found, SEARCH, COMMON) if found or was_searched else ():
            self._site.delete(self._manifest.list_files(owner))
            self._manifest.remove(owner)
        self._site.commit()

    def _delete_gone(self) -> None:
        """Delete what the site has of other articles."""
        kept = (COMMON, SEARCH) if self._options.has_search else (COMMON,)
        for owner in self._manifest.list_gone(kept):
            self._site.delete(self._manifest.list_files(owner))
            self._manifest.remove(owner)
        self._site.commit()

    def _render_articles(self, pool: RenderPool, total_count: int) -> None:
        begun: deque[Sequence[Changed]] = deque()

        def iterate() -> Iterator[list[str]]:
            for batch in self._list_changed(total_count):
                begun.append(batch)
                yield [one.id for one in batch]

        for rendered in pool.render(iterate()):
            for article, result in zip(begun.popleft(), rendered, strict=True):
                self._store_article(article, result)
            self._site.commit()

    def _list_changed(self, total_count: int) -> Iterator[list[Changed]]:
        """Yield the articles whose pages are not those of the archive, in batches."""
        place = 0
        changed: list[Changed] = []
        while batch := self._manifest.list_selected(place, BATCH_COUNT):
            report_progress("publish", place, total_count, unit="articles")
            changed += filter(None, map(self._compare, batch))
            if len(changed) >= BATCH_COUNT:
                yield changed
                changed = []
            place = batch[-1].place
        if changed:
            yield changed

    def _compare(self, article: Selected) -> Changed | None:
        relations = ",".join(one for one in article.related_ids if self._manifest.is_selected(one))
        fingerprint = hashlib.sha256(self._program + article.state + relations.encode()).digest()
        is_same = self._manifest.find_fingerprint(article.id) == fingerprint
        if is_same and self._site.is_complete(self._manifest.list_files(article.id)):
            return None
        return Changed(article.id, fingerprint)

    def _store_article(self, article: Changed, rendered: RenderedArticle) -> None:
        self._rendered_count += 1
        self._problems += rendered.problems
        made = [self._site.write(one.path, one.body) for one in rendered.files]
        if not made:
            self._problems.append(f"{article.id}: it was withdrawn meanwhile: publish again")
        self._store(article.id, article.fingerprint if made else None, made)

    def _render_common(self) -> None:
        report_progress("lists", 0, None, unit="pages")
        rendered = render_common(self._context)
        self._problems += rendered.problems
        self._store(COMMON, None, [self._site.write(one.path, one.body) for one in rendered.files])
        self._site.commit()

    def _store(self, owner: str, fingerprint: bytes | None, made: list[StaticFile]) -> None:
        """Store that these are the files of an owner, and delete what it had beside them."""
        kept = {one.path for one in made}
        self._site.delete(one for one in self._manifest.list_files(owner) if one.path not in kept)
        self._manifest.store(owner, fingerprint, made)


def _digest_program(options: Options) -> bytes:
    """Return a digest of what makes pages of articles: another program makes all of them anew."""
    digest = hashlib.sha256(f"{version('broadsheet')} {options.has_captures}".encode())
    root = Path(__file__).parents[1]
    for path in sorted(path for path in root.rglob("*") if path.suffix in {".py", ".html", ".css"}):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.digest()
