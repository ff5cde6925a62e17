"""Choose section, tags, kind and sponsor."""

from collections.abc import Iterator
from urllib.parse import urljoin

from extraction.linked_data import read_text, read_texts, read_types
from extraction.normalization import tidy, tidy_or_none
from extraction.parsed import Found, Page
from schemas.article import Kind

TAG_METAS = ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "keywords")
"""Names of meta tags, best first."""


def choose_section(page: Page) -> str | None:
    """Return the section by its displayed name; a known publisher's breadcrumb has precedence.

    Elsewhere, a page may have another value: an internal key, or the same for every article.
    """
    if page.site.sections and (section := _read_breadcrumb(page)):
        page.record_source("section", "breadcrumb")
        return section
    key = read_text(page.metadata.json_ld.get("articleSection"))
    shown = tidy_or_none(page.metadata.meta.get("article:section"))
    named = page.site.sections.get(shown or "", shown)  # some pages have the key here
    candidates = [(page.site.sections.get(key or ""), "json-ld"), (named, "meta"), (key, "json-ld")]
    for section, source in candidates:
        if section:
            page.record_source("section", source)
            return section
    return None


def _read_breadcrumb(page: Page) -> str | None:
    """Return the section by the last segment of its URL; if that has no known name, by its words.

    The home page and articles are not sections.
    """
    url = page.metadata.section_url or ""
    key = url.partition("?")[0].rstrip("/").rpartition("/")[2].lower()
    if section := page.site.sections.get(key):
        return section
    try:
        found = page.site.identify(urljoin(page.url or "", url)) if key else None
    except ValueError:  # a URL that cannot be joined
        return None
    is_section = found is not None and found.id is None and found.rule != "home-page"
    return tidy(key.replace("-", " ")).title() or None if is_section else None


def choose_tags(page: Page) -> tuple[str, ...]:
    """Return the article's tags.

    A known publisher's tags are the links below the article, in which a comma does not separate tags, or
    `article:tag`; its keywords are for search engines.
    """
    for tags, source in _list_tags(page) if page.site.has_page_rules else _list_unknown_tags(page):
        if found := tuple(dict.fromkeys(text for tag in tags if (text := tidy(tag)))):
            page.record_source("tags", source)
            return found
    return ()


def _list_tags(page: Page) -> Iterator[tuple[list[str], str]]:
    yield ["".join(link.itertext()) for link in page.select(page.site.page.tags)], "page"
    yield [part for value in page.metadata.metas.get("article:tag", ()) for part in value.split(",")], "meta"


def _list_unknown_tags(page: Page) -> Iterator[tuple[list[str], str]]:
    keywords = page.metadata.json_ld.get("keywords")
    yield keywords.split(",") if isinstance(keywords, str) else read_texts(keywords), "json-ld"
    for name in TAG_METAS:
        yield [part for value in page.metadata.metas.get(name, ()) for part in value.split(",")], "meta"


def choose_kind(page: Page) -> Kind:
    """Return the kind by elements unique to it, then the publisher's own value, then other words for it."""
    for kind, source in _list_kinds(page):
        if kind:
            page.record_source("kind", source)
            return kind
    return Kind.ARTICLE


def _list_kinds(page: Page) -> Iterator[tuple[Kind | None, str]]:
    rules = page.site.page
    yield Kind.LIVE if page.select(rules.live) else None, "page"
    yield Kind.LIVE if page.posts and page.posts.has_text else None, "posts"
    yield Kind.LIVE if "LiveBlogPosting" in read_types(page.metadata.json_ld) else None, "json-ld"
    stated_kind = page.site.kinds.get(next(iter(page.select_texts(rules.data_kind)), "").lower())
    if stated_kind is not Kind.ARTICLE:
        yield stated_kind, "page"
    for text, source in _list_kind_words(page):
        kind = page.site.kinds.get(text.strip(" |").lower())
        # By that value an opinion piece is a plain article; only its label reveals it.
        yield kind if stated_kind is None or kind is Kind.OPINION else None, source
    yield Kind.OPINION if page.select(rules.disclaimer) else None, "page"
    yield stated_kind or _find_class_kind(page), "page"


def _find_class_kind(page: Page) -> Kind | None:
    """Return the kind by the container's class: `article--gallery`."""
    prefix = page.site.page.kind_prefix
    if page.container is None or not prefix:
        return None
    names = (page.container.get("class") or "").lower().split()
    kinds = (page.site.kinds.get(name.removeprefix(prefix)) for name in names if name.startswith(prefix))
    return next((kind for kind in kinds if kind), None)


def flag_sponsored(page: Page) -> None:
    """Flag paid content, which is kept but marked."""
    rules = page.site.page
    labels = [tidy("".join(found.itertext())).strip(" |") for found in page.select(rules.label)]
    is_labelled = rules.paid_label is not None and any(map(rules.paid_label.fullmatch, labels))
    if (
        is_labelled
        or page.select(rules.sponsor)
        or page.select(rules.paid)
        or "AdvertiserContentArticle" in read_types(page.metadata.json_ld)
    ):
        page.flags.add("partner-content")


def choose_sponsor(page: Page) -> str | None:
    """Return the sponsor named by the article's label."""
    if sponsor := page.first_text(page.site.page.sponsor):
        page.record_source("sponsor", "page")
    return sponsor


def _list_kind_words(page: Page) -> Iterator[Found]:
    prefix = page.site.page.title_prefix
    for name in ("og:description", "og:title", "description"):
        if prefix and (match := prefix.match(page.metadata.meta.get(name, ""))):
            yield match[1], "meta"
    yield from ((tidy("".join(found.itertext())), "page") for found in page.select(page.site.page.label))
    yield read_text(page.metadata.json_ld.get("articleSection")) or "", "json-ld"
