"""Every command block of the documents is executed on the demo's archive, or says why not."""

import re
import signal
from pathlib import Path

import pytest

from pipeline.ingest import ingest_once
from replica.demo import ARTICLE_COUNT, KINDS
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from tests.documentation.blocks import (
    COMMAND_LANGUAGES,
    PAGES,
    ROOT,
    Block,
    Session,
    is_as_shown,
    read_blocks,
    read_typed,
)
from tests.pipeline.test_operations import COMMANDS as OPERATIONS

NOT_RUN = {
    "set-up": r"make (setup|demo)\b|\.venv/bin/activate",
    "live site": r"make ingest|broadsheet (ingest|backfill|schedule|site)\b",
    "Prefect server": r"PREFECT_API_URL|prefect deployment run",
    "Docker": r"^docker compose",
    "another machine": r"^ssh ",
    "reverse proxy": r"BROADSHEET_SERVE_PROXIES",
    "several machines": r"\bdask\b|\[cluster\]",
}
"""Why a block is not executed here, and what every such block has in it.

The tests run in what was set up. Other tests do these things on loopback: `tests.cli.test_journey` and
`tests.cli.test_doctor` with the replica, `tests.flows` with a Prefect server, `tests.docker` with an engine.
"""

PREFIX = "not run: "
UNTIL_STOPPED = "until stopped"
STOPPED = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
"""How a process ends that is told to, by the signal or by its own decision."""

ELSEWHERE = {"README.md": {"demo"}, "operations.md": set(OPERATIONS)}
"""Blocks that a test of their own executes, by the comment before them: the journeys, and the tests of operations."""

COMMAND = re.compile(r"^(?:\$ )?(?:broadsheet|make|docker|prefect|git|pip|python|export|sh|cp|ssh|mkdir|pg_dump) ")


def list_run(page: Path) -> list[Block]:
    """Return the blocks of a page that are executed here."""
    elsewhere = ELSEWHERE.get(page.name, set())
    blocks = [one for one in read_blocks(page) if one.language in COMMAND_LANGUAGES or is_script(one)]
    return [one for one in blocks if one.note not in elsewhere and not (one.note or "").startswith(PREFIX)]


def is_script(block: Block) -> bool:
    """Whether it is Python without prompts: `tests.api.test_notebook` executes those with prompts."""
    return block.language == "python" and ">>>" not in block.text


PAGES_RUN = [page for page in PAGES if list_run(page)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that `make demo` makes, without Prefect."""
    folder = tmp_path_factory.mktemp("demo")
    with running(Site(ARTICLE_COUNT, kinds=KINDS)) as server:
        settings = Settings(
            data_dir=folder,
            contact="demo@example.org",
            delay_seconds=0,
            concurrency=8,
            origins=dict(server.origins),
        )
        assert ingest_once(settings, "moscow-times", "all").problems == ()
    return folder


@pytest.mark.parametrize("page", PAGES_RUN, ids=lambda page: page.stem)
def test_the_commands_of_a_page_print_what_it_shows(page: Path, demo: Path, tmp_path: Path) -> None:
    session = Session.begin(demo, tmp_path)
    for block in list_run(page):
        if block.note == UNTIL_STOPPED:
            ended = session.run_until_stopped(block.text)
            assert ended.output
            assert ended.status in STOPPED, ended
        elif block.language == "python":
            assert session.run_python(block.text).status == 0, block.text
        else:
            for line, shown in read_typed(block):
                ended = session.type(line)
                assert ended.status == 0, ended
                assert is_as_shown(ended.output, shown) or block.language == "sh", f"$ {line}\n{ended.output}"


def test_the_journeys_are_executed() -> None:
    assert {"researcher", "archivist", "operator"} <= {page.stem for page in PAGES_RUN}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_block_that_is_not_executed_says_why(page: Path) -> None:
    known = {None, UNTIL_STOPPED, *ELSEWHERE.get(page.name, ())}
    for block in read_blocks(page):
        if block.language in COMMAND_LANGUAGES and block.note not in known:
            assert block.note
            assert block.note.startswith(PREFIX), block
            reason = block.note.removeprefix(PREFIX)
            assert re.search(NOT_RUN[reason], block.text, re.MULTILINE), f"{block.text} has nothing to do with {reason}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_block_is_marked_as_one(page: Path) -> None:
    blocks = read_blocks(page)
    others = [one.text for one in blocks if one.language not in COMMAND_LANGUAGES]
    assert [line for text in others for line in text.splitlines() if COMMAND.match(line)] == []
    text = page.read_text(encoding="utf-8")
    for block in blocks:
        text = text.replace(block.text, "")
    assert [line for line in text.splitlines() if line.startswith("    ") and COMMAND.match(line.strip())] == []


def test_every_command_is_executed_somewhere_in_the_documents() -> None:
    assert ROOT / "docs" / "index.md" in PAGES
    typed = "\n".join(block.text for page in PAGES for block in list_run(page))
    names = {"search", "show", "export", "release", "verify", "status", "report", "identify", "quarantine"}
    assert names <= set(re.findall(r"broadsheet ([a-z]+)", typed))


@pytest.mark.parametrize(
    ("output", "shown", "expected"),
    [
        ("one\ntwo\n", "one\ntwo\n", True),
        ("one\ntwo\n", "one\n", False),
        ("one\ntwo\nthree\n", "one\n…\n", True),
        ("one\n", "one\n…\n", True),
        ("5 articles (12 bytes)\n", "5 articles (… bytes)\n", True),
        ("6 articles (12 bytes)\n", "5 articles (… bytes)\n", False),
        ("", "", True),
        ("one\n", "", False),
    ],
)
def test_an_ellipsis_stands_for_anything(output: str, shown: str, expected: bool) -> None:  # noqa: FBT001
    assert is_as_shown(output, shown) is expected
