"""Every known message, in every form that a crawler leaves: it is removed, and nothing of the article is."""

import re
import textwrap
from collections.abc import Callable, Iterator

import pytest

from sites.moscow_times.boilerplate import BOILERPLATE

OWN = (
    "The ministry said on Thursday that talks would continue.",
    "Nobody in Homs believed it, residents told a reporter.",
    "“We have seen it all before,” one of them said.",
)
MESSAGES: dict[str, tuple[str, ...]] = {
    "donation-1": (
        "The need for honest and objective information on Russia is more relevant now than ever before!",
        "To keep our newsroom in Moscow running, we need your support.",
    ),
    "donation-2": (
        (
            "As the only remaining independent, English-language news source reporting from Russia, The Moscow "
            "Times plays "
            "a critical role in connecting Russia to the world."
        ),
        "Donate to The Moscow Times",
    ),
    "donation-3": ("Now is the time to support independent reporting from Russia!", "Contribute today"),
    "donation-4": (
        "Russia media is under attack.",
        "Support independent reporting from Russia.",
        "Contribute today",
        "Maybe later",
    ),
    "donation-5": (
        "… we have a small favor to ask.",
        (
            "As you may have heard, The Moscow Times, an independent news source for over 30 years, has been unjustly "
            'branded as a "foreign agent" by the Russian government.'
        ),
        (
            "Your support, no matter how small, makes a world of difference. If you can, please support us monthly "
            "starting from just $2."
        ),
        "Remind me next month",
    ),
    "donation-6": (
        "A Message from The Moscow Times:",
        "Dear readers,",
        (
            "We are facing unprecedented challenges. Russia's Prosecutor General's Office has designated The "
            "Moscow Times "
            'as an "undesirable" organization, criminalizing our work and putting our staff at risk of '
            "prosecution. This "
            'follows our earlier unjust labeling as a "foreign agent."'
        ),
        (
            "These actions are direct attempts to silence independent journalism in Russia. The authorities "
            "claim our work "
            '"discredits the decisions of the Russian leadership." We see things differently: we strive to provide '
            "accurate, unbiased reporting on Russia."
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
        "Remind me later.",
    ),
    "ad-free": (
        "Enjoying ad-free content?",
        "Since July 1, 2024, we have disabled all ads to improve your reading experience.",
        "This commitment costs us $10,000 a month. Your support can help us fill the gap.",
        "Support us",
        "Our journalism is banned in Russia. We need your help to keep providing you with the truth.",
    ),
    "teaser": ("Support The Moscow Times!",),
    "newsletter": (
        "Sign up for our free weekly newsletter",
        (
            "Our weekly newsletter contains a hand-picked selection of news, features, analysis and more from "
            "The Moscow "
            "Times. You will receive it in your mailbox every Friday. Never miss the latest news from Russia. Preview"
        ),
        "Subscribers agree to the Privacy Policy",
    ),
    "disclaimer": (
        "The views expressed in opinion pieces do not necessarily reflect the position of The Moscow Times.",
    ),
    "copyright": ("© The Moscow Times, all rights reserved.",),
    "old-site": ("Get the latest updates as we post them — right on your browser",),
}
APPEALS = tuple(
    end
    for name, lines in MESSAGES.items()
    if name.startswith("donation")
    for end in (lines[0], lines[0].removesuffix(":"), *((f"{lines[0]} Contribute",) if name == "donation-3" else ()))
)
"""Only the first line of a message."""
COMPLETE = (
    ". Last Updated: 07/27/2016",
    "Last Updated: 7/27/2016",
    *(line for lines in MESSAGES.values() for line in lines),
)
"""Lines that are removed as a paragraph, though not always within one."""
SPELLINGS: dict[str, Callable[[str], str]] = {
    "unchanged": lambda text: text,
    "curly": lambda text: re.sub(r'"(?=[\w“])', "“", text.replace("'", "’")).replace('"', "”"),
    "non-breaking spaces": lambda text: text.replace(" ", "\u00a0"),
    "no currency sign": lambda text: text.replace("$", ""),
    "curly, non-breaking, no sign": lambda text: (
        text.replace("'", "’").replace(' "', "\u00a0“").replace('"', "”").replace("$", "").replace(" ", "\u00a0")
    ),
}
LIMIT_WORDS = 3
"""A message cut to fewer words than this may be anything, and is kept."""


def _cut_lengths(words: list[str]) -> list[int]:
    """Return the lengths, in words, to which to cut a message: early, at and within each sentence, and in full."""
    ends = [count for count, word in enumerate(words, 1) if word.endswith((".", "!", "?", ":", '."'))]
    middles = [(low + high) // 2 for low, high in zip([0, *ends], [*ends, len(words)], strict=True)]
    signs = sum(not any(map(str.isalnum, word)) for word in words[:LIMIT_WORDS])
    found = {*range(LIMIT_WORDS, 12), *ends, *middles, len(words)}
    return sorted(count for count in found if LIMIT_WORDS + signs <= count <= len(words))


def _cut(lines: tuple[str, ...], length: int) -> list[str]:
    found: list[str] = []
    for line in lines:
        words = line.split(" ")[:length]
        length -= len(words)
        if words:
            found.append(" ".join(words))
    return found


def _list_cases() -> Iterator[object]:
    for name, lines in MESSAGES.items():
        for length in _cut_lengths(" ".join(lines).split(" ")):
            yield pytest.param(_cut(lines, length), id=f"{name}-{length}")


def _is_distinct_from_next(lines: list[str]) -> bool:
    """Return whether the message can be separated from a sentence of the article after it.

    It cannot if it ends in a salutation or the first word of a button, or is a single line that was cut.
    """
    last = lines[-1].replace("\u00a0", " ")
    is_whole = last in COMPLETE or last.endswith((".", "!", "?", '."', ".”"))
    return (is_whole or len(lines) > 1) and last not in {"Contribute", "Dear", "Dear readers,"}


def _is_more_than_a_sentence(lines: list[str]) -> bool:
    """Return whether a message is more than one sentence of an appeal, which an article's page may contain.

    In a page, the structure has separated the text from the messages around it; in plain text, nothing has.
    """
    text = " ".join(lines)
    return not any(text.casefold() == single.casefold() for single in APPEALS)


def _clean(*paragraphs: str, edges: bool = True) -> tuple[str, ...]:
    return BOILERPLATE.remove(paragraphs, edges=edges).paragraphs


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("lines", list(_list_cases()))
def test_nothing_of_a_message_remains_below_an_article(lines: list[str], spell: Callable[[str], str]) -> None:
    lines = list(map(spell, lines))
    joined = " ".join(lines)
    wrapped = textwrap.wrap(joined.replace("\u00a0", " "), 72)
    for edges in (True, False):
        assert _clean(*OWN, *lines, edges=edges) == OWN
        assert _clean(*OWN, joined, edges=edges) == OWN
        assert _clean(*OWN, *wrapped, edges=edges) == OWN
        assert _clean(*OWN[:2], f"{OWN[2]} {joined}", edges=edges) == OWN
        assert _clean(OWN[0], f"{OWN[1]} {joined}", OWN[2], edges=edges) == OWN
        assert _clean(OWN[0], f"{OWN[1]} × {joined}", OWN[2], edges=edges) == OWN
        assert _clean(*OWN[:2], *textwrap.wrap(f"{OWN[2]} {joined}", 2000), edges=edges) == OWN


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("lines", list(_list_cases()))
def test_nothing_of_a_message_remains_above_an_article(lines: list[str], spell: Callable[[str], str]) -> None:
    edges_to_try = (True, False) if _is_more_than_a_sentence(lines) else (True,)
    lines = list(map(spell, lines))
    joined = " ".join(lines)
    for edges in edges_to_try:
        assert _clean(*lines, *OWN, edges=edges) == OWN
        assert _clean(joined, *OWN, edges=edges) == OWN
        assert _clean(*textwrap.wrap(joined.replace("\u00a0", " "), 72), *OWN, edges=edges) == OWN
        if _is_distinct_from_next(lines):
            assert _clean(f"{joined} {OWN[0]}", *OWN[1:], edges=edges) == OWN


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith(("donation", "newsletter", "ad-free"))])
def test_nothing_of_a_message_remains_between_two_paragraphs(name: str, spell: Callable[[str], str]) -> None:
    lines = list(map(spell, MESSAGES[name]))
    joined = " ".join(lines)
    assert _clean(OWN[0], *lines, *OWN[1:], edges=False) == OWN
    assert _clean(OWN[0], joined, *OWN[1:], edges=False) == OWN
    assert _clean(f"{OWN[0]} {joined} {OWN[1]}", OWN[2], edges=False) == (*OWN[:2], OWN[2])


@pytest.mark.parametrize(
    "paragraph",
    [
        "Readers who want to donate can do so at any branch of the bank, the charity said.",
        "The Moscow Times reported on Monday that the plant would close.",
        "The Moscow Times needs no introduction in these pages, its founder said.",
        "The Moscow Times, which was founded in 1992, moved to Amsterdam. Its reporters followed.",
        "Support for the war fell to a third. Support us or leave, the governor told them.",
        "Russia's Prosecutor General's Office has designated Meduza as an “undesirable organization.” It moved.",
        "He closed the shop. Russia's Prosecutor General's Office has designated the union as undesirable.",
        "At least 10 people were killed. At least 10 independent media outlets have been blocked since then.",
        "As you may have heard, the bridge is closed. We have a small garden, she said.",
        "One line, “Russia media is under attack,” was printed in red. Readers gave more than ever.",
        "The paper wrote: “Russia media is under attack. Support independent reporting from Russia.” Nobody did.",
        'The paper wrote: "Russia media is under attack. Support independent reporting from Russia." Nobody did.',
        "“Russia media is under attack.”",
        '"A Message from The Moscow Times: We are facing unprecedented challenges."',
        "«Now is the time to support independent reporting from Russia!»",
        (
            "“Your support, no matter how small, makes a world of difference. If you can, please support us monthly "
            "starting from just $2.”"
        ),
        "“a direct assault on the integrity of journalism and the values we hold dear.”",
        "The authorities claim our work is done. We see things differently.",
        "Thank you. That was all he said. Once he left, they stayed.",
        "Now is the time to support independent reporting from Russia and Belarus, the minister said.",
        "To keep our newsroom in Moscow running, we need your patience, the editor said.",
        "Contribute today, or never. Continue he must.",
        "The views expressed in opinion pieces do not necessarily reflect the position of The Moscow Times, he said.",
        "It was last updated: nobody knew when. Read more about it tomorrow.",
        (
            "As the only remaining independent, English-language news source reporting from Russia, The Moscow "
            "Times was "
            "raided on Thursday."
        ),
    ],
)
@pytest.mark.parametrize("edges", [True, False])
def test_a_paragraph_of_the_article_is_kept_unchanged(paragraph: str, edges: bool) -> None:  # noqa: FBT001 - a parameter
    for paragraphs in ((*OWN, paragraph), (OWN[0], paragraph, *OWN[1:]), (paragraph, *OWN)):
        assert _clean(*paragraphs, edges=edges) == paragraphs


@pytest.mark.parametrize(
    "paragraph",
    [
        "Thank you for standing with us. Those were the last words that he wrote.",
        "Now is the time to support independent reporting from Russia! That was the slogan of the day.",
        "Russia media is under attack. So say the editors of a dozen papers.",
        "Your support, no matter how small, makes a world of difference.",
    ],
)
def test_a_single_sentence_of_an_appeal_within_a_pages_text_is_kept(paragraph: str) -> None:
    for paragraphs in ((OWN[0], paragraph, *OWN[1:]), (paragraph, *OWN)):
        assert _clean(*paragraphs, edges=False) == paragraphs


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith("donation")])
@pytest.mark.parametrize(("opening", "closing"), ["“”", '""', "«»"])
def test_a_quotation_at_the_end_of_the_text_is_kept_above_a_message(name: str, opening: str, closing: str) -> None:
    said = "Russia media is under attack. Support independent reporting from Russia."
    quoted = f"The newsroom wrote: {opening}{said}{closing}"
    for edges in (True, False):
        assert _clean(OWN[0], quoted, *MESSAGES[name], edges=edges) == (OWN[0], quoted)
