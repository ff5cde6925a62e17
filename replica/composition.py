"""Composes the parts of one article from its cast: paragraphs, blocks, captions, a live blog's posts."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

from replica import vocabulary
from replica.cast import CIVIC_TOPICS, Cast
from replica.grammar import load_topic
from replica.model import (
    STATIC,
    Block,
    BlockQuote,
    BulletList,
    Element,
    Frame,
    FurnitureBlock,
    Head,
    HeaderBlock,
    HtmlBlock,
    Image,
    ImageBlock,
    InfoBlock,
    InlineFigure,
    OldHtmlBlock,
    Paragraph,
    Post,
    QuoteBlock,
    SliderBlock,
    Subhead,
    Table,
    Verse,
    slugify,
)

_HARD_SPACE_SHARE = 0.3
_DATELINE_SHARE = 0.2
_QUOTE_SHARE = 0.3
_SHORT_ANSWER_SHARE = 0.02
_TITLED_SHARE = 0.3
_FEWEST_PARAGRAPHS, _MOST_PARAGRAPHS = 6, 20
"""Per text; a topic may run out of sentences sooner."""
_ESSAYS = frozenset({"opinion", "lecture"})
"""Topics that use only their own sentences, not the common ones."""


def image_url(number: int, index: int = 0) -> str:
    """Return the URL of an article's picture."""
    return f"{STATIC}/image/1360/{number % 100:02}/{slugify(f'photo {number} {index}')}.jpg"


class Writer:
    """Writes the parts of one article without repeating a sentence."""

    def __init__(self, rng: random.Random, head: Head, cast: Cast) -> None:
        self._rng = rng
        self._head = head
        self._cast = cast
        self._voice = cast.speak(rng)
        self._common = load_topic("common")
        topic, common = cast.topic, self._common
        self._is_essay = topic.name in _ESSAYS
        shared = common["details"] if head.edition == "en" and not self._is_essay else ()
        civic = common["civic_details"] if topic.name in CIVIC_TOPICS else ()
        # A topic's own sentences come first; long texts also draw on the others.
        others = self._shuffle((*shared, *civic))
        own = self._shuffle(topic["details"])
        self._details = [*others[4:], *self._shuffle((*own, *others[:4]))]
        self._quotes = self._shuffle((*topic["quotes"], *common["quotes"]))
        self._speakers: list[str] = []
        self._image_count = 0
        self._pools: dict[str, list[str]] = {}

    def _shuffle(self, texts: Sequence[str]) -> list[str]:
        return self._rng.sample(texts, len(texts))

    def say(self, use: str) -> str:
        """Expand a template for a use, the topic's own or else a common one; all are used before any repeats."""
        pool = self._pools.get(use) or self._shuffle(self._cast.topic[use] or self._common[use])
        self._pools[use] = pool
        return self._voice.say(pool.pop())

    def detail(self) -> str:
        """Return an unused sentence; once all have been used, they start over."""
        if not self._details:
            self._details = self._shuffle(self._cast.topic["details"])
        return self._voice.say(self._details.pop())

    def _quote(self) -> str:
        return self._voice.say(self._quotes.pop())

    def opening(self) -> str:
        """Return the first paragraph."""
        rest = f" {self.detail()}" if self._rng.random() < 0.4 else ""  # noqa: PLR2004 - often enough
        return self._space(self._dateline() + self._lead() + rest)

    def _lead(self) -> str:
        """Return the headline's news as a sentence."""
        leads, angle = self._cast.topic["leads"], self._cast.angle
        return self._voice.say(self._rng.choice(leads) if angle is None else leads[angle])

    def paragraphs(self) -> list[str]:
        """Return the whole text."""
        wanted = self._rng.randint(_FEWEST_PARAGRAPHS, _MOST_PARAGRAPHS)
        found = [self.opening()]
        introductions = {1: "official", self._rng.randint(3, 5): "expert"} if self._head.edition == "en" else {}
        while len(found) < wanted and self._details:
            role = introductions.get(len(found))
            found.append(self._introduce(role) if role and self._quotes else self._paragraph())
        if self._head.edition == "en" and self._cast.topic.name in CIVIC_TOPICS:
            found.append(self._space(self.say("closings")))
        if self._rng.random() < _SHORT_ANSWER_SHARE:
            found.insert(-1, self.say("short_answers"))
        return found

    def _introduce(self, role: str) -> str:
        """Return a paragraph in which a person speaks for the first time."""
        use = "introductions" if role == "official" else "expert_introductions"
        templates = self._cast.topic[use] or self._common[use]
        text = self._voice.say(self._rng.choice(templates), quote=self._quote(), outlet=self._say_outlet())
        self._speakers.append(f"{role}_last")
        return self._space(text)

    def _paragraph(self) -> str:
        """Return one to three sentences, or a quotation."""
        if self._quotes and self._speakers and self._rng.random() < _QUOTE_SHARE:
            has_more = self._rng.choice((True, False))
            rest = f" {self.detail()}" if self._details and has_more else ""
            return self._space(self._quotation() + rest)
        count = min(self._rng.choice((1, 2, 2, 3, 3)), max(len(self._details), 1))
        return self._space(" ".join(self.detail() for _ in range(count)))

    def _quotation(self) -> str:
        speaker = self._voice.find_part(self._rng.choice(self._speakers))
        aside = self._voice.say(self._rng.choice(self._common["asides"]))
        return self._voice.say(
            self._rng.choice(self._common["quote_frames"]),
            quote=self._quote(),
            speaker=speaker,
            aside=aside[:1].lower() + aside[1:] if not aside.startswith(self._cast.parts["city2"]) else aside,
            outlet=self._say_outlet(),
        )

    def _say_outlet(self) -> str:
        return self._voice.find_part("outlet")

    def _space(self, text: str) -> str:
        """Put the publisher's non-breaking spaces after short words in some paragraphs."""
        return text.replace(" of the ", " of\u00a0the\u00a0") if self._rng.random() < _HARD_SPACE_SHARE else text

    def _dateline(self) -> str:
        has_dateline = self._head.kind != "opinion" and self._head.edition == "en"
        if not has_dateline or self._rng.random() >= _DATELINE_SHARE:
            return ""
        place = "capital" if self._cast.topic.name == "diaspora" else "city"
        return f"{self._cast.parts[place].upper()} — "

    def image(self, *, is_titled: bool = False) -> Image:
        """Return the next picture, with a caption and usually a credit."""
        self._image_count += 1
        credit = self._rng.choice((f"{vocabulary.make_person(self._rng)} / TASS", "Sergei Petrov / MT", None))
        own = self._cast.topic["captions"]
        shared = self._common["captions"] if self._head.edition == "en" else ()
        caption = self._voice.say(self._rng.choice((*own, *shared)))
        title = self._cast.parts["city"] if is_titled and self._rng.random() < _TITLED_SHARE else None
        return Image(image_url(self._head.number, self._image_count), caption, credit, title)

    def gallery(self) -> tuple[Image, ...]:
        """Return the pictures of a gallery."""
        return tuple(self.image(is_titled=True) for _ in range(self._rng.randint(3, 8)))

    def list_blocks(self) -> Iterator[Block]:
        """Yield the article's content, according to its kind."""
        if self._head.is_archive:
            yield OldHtmlBlock(tuple(text.replace("\u00a0", " ") for text in self.paragraphs()))
            return
        match self._head.kind:
            case "gallery":
                if self._rng.random() < 0.4:  # noqa: PLR2004 - most galleries have only pictures
                    yield HtmlBlock((Paragraph(self.opening()), Paragraph(self._paragraph())))
            case "video":
                yield FurnitureBlock("embed")
                yield HtmlBlock((Paragraph(self.opening()), Paragraph(self._paragraph())))
            case _:
                yield from self._text_blocks()

    def _text_blocks(self) -> Iterator[Block]:
        """Yield html blocks of one to five paragraphs with other blocks between them, always with a related box."""
        paragraphs = self.paragraphs()
        is_english = self._head.edition == "en"
        nth = 0
        while paragraphs:
            count = self._rng.randint(1, 5)
            chunk, paragraphs = paragraphs[:count], paragraphs[count:]
            extras = self._extras() if paragraphs and is_english else ()
            yield HtmlBlock((*(Paragraph(text) for text in chunk), *extras))
            if nth == 0:
                yield FurnitureBlock("article", self._other_headline())
            elif paragraphs and is_english:
                yield from self._between()
            nth += 1

    def _other_headline(self) -> str:
        return self.say("headlines")

    def _between(self) -> Iterator[Block]:
        has_quote = bool(self._quotes and self._speakers)
        match self._rng.randrange(11):
            case 0:
                yield HeaderBlock(self.say("subheads"))
            case 1 if has_quote:
                lines = [f"{self._quote()}." for _ in range(min(self._rng.randint(1, 2), len(self._quotes)))]
                yield QuoteBlock(tuple(lines), self._cast.parts[self._speakers[-1].removesuffix("_last")])
            case 2:
                yield ImageBlock(self.image())
            case 3:
                yield SliderBlock(tuple(self.image() for _ in range(self._rng.randint(2, 4))))
            case 4:
                yield FurnitureBlock("newsletter")
            case 5:
                yield FurnitureBlock("embed")
            case 6 if not self._is_essay:
                yield InfoBlock(self.say("questions"), (self.say("infoboxes"),))
            case 7:
                yield FurnitureBlock("link", self._other_headline())
            case 8:
                yield FurnitureBlock("scrollama")
            case _:
                return

    def _extras(self) -> Iterator[Element]:
        """Yield an html block's elements other than plain paragraphs."""
        match self._rng.randrange(16):
            case 0 | 1:
                yield Subhead(self.say("subheads"), self._rng.choice((2, 3)))
            case 2 if not self._is_essay:
                items = self._rng.sample(self._common["points"], self._rng.randint(2, 4))
                yield BulletList(tuple(self._voice.say(item) for item in items), self._rng.random() < 0.5)  # noqa: PLR2004
            case 3 if len(self._quotes) > 1:
                yield BlockQuote((f"{self._quote()}. {self._quote()}.",))
            case 4 if not self._is_essay:
                yield self._table()
            case 5:
                yield Verse(tuple(self.say("verses").split(" / ")))
            case 6:
                yield InlineFigure(self.image())
            case 7:
                yield Frame()
            case 8 if not self._is_essay:
                yield Paragraph(self.say("schedules"))
            case _:
                return

    def _table(self) -> Table:
        cities = self._rng.sample([city for city, _ in vocabulary.CITIES], 3)
        rows = tuple(
            (city, vocabulary.make_company(self._rng), f"{self._rng.randint(12, 980)}", f"{self._rng.randint(1, 60)}%")
            for city in cities
        )
        month = f"{self._rng.choice(vocabulary.MONTHS)} {self._head.published_at.year}"
        head = (
            self._rng.choice(("City", "Town", "Place")),
            "Company",
            month,
            self._rng.choice(("Change", "Share", "Growth")),
        )
        return Table((head, *rows))

    def summary(self) -> tuple[str, ...]:
        """Return the paragraphs above a live blog's posts."""
        return (self._lead(), *(self.detail() for _ in range(self._rng.randint(0, 2))))

    def posts(self) -> tuple[Post, ...]:
        """Return a live blog's posts, the oldest first."""
        at = self._head.published_at
        found = []
        for _ in range(self._rng.randint(4, 9)):
            blocks: list[HtmlBlock | ImageBlock | FurnitureBlock] = [HtmlBlock((Paragraph(self._paragraph()),))]
            match self._rng.randrange(8):
                case 0:
                    blocks.append(FurnitureBlock("embed"))
                case 1:
                    blocks.append(FurnitureBlock("link", self._other_headline()))
                case 2:
                    blocks.append(FurnitureBlock("article", self._other_headline()))
                case 3:
                    blocks.append(ImageBlock(self.image()))
                case 4:
                    blocks.append(HtmlBlock((Paragraph(self._paragraph()),)))
                case _:
                    pass
            found.append(Post(at, tuple(blocks)))
            at += timedelta(minutes=self._rng.randint(4, 90))
        return tuple(found)
