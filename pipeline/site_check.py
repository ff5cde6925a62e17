"""Says field by field how a publisher's pages read: a few of its newest, live, or saved ones."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from boilerplate.document import squeeze
from boilerplate.remover import Boilerplate
from pipeline.ingest import require_contact
from pipeline.integrity.live_site import open_live_crawl
from schemas.article import Draft, Unreadable, split_paragraphs
from schemas.capture import Capture
from schemas.model import Count, NonEmpty, Record
from schemas.settings import Settings
from sites.profile import Site
from sites.source_page import SourceUnreadable
from sites.structure import PageRules

FIELDS = ("headline", "subtitle", "authors", "published_at", "section", "tags", "images", "body")

NEEDED_FIELDS = ("headline", "published_at", "body")
"""Fields that every article has."""

PAGE_COUNT = 5
"""Pages that are read: enough to see what only some have."""

MAX_SOURCES = 3
"""Most sources, and most children of one, that are asked for pages."""

EXAMPLE_CHARS = 60


class FieldCheck(Record):
    """How a field of a publisher's pages reads."""

    field: NonEmpty
    found_count: Count
    """Pages that have it."""
    sources: dict[str, Count]
    """Where the values came from -> how often."""
    example: str


class RuleChange(Record):
    """What the page rules and boilerplate texts of a publisher change in the text of a page."""

    url: NonEmpty
    lost: tuple[str, ...]
    """Paragraphs that are text without them alone."""
    won: tuple[str, ...]
    """Paragraphs that are text with them alone."""


class SiteCheck(Record):
    """What a look at a publisher's pages shows."""

    site: NonEmpty
    page_count: Count
    """Pages that were read as articles."""
    fields: tuple[FieldCheck, ...]
    flags: dict[str, Count]
    changes: tuple[RuleChange, ...]
    """Of the pages in which there are any."""
    problems: tuple[str, ...]
    """A sentence for each source and page that could not be read."""

    @property
    def is_good(self) -> bool:
        """Whether every page was read, and all have a headline, a date and a body."""
        needed = {one.field: one.found_count for one in self.fields}
        is_whole = all(needed[name] == self.page_count for name in NEEDED_FIELDS)
        return bool(self.page_count) and is_whole and not self.problems


def check_site(settings: Settings, profile: Site, urls: Sequence[str] = ()) -> SiteCheck:
    """Fetch these pages, or a few that the site's sources advertise, and read them by the site's rules.

    Raises:
        ContactMissing, RunInProgress, CrawlFailed: as for any crawl.
    """
    require_contact(settings, profile.name)
    problems: list[str] = []
    with open_live_crawl(settings, profile) as crawl:
        if not urls:
            wanted = [source.url for source in profile.sources("all") if not source.is_optional][:MAX_SOURCES]
            sources = crawl.fetch(wanted)
            children = [child for one in sources.values() for child in _list_urls(profile, one, [])[1]][:MAX_SOURCES]
            sources |= crawl.fetch(children) if children else {}
            named = [url for name, one in sources.items() for url in _list_urls(profile, one, problems, name)[0]]
            urls = list(islice(dict.fromkeys(named), PAGE_COUNT))
        pages = crawl.fetch(urls) if urls else {}
    captures = []
    for url in urls:
        page = pages.get(url, "no response")
        captures += [page] if isinstance(page, Capture) else []
        problems += [f"{url}: {page}"] if isinstance(page, str) else []
    return summarize(profile, captures, problems if captures or problems else ["no source names an article"])


def _list_urls(
    profile: Site, response: Capture | str, problems: list[str], name: str = ""
) -> tuple[list[str], tuple[str, ...]]:
    """Return the articles that a source lists, and its children; record a problem if it cannot be read."""
    if isinstance(response, str):
        problems.append(f"{name}: {response}")
        return [], ()
    if not response.url or not profile.recognize_source(response.url):
        return [], ()  # robots.txt, which is fetched with the first source
    try:
        page = profile.read_source(response.body, response.url, response.media_type, response.fetched_at)
    except SourceUnreadable as error:
        problems.append(str(error))
        return [], ()
    identities = (profile.identify(one.url) for one in page.sightings)
    return [one.url for one in identities if one.id], page.children


def summarize(profile: Site, captures: Iterable[Capture], problems: Sequence[str] = ()) -> SiteCheck:
    """Read pages by a site's rules, and count for each field where its values are from."""
    from extraction.page import read_page

    plain = replace(profile, page=PageRules(), boilerplate=Boilerplate())
    drafts: list[Draft] = []
    changes: list[RuleChange] = []
    found = list(problems)
    for capture in captures:
        draft = read_page(capture, profile)
        if not isinstance(draft, Draft):
            found.append(f"{capture.url}: {draft.reason}{f': {draft.detail}' if draft.detail else ''}")
            continue
        drafts.append(draft)
        changes += _compare(draft, read_page(capture, plain))
        if capture.url and not profile.identify(capture.url).id:
            found.append(f"{capture.url}: no article by its URL: {profile.identify(capture.url).rule}")
    return SiteCheck(
        site=profile.name,
        page_count=len(drafts),
        fields=tuple(_check_fields(drafts)),
        flags=dict(sorted(Counter(flag for draft in drafts for flag in draft.flags).items())),
        changes=tuple(changes),
        problems=tuple(found),
    )


def _compare(draft: Draft, plain: Draft | Unreadable) -> Iterator[RuleChange]:
    """Yield what the rules change in the text of a page; nothing if it reads the same without them."""
    own = split_paragraphs(draft.body)
    others = split_paragraphs(plain.body) if isinstance(plain, Draft) else []
    lost, won = (tuple(_show(one) for one in found) for found in (_subtract(others, own), _subtract(own, others)))
    if lost or won:
        yield RuleChange(url=draft.url or "?", lost=lost, won=won)


def _subtract(paragraphs: Iterable[str], others: Iterable[str]) -> list[str]:
    known = set(map(squeeze, others))
    return [one for one in paragraphs if squeeze(one) not in known]


def _check_fields(drafts: Sequence[Draft]) -> Iterator[FieldCheck]:
    for name in FIELDS:
        values = [(value, draft.sources.get(name, "page")) for draft in drafts if (value := getattr(draft, name))]
        counts = Counter(source for _, source in values)
        example = _show(values[0][0]) if values else ""
        yield FieldCheck(field=name, found_count=len(values), sources=dict(sorted(counts.items())), example=example)


def _show(value: object) -> str:
    shown = f"{len(value)} of them" if isinstance(value, tuple) and not isinstance(value[0], str) else value
    text = ", ".join(shown) if isinstance(shown, tuple) else str(shown)
    text = " ".join(text.split())
    return text if len(text) <= EXAMPLE_CHARS else f"{text[: EXAMPLE_CHARS - 1]}…"
