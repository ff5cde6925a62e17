"""A second opinion on a release, by the standard library alone, written from the page that documents releases.

Usage: second_verifier.py DIR; prints its counts as JSON, and exits 1 with a sentence for each difference.
"""

import gzip
import hashlib
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_lines(path: Path) -> list[dict[str, Any]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.splitlines()]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_files(folder: Path) -> Iterator[str]:
    listed: dict[str, str] = {}
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, path = line.split("  ", 1)
        listed[path] = digest
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    yield from (f"listed or there, not both: {path}" for path in there ^ set(listed))
    yield from (
        f"changed: {path}" for path in there & set(listed) if sha256((folder / path).read_bytes()) != listed[path]
    )


def read_record(member: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers and the payload of a record that is one gzip member."""
    head, _, rest = gzip.decompress(member).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    block = rest[: int(headers["content-length"])]
    return headers, block.partition(b"\r\n\r\n")[2] if headers["warc-type"] == "response" else block


def check_rows(folder: Path) -> Iterator[str]:
    articles, origins = read_lines(folder / "data/articles.jsonl.gz"), read_lines(folder / "data/provenance.jsonl")
    if [one["id"] for one in articles] != [one["id"] for one in origins]:
        yield "articles and provenance differ"
    for article, origin in zip(articles, origins, strict=False):
        if sha256(article["body"].encode()) != article["content_sha256"] or any(
            article[name] != origin[name] for name in ("content_sha256", "revision", "extractor")
        ):
            yield f"article {article['id']} differs from its provenance"
    with zipfile.ZipFile(folder / "captures/captures.wacz") as wacz:
        warcs = {path: wacz.read(path) for path in wacz.namelist() if path.startswith("archive/")}
    for origin in [copied for one in origins if one["warc"] for copied in (one, *one["companions"])]:
        try:
            headers, payload = read_record(warcs[origin["warc"]][origin["offset"] :][: origin["length"]])
        except (OSError, EOFError, ValueError, KeyError) as error:
            yield f"capture of {origin['url']} cannot be read: {error}"
            continue
        if sha256(payload) != origin["payload_sha256"] or headers.get("warc-record-id") != origin["warc_record_id"]:
            yield f"capture of {origin['url']} differs from its provenance"


def count(folder: Path) -> dict[str, Any]:
    origins = read_lines(folder / "data/provenance.jsonl")
    reasons = Counter(one["reason"] for one in read_lines(folder / "data/left-out.jsonl"))
    return {
        "article_count": len(origins),
        "capture_count": sum((one["warc"] is not None) + len(one["companions"]) for one in origins),
        "lost_count": sum(one["lost"] is not None for one in origins),
        "left_out_counts": dict(reasons),
        "sha256": sha256((folder / "SHA256SUMS").read_bytes()),
    }


def check_counts(folder: Path) -> Iterator[str]:
    ledger = json.loads((folder / "completeness.json").read_text())
    if ledger["advertised_count"] != sum(ledger["states"].values()):
        yield "the states do not add up"


def main(folder: Path) -> int:
    problems = [*check_files(folder), *check_rows(folder), *check_counts(folder)]
    sys.stdout.write(json.dumps(count(folder)))
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
