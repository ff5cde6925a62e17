"""What `--help` and a mistyped command say. Typer runs here without a process of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from cli.failure import explain_failure
from cli.main import app


def list_commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, one in getattr(command, "commands", {}).items():
        yield from list_commands(one, (*path, name))


COMMANDS = sorted(list_commands(get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_names_values_in_words(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    app([*path, "--help"], prog_name="broadsheet", standalone_mode=False)
    said = capsys.readouterr().out
    assert "Show this message" in said
    for word in ("<bool>", "<str>", "<path>", "<int", "list[", "function", "%Y", "TEXT", "INTEGER", "DATETIME", "<="):
        assert word not in said


def explain(arguments: list[str]) -> str:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - a class of Typer's own
        app(arguments, prog_name="broadsheet", standalone_mode=False)
    explained = explain_failure(raised.value)
    assert explained
    message, status = explained
    assert status == 2
    assert "\n" not in message
    return message


@pytest.mark.parametrize("path", [path for path in COMMANDS if path], ids=" ".join)
def test_a_mistyped_option_of_any_command_is_answered_with_the_nearest(path: tuple[str, ...]) -> None:
    assert f"No such option: --hlep. Did you mean --help? (see broadsheet {' '.join(path)} --help)" in explain(
        [*path, "--hlep"]
    )


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("serch war", "No such command: serch. Did you mean search?"),
        ("crawl", "No such command: crawl. Did you mean ingest?"),
        ("quarantine lst", "No such command: lst. Did you mean list?"),
        ("xyzzy", "No such command: xyzzy. (see"),
        ("search war --since 2024-01-01", "Did you mean --from?"),
        ("export --ot x.csv", "Did you mean --out?"),
        ("export --output=x.csv", "Did you mean --out?"),
        ("search war --sort newst", "'newst' is not one of 'relevance', 'newest', 'oldest'. Did you mean newest?"),
        ("search war --kind artcle", "Did you mean article?"),
        ("ingest --source feds", "Did you mean feeds?"),
        ("ingest --site moscow-tims", "Did you mean moscow-times?"),
        ("show 1 --cite bibtx", "Did you mean bibtex?"),
        ("search war --from yesterday", "Invalid value for '--from': 'yesterday' is not a day such as 2024-02-29"),
        ("search war --limit many", "Invalid value for '--limit': it is not a whole number"),
        ("search war --limit 0", "Invalid value for '--limit': 0 is not at least 1"),
        ("search war --limit 10001", "10001 is not at most 10,000"),
    ],
)
def test_wrong_usage_is_answered_with_what_was_meant(typed: str, says: str) -> None:
    assert says in explain(typed.split())
