"""What the deployment's files owe to the rest of the project; without Docker."""

import os
import re
import shlex
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from schemas.settings import PREFIX, Settings
from tests.docker.compose import ROOT
from tests.object_store import running_s3

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
OWN = {"data_dir", "database_url"}
"""Settings that are the containers' own affair."""
READER = {name for name in Settings.model_fields if name.startswith("serve_")}
"""Settings of the reader alone."""


def make_env(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["/bin/sh", str(ROOT / "docker" / "make-env.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read_values(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_every_setting_reaches_the_worker_and_no_other() -> None:
    environment = YAML(typ="safe").load(COMPOSE)["services"]["worker"]["environment"]
    named = {name.removeprefix(PREFIX).lower() for name in environment if name.startswith(PREFIX)}
    assert named == (Settings.model_fields.keys() - OWN - READER) | {"database_url"}


def test_the_readers_settings_reach_it_and_it_can_write_nothing() -> None:
    reader = YAML(typ="safe").load(COMPOSE)["services"]["reader"]
    named = {name.removeprefix(PREFIX).lower() for name in reader["environment"] if name.startswith(PREFIX)}
    assert named >= READER
    assert reader["volumes"] == ["archive:/data:ro"]
    assert all(port.startswith("127.0.0.1:") for port in reader["ports"])


def test_monitoring_starts_only_if_it_is_asked_for_and_in_fixed_versions() -> None:
    services = YAML(typ="safe").load(COMPOSE)["services"]
    default = {name for name, service in services.items() if "profiles" not in service}
    assert default == {"postgres", "migrate", "prefect", "deploy", "worker"}
    monitoring = {name: service for name, service in services.items() if service.get("profiles") == ["monitoring"]}
    assert monitoring.keys() == {"prometheus", "grafana"}
    for service in monitoring.values():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        sources = [volume.partition(":")[0] for volume in service["volumes"] if volume.startswith(".")]
        assert all((ROOT / source).is_file() for source in sources)
    assert "ports" not in services["worker"]


def test_the_bucket_of_the_cluster_s_store_is_made_by_its_own_command(tmp_path: Path) -> None:
    service = YAML(typ="safe").load(COMPOSE)["services"]["objects-bucket"]
    with running_s3() as variables:
        environment = {**os.environ, **service["environment"], **variables}
        for _ in range(2):  # it runs each time that everything is started
            command = [sys.executable, *shlex.split(service["command"])[1:]]
            subprocess.run(command, env=environment, cwd=tmp_path, check=True)
        listing = [sys.executable, "-c", "from s3fs import S3FileSystem; print(*S3FileSystem().ls(''))"]
        assert subprocess.check_output(listing, env=environment, cwd=tmp_path, text=True) == "archive\n"


def test_prometheus_scrapes_the_port_that_the_worker_serves() -> None:
    port = YAML(typ="safe").load(COMPOSE)["services"]["worker"]["environment"]["BROADSHEET_METRICS_PORT"]
    [job] = YAML(typ="safe").load(ROOT / "docker" / "monitoring" / "prometheus.yml")["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"worker:{port}"]}]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\{(\w+):?[?-]", COMPOSE)) - {"IMAGE_TAG"}))
def test_every_variable_is_explained(name: str) -> None:
    assert f"{name}=" in (ROOT / ".env.example").read_text()
    assert f"`{name}`" in (ROOT / "docs" / "docker.md").read_text(encoding="utf-8")


def test_the_image_gets_every_package() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    allowed = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{package}" for package in packages["only-include"]} <= set(allowed)


def test_each_password_is_another_and_nobody_else_reads_them(tmp_path: Path) -> None:
    values: list[str] = []
    for name, mode in (("live", ()), ("demo", ("demo",))):
        assert make_env(*mode, str(tmp_path / name)).returncode == 0
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        values += [value for key, value in read_values(tmp_path / name).items() if key.endswith("_PASSWORD")]
    assert len(set(values)) == len(values) == 10
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in values)
    assert "replica" not in str(read_values(tmp_path / "live"))


def test_an_environment_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("mine")
    assert make_env(str(tmp_path / "env")).returncode != 0
    assert (tmp_path / "env").read_text() == "mine"
