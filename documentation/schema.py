"""JSON Schema in words."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

NAMES = {"integer": "whole number", "string": "text", "boolean": "true or false", "array": "list", "object": "mapping"}
FORMATS = {"date-time": "time (ISO 8601)", "path": "path", "password": "text, never shown"}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minLength": "not empty",
    "maxLength": "at most {} characters",
}


def describe_type(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """Return what a value of this schema is, in a few words."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        if "enum" in definitions[name]:
            return describe_type(definitions[name], definitions)
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " · ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(describe_type(one, definitions) for one in schema["anyOf"])
    name = (
        FORMATS.get(schema.get("format", ""))
        or NAMES.get(schema.get("type", ""))
        or str(schema.get("type", "any value"))
    )
    limits = [text.format(schema[key]) for key, text in LIMITS.items() if key in schema]
    return ", ".join([name + _describe_content(schema, definitions), *limits])


def _describe_content(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    if items := schema.get("items"):
        return f" of {describe_type(items, definitions)}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        keys = schema.get("propertyNames")
        named = f"{describe_type(keys, definitions)} → " if keys else ""
        return f": {named}{describe_type(values, definitions)}"
    return ""
