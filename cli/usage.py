"""Commands whose help names values in words, and wrong usage that is answered with what was meant."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from schemas.suggestion import suggest

Function = TypeVar("Function", bound=Callable[..., Any])

OTHER_OPTIONS = {
    "--after": "--from",
    "--before": "--to",
    "--category": "--section",
    "--count": "--limit",
    "--file": "--out",
    "--lang": "--language",
    "--max": "--limit",
    "--order": "--sort",
    "--output": "--out",
    "--since": "--from",
    "--start": "--from",
    "--end": "--to",
    "--until": "--to",
}
"""Options of other programs, and ours for the same; suggested where the command has it."""

OTHER_COMMANDS = {
    "backup": "copy",
    "cat": "show",
    "check": "doctor",
    "crawl": "ingest",
    "delete": "redact",
    "diff": "show ID --diff",
    "fetch": "ingest",
    "find": "search",
    "get": "show",
    "grep": "search",
    "history": "show ID --diff",
    "log": "status",
    "ls": "search",
    "remove": "redact",
    "rm": "redact",
    "run": "ingest",
    "scrape": "ingest",
    "takedown": "redact",
    "view": "show",
}


PLAIN_WORDS = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "it is not a whole number",
}
"""Words of Pydantic, by which Typer validates values, and ours."""


class PlainTypes:
    """Of a command: does not name Python's types in its help, where Typer has `<bool>` and `<list[str]>`."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters: a flag without a type, an argument with its name alone."""
        params = super().get_params(ctx)  # type: ignore[misc]  # the command's, beside which this class is a base
        for param in params:
            if getattr(param, "is_flag", False) and param.metavar is None:
                param.metavar = ""
            elif param.param_type_name == "argument":
                # Typer always shows an argument's type; there is no setting for it.
                param.display_type_rich = _hide_type
        return params


def _hide_type(ctx: Any) -> None:
    """Show no type."""


class Command(PlainTypes, TyperCommand):
    """A command with plain types in its help."""


class QueryCommand(Command):
    """A command that takes a query: `-word` is part of it, `--word` is an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; report an unknown option before anything that is missing."""
        known = {name for param in self.get_params(ctx) for name in param.opts}
        for word in args:
            name = word.partition("=")[0]
            if name.startswith("--") and name != "--" and name not in known:
                ctx.fail(describe_unknown_option(ctx, name))
        return super().parse_args(ctx, args)


class Group(PlainTypes, TyperGroup):
    """A group of commands with plain types in its help, which names the nearest one to an unknown command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the first argument names."""
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            ctx.fail(f"No such command: {name}.{suggest(name, self.commands, OTHER_COMMANDS)}")
        return super().resolve_command(ctx, args)


class App(typer.Typer):
    """An application of such commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=Group, **settings)

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = Command, **settings: Any
    ) -> Callable[[Function], Function]:
        """Return a decorator that makes a function a command."""
        return super().command(name, cls=cls, **settings)


def describe_unknown_option(ctx: Any, name: str) -> str:
    """Return that there is no such option, and the option of this command that was probably meant."""
    known = {option for param in ctx.command.get_params(ctx) for option in param.opts if option.startswith("--")}
    other = {theirs: ours for theirs, ours in OTHER_OPTIONS.items() if ours in known}
    return f"No such option: {name}.{suggest(name, sorted(known), other)}"


def describe_wrong_usage(error: Any) -> str:
    """Return an error that Typer raised as one line, with what was probably meant."""
    context = getattr(error, "ctx", None)
    if context and hasattr(error, "possibilities"):
        said = describe_unknown_option(context, error.option_name)
    else:
        said = error.format_message() + _suggest_choice(error)
        for theirs, ours in PLAIN_WORDS.items():
            said = said.replace(theirs, ours)
    command = f"{context.command_path} " if context else ""
    return f"{said} (see {command}--help)".replace("\n", " ")


def _suggest_choice(error: Any) -> str:
    """Return the choice nearest to a wrong value; an empty text if the option has no choices."""
    choices = getattr(getattr(getattr(error, "param", None), "type_descriptor", None), "choices", None)
    if not choices or not hasattr(error.__cause__, "errors"):  # Pydantic's error, which has the value
        return ""
    return suggest(str(error.__cause__.errors()[0]["input"]), [str(one.value) for one in choices])
