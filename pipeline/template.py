"""Render the documents that people read: Jinja templates in `pipeline/templates/`."""

import json

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def render(name: str, **values: object) -> str:
    """Return the template of this name with these values. In HTML, values are escaped; in Markdown, the filters do it.

    Filters: `cell` for a cell of a Markdown table, `quoted` for a scalar of YAML.
    """
    templates = Environment(
        loader=PackageLoader("pipeline"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["cell"] = _escape_cell
    templates.filters["quoted"] = _quote
    return templates.get_template(name).render(**values)


def _escape_cell(text: object) -> str:
    """Escape what would end a cell of a Markdown table, or begin markup in it."""
    escaped = "".join(f"\\{one}" if one in "\\`*_{}[]<>|#" else one for one in str(text))
    return " ".join(escaped.split())


def _quote(text: object) -> str:
    """Return a double-quoted scalar of YAML: JSON's strings are such scalars."""
    return json.dumps(str(text))
