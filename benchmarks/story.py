"""Texts for the search for duplicates: originals like the publisher's, and unrelated texts that look similar."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, chain, islice
from pathlib import Path

from replica.site import Site

SEEDS = Path(__file__).parents[1] / "seeds" / "expected"
FEWEST_WORDS, MOST_WORDS = 150, 900
"""Words per original: from a brief to a long report."""

VOCABULARY_COUNT = 12_000
"""Words; the first ones, by Zipf's law, are in every text."""
PHRASE_COUNT = 300
"""Phrases such as "a Foreign Ministry spokesman said": runs of words from the seeds, many in each text."""
PHRASE_SHARE = 0.35
"""Share of sentences with a phrase."""
SENTENCE_WORDS = (8, 28)
PARAGRAPH_SENTENCES = (1, 4)

TOPIC_COUNT = 400
TOPIC_SHARE = 0.4
"""Share of unrelated stories with a background paragraph, a quarter of their words, that 20 others have too."""
BACKGROUND_WORDS = (60, 90)


@cache
def list_originals(count: int) -> list[str]:
    """Return the seeds' texts, then some of the replica's, with 150 to 900 words each."""
    site = Site(2 * count, kinds=("article", "opinion"), duplicate_share=0, near_duplicate_share=0, bad_pages=False)
    bodies = (article.expected["body"] for article in site.articles[5:])
    stories = (body for body in bodies if len(body.split()) >= FEWEST_WORDS)
    originals = chain(_read_seeds(), (_shorten(body, seed_random(body)) for body in stories))
    return list(islice(originals, count))


@cache
def list_paragraphs() -> list[str]:
    """Return paragraphs of 15 to 60 words that are in no original."""
    site = Site(100, seed=1, duplicate_share=0, near_duplicate_share=0, bad_pages=False)
    return [
        paragraph
        for article in site.articles[5:]
        for paragraph in article.expected["body"].split("\n\n")
        if 15 <= len(paragraph.split()) <= 60
    ]


def write_unrelated(count: int, seed: int = 0) -> Iterator[str]:
    """Yield distinct stories in shared words and phrases; some stories of a topic have a paragraph in common."""
    rng = seed_random(seed)
    backgrounds = [" ".join(_write_paragraphs(rng, rng.randint(*BACKGROUND_WORDS))) for _ in range(TOPIC_COUNT)]
    for _ in range(count):
        if rng.random() < TOPIC_SHARE:
            background = rng.choice(backgrounds)
            paragraphs = _write_paragraphs(rng, 3 * len(background.split()))
            paragraphs.insert(rng.randint(1, len(paragraphs)), background)
        else:
            paragraphs = _write_paragraphs(rng, rng.randint(FEWEST_WORDS, MOST_WORDS))
        yield "\n\n".join(paragraphs)


def seed_random(seed: int | str) -> random.Random:
    """Return a generator of deterministic numbers, for texts."""
    return random.Random(seed)  # noqa: S311 - no secrets


def draw_words(rng: random.Random, count: int) -> list[str]:
    """Draw words with the frequencies of real texts: a few of them very often."""
    words, weights = _vocabulary()
    return rng.choices(words, cum_weights=weights, k=count)


def _shorten(body: str, rng: random.Random) -> str:
    paragraphs, word_count = [], rng.randint(FEWEST_WORDS, MOST_WORDS)
    for paragraph in body.split("\n\n"):
        paragraphs.append(paragraph)
        word_count -= len(paragraph.split())
        if word_count <= 0:
            break
    return "\n\n".join(paragraphs)


def _write_paragraphs(rng: random.Random, word_count: int) -> list[str]:
    """Write about this many words; the first paragraph has at least one sentence."""
    words, paragraphs, sentences = iter(draw_words(rng, word_count)), list[str](), list[str]()
    wanted = rng.randint(*PARAGRAPH_SENTENCES)
    while sentence := [word for word, _ in zip(words, range(rng.randint(*SENTENCE_WORDS)), strict=False)]:
        phrase = [rng.choice(_phrases())] if rng.random() < PHRASE_SHARE else []
        sentences.append(" ".join([*phrase, *sentence]).capitalize() + ".")
        if len(sentences) == wanted:
            paragraphs.append(" ".join(sentences))
            sentences, wanted = [], rng.randint(*PARAGRAPH_SENTENCES)
    return [*paragraphs, " ".join(sentences)] if sentences else paragraphs


@cache
def _read_seeds() -> list[str]:
    return [path.read_text().strip() for path in sorted(SEEDS.glob("*.txt"))]


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """Return words and their cumulative weights: the seeds' words, the most frequent first, then invented ones."""
    known = [word for word, _ in Counter(re.findall(r"[a-z]+", " ".join(_read_seeds()).casefold())).most_common()]
    syllables = [f"{a}{b}" for a in "bdfgklmnprstvz" for b in "aeiou"]
    invented = (f"{one}{two}{three}n" for one in syllables for two in syllables for three in syllables)
    words = [*known, *(word for word, _ in zip(invented, range(VOCABULARY_COUNT - len(known)), strict=False))]
    return words, list(accumulate(1 / rank for rank in range(1, len(words) + 1)))


@cache
def _phrases() -> list[str]:
    words, rng = " ".join(_read_seeds()).split(), seed_random(0)
    starts = (rng.randrange(len(words) - 8) for _ in range(PHRASE_COUNT))
    return [" ".join(words[start : start + rng.randint(3, 7)]) for start in starts]
