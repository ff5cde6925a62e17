"""Breaks pages as cut connections, careless programs and hostile servers do; deterministic for a seed number."""

import random

MAX_CHANGES = 6
"""Per page; more would leave nothing of it."""

INSERTIONS = (
    b"\x00",
    b"\x00" * 200,
    b"<div>" * 300,
    b"</div>" * 40,
    b"<table><tr><td>" * 30,
    b"</article>",
    b"<article class=article>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<p",
    b"<p>",
    b"<br>" * 50,
    b"<script>",
    b'<script type="application/ld+json">{"@type":"NewsArticle","author":[[[{"@id":1}]]],"datePublished":5}</script>',
    b'<meta property="article:published_time" content="9999-99-99T99:99">',
    b'<link rel=canonical href="http://[">',
    b'<base href="//">',
    b"<template><p>",
    b"<svg><p>",
    b"<select><option>",
    b"<iframe>",
    b"<textarea>",
    b"&#x0;",
    b"&#55296;",
    b"&" * 100,
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "Я".encode("cp1251"),
    "漢字".encode("shift_jis"),
    "\u202e\u200b\u0301".encode(),
    b'"',
    b"'>",
)
CHARSETS = ("utf-8", "windows-1251", "utf-16", "shift_jis", "koi8-r", "nonsense", "utf-7", "hex", "idna", "")
"""Charsets that a header may declare, regardless of the bytes."""

DEEP = 30_000
"""Depth of nested elements: more than any parser follows."""


def break_page(page: bytes, seed: int) -> tuple[bytes, str]:
    """Return the page, broken, and its Content-Type."""
    rng = random.Random(seed)
    data = bytearray(page)
    for _ in range(rng.randint(1, MAX_CHANGES)):
        _change(data, rng)
    charset = rng.choice(CHARSETS) if rng.random() < 0.3 else "utf-8"  # noqa: PLR2004 - often enough
    return bytes(data), f"text/html; charset={charset}"


def _change(data: bytearray, rng: random.Random) -> None:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    match rng.randrange(9):
        case 0:
            del data[at:end]
        case 1:
            data[at:at] = data[end : end + 500]
        case 2:
            data[at:at] = rng.randbytes(rng.randint(1, 60))
        case 3 | 4:
            data[at:at] = rng.choice(INSERTIONS)
        case 5:
            del data[rng.randrange(len(data) + 1) :]
        case 6:
            pieces = data.split(b"<")
            rng.shuffle(pieces)
            data[:] = b"<".join(pieces)
        case 7:
            data[at:at] = b"<b>" * rng.choice((10, 1_000, DEEP)) if rng.random() < 0.1 else b"<b>"  # noqa: PLR2004 - seldom
        case _:
            data[:] = data.replace(
                rng.choice((b'"', b">", b"</", b" ", b"class", b"div")), rng.choice((b"", b"<", b"p"))
            )
