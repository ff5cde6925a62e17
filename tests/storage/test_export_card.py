"""The data card beside an export."""

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.article import ArticleRecord
from schemas.export import MEANINGS, ArticleFilter, DataCard, FileFormat, name_card
from storage.engine import Database
from storage.export.file import export_articles
from tests.storage.export_sample import OLD, fill, on
from tests.storage.sample import START

ALL = ArticleFilter(include_duplicates=True)


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    return database


def read_card(database: Database, path: Path, wanted: ArticleFilter = ALL) -> dict[str, Any]:
    exported = export_articles(database, path, FileFormat.choose(path.name), wanted)
    assert exported.card == str(path.with_name(name_card(path.name)))
    document = json.loads(Path(exported.card).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_a_cards_counts_match_the_file(filled: Database, tmp_path: Path) -> None:
    card = read_card(filled, tmp_path / "out.jsonl")
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n") if line]
    assert (card["article_count"], card["duplicate_count"]) == (13, 1)
    assert card["word_count"] == sum(one["word_count"] for one in records)
    assert card["published_at"]["first"] == f"{OLD:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert datetime.fromisoformat(card["published_at"]["last"]) == on(4)
    assert datetime.fromisoformat(card["fetched_at"]["first"]) == START
    assert card["languages"] == {"en": 12, "ru": 1}
    assert card["kinds"] == {"article": 7, "gallery": 1, "live": 1, "opinion": 2, "podcast": 1, "video": 1}
    assert card["extractors"] == {"test 1": 13}
    filled_counts = {field["name"]: field["filled_count"] for field in card["fields"]}
    assert filled_counts == {name: sum(bool(one[name]) for one in records) for name in ArticleRecord.model_fields}


def test_a_card_has_the_digests_of_the_file_and_of_the_texts(filled: Database, tmp_path: Path) -> None:
    cards = [read_card(filled, tmp_path / name) for name in ("out.jsonl", "out.csv.gz", "out.parquet")]
    for card in cards:
        content = (tmp_path / card["file"]).read_bytes()
        assert (card["bytes"], card["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    digests = "".join(f"{json.loads(line)['content_sha256']}\n" for line in lines)
    assert {card["bodies_sha256"] for card in cards} == {hashlib.sha256(digests.encode()).hexdigest()}


def test_a_card_records_its_filters_and_can_be_parsed(filled: Database, tmp_path: Path) -> None:
    wanted = ArticleFilter(since=date(2026, 10, 2), until=date(2026, 10, 3), section="news")
    card = read_card(filled, tmp_path / "out.csv", wanted)
    assert card["article_count"] == 2
    assert DataCard.model_validate_json(json.dumps(card)).filters == wanted
    assert "written as JSON" in card["notes"][0]


def test_every_field_of_a_record_has_a_type_and_a_meaning(filled: Database, tmp_path: Path) -> None:
    fields = read_card(filled, tmp_path / "out.jsonl")["fields"]
    assert [field["name"] for field in fields] == list(ArticleRecord.model_fields) == list(MEANINGS)
    assert {field["name"]: field["type"] for field in fields}["published_at"] == "timestamp[us, tz=UTC]"


def test_the_card_of_an_empty_export_has_no_time_span(database: Database, tmp_path: Path) -> None:
    card = read_card(database, tmp_path / "out.parquet")
    assert (card["article_count"], card["published_at"], card["fetched_at"], card["kinds"]) == (0, None, None, {})


def test_a_card_replaces_the_old_one_and_leaves_nothing_else(filled: Database, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    read_card(filled, folder / "out.jsonl")
    card = read_card(filled, folder / "out.jsonl", ArticleFilter(until=date(1999, 1, 1)))
    assert card["article_count"] == 1
    assert sorted(path.name for path in folder.iterdir()) == ["out-jsonl.card.json", "out.jsonl"]
