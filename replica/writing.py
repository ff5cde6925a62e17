"""Writes articles: the five seeds as pages, and any number of further ones from a seed number.

An article is written from (site's seed, its own index) alone, so that each can be made again without the others.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from replica import vocabulary
from replica.furniture import DONATIONS, PAYMENT, SEED_PERIOD
from replica.model import (
    SECTIONS,
    STATIC,
    Block,
    BlockQuote,
    BulletList,
    Element,
    Furniture,
    FurnitureBlock,
    GalleryBlock,
    Head,
    HeaderBlock,
    HtmlBlock,
    Image,
    ImageBlock,
    LiveBlock,
    OldHtmlBlock,
    Paragraph,
    QuoteBlock,
    Story,
    Subhead,
    article_path,
    slugify,
)
from replica.seed import SeedPage, read_raw, read_sentences
from replica.vocabulary import Words

# How much of what is generated has a feature: often enough that a few hundred articles meet every mixture of them.
_EDITED_SHARE = 0.25
_PERSON_SHARE = 0.6
_SUBTITLE_SHARE = 0.5
_INTRO_SHARE = 0.15
_IMAGE_SHARE = 0.8
_CREDITED_SHARE = 0.1
_HARD_SPACE_SHARE = 0.3
_DATELINE_SHARE = 0.2

EDITED_AFTER = timedelta(minutes=10)
"""The publisher shows only the time of an update that came later than this after publication."""

_TEXT_SECTIONS = tuple(section for section in SECTIONS if section != "opinion")


def plan_seed_head(page: SeedPage) -> Head:
    """The head of a seed's page: the publisher itself as its author, for none of the seeds names one."""
    return Head(
        number=page.number,
        kind="article",
        headline=page.headline,
        section="news",
        published_at=page.published_at,
        modified_at=page.published_at,
        authors=("The Moscow Times",),
        agencies=(),
        byline=("The Moscow Times",),
    )


def write_seed_story(page: SeedPage) -> Story:
    """The seed's own text with its own furniture; its non-breaking spaces stay."""
    text = HtmlBlock(tuple(Paragraph(paragraph) for paragraph in read_raw(page.name)))
    donation = DONATIONS[SEED_PERIOD] if page.has_donation else ()
    return Story(
        subtitle=None,
        intro=None,
        blocks=(text, FurnitureBlock("newsletter")) if page.has_newsletter else (text,),
        image=Image(_image_url(page.number), page.caption, page.credit) if page.caption else None,
        tags=("Syria",),
        furniture=Furniture(page.teaser, donation, PAYMENT[SEED_PERIOD] if donation else ()),
        trailing_agencies=page.agencies,
        has_markup=False,
    )


def plan_head(rng: random.Random, number: int, kind: str, published_at: datetime) -> Head:
    """The head of a generated article. `kind` is a record's kind, or `archive`."""
    authors, agencies, byline = _choose_byline(rng, kind)
    is_edited = rng.random() < _EDITED_SHARE
    return Head(
        number=number,
        kind="article" if kind == "archive" else kind,
        headline=vocabulary.make_headline(rng, vocabulary.choose_words(rng)),
        section="opinion" if kind == "opinion" else rng.choice(_TEXT_SECTIONS),
        published_at=published_at,
        modified_at=published_at + timedelta(minutes=rng.randint(11, 2_000) if is_edited else rng.randint(0, 9)),
        authors=authors,
        agencies=agencies,
        byline=byline,
        is_archive=kind == "archive",
    )


def _choose_byline(rng: random.Random, kind: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The record's authors and agencies, and the byline's names. Opinion is always a person's."""
    first, second, third = (f"{name} {surname}" for name, surname in _sample_persons(rng))
    agency = rng.choice(vocabulary.AGENCIES)
    persons = ((first,), (first, second), (first, second, third))[rng.choice((0, 0, 0, 1, 1, 2))]
    if kind == "opinion" or rng.random() < _PERSON_SHARE:
        return persons, (), persons
    return rng.choice(
        (
            (("The Moscow Times",), (), ("The Moscow Times",)),
            ((), (agency,), (agency,)),
            ((first,), (agency,), (f"{first} for {agency}",)),
        )
    )


def _sample_persons(rng: random.Random) -> Iterator[tuple[str, str]]:
    return zip(rng.sample(vocabulary.FIRST_NAMES, 3), rng.sample(vocabulary.SURNAMES, 3), strict=True)


def move_head(head: Head, rng: random.Random) -> Head:
    """The same article after its headline changed, and for every fourth one its day too."""
    was_at = head.published_at - timedelta(days=rng.choice((0, 0, 0, 1)))
    old_headline = f"{head.headline} {rng.choice(('Reports', 'Sources Say', 'Updates'))}"
    return replace(head, old_paths=(article_path(was_at, old_headline, head.number),))


def write_story(rng: random.Random, head: Head, furniture: Furniture) -> Story:
    """The text of a generated article."""
    writer = _Writer(rng, head)
    has_extras = head.kind in {"article", "opinion"} and not head.is_archive
    return Story(
        subtitle=writer.sentence() if rng.random() < _SUBTITLE_SHARE and not head.is_archive else None,
        intro=writer.paragraph() if has_extras and rng.random() < _INTRO_SHARE else None,
        blocks=tuple(writer.blocks()),
        image=writer.image(0) if rng.random() < _IMAGE_SHARE and not head.is_archive else None,
        tags=() if head.is_archive else tuple(rng.sample(vocabulary.TAGS, rng.randint(0, 4))),
        furniture=furniture,
        trailing_agencies=tuple(rng.sample(vocabulary.AGENCIES, 2))
        if has_extras and rng.random() < _CREDITED_SHARE
        else (),
        author_blurb=f"{head.authors[0]} writes on {writer.words['Syria']}." if head.kind == "opinion" else None,
    )


def rewrite_opening(story: Story, rng: random.Random, head: Head) -> Story:
    """The same story with another first paragraph: a near-duplicate."""
    first, *others = story.blocks
    if not isinstance(first, HtmlBlock):
        return story
    opening = Paragraph(_Writer(rng, head).paragraph())
    return replace(story, intro=None, blocks=(HtmlBlock((opening, *first.elements[1:])), *others))


class _Writer:
    """Writes the parts of one article."""

    def __init__(self, rng: random.Random, head: Head) -> None:
        self._rng = rng
        self._head = head
        self._unused: list[str] = []
        self.words: Words = vocabulary.choose_words(rng)

    def sentence(self) -> str:
        """One of the seeds' sentences in this article's words; none comes again before all have been used."""
        if not self._unused:
            self._unused = self._rng.sample(read_sentences(), len(read_sentences()))
        return vocabulary.reword(self._unused.pop(), self.words, self._rng)

    def paragraph(self) -> str:
        """Two or three sentences; some with the publisher's non-breaking spaces after short words."""
        text = " ".join(self.sentence() for _ in range(self._rng.randint(2, 3)))
        return text.replace(" of the ", " of\u00a0the\u00a0") if self._rng.random() < _HARD_SPACE_SHARE else text

    def blocks(self) -> Iterator[Block]:
        """The article's content, as its kind has it."""
        if self._head.is_archive:
            yield OldHtmlBlock((self._numbered(), *self._paragraphs(4, 9)))
            return
        match self._head.kind:
            case "gallery":
                yield GalleryBlock(tuple(self.image(index) for index in range(1, self._rng.randint(4, 9))))
            case "video":
                yield FurnitureBlock("embed")
                yield HtmlBlock((Paragraph(self._numbered()),))
            case "live":
                yield LiveBlock(tuple(self._posts()))
            case _:
                yield from self._text_blocks()

    def image(self, index: int) -> Image:
        """A picture with a caption, mostly with a credit."""
        credit = self._rng.choice((f"{vocabulary.make_person(self._rng)} / TASS", "Sergei Petrov / MT", None))
        return Image(_image_url(self._head.number, index), self.sentence(), credit)

    def _text_blocks(self) -> Iterator[Block]:
        """Two to four html blocks, something else between them, a related box always among it."""
        yield HtmlBlock((Paragraph(self._dateline() + self._numbered()), *self._elements()))
        yield FurnitureBlock("article", vocabulary.make_headline(self._rng, self.words))
        for _ in range(self._rng.randint(1, 3)):
            yield HtmlBlock(tuple(self._elements()))
            yield from self._between()
        yield HtmlBlock(tuple(Paragraph(text) for text in self._paragraphs(1, 2)))

    def _between(self) -> Iterator[Block]:
        match self._rng.randrange(8):
            case 0:
                yield HeaderBlock(f"{self.words['Homs']} After {self._rng.randint(2, 999)} Days")
            case 1:
                yield QuoteBlock(self.paragraph(), vocabulary.make_person(self._rng))
            case 2:
                yield ImageBlock(self.image(1 + self._rng.randrange(1_000)))
            case 3:
                yield FurnitureBlock("newsletter")
            case 4:
                yield FurnitureBlock("embed")
            case 5:
                yield FurnitureBlock("aside", self.sentence())
            case 6:
                yield FurnitureBlock("link", vocabulary.make_headline(self._rng, self.words))
            case _:
                return

    def _elements(self) -> Iterator[Element]:
        yield from (Paragraph(text) for text in self._paragraphs(1, 4))
        match self._rng.randrange(6):
            case 0:
                yield Subhead(f"What {self.words['Assad']} Said in {self.words['Aleppo']}")
            case 1:
                yield BulletList(tuple(self._said() for _ in range(self._rng.randint(2, 4))))
            case 2:
                yield BlockQuote(tuple(self._paragraphs(1, 2)))
            case _:
                pass
        yield Paragraph(self.paragraph())

    def _posts(self) -> Iterator[tuple[datetime, tuple[str, ...]]]:
        at = self._head.published_at
        yield at, (self._numbered(),)
        for _ in range(self._rng.randint(3, 8)):
            at += timedelta(minutes=self._rng.randint(4, 90))
            yield at, tuple(self._paragraphs(1, 2))

    def _paragraphs(self, fewest: int, most: int) -> list[str]:
        return [self.paragraph() for _ in range(self._rng.randint(fewest, most))]

    def _dateline(self) -> str:
        return f"{self.words['Homs'].upper()} — " if self._rng.random() < _DATELINE_SHARE else ""

    def _said(self) -> str:
        """One sentence with its speaker, for alone it would stand in many articles."""
        return f"{vocabulary.make_person(self._rng)}: {self.sentence()}"

    def _numbered(self) -> str:
        """A paragraph that no other article has, so that no two bodies are alike unless that is planned."""
        return f"{self.sentence()} The ministry filed the matter as case {self._head.number}."


def _image_url(number: int, index: int = 0) -> str:
    return f"{STATIC}/image/1360/{number % 100:02}/{slugify(f'photo {number} {index}')}.jpg"
