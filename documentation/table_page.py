"""The reference page of the database's tables."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite

import storage
from documentation.docstrings import read_attribute_docstrings
from documentation.markdown import NOTICE, escape_text, join_lines, quote_code, render_table
from storage.schema.tables import Base

DIALECTS = {"SQLite": sqlite.dialect(), "PostgreSQL": postgresql.dialect()}  # type: ignore[no-untyped-call]

MIGRATIONS = "storage.schema.migrations"
"""Run by Alembic, never imported."""

INTRODUCTION = """
The same on SQLite and PostgreSQL; where the types of a column differ, SQLite's comes first. Times are in UTC. Read the
database with any tool, but write only with `broadsheet`. [Architecture](../architecture.md#tables) has an overview.
SQLite also has the virtual table `search_index`, from which searches read.
"""


def render_page() -> str:
    """Return the page."""
    load_tables()
    models = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    tables = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
    return "\n".join([f"{NOTICE}# Tables\n{INTRODUCTION}", *(_render_table(one, models[one]) for one in tables)])


def load_tables() -> None:
    """Import every module of `storage`: tables register themselves when they are imported."""
    for module in pkgutil.walk_packages(storage.__path__, "storage."):
        if not module.name.startswith(MIGRATIONS):
            import_module(module.name)


def _render_table(table: Table, model: type) -> str:
    meanings = read_attribute_docstrings(model)
    rows = [
        (
            quote_code(column.name),
            _render_type(column),
            ", ".join(_list_properties(column)),
            escape_text(meanings.get(column.name, "")),
        )
        for column in table.columns
    ]
    heading = f"## `{table.name}`\n\n{escape_text(join_lines(model.__doc__))}\n"
    columns = render_table(("column", "type", "", "meaning"), rows)
    indexes = [f"- {text}\n" for text in sorted(_list_indexes(table))]
    return f"{heading}\n{columns}" + (f"\nIndexes:\n\n{''.join(indexes)}" if indexes else "")


def _render_type(column: Column[object]) -> str:
    names = {name: column.type.compile(dialect).lower() for name, dialect in DIALECTS.items()}
    kinds = set(names.values())
    return kinds.pop() if len(kinds) == 1 else " · ".join(names.values())


def _list_properties(column: Column[object]) -> Iterator[str]:
    if column.primary_key:
        yield "primary key"
    elif column.nullable:
        yield "or null"
    for key in column.foreign_keys:
        table = key.column.table.name
        yield f"→ [`{table}`](#{table}).`{key.column.name}`"


def _list_indexes(table: Table) -> Iterator[str]:
    for index in table.indexes:
        yield _describe_index(index, "unique: " if index.unique else "")
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield _describe_index(constraint, "unique: ")


def _describe_index(index: Index | UniqueConstraint, prefix: str) -> str:
    condition = index.dialect_options["sqlite"].get("where") if isinstance(index, Index) else None
    where = f" where `{condition}`" if condition is not None else ""
    return prefix + ", ".join(quote_code(column.name) for column in index.columns) + where
