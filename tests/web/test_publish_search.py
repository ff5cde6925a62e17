"""The search of a published site: its parts, what was taken down, and Pagefind missing."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import open_archive
from pipeline.redaction import redact
from schemas.article import Kind
from schemas.export import ArticleFilter
from schemas.release import ReleaseEmpty
from schemas.settings import Settings
from storage.static_site.manifest import Manifest
from tests.web.published import count_searched, list_files, make_sample, path_of, publish
from tests.web.sample import article_id, fill
from web.static_site.build import Options
from web.static_site.search_index import PagefindMissing
from web.static_site.search_part import iterate_parts, make_key

MONTHLY: dict[int, dict[str, Any]] = {
    number: {
        "headline": f"Month {number}",
        "body": f"The text of month{number} alone.",
        "published_at": datetime(2020, number, 15, tzinfo=UTC),
    }
    for number in range(1, 9)
}
"""An article of each month."""


def list_part_files(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {path: body for path, body in files.items() if path.startswith(f"pagefind/{name}/")}


def test_only_the_part_of_the_search_that_changed_is_made_again(tmp_path: Path) -> None:
    folder, settings = tmp_path / "site", Settings(data_dir=tmp_path / "data")
    with open_archive(settings, writable=True) as archive:
        fill(archive.database, MONTHLY)
    options = Options(part_count=3)
    publish(settings, folder, options=options)
    before = list_files(folder)
    counts = count_searched(before)
    assert sum(counts.values()) == len(MONTHLY)
    assert len(counts) > 2
    assert max(counts.values()) <= 3
    with open_archive(settings, writable=True) as archive:
        another = {
            "headline": "Another Story",
            "body": "Its own text.",
            "published_at": datetime(2020, 1, 16, tzinfo=UTC),
        }
        fill(archive.database, {9: another})
    publish(settings, folder, options=options)
    after = list_files(folder)
    changed = [name for name in counts if list_part_files(before, name) != list_part_files(after, name)]
    assert changed == list(counts)[-1:]  # the oldest
    publish(settings, tmp_path / "fresh", options=options)
    assert count_searched(after) == count_searched(list_files(tmp_path / "fresh"))


def test_what_was_taken_down_leaves_the_search_at_once(tmp_path: Path) -> None:
    folder, settings = tmp_path / "site", Settings(data_dir=tmp_path / "data")
    with open_archive(settings, writable=True) as archive:
        fill(archive.database, MONTHLY)
    options = Options(part_count=3)
    publish(settings, folder, options=options)
    counts = count_searched(list_files(folder))
    redact(settings, article_id(1), "a request")
    with pytest.raises(ReleaseEmpty):
        publish(settings, folder, ArticleFilter(kind=Kind.VIDEO), options)
    left = list_files(folder)
    oldest = list(counts)[-1]
    assert not list_part_files(left, oldest)
    assert "pagefind/parts.json" not in left
    assert {path.split("/")[1] for path in left if path.startswith("pagefind/")} == set(counts) - {oldest}
    publish(settings, folder, options=options)
    publish(settings, tmp_path / "fresh", options=options)
    assert count_searched(list_files(folder)) == count_searched(list_files(tmp_path / "fresh"))
    assert sum(count_searched(list_files(folder)).values()) == len(MONTHLY) - 1


def test_any_number_of_articles_of_the_same_second_is_divided(tmp_path: Path) -> None:
    at = datetime(2020, 5, 17, 12, tzinfo=UTC)
    with Manifest(tmp_path / "manifest.db") as manifest:
        times = {f"a{number}": (at, None)[number % 2] for number in range(40)}
        manifest.select((one, b"", (), make_key(one, published_at)) for one, published_at in times.items())
        parts = list(iterate_parts(manifest, 4))
    assert all(0 < len(part.articles) <= 4 for part in parts)
    assert sorted(one.id for part in parts for one in part.articles) == sorted(times)
    years = [(part.first_year, part.last_year) for part in parts]
    assert set(years) == {(2020, 2020), (1, 1)}
    assert years == sorted(years, reverse=True)


def test_without_pagefind_the_search_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = make_sample(tmp_path)
    monkeypatch.setitem(sys.modules, "pagefind.service", None)
    with pytest.raises(PagefindMissing, match=r"broadsheet\[publish\]") as raised:
        publish(sample, tmp_path / "site", options=Options())
    assert raised.value.exit_status == 2
    assert not (tmp_path / "site").exists()


def test_without_pagefind_what_was_redacted_is_still_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = make_sample(tmp_path)
    publish(sample, tmp_path / "site")
    redact(sample, article_id(2), "a request")
    monkeypatch.setitem(sys.modules, "pagefind.service", None)
    with pytest.raises(PagefindMissing):
        publish(sample, tmp_path / "site", options=Options())
    assert not (tmp_path / "site" / path_of(article_id(2))).exists()
    assert (tmp_path / "site" / path_of(article_id(1))).exists()
