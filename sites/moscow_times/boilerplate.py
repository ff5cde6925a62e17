"""The boilerplate texts of The Moscow Times, by the period in which a page was fetched (not written)."""

import re

from boilerplate.remover import Boilerplate, Furniture, StandaloneLine, squeeze

_PAYMENT = ("Once", "Monthly", "Annual", "Continue", "payment methods")
"""Words of the payment form below a message."""

_DISCLAIMER = "The views expressed in opinion pieces do not necessarily reflect the position of The Moscow Times."

LABELS = (
    "news",
    "opinion",
    "business",
    "ukraine war",
    "meanwhile",
    "arts and life",
    "city",
    "climate",
    "diaspora",
    "in-depth",
    "podcast",
    "video",
    "gallery",
    "live",
    "live |",
    "analysis",
    "feature",
    "interview",
    "regions",
)
"""Label lines above a headline or on a related box."""

FURNITURE = (
    Furniture(
        "donation-2016",
        (
            "The need for honest and objective information on Russia is more relevant now than ever before!",
            "To keep our newsroom in Moscow running, we need your support.",
        ),
        is_appeal=True,
    ),
    Furniture(
        "donation-2019-12",
        (
            "Independent journalism isn’t dead. You can help keep it alive.",
            (
                "As the only remaining independent, English-language news source reporting from Russia, The Moscow "
                "Times plays a critical role in connecting Russia to the world."
            ),
            (
                "As the only remaining independent, English-language news source reporting from Russia, The Moscow "
                "Times plays a critical role…"
            ),
            StandaloneLine(
                "Editorial decisions are made entirely by journalists in our newsroom, who adhere to the highest "
                "ethical standards."
            ),
            "Please consider making a one-time donation — or better still a recurring donation — to The Moscow Times…",
            "Donate to The Moscow Times",
        ),
        is_appeal=True,
    ),
    Furniture(
        "donation-2021",
        ("Now is the time to support independent reporting from Russia!",),
        ("Contribute today",),
        is_appeal=True,
    ),
    Furniture(
        "donation-2022-03",
        (
            "Russia media is under attack.",
            StandaloneLine(
                "At least 10 independent media outlets have been blocked or closed down over their coverage of the war "
                "in Ukraine."
            ),
            (
                "The Moscow Times needs your help more than ever as we cover this devastating invasion and its "
                "sweeping impacts on Russian society."
            ),
            "The Moscow Times needs your help more than ever…",
            "Support independent reporting from Russia.",
        ),
        ("Contribute today", "Maybe later"),
        is_appeal=True,
    ),
    Furniture(
        "donation-2023-11",
        (
            "… we have a small favor to ask.",
            (
                "As you may have heard, The Moscow Times, an independent news source for over 30 years, has been "
                'unjustly branded as a "foreign agent" by the Russian government.'
            ),
            "As you may have heard, The Moscow Times, an independent news source for over 30 years, has been unjustly…",
            StandaloneLine(
                "This blatant attempt to silence our voice is a direct assault on the integrity of journalism and the "
                "values we hold dear."
            ),
            StandaloneLine("We, the journalists of The Moscow Times, refuse to be silenced."),
            (
                "Our commitment to providing accurate and unbiased reporting on Russia remains unshaken. But we need "
                "your help to continue our critical mission."
            ),
            StandaloneLine(
                "Your support, no matter how small, makes a world of difference. If you can, please support us monthly "
                "starting from just 2."
            ),
            (
                "It's quick to set up, and you can be confident that you're making a significant impact every month by "
                "supporting open, independent journalism."
            ),
            "Remind me next month",
            "Thank you! Your reminder is set.",
        ),
        ("Thank you.", *_PAYMENT),
        is_appeal=True,
    ),
    Furniture(
        "donation-2024-07",
        (
            "A Message from The Moscow Times:",
            StandaloneLine("We are facing unprecedented challenges."),
            StandaloneLine(
                "Russia's Prosecutor General's Office has designated The Moscow Times as an \"undesirable\" "
                "organization, criminalizing our work and putting our staff at risk of prosecution."
            ),
            StandaloneLine('This follows our earlier unjust labeling as a "foreign agent."'),
            StandaloneLine("These actions are direct attempts to silence independent journalism in Russia."),
            StandaloneLine('The authorities claim our work "discredits the decisions of the Russian leadership."'),
            StandaloneLine("We see things differently: we strive to provide accurate, unbiased reporting on Russia."),
            StandaloneLine(
                "We, the journalists of The Moscow Times, refuse to be silenced. But to continue our work, we need "
                "your help."
            ),
            StandaloneLine("Your support, no matter how small, makes a world of difference."),
            StandaloneLine("If you can, please support us monthly starting from just $2."),
            "It's quick to set up, and every contribution makes a significant impact.",
            "By supporting The Moscow Times, you're defending open, independent journalism in the face of repression.",
            "Thank you for standing with us.",
            "Not ready to support today?",
            "Remind me later.",
            "paiment methods",
        ),
        ("Dear readers,", *_PAYMENT),
        is_appeal=True,
    ),
    Furniture(
        "ad-free-2024-07",
        (
            "Enjoying ad-free content?",
            "Since July 1, 2024, we have disabled all ads to improve your reading experience.",
            "This commitment costs us $10,000 a month. Your support can help us fill the gap.",
            "Our journalism is banned in Russia. We need your help to keep providing you with the truth.",
        ),
        ("×", "Support us"),
    ),
    Furniture("teaser", ("Support The Moscow Times!",)),
    Furniture(
        "newsletter",
        (
            "Sign up for our free weekly newsletter",
            (
                "Our weekly newsletter contains a hand-picked selection of news, features, analysis and more from The "
                "Moscow Times."
            ),
            "You will receive it in your mailbox every Friday. Never miss the latest news from Russia.",
            "Our weekly newsletter contains a hand-picked selection…",
            "Subscribers agree to the Privacy Policy",
            "The best of The Moscow Times, delivered to your inbox.",
        ),
        ("Preview",),
    ),
    Furniture(
        "page",
        (
            _DISCLAIMER,
            "Some external media is not supported on this page…",
            "© The Moscow Times, all rights reserved.",
        ),
    ),
    Furniture("label", (), ("Read more", "Most read", "Just in", *LABELS, "Partner Content")),
    Furniture("old-site", ("Get the latest updates as we post them — right on your browser",)),
)

BOILERPLATE = Boilerplate(
    furniture=FURNITURE,
    pattern=re.compile(
        r"(?P<stamp>\.?(?:(?<!\s)\s++)?+Last Updated: \d{1,2}/\d{1,2}/\d{4}\.?)"  # the day a mirror was built
        r"|\d{1,3} Min read"
        r"|Read more about:\s*[^,.!?]{1,40}(?:,\s*[^,.!?]{1,40}){0,15}",  # tags of a few short words each
        re.IGNORECASE,
    ),
    labels=frozenset(squeeze(label) for label in LABELS),
    blurb_start=squeeze(_DISCLAIMER),
    blurb_end=re.compile(r"Read more about:", re.IGNORECASE),
    box_end=re.compile(r"Read more|\d{1,3} Min read", re.IGNORECASE),
)
