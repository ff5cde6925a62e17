"""Describe a release for machines: Frictionless, Croissant and RO-Crate.

All three list the same files with the same digests. Sources: https://datapackage.org/standard/data-package/,
https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, https://www.researchobject.org/ro-crate/specification/1.1/.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.export import DataCard
from schemas.model import Count, NonEmpty, Record, Sha256
from schemas.release import JSONL_PATH, PARQUET_PATH

FRICTIONLESS_PATH = "datapackage.json"
CROISSANT_PATH = "croissant.json"
CRATE_PATH = "ro-crate-metadata.json"

MEDIA_TYPES = {
    ".parquet": "application/x-parquet",
    ".gz": "application/gzip",
    ".jsonl": "application/jsonl",
    ".json": "application/json",
    ".html": "text/html",
    ".md": "text/markdown",
    ".cff": "application/yaml",
    ".wacz": "application/wacz",
}
"""Suffix of a file's name -> its media type."""

CROISSANT_TYPES = {"int64": "sc:Integer", "double": "sc:Float", "timestamp[us, tz=UTC]": "sc:DateTime"}
"""Type in a Parquet file -> Croissant's; any other is text."""

CROISSANT_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


class _File(Record):
    """A file of the release."""

    path: NonEmpty
    bytes: Count
    sha256: Sha256

    @property
    def media_type(self) -> str:
        """Its media type, by its suffix."""
        return MEDIA_TYPES.get(Path(self.path).suffix, "application/octet-stream")


def write_metadata(folder: Path, card: DataCard, title: str, published_on: str | None, rights: str) -> None:
    """Write the three documents about the files that are in the folder.

    Args:
        folder: The release.
        card: The data card of its Parquet file.
        title: Its name, for people.
        published_on: The day of the archive's last run, as an ISO date.
        rights: Who owns the texts, in one sentence.
    """
    files = [_measure(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()]
    about = {"title": title, "day": published_on, "rights": rights}
    for path, document in (
        (FRICTIONLESS_PATH, _describe_package(files, card, about)),
        (CROISSANT_PATH, _describe_croissant(files, card, about)),
        (CRATE_PATH, _describe_crate(files, about)),
    ):
        (folder / path).write_text(f"{json.dumps(document, indent=2, ensure_ascii=False)}\n", encoding="utf-8")


def _measure(folder: Path, path: Path) -> _File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _File(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=digest)


def _describe_package(files: Sequence[_File], card: DataCard, about: dict[str, str | None]) -> dict[str, Any]:
    return {
        "profile": "data-package",
        "name": "articles",
        "title": about["title"],
        "description": about["rights"],
        "id": f"sha256:{card.bodies_sha256}",
        "resources": [
            {
                "name": one.path.lower().replace("/", "-").replace(".", "-"),
                "path": one.path,
                "type": "file",  # its bytes alone are described: the columns stand in the cards
                "mediatype": one.media_type,
                "bytes": one.bytes,
                "hash": f"sha256:{one.sha256}",
            }
            for one in files
        ],
    }


def _describe_croissant(files: Sequence[_File], card: DataCard, about: dict[str, str | None]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@context": CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "name": about["title"],
        "description": f"{card.article_count} news articles with their captures and the proof of their completeness.",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "license": about["rights"],
        "url": f"urn:sha256:{card.bodies_sha256}",
        "version": "1.0.0",
        "creator": {"@type": "sc:Organization", "name": "The publishers and their authors"},
        "citeAs": "Cite the articles by their authors and publisher.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": one.path,
                "name": one.path,
                "contentUrl": one.path,
                "contentSize": f"{one.bytes} B",
                "encodingFormat": one.media_type,
                "sha256": one.sha256,
            }
            for one in files
        ],
        "recordSet": [_describe_records(card)],
    }
    return found | ({"datePublished": about["day"]} if about["day"] else {})


def _describe_records(card: DataCard) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "articles",
        "name": "articles",
        "key": {"@id": "articles/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"articles/{field.name}",
                "name": field.name,
                "description": field.meaning,
                "dataType": CROISSANT_TYPES.get(field.type, "sc:Text"),
                "source": {"fileObject": {"@id": PARQUET_PATH}, "extract": {"column": field.name}},
            }
            | ({"repeated": True} if field.type.startswith("list<") else {})
            for field in card.fields
            if "struct<" not in field.type  # no field of Croissant's reads a column of structures
        ],
    }


def _describe_crate(files: Sequence[_File], about: dict[str, str | None]) -> dict[str, Any]:
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": about["title"],
        "description": f"The articles are in {PARQUET_PATH} and {JSONL_PATH}; README.md describes the other files.",
        "license": about["rights"],
        "datePublished": about["day"] or "1980-01-01",
        "hasPart": [{"@id": one.path} for one in files],
    }
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": CRATE_PATH,
                "@type": "CreativeWork",
                "about": {"@id": "./"},
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            },
            root,
            *(
                {
                    "@id": one.path,
                    "@type": "File",
                    "name": one.path,
                    "contentSize": str(one.bytes),
                    "encodingFormat": one.media_type,
                    "sha256": one.sha256,
                }
                for one in files
            ),
        ],
    }
