"""Whether a change of words is a slip of the pen, as an editor would say. Pure.

In doubt it is none: what is called a typo, nobody looks at again. So a slip keeps every number, every "not", the first
letter of a word and (mostly) every name.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from storage.revisions.paragraph import plain

LEAST_LETTERS = 4
"""Of a word in which a letter may be missing: of shorter ones, one letter makes another word (has, had; он, она)."""

LONG_LETTERS = 7
"""Of a word in which a vowel may be wrong; of a name that stands elsewhere in the text, two letters."""

PREFIX_LETTERS = 2
"""At the beginning of a word, where one letter makes another one: `бросил`, `обросил`; `bought`, `brought`."""

RUSSIAN_VOWELS = ({"е", "и"}, {"а", "о"})
"""Pairs that sound alike where they are not stressed."""

NAME_LETTERS = 5
"""Of a name in which two letters may have changed places, or one been doubled."""

LITTLE_WORDS = frozenset({"a", "an", "the", "of", "to", "в", "во", "с", "со", "и", "к", "ко"})
"""One of them may be missing, or one too many."""

ARTICLES = frozenset({"a", "an", "the"})

NEGATIONS = frozenset({"not", "no", "nor", "never", "none", "without", "cannot", "не", "ни", "нет", "без", "никогда"})

_WEIGHTY = re.compile(
    r"million|billion|trillion|thousand|hundred|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|twenty|twelve|eleven|ten|nine|eight|seven|six|five|four|three|two|one|first|second"
    r"|third|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday|north|south|east|west|increase|decrease|import|export|employer|employee"
    r"|united|untied|martial|marital|trial|trail|statue|statute|country|county|countries|counties|through|though|immoral"
    r"|immortal|addiction|addition|conversation|conservation|casual|causal|boarder|border|prosecut|persecut|friend|fiend"
    r"|миллион|миллиард|триллион|тысяч|январ|феврал|март|апрел|ма[яй]|июн|июл|август|сентябр|октябр|ноябр|декабр"
    r"|понедельник|вторник|сред|четверг|пятниц|суббот|воскресен|север|юг|юж|восто|запад|пятьдесят|шестьдесят"
    r"|семьдесят|восемьдесят|пятн|шестн|семн|восемн|девятн|пять|шесть|семь|восемь|девять|десять|увелич|уменьш|импорт"
    r"|экспорт"
)
"""How words begin that are close in letters and far in meaning, the longer ones first: one for another is no slip."""

_NUMBER = re.compile(r"(?<![\w.,])[-−–]?\d+(?:[.,:/]\d+)*|\d+(?:[.,:/]\d+)*|[%$€£₽]")
_GROUPED = re.compile(r"(?<=\d)[,\s](?=\d{3}(?!\d))")
_SENTENCE_END = re.compile(r"(?<!\W)(?>\W*?[.!?:])\W*+$")
_LETTERS = re.compile(r"[\W_]+")
_DOUBLED = re.compile(r"(.)\1")
_ENDING = re.compile(r"(?:[ae]n(?:t|ts|tly|ce|ces|cy)|[ai]bl[ey])$")
"""What sounds alike at the end of English words: `independant`, `existance`, `responsable`."""


def letters_of(text: str) -> str:
    """Its letters and digits in lower case; `ё` is `е`, as most Russian texts print it."""
    return _LETTERS.sub("", plain(text)).casefold().replace("ё", "е")


def has_same_letters(before: str, after: str) -> bool:
    """Whether two texts differ in punctuation, capitals and spaces at most, numbers and signs of money included."""
    return letters_of(before) == letters_of(after) and find_numbers(before) == find_numbers(after)


def find_numbers(text: str) -> list[str]:
    """The numbers of a text with their signs, thousands ungrouped, and the signs of money and percent."""
    return [number.replace("−", "-").replace("–", "-") for number in _NUMBER.findall(_GROUPED.sub("", plain(text)))]


class Replacement(NamedTuple):
    """Words that took the place of others; one of both may be none."""

    before: list[str]
    after: list[str]
    ahead: str
    """The text that stands before them in both versions …"""
    behind: str
    """… and after them."""


def is_slip(change: Replacement, known: set[str], left: set[str]) -> bool:
    """Whether words in place of others mend a slip.

    `known`: the words (letters alone) that both texts have anyway; `left`: those that the later text still has.
    """
    before, after = change.before, change.after
    old, new = " ".join(before), " ".join(after)
    if find_numbers(old) != find_numbers(new) or _is_denied(change):
        return False
    if letters_of(old) == letters_of(new):
        return True
    if len(before) != len(after):
        return _is_little_word(before, after) or _is_doubled_word(change)
    starts = [_starts_sentence(change.ahead, before, at) for at in range(len(before))]
    pairs = zip(before, after, starts, strict=True)
    return all(_is_slip_of_word(one, other, known, left, is_start=start) for one, other, start in pairs)


def _is_denied(change: Replacement) -> bool:
    """Whether one says no where the other does not."""
    return _count_negations(change.before) != _count_negations(change.after)


def _count_negations(words: Sequence[str]) -> Counter[str]:
    plains = (plain(word).casefold().strip(".,;:!?\"'()[]") for word in words)
    return Counter(word if word in NEGATIONS else "n't" for word in plains if word in NEGATIONS or "n't" in word)


def _is_little_word(before: Sequence[str], after: Sequence[str]) -> bool:
    if before and after:
        return False
    words = [letters_of(word) for word in (*before, *after)]
    return len(words) == 1 and words[0] in LITTLE_WORDS


def _is_doubled_word(change: Replacement) -> bool:
    """A word that stood there twice by mistake."""
    if change.after or len(change.before) != 1:
        return False
    neighbours = [*change.ahead.split()[-1:], *change.behind.split()[:1]]
    return letters_of(change.before[0]) in {letters_of(word) for word in neighbours}


def _starts_sentence(text_ahead: str, words: Sequence[str], at: int) -> bool:
    ahead = words[at - 1] if at else text_ahead
    return not ahead.strip() or bool(_SENTENCE_END.search(ahead))


def _is_slip_of_word(before: str, after: str, known: set[str], left: set[str], *, is_start: bool) -> bool:
    old, new = letters_of(before), letters_of(after)
    if old == new or {old, new} <= ARTICLES:
        return True
    stems = _find_stem(old), _find_stem(new)
    if all(stems) and stems[0] != stems[1]:
        return False
    if not old or not new or _is_extended_in_front(old, new):
        return False
    if _is_name(before) or _is_name(after):
        if new in known and old not in left and _distance(old, new) <= _allowed(old, new):
            return True  # spelled so elsewhere in the same text
        return _is_keyboard_slip(old, new) or (is_start and _is_inner_slip(old, new))
    return old not in left and _is_letter_slip(old, new)


def _is_letter_slip(old: str, new: str) -> bool:
    """Letters that changed places, were doubled, left out or put in too many; another letter makes another word.

    Without a dictionary: `elected` and `ejected` are as close as any slip, and a slip is seldom another letter.
    """
    if sorted(old) == sorted(new) and _distance(old, new) == 1:
        return True  # two letters that changed places: `teh`
    if old[0] != new[0] or max(len(old), len(new)) < LEAST_LETTERS:
        return False
    if _DOUBLED.sub(r"\1", old) == _DOUBLED.sub(r"\1", new):
        return True
    return _is_vowel_slip(old, new) if len(old) == len(new) else _is_letter_missing(old, new)


def _is_letter_missing(old: str, new: str) -> bool:
    """One letter within a word, or the `s` at its end: at its beginning stand prefixes, at its end what bends it."""
    if _distance(old, new) != 1:
        return False
    at = _count_shared(old, new)
    shorter, longer = sorted((old, new), key=len)
    return longer == f"{shorter}s" or PREFIX_LETTERS <= at < len(shorter) - 1


def _is_vowel_slip(old: str, new: str) -> bool:
    """A vowel that is written otherwise than it sounds, behind the prefix of a long word."""
    at = _count_shared(old, new)
    if len(old) < LONG_LETTERS or at <= PREFIX_LETTERS or old[at + 1 :] != new[at + 1 :]:
        return False
    return {old[at], new[at]} in RUSSIAN_VOWELS or _ENDING.sub("", old) == _ENDING.sub("", new)


def _count_shared(old: str, new: str) -> int:
    """The letters with which both begin."""
    pairs = zip(old, new, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))


def _is_inner_slip(old: str, new: str) -> bool:
    """At the beginning of a sentence nobody knows what is a name: its ending tells who it is (Ivanov, Ivanova)."""
    has_both_ends = old[0] == new[0] and old[-1] == new[-1]
    return has_both_ends and _is_letter_slip(old, new)


def _is_keyboard_slip(old: str, new: str) -> bool:
    """In a name: two letters that changed places behind the first one, or a letter that was doubled."""
    if min(len(old), len(new)) < NAME_LETTERS or old[0] != new[0] or _distance(old, new) != 1:
        return False
    longer, shorter = sorted((old, new), key=len, reverse=True)
    is_doubled = any(
        one == other and longer[:at] + longer[at + 1 :] == shorter for at, (one, other) in enumerate(pairwise(longer))
    )
    return is_doubled if len(old) != len(new) else sorted(old) == sorted(new)


def _allowed(old: str, new: str) -> int:
    length = max(len(old), len(new))
    return 0 if length < LEAST_LETTERS else 1 if length < LONG_LETTERS else 2


def _find_stem(word: str) -> str | None:
    found = _WEIGHTY.match(word)
    return found[0] if found else None


def _is_extended_in_front(old: str, new: str) -> bool:
    """Something put before a word makes another one: `надёжный`, `ненадёжный`."""
    longer, shorter = sorted((old, new), key=len, reverse=True)
    return len(longer) > len(shorter) and longer.endswith(shorter)


def _is_name(word: str) -> bool:
    letters = word.lstrip("\"'([«“‘„")
    return letters[:1].isupper()


def _distance(one: str, other: str) -> int:
    """Letters to change, add, drop, or swap with their neighbour (optimal string alignment)."""
    previous, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before_previous, previous, row = previous, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(previous[to] + 1, row[to - 1] + 1, previous[to - 1] + (letter != wanted))
            is_swap = at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted
            row.append(min(cost, before_previous[to - 2] + 1) if is_swap else cost)
    return row[-1]
