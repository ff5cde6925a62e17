"""The reference page of the Python API: mkdocstrings fills it in from the docstrings."""

import broadsheet
from documentation.markdown import NOTICE
from schemas.article import ArticleRecord
from schemas.model import Record

INTRODUCTION = """
What `import broadsheet` gives. [From a notebook](../notebook.md) shows it at work; [The record](record.md) has every
field of an article.
`broadsheet.open` is another name of `open_archive`.
"""

RECORD_OPTIONS = {"inherited_members": "true", "show_if_no_docstring": "true", "filters": '["!^_", "!^model_config$"]'}
"""A record is its fields, of which only some need a docstring."""


def render_page() -> str:
    """Return the page, with a directive for each public name."""
    names = sorted(broadsheet.__all__, key=lambda name: (name != "open", name.lower()))
    return f"{NOTICE}# Python API\n{INTRODUCTION}\n" + "\n".join(_render_name(name) for name in names)


def _render_name(name: str) -> str:
    target = getattr(broadsheet, name)
    options = {"heading": f"broadsheet.{name}", "toc_label": name}
    if isinstance(target, type) and issubclass(target, Record):
        options |= {"members": "false"} if target is ArticleRecord else RECORD_OPTIONS
    lines = [f"      {key}: {value}\n" for key, value in options.items()]
    return f"::: {target.__module__}.{target.__qualname__}\n    options:\n{''.join(lines)}"
