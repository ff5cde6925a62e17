"""The built wheel, without the repository: everything that it needs is in it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), os.environ["PYTHONPATH"]])
    return subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_is_the_wheels_own_and_imports_a_seed(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "-c", "import cli.main, storage; print(cli.main.__file__, storage.__file__)")
    assert where.stdout.count(str(installed)) == 2
    seed = next((installed / "seeds").glob("001_*.txt"))
    ended = run(installed, "-m", "cli", "import", str(seed), "--json", BROADSHEET_DATA_DIR=str(tmp_path / "data"))
    assert ended.returncode == 0, ended.stderr
    assert '"stored": 1' in ended.stdout
    page = tmp_path / "report.html"
    ended = run(installed, "-m", "cli", "report", "--out", str(page), BROADSHEET_DATA_DIR=str(tmp_path / "data"))
    assert ended.returncode == 0, ended.stderr
    assert "Completeness" in page.read_text()


def test_the_pages_in_the_wheel_have_all_that_they_need(installed: Path) -> None:
    code = (
        "import web.app; from web.page import make_templates; "
        "print(web.app.__file__, make_templates((), ()).get_template('search.html').name, "
        "sorted(path.name for path in web.app.STATIC.iterdir()))"
    )
    shown = run(installed, "-c", code).stdout
    assert str(installed) in shown
    for name in ("search.html", "style.css", "brush.js", "icon.svg"):
        assert name in shown


def test_the_deployments_in_the_wheel_are_the_projects(installed: Path) -> None:
    assert (installed / "flows" / "deployment.yaml").read_bytes() == (ROOT / "prefect.yaml").read_bytes()


def test_the_replica_in_the_wheel_finds_its_seeds(installed: Path) -> None:
    ended = run(installed, "-c", "from replica.site import Site; print(Site(6).articles[1].expected['headline'])")
    assert ended.stdout == "Putin Defends Syria Stance, But Calls for End to Violence\n"


def test_nothing_but_the_packages_is_in_it(installed: Path) -> None:
    found = {path.name for path in installed.iterdir()}
    packages = {"boilerplate", "broadsheet", "cli", "extraction", "flows", "pipeline"}
    packages |= {"replica", "schemas", "seeds", "sites", "spiders", "storage", "web"}
    assert found - packages == {name for name in found if name.endswith(".dist-info")}
    assert packages <= found
