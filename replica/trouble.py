"""Advertised URLs that do not lead to an article: each shows one case that a crawl must recognise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from replica.answer import Answer, html
from replica.chrome import render_document, render_simple_page
from replica.furniture import DONATIONS, SEED_PERIOD
from replica.model import WWW, article_path

_FIRST_NUMBER = 9_900_001
"""Far above every article's id."""


EMBARGOED = "embargoed"
"""The first word of slugs that robots.txt forbids."""


@dataclass(frozen=True)
class Trouble:
    """An advertised URL that does not lead to an article."""

    path: str
    outcome: str
    answer: Answer
    in_sitemap: bool = True
    """Otherwise it is in the news feed."""

    @property
    def url(self) -> str:
        """Its URL."""
        return WWW + self.path


def soft_404() -> Answer:
    """Return the publisher's error page, which has status 200."""
    return html(render_simple_page("Oops!", "We couldn't find your page."))


def list_troubles(last_at: datetime) -> tuple[Trouble, ...]:
    """Return all of them, dated to the site's last day."""

    def article(slug: str, nth: int) -> str:
        return article_path(last_at - timedelta(hours=1), slug, _FIRST_NUMBER + nth)

    return (
        Trouble(article("an article that shows the error page", 0), "missing", soft_404()),
        Trouble(article("a teaser that shows the error page", 1), "missing", soft_404(), in_sitemap=False),
        Trouble(article("an article that is not there", 2), "missing", html(_error_page(), status=404)),
        Trouble(article("an article without words", 3), "quarantined", html(_empty_page())),
        Trouble(article(f"{EMBARGOED} article not yet out", 4), "blocked", html(_empty_page())),
        # robots.txt forbids it as well, but its URL already shows that it is not an article.
        Trouble("/preview/an-article-not-yet-out", "excluded", html(_empty_page())),
        Trouble("/author/kira-zimin", "excluded", html(render_simple_page("Kira Zimin", "All articles."))),
        Trouble(
            "/plus/a-bank-for-tomorrow",
            "excluded",
            html(render_simple_page("A Bank for Tomorrow", "Partner Content")),
            in_sitemap=False,
        ),
    )


def _error_page() -> str:
    return render_simple_page("Not found", "There is no such page.")


def _empty_page() -> str:
    """Render an article's container with nothing but the donation message."""
    message = "".join(f"<p>{line}</p>" for line in DONATIONS[SEED_PERIOD])
    return render_document(
        "<title>The Moscow Times</title>",
        '<div class="container article-container"><article class="article article--news">'
        '<header class="article__header"><h1></h1></header><div class="article__content"></div>'
        f'<div class="contribute-banner">{message}</div></article></div>',
    )
