"""What a command says while it works."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.progress_bar import showing_bar
from cli.progress_line import LINE_SECONDS, ProgressLines
from pipeline.progress import Progress
from tests.cli.terminal import COLUMNS, CONTROL, run_on_terminal

LISTING = "https://www.themoscowtimes.com/" + "a-long-section-name/" * 6 + "37"


def test_a_command_on_a_terminal_speaks_first_and_shows_how_far_it_is(seeds: Path, tmp_path: Path) -> None:
    settings = {"BROADSHEET_DATA_DIR": str(tmp_path / "data")}
    status, lines = run_on_terminal("import", *sorted(seeds.glob("*.txt")), settings=settings, cwd=tmp_path)
    assert (status, lines[0]) == (0, "broadsheet: starting …")
    assert any(line.startswith("examine: 5 of 5 files in ") for line in lines)
    assert any("load ━" in line and "KiB" in line for line in lines)
    assert max(map(len, lines)) <= COLUMNS


def test_a_wrong_setting_on_a_terminal_leaves_one_line(tmp_path: Path) -> None:
    status, lines = run_on_terminal("ingest", settings={"BROADSHEET_CONTACT": ""}, cwd=tmp_path)
    assert status == 2
    assert lines[-1].startswith("broadsheet: BROADSHEET_CONTACT is needed")


def test_a_terminal_that_cannot_write_over_a_line_gets_no_codes(tmp_path: Path) -> None:
    status, lines = run_on_terminal("ingest", settings={"BROADSHEET_CONTACT": "", "TERM": "dumb"}, cwd=tmp_path)
    assert (status, len(lines)) == (2, 1)


def show(*progress: Progress, columns: int = COLUMNS) -> str:
    """Return everything that the bar wrote on a terminal of this width."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=columns)
    with showing_bar(console) as listener:
        for one in progress:
            listener(one)
    return CONTROL.sub("", written.getvalue())


def test_a_sources_url_is_shortened_to_the_line() -> None:
    shown = show(Progress(stage="2024-02 discover", done_count=3, total_count=None, unit="sources", detail=LISTING))
    assert "3 sources" in shown
    assert "…" in shown
    assert shown.split("\n")[0].rstrip().endswith("/37")
    assert max(map(len, shown.splitlines())) <= COLUMNS


def test_a_finished_stage_leaves_a_line_and_the_next_one_takes_the_bar() -> None:
    shown = show(
        Progress(stage="discover", done_count=68, total_count=None, unit="sources"),
        Progress(stage="fetch", done_count=1, total_count=2, unit="pages"),
        Progress(stage="fetch", done_count=2, total_count=2, unit="pages"),
        Progress(stage="report", done_count=0, total_count=None),
    )
    assert "discover: 68 sources in 0:00:0" in shown
    assert "fetch: 2 of 2 pages in 0:00:0" in shown
    assert "report" in shown


def test_a_publishers_text_cannot_control_the_terminal() -> None:
    shown = show(
        Progress(stage="discover", done_count=0, total_count=None, unit="sources", detail="/a\x1b]0;x\x07b[red]")
    )
    assert "\x1b]0" not in shown
    assert "[red]" in shown


def test_without_a_terminal_a_long_stage_gets_a_line_every_five_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    at = [0.0]
    lines = ProgressLines(clock=lambda: at[0])
    for done in range(121):
        at[0] = done * LINE_SECONDS / 60
        lines(Progress(stage="fetch", done_count=done, total_count=240, unit="pages"))
    assert capsys.readouterr().err.splitlines() == [
        "broadsheet: fetch: 60 of 240 pages, about 0:15:00 left",
        "broadsheet: fetch: 120 of 240 pages, about 0:10:00 left",
    ]
    at[0] += LINE_SECONDS
    lines(Progress(stage="discover", done_count=7, total_count=None, unit="sources", detail="https://x/1"))
    assert capsys.readouterr().err == "broadsheet: discover: 7 sources, now https://x/1\n"
