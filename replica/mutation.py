"""Mutates bytes as bad lines, careless programs and hostile servers do; deterministic for a seed number."""

import random
import re
from collections.abc import Callable

MAX_CHANGES = 4
"""Per document; more would leave nothing of it."""

MANY = (10, 300, 40_000)
"""Numbers of repetitions; the largest, which is a burden in itself, is rare."""

DOUBLED_BYTES = 500_000
"""The most bytes added by repetition: as a list, 13,000 URLs, of which 12,000 take a second to read."""

INSERTIONS = (
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"<!--",
    b"<![CDATA[",
    b"]]>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<!doctype html>",
    b"&nbsp;&#0;&#55296;&#x110000;&undefined;",
    b"https://[::1/",
    b"https://x.example:99999999/",
    b"//",
    b"file:///etc/passwd",
    b"../../../../etc/passwd",
    b"WARC/1.1\r\nWARC-Type: response\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip, br, zstd, deflate, gzip\r\n",
    b"Retry-After: 1e999\r\n",
    b"Content-Type: text/html; charset=utf-16\r\n",
    b"Crawl-delay: nan\n",
    "Я".encode("cp1251"),
    "\u202e\u2066\u0085\U000e0001".encode(),
    b"0000-00-00T99:99:99+99:99",
    b"Thu, 99 Foo 99999 99:99:99 +9999",
    b"9" * 5_000,
    b"%" * 50,
    b"{[" * 20_000,
)
ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (char, b"&%c;" % (char - 1) * 10) for char in range(ord("b"), ord("j")))
    + b"]>",
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY a "&i;"><!ENTITY i "&a;">]>',
    b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]>',
)
"""Definitions that expand exponentially, read a file, are recursive, or are external."""

CHARSETS = ("utf-16", "utf-16-be", "utf-32", "cp1251", "koi8-r", "shift_jis", "utf-7")
_NUMBER = re.compile(rb"\d++")
_TAG = re.compile(rb"<[\w:]++")


def mutate(document: bytes, seed: int) -> bytes:
    """Return the document with one or a few mutations."""
    rng = random.Random(seed)
    data = document
    for _ in range(rng.randint(1, MAX_CHANGES)):
        data = rng.choice(CHANGES)(data, rng)
    return data


def _flip_bits(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(data: bytes, rng: random.Random) -> bytes:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:at] + data[end:]


def _double(data: bytes, rng: random.Random) -> bytes:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    piece = data[at:end][:2_000]
    return data[:end] + piece * min(_many(rng), DOUBLED_BYTES // (len(piece) or 1)) + data[end:]


def _insert_fragment(data: bytes, rng: random.Random) -> bytes:
    return _insert(data, rng.choice(INSERTIONS), rng)


def _nest(data: bytes, rng: random.Random) -> bytes:
    tag = rng.choice(_TAG.findall(data) or [b"<a"])
    return _insert(data, (tag + b">") * _many(rng), rng)


def _add_attributes(data: bytes, rng: random.Random) -> bytes:
    """Add many attributes, or a huge one, to one tag."""
    tags = list(_TAG.finditer(data))
    at = rng.choice(tags).end() if tags else 0
    many = b"".join(b' a%d="b"' % number for number in range(_many(rng)))
    return data[:at] + rng.choice((many, b' a="' + b"b" * 10 * _many(rng) + b'"')) + data[at:]


def _define_entities(data: bytes, rng: random.Random) -> bytes:
    head, end, rest = data.partition(b"?>")
    definitions = rng.choice(ENTITIES)
    whole = head + end + definitions + rest if end else definitions + head
    return whole.replace(b"http", b"&i;&a;http", rng.randint(1, 50))


def _encode(data: bytes, rng: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(rng.choice(CHARSETS), "replace")


def _change_number(data: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    one = rng.choice(found)
    other = rng.choice((b"0", b"-1", b"1e9", b"99999", b"4294967296", b"\xd9\xa3", b"", b"9" * 400))
    return data[: one.start()] + other + data[one.end() :]


def _shuffle_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def _insert(data: bytes, piece: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + piece + data[at:]


def _many(rng: random.Random) -> int:
    return rng.choices(MANY, (60, 35, 5))[0]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip_bits,
    _cut,
    _drop,
    _double,
    _insert_fragment,
    _insert_fragment,
    _nest,
    _add_attributes,
    _define_entities,
    _encode,
    _change_number,
    _change_number,
    _shuffle_lines,
)
