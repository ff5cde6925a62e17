"""Voice of America: the rules of RFE/RL's content system, on its own hosts. sites/rferl/README.md has the facts."""

from zoneinfo import ZoneInfo

from sites.ordinary import OrdinarySite
from sites.profile import Edition
from sites.rferl import ARTICLE, PAGE, RULES

PUBLISHER = OrdinarySite(
    name="voa",
    title="Voice of America",
    own_names=("VOA", "VOA News"),
    time_zone=ZoneInfo("America/New_York"),
    editions={"en": Edition("en", "https://www.voanews.com", "en")},
    edition_by_host={"voanews.com": "en"},
    text_edition="en",
    article=ARTICLE,
    rules=RULES,
    sitemaps=("https://www.voanews.com/sitemap.xml",),
    page=PAGE,
)
