"""The publisher's furniture around an article, by the period in which a page is fetched."""

from replica.model import Furniture

DONATIONS: dict[int, tuple[str, ...]] = {
    1: (
        "The need for honest and objective information on Russia is more relevant now than ever before!",
        "To keep our newsroom in Moscow running, we need your support.",
    ),
    2: (
        (
            "As the only remaining independent, English-language news source reporting from Russia, The Moscow Times "
            "plays a critical role in connecting Russia to the world."
        ),
        "Donate to The Moscow Times",
    ),
    3: ("Now is the time to support independent reporting from Russia!", "Contribute today"),
    4: (
        "Russia media is under attack.",
        "Support independent reporting from Russia.",
        "Contribute today",
        "Maybe later",
    ),
    5: (
        "… we have a small favor to ask.",
        (
            "As you may have heard, The Moscow Times, an independent news source for over 30 years, has been unjustly "
            "branded as a “foreign agent” by the Russian government."
        ),
        (
            "Your support, no matter how small, makes a world of difference. If you can, please support us monthly "
            "starting from just 2."
        ),
        "Remind me next month",
    ),
    6: (
        "A Message from The Moscow Times:",
        "Dear readers,",
        (
            "We are facing unprecedented challenges. Russia's Prosecutor General's Office has designated The Moscow "
            'Times as an "undesirable" organization, criminalizing our work and putting our staff at risk of '
            'prosecution. This follows our earlier unjust labeling as a "foreign agent."'
        ),
        (
            "These actions are direct attempts to silence independent journalism in Russia. The authorities claim our "
            'work "discredits the decisions of the Russian leadership." We see things differently: we strive to '
            "provide accurate, unbiased reporting on Russia."
        ),
        "We, the journalists of The Moscow Times, refuse to be silenced. But to continue our work, we need your help.",
        (
            "Your support, no matter how small, makes a world of difference. If you can, please support us monthly "
            "starting from just $2. It's quick to set up, and every contribution makes a significant impact."
        ),
        (
            "By supporting The Moscow Times, you're defending open, independent journalism in the face of repression. "
            "Thank you for standing with us."
        ),
    ),
}
"""Period of the fetch (1: 2016-2019 … 6: from July 2024) -> the donation message's paragraphs."""

PAYMENT = {
    5: ("Once", "Monthly", "Annual", "Continue", "Not ready to support today?", "Remind me later."),
    6: ("Once", "Monthly", "Annual", "Continue", "paiment methods", "Not ready to support today?", "Remind me later."),
}
"""The words of the payment form; the misspelling is the publisher's."""

TEASERS = {
    "ad-free": (
        "×",
        "Enjoying ad-free content?",
        "Since July 1, 2024, we have disabled all ads to improve your reading experience.",
        "This commitment costs us $10,000 a month. Your support can help us fill the gap.",
        "Support us",
        "Our journalism is banned in Russia. We need your help to keep providing you with the truth.",
    ),
    "support": ("Support The Moscow Times!",),
}
"""Texts above the headline."""

NEWSLETTER = (
    "Sign up for our free weekly newsletter",
    (
        "Our weekly newsletter contains a hand-picked selection of news, features, analysis and more from The Moscow "
        "Times. You will receive it in your mailbox every Friday. Never miss the latest news from Russia. Preview"
    ),
    "Subscribers agree to the Privacy Policy",
)
DISCLAIMER = ("The views expressed in opinion pieces do not necessarily reflect the position of The Moscow Times.",)
CAMPAIGN = (
    "MT+ is branded content that is made together with our partners. "
    "The newsroom of The Moscow Times took no part in it."
)
PARTNER_LABEL = "Partner Content"
NO_MEDIA = "Some external media is not supported on this page, open the full version to see it."
COPYRIGHT = "© The Moscow Times, all rights reserved."

_OTHERS = (NO_MEDIA, COPYRIGHT, CAMPAIGN, PARTNER_LABEL)

FIRST_AD_FREE_PERIOD = 6
"""In earlier periods, the text above the headline is the plain request for support."""

SEED_PERIOD = 6
"""The period in which all seeds were fetched."""


def choose_furniture(period: int, message: tuple[str, ...] | None) -> Furniture:
    """Return the furniture of a period; `message` replaces the period's own donation message."""
    teaser = "ad-free" if period >= FIRST_AD_FREE_PERIOD else "support"
    return Furniture(teaser, message or DONATIONS[period], PAYMENT.get(period, ()))


def list_furniture_lines() -> tuple[str, ...]:
    """Return every line of furniture that a page can have, for tests of what must not be in a body."""
    groups = (*DONATIONS.values(), *PAYMENT.values(), *TEASERS.values(), NEWSLETTER, DISCLAIMER, _OTHERS)
    return tuple(dict.fromkeys(line for group in groups for line in group))
