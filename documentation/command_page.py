"""The reference page of commands: usage, arguments and options as `--help` gives them."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from typer.main import get_command

from cli.main import app
from documentation.markdown import NOTICE, escape_text, join_lines, quote_code, render_code, render_table

INTRODUCTION = """
Made from the commands themselves; [Commands](../commands.md) explains what they do, and what they print. Every command
has `--help`; `broadsheet --install-completion` completes them in your shell.
"""

Command = Any
"""A command of Typer's own copy of Click, which has no public name."""

SHARED = frozenset({"help", "install_completion", "show_completion"})
"""Options that need no line for each command."""

MANY = -1
"""How Click says that an argument takes any number of values."""


def render_page() -> str:
    """Return the page."""
    root = get_command(app)
    parts = [
        f"{NOTICE}# Commands",
        INTRODUCTION,
        *(_render_command(name, command) for name, command in list_commands(root, root.name or "broadsheet")),
    ]
    return "\n".join(parts)


def list_commands(command: Command, name: str) -> Iterator[tuple[str, Command]]:
    """Yield every command with its full name, groups before their own commands, by name."""
    yield name, command
    for key, inner in sorted(getattr(command, "commands", {}).items()):
        if not inner.hidden:
            yield from list_commands(inner, f"{name} {key}")


def _render_command(name: str, command: Command) -> str:
    context = command.context_class(command, info_name=name)
    usage = command.get_usage(context).removeprefix("Usage: ")
    parameters = [
        one for one in command.get_params(context) if one.name not in SHARED and not getattr(one, "hidden", False)
    ]
    rows = [_render_parameter(one) for one in parameters]
    heading = f"## `{name}`\n\n{escape_text(join_lines(command.help))}\n\n{render_code(usage, 'text')}"
    return f"{heading}\n{render_table(('argument or option', 'meaning'), rows) if rows else ''}"


def _render_parameter(parameter: Any) -> tuple[str, str]:
    metavar = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "option":
        value = "" if parameter.is_flag or parameter.count else f" {metavar}"
        name = ", ".join(quote_code(f"{one}{value}") for one in (*parameter.opts, *parameter.secondary_opts))
    else:
        name = quote_code(f"{metavar}…" if parameter.nargs == MANY else metavar)
    default = _render_default(parameter)
    more = " Required." if parameter.required else f" Default: {quote_code(default)}." if default else ""
    return name, escape_text(parameter.help or "") + more


def _render_default(parameter: Any) -> str:
    value = parameter.default
    if value is None or isinstance(value, bool) or callable(value) or value == ():
        return ""
    return str(value.value if isinstance(value, Enum) else value)
