"""Plots as SVG, for light and dark, wide and narrow: pages show them as pictures, with a table of the same values."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import pygal
from lxml import etree
from pygal.style import Style

# The library's hook for plugins has an interface that Python dropped: each import of a missing module would warn.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]

MEDIA_TYPE = "image/svg+xml"

SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""Of the picture as a page of its own: it has its colours in a style element, and no script."""


class Shape(StrEnum):
    """How values are drawn."""

    BARS = "bars"
    """Stacked."""
    LINES = "lines"


class Size(NamedTuple):
    """The size of a picture in pixels, and how many labels its axis of time has at most."""

    width: int
    height: int
    label_count: int


WIDE = Size(1000, 300, 9)
NARROW = Size(400, 300, 3)
"""For narrow screens, so that letters keep their size."""


MAX_NAME_LETTERS = 20
"""Of a series, if two are to stand beside each other in a narrow picture."""


class Series(NamedTuple):
    """Values of one kind, one for each label."""

    name: str
    values: Sequence[float | None]
    """None where there is none."""


class Plot(NamedTuple):
    """Values over time."""

    name: str
    """In its URL."""
    title: str
    label_name: str
    """What the labels are: `month`."""
    labels: Sequence[str]
    series: Sequence[Series]
    shape: Shape
    unit: str = ""
    """Of the values: `%`, `min`."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no value."""
        return not any(value is not None for one in self.series for value in one.values)

    @property
    def summary(self) -> str:
        """What the picture shows, for those who cannot see it."""
        span = f", {self.labels[0]} to {self.labels[-1]}" if self.labels else ""
        names = ", ".join(one.name for one in self.series)
        return f"{self.title}{span}: {names}. The table below the picture has the values."


LIGHT = ("#1d4f73", "#c2452d", "#b08900", "#6b4ea0", "#8a857a", "#3f8f6b", "#c9c3b6")
DARK = ("#8cc4f0", "#ff8f73", "#e3c04f", "#bda4ee", "#a29e95", "#7fd0a8", "#5b6066")
"""The colours of series; neighbours differ in brightness too."""

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'

STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="#5a5750",
    foreground_strong="#5a5750",
    foreground_subtle="#d8d4cb",
    guide_stroke_color="#d8d4cb",
    major_guide_stroke_color="#d8d4cb",
    guide_stroke_dasharray="0",
    major_guide_stroke_dasharray="0",
    opacity="1",
    colors=LIGHT,
    font_family=FONT,
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    no_data_font_size=16,
    transition="0s",
)

DARK_RULES = "".join(
    f".color-{number}, .color-{number} a:visited {{ stroke: {color}; fill: {color}; }}"
    for number, color in enumerate(DARK)
)
MORE_RULES = (
    "inline:.line-graph .reactive.line { stroke-width: 2; }"
    "@media (prefers-color-scheme: dark) {"
    f"{DARK_RULES}"
    ".graph, .legends .legend text, .axis text, .axis text.major, text.no_data { fill: #aaa69d; }"
    ".axis .guide.line, .axis .major.guide.line, .axis .line { stroke: #3b3f43; }"
    "}"
)
"""Appended to the library's: a picture in a page follows the page's colour scheme."""

DROPPED = (
    "//comment()",
    "//*[local-name()='desc']",
    "//*[contains(@class, 'text-overlay')]",
    "//*[contains(@class, 'tooltip-overlay')]",
    "//*[local-name()='title']",
    "//*[local-name()='script']",
)
"""What only the library's script would show, and the day on which the picture was made."""


def render_plot(plot: Plot, size: Size) -> bytes:
    """Return the picture."""
    kind = pygal.StackedBar if plot.shape is Shape.BARS else pygal.Line
    chart = kind(
        width=size.width,
        height=size.height,
        style=STYLE,
        css=["file://style.css", "file://graph.css", "file://base.css", MORE_RULES],
        js=[],
        no_prefix=True,
        margin=4,
        margin_left=40 if plot.shape is Shape.LINES else 4,  # the first and last labels stand under the edges
        margin_right=72 if plot.shape is Shape.LINES else 4,
        spacing=8,
        legend_at_bottom=True,
        legend_at_bottom_columns=_count_columns(plot, size),
        legend_box_size=12,
        truncate_legend=-1,
        truncate_label=-1,
        show_minor_x_labels=False,
        dots_size=2,
        min_scale=2,
        order_min=0 if plot.shape is Shape.BARS else None,  # bars are counts, which have no fractions
        range=(0, 100) if plot.unit == "%" else None,
        include_x_axis=True,
        no_data_text="No data",
        value_formatter=lambda value: f"{value:,.10g}",
    )
    chart.uuid = plot.name  # otherwise a random one
    chart.x_labels = list(plot.labels)
    chart.x_labels_major = _choose_labels(plot.labels, size.label_count)
    for one in plot.series:
        chart.add(one.name, list(one.values))
    return _tidy(chart.render())


def _count_columns(plot: Plot, size: Size) -> int:
    """Return how many names of series fit beside each other."""
    if size is WIDE:
        return len(plot.series)
    return 2 if all(len(one.name) <= MAX_NAME_LETTERS for one in plot.series) else 1


def _choose_labels(labels: Sequence[str], count: int) -> list[str]:
    """Return labels with even gaps, few enough to be read."""
    step = -(-len(labels) // count) or 1
    return list(labels[::step])


def _tidy(svg: bytes) -> bytes:
    root = etree.fromstring(svg)
    for path in DROPPED:
        for element in root.xpath(path):
            if element.getparent() is not None:
                element.getparent().remove(element)
    return etree.tostring(root)
