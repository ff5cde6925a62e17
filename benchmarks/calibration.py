"""Prints how the confidence in records agrees with what is right in them, by bands, and the area under the curve.

The weights of `extraction.confidence` were chosen on the pages of the even half; the odd half is the test.
"""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

BANDS = (0.0, 0.5, 0.7, 0.9)
"""The least confidence of each band."""


class JudgedReading(NamedTuple):
    """The confidence in our reading of a page, and what is right in it; None where the set does not say."""

    is_odd: bool
    confidence: float | None
    """None if the page was not taken for an article."""
    is_text_right: bool | None
    is_headline_right: bool | None = None
    is_day_right: bool | None = None

    @property
    def is_all_right(self) -> bool:
        """Whether nothing in it is wrong."""
        return False not in (self.is_text_right, self.is_headline_right, self.is_day_right)


Question = Callable[[JudgedReading], bool | None]

QUESTIONS: dict[str, Question] = {
    "text F1 >= .9": lambda one: one.is_text_right,
    "headline": lambda one: one.is_headline_right,
    "day": lambda one: one.is_day_right,
    "all of these": lambda one: one.is_all_right,
}


def print_calibration(judged: Sequence[JudgedReading]) -> None:
    """Print, for each half, the share of right values in each band, and the area under the curve."""
    for name, is_odd in (("even half, on which the weights were chosen", False), ("odd half", True)):
        half = [one for one in judged if one.is_odd == is_odd and one.confidence is not None]
        print(f"confidence, {name}: {len(half)} pages; share of them, and how many the sets tell of")
        print(f"  {'confidence':14}{'pages':>6}" + "".join(f"{question:>18}" for question in QUESTIONS))
        for low, high in zip(BANDS, (*BANDS[1:], None), strict=True):
            band = [
                one for one in half if low <= (one.confidence or 0) and (high is None or (one.confidence or 0) < high)
            ]
            label = f"{low:.1f} or more" if high is None else f"{low:.1f} to {high:.1f}"
            print(
                f"  {label:14}{len(band):6}" + "".join(f"{_render_share(band, ask):>18}" for ask in QUESTIONS.values())
            )
        areas = (measure_area(half, ask) for ask in QUESTIONS.values())
        print(f"  {'area':20}" + "".join(f"{'' if area is None else f'{area:.3f}':>18}" for area in areas))


def _render_share(band: Sequence[JudgedReading], ask: Question) -> str:
    known = [answer for one in band if (answer := ask(one)) is not None]
    return f"{fmean(known):.2f} of {len(known)}" if known else "-"


def measure_area(judged: Sequence[JudgedReading], ask: Question) -> float | None:
    """Return the chance that a right value has a higher confidence than a wrong one; None without both."""
    known = [(one.confidence or 0.0, answer) for one in judged if (answer := ask(one)) is not None]
    right, wrong = ([confidence for confidence, answer in known if answer == kind] for kind in (True, False))
    if not right or not wrong:
        return None
    return fmean((high > low) + (high == low) / 2 for high in right for low in wrong)
