"""The reference page of the record, and its JSON Schema."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from documentation.docstrings import read_attribute_docstrings
from documentation.markdown import NOTICE, escape_text, quote_code, render_code, render_table
from documentation.schema import Schema, describe_type
from schemas.article import ArticleRecord, Image
from schemas.capture import CaptureRef
from schemas.export import MEANINGS

SCHEMA_NAME = "record.schema.json"
PARTS = (Image, CaptureRef)
"""The models that are fields of a record."""

INTRODUCTION = f"""
What `broadsheet show --json`, `broadsheet export`, releases and [`broadsheet.open()`](python.md) give: one article.
`null` is a value that is not known; nothing is guessed. [How a page is read](../reading.md) says where each field comes
from, and lists the flags.
As a JSON Schema: [{SCHEMA_NAME}]({SCHEMA_NAME}).
"""


def render_page(readme: Path) -> str:
    """Return the page; the example is that of the README."""
    schema = ArticleRecord.model_json_schema(mode="serialization")
    definitions = schema["$defs"]
    parts = [f"{NOTICE}# The record\n{INTRODUCTION}", _render_fields(schema, MEANINGS, definitions)]
    for model in PARTS:
        heading = f"## {model.__name__}\n\n{escape_text(model.__doc__ or '')}\n"
        meanings = read_attribute_docstrings(model)
        parts += [heading, _render_fields(definitions[model.__name__], meanings, definitions)]
    return "\n".join([*parts, f"## An example\n\n{_find_example(readme)}"])


def render_schema() -> str:
    """Return the JSON Schema, with the meaning of each field."""
    schema = ArticleRecord.model_json_schema(mode="serialization")
    for name, one in schema["properties"].items():
        one["description"] = MEANINGS[name]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _render_fields(schema: Schema, meanings: Mapping[str, str], definitions: Mapping[str, Schema]) -> str:
    rows = [
        (quote_code(name), describe_type(one, definitions), escape_text(meanings.get(name, "")))
        for name, one in schema["properties"].items()
    ]
    return render_table(("field", "value", "meaning"), rows)


def _find_example(readme: Path) -> str:
    found = re.search(r"<!-- record -->\n```json\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    if not found:
        raise ValueError(f"{readme} has no example of a record")
    return render_code(found.group(1), "json")
