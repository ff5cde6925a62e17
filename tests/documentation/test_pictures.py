"""Pictures show what a command prints in a terminal, and name nothing on another host."""

from pathlib import Path

import pytest

from documentation.pictures import IMAGES, PAGES, ROW_COUNT, TERMINALS, draw_terminal, run


def test_a_command_prints_in_a_terminal(tmp_path: Path) -> None:
    assert run("test -t 1 && printf '\\033[1m%s %s\\n' $COLUMNS $BROADSHEET_DATA_DIR", tmp_path) == (
        f"\x1b[1m80 {tmp_path}\n"
    )


def test_a_terminal_is_drawn_with_its_colours_and_without_web_fonts() -> None:
    drawn = draw_terminal("name", "broadsheet status", "\x1b[31mred\x1b[0m\n" + "more\n" * ROW_COUNT)
    assert drawn == draw_terminal("name", "broadsheet status", "\x1b[31mred\x1b[0m\n" + "more\n" * ROW_COUNT)
    assert ">red<" in drawn
    assert drawn.count(">more<") == ROW_COUNT - 1
    assert "@font-face" not in drawn
    assert "url(http" not in drawn


@pytest.mark.parametrize("name", TERMINALS)
def test_every_picture_of_a_terminal_is_there(name: str) -> None:
    drawn = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert TERMINALS[name].split()[1] in drawn


MOST_BYTES = 150_000


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_of_a_page_is_there_and_small(name: str) -> None:
    assert 0 < (IMAGES / f"{name}.png").stat().st_size < MOST_BYTES
    assert f"](images/{name}.png)" in (IMAGES.parent / "serve.md").read_text(encoding="utf-8")
