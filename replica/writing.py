"""Plans and writes articles: the five seeds, and any number of others from a seed number.

An article depends only on the site's seed and its own index, so each can be made without the others.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from replica import vocabulary
from replica.cast import (
    ARCHIVE_TOPICS,
    LIVE_TOPICS,
    NEWS_TOPICS,
    RUSSIAN_TOPIC,
    Cast,
    choose_cast,
)
from replica.composition import Writer, image_url
from replica.furniture import DONATIONS, PAYMENT, SEED_PERIOD
from replica.model import (
    Furniture,
    FurnitureBlock,
    Head,
    HtmlBlock,
    Image,
    Paragraph,
    Story,
    article_path,
)
from replica.seed import SeedPage, read_raw

# Shares of generated articles with a feature: large enough that a few hundred articles show every combination.
_EDITED_SHARE = 0.25
_PERSON_SHARE = 0.6
_SUBTITLE_SHARE = 0.5
_INTRO_SHARE = 0.15
_IMAGE_SHARE = 0.8
_CREDITED_SHARE = 0.1
_SEO_TITLE_SHARE = 0.08
_SEO_KEYWORDS_SHARE = 0.15
_COMMA_TAG_SHARE = 0.06
_UNFLAGGED_SHARE = 0.06
_ANALYSIS_SHARE = 0.1
_FLAGGED_OPINION_SHARE = 0.15
"""Share of galleries and videos that have the opinion flag, and are still galleries and videos."""

_ARCHIVE_BEGINS_AT = datetime(1994, 1, 10, 9, tzinfo=UTC)
_ARCHIVE_DAYS = 5_500
"""The span of archive pages."""

COMMA_TAG = "Krasnoye Selo, Leningrad Region"
"""A tag that contains a comma: only the links keep it whole."""

_TOPICS = {
    "opinion": ("opinion",),
    "live": LIVE_TOPICS,
    "sponsored": ("business", "arts"),
    "partner": ("business", "arts", "opinion"),
    "archive": ARCHIVE_TOPICS,
    # One lecture among many news articles.
    "article": (*NEWS_TOPICS * 4, "lecture"),
}
"""Kind -> its topics; other kinds have any news topic."""
KINDS = frozenset(
    ["article", "opinion", "gallery", "video", "podcast", "live", "archive", "sponsored", "partner", "picture"]
)
"""All kinds that a site can have."""
_KINDS = {"archive": "article", "sponsored": "article", "partner": "article", "picture": "article"}
"""Kinds of the site that have another kind in a record."""


@dataclass(frozen=True)
class ArticleSpec:
    """The specification of a generated article."""

    number: int
    kind: str
    """A record's kind, or `archive`, `sponsored`, `partner`, `picture`."""
    published_at: datetime
    story_key: str
    """The same key gives the same topic, place and persons."""
    edition: str = "en"


def plan_seed_head(page: SeedPage) -> Head:
    """Return the head of a seed's page; no seed names an author, so the publisher is the author."""
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
    """Return the seed's own text with its own furniture and non-breaking spaces."""
    text = HtmlBlock(tuple(Paragraph(paragraph) for paragraph in read_raw(page.name)))
    donation = DONATIONS[SEED_PERIOD] if page.has_donation else ()
    return Story(
        subtitle=None,
        intro=None,
        blocks=(text, FurnitureBlock("newsletter")) if page.has_newsletter else (text,),
        image=Image(image_url(page.number), page.caption, page.credit) if page.caption else None,
        tags=("Syria",),
        furniture=Furniture(page.teaser, donation, PAYMENT[SEED_PERIOD] if donation else ()),
        trailing_agencies=page.agencies,
        has_markup=False,
    )


def find_cast(head: Head) -> Cast:
    """Return the cast of a generated article."""
    return _cast(head.story_key, head.edition, head.published_at)


def _cast(story_key: str, edition: str, at: datetime) -> Cast:
    kind = story_key.split("/", 1)[0]
    topics = (RUSSIAN_TOPIC,) if edition == "ru" else _TOPICS.get(kind, NEWS_TOPICS)
    return choose_cast(story_key, topics, at)


def plan_head(rng: random.Random, spec: ArticleSpec) -> Head:
    """Return the head of a generated article."""
    is_archive = spec.kind == "archive"
    published_at = spec.published_at
    if is_archive:
        published_at = _ARCHIVE_BEGINS_AT + timedelta(days=rng.randrange(_ARCHIVE_DAYS), minutes=rng.randrange(600))
    cast = _cast(spec.story_key, spec.edition, published_at)
    kind = "opinion" if cast.section == "opinion" else _KINDS.get(spec.kind, spec.kind)
    section = cast.section
    if kind in {"gallery", "video"} and rng.random() < _FLAGGED_OPINION_SHARE:
        section = "opinion"
    authors, agencies, byline = _choose_byline(rng, kind, spec.edition)
    is_edited = rng.random() < _EDITED_SHARE and not is_archive
    is_plain = kind == "article" and spec.kind == "article"
    label = "opinion" if section == "opinion" else "analysis" if rng.random() < _ANALYSIS_SHARE and is_plain else None
    return Head(
        number=spec.number,
        kind=kind,
        headline=cast.speak(rng).say(rng.choice(cast.headlines)),
        section=section,
        published_at=published_at,
        modified_at=published_at + timedelta(minutes=rng.randint(11, 2_000) if is_edited else rng.randint(0, 9)),
        authors=authors,
        agencies=agencies,
        byline=byline,
        is_archive=is_archive,
        sponsor=rng.choice(vocabulary.SPONSORS) if spec.kind == "partner" else None,
        is_sponsored=spec.kind == "sponsored",
        is_unflagged=is_plain and section == "news" and rng.random() < _UNFLAGGED_SHARE,
        label=label,
        edition=spec.edition,
        story_key=spec.story_key,
    )


def _choose_byline(
    rng: random.Random, kind: str, edition: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the record's authors and agencies, and the byline's names. Opinion always has a person as author."""
    if edition == "ru":
        names = tuple(rng.sample(vocabulary.RUSSIAN_PERSONS, rng.choice((1, 1, 2))))
        return names, (), names
    persons = _choose_persons(rng, rng.choice((1, 1, 1, 2, 2, 3)))
    if kind == "opinion" or rng.random() < _PERSON_SHARE:
        return persons, (), persons
    agency, first = rng.choice(vocabulary.AGENCIES), persons[0]
    return rng.choice(
        (
            (("The Moscow Times",), (), ("The Moscow Times",)),
            ((), (agency,), (agency,)),
            ((first,), (agency,), (f"{first} for {agency}",)),
        )
    )


def _choose_persons(rng: random.Random, count: int) -> tuple[str, ...]:
    persons: dict[str, None] = {}
    while len(persons) < count:
        persons[vocabulary.make_person(rng)] = None
    return tuple(persons)


def move_head(head: Head, rng: random.Random) -> Head:
    """Return the article after its headline changed, once or three times, and for every fourth one its day too."""
    was_at = head.published_at - timedelta(days=rng.choice((0, 0, 0, 1)))
    endings = rng.sample(("Reports", "Sources Say", "Updates", "Toll Rises"), rng.choice((1, 1, 1, 3)))
    paths = tuple(article_path(was_at, f"{head.headline} {ending}", head.number) for ending in endings)
    return replace(head, old_paths=paths)


def write_story(rng: random.Random, head: Head, furniture: Furniture, *, is_picture: bool = False) -> Story:
    """Return the story of a generated article; a bare picture has no text."""
    cast = find_cast(head)
    writer = Writer(rng, head, cast)
    has_extras = head.kind in {"article", "opinion"} and not head.is_archive and head.edition == "en"
    subtitle = rng.random() < _SUBTITLE_SHARE and not head.is_archive
    has_image = (rng.random() < _IMAGE_SHARE or is_picture) and not head.is_archive and head.kind != "gallery"
    intro = writer.say("subtitles") if has_extras and rng.random() < _INTRO_SHARE else None
    blocks = () if is_picture or head.kind == "live" else tuple(writer.list_blocks())
    return Story(
        subtitle=writer.say("subtitles") if subtitle else None,
        intro=None if is_picture else intro,
        blocks=blocks,
        image=writer.image() if has_image else None,
        tags=_choose_tags(rng, head, cast),
        furniture=furniture,
        trailing_agencies=tuple(rng.sample(vocabulary.AGENCIES, 2))
        if has_extras and blocks and rng.random() < _CREDITED_SHARE
        else (),
        author_blurb=f"{head.byline[0]} writes about {cast.parts['region']} and what lies beyond it."
        if head.kind == "opinion"
        else None,
        gallery=writer.gallery() if head.kind == "gallery" else (),
        posts=writer.posts() if head.kind == "live" else (),
        summary=writer.summary() if head.kind == "live" else (),
        seo_title=f"{head.headline}: {writer.say('subtitles')}"
        if has_extras and rng.random() < _SEO_TITLE_SHARE
        else None,
        seo_keywords=_choose_keywords(rng, cast) if has_extras and rng.random() < _SEO_KEYWORDS_SHARE else (),
    )


def _choose_tags(rng: random.Random, head: Head, cast: Cast) -> tuple[str, ...]:
    if head.is_archive:
        return ()
    tags = rng.sample(cast.topic.tags, rng.randint(0, min(4, len(cast.topic.tags))))
    if head.edition == "en" and rng.random() < _COMMA_TAG_SHARE:
        tags.append(COMMA_TAG)
    return tuple(tags)


def _choose_keywords(rng: random.Random, cast: Cast) -> tuple[str, ...]:
    """Return keywords as typed for search engines."""
    city = cast.parts["city"].lower()
    return (f"{city} news", f"{cast.topic.name} in russia", f"{city} {rng.choice(vocabulary.SEASONS)}")


def rewrite_opening(story: Story, rng: random.Random, head: Head) -> Story:
    """Return the story with another first paragraph: a near-duplicate."""
    first, *others = story.blocks
    if not isinstance(first, HtmlBlock):
        return story
    opening = Paragraph(Writer(rng, head, find_cast(head)).opening())
    return replace(story, intro=None, blocks=(HtmlBlock((opening, *first.elements[1:])), *others))
