"""The reference page of settings."""

from collections.abc import Mapping

from documentation.markdown import NOTICE, escape_text, quote_code
from documentation.schema import Schema, describe_type
from schemas.settings import PREFIX, Settings, render_value

INTRODUCTION = """
Settings are environment variables, or lines in a `.env` file in the working directory. `broadsheet doctor` prints the
values in force; an unknown or invalid setting is an error that names it. Lists and mappings are written as JSON.
"""


def render_page() -> str:
    """Return the page."""
    schema = Settings.model_json_schema()
    definitions = schema.get("$defs", {})
    return "\n".join(
        [
            f"{NOTICE}# Settings\n{INTRODUCTION}",
            *(_render_setting(name, one, definitions) for name, one in schema["properties"].items()),
        ]
    )


def _render_setting(name: str, schema: Schema, definitions: Mapping[str, Schema]) -> str:
    meaning = escape_text(schema.get("description", ""))
    default = quote_code(render_value(schema.get("default"))) or "none"
    value = describe_type(schema, definitions)
    sentence = f"{meaning[:1].upper()}{meaning[1:]}."
    return f"## `{PREFIX}{name.upper()}`\n\n{sentence}\n\n- Value: {value}\n- Default: {default}\n"
