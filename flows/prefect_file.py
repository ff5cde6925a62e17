"""Writes deployments as a file for Prefect's own `deploy`, which knows neither our sites nor their time zones."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from flows.deployment import Deployment
from schemas.failure import UsageFailure
from storage.atomic_file import USER_FILE_MODE, replace_file

NOTHING: dict[str, Any] = {"build": [], "push": [], "pull": []}
"""The code is installed wherever a run executes."""


class FileUnwritable(UsageFailure):
    """The file cannot be written."""


def render_definitions(definitions: Sequence[Deployment]) -> str:
    """Return a file with these deployments, their sites and time zones written out."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output = False, False  # type: ignore[assignment] # of the library
    deployments = [one.model_dump(mode="json", exclude_none=True) for one in definitions]
    yaml.dump({"name": "broadsheet", **NOTHING, "deployments": deployments}, text)
    return text.getvalue()


def write_definitions(definitions: Sequence[Deployment], path: Path) -> None:
    """Write the file.

    Raises:
        FileUnwritable: it cannot be written.
    """
    try:
        with replace_file(path, USER_FILE_MODE) as file:
            file.write(render_definitions(definitions).encode())
    except OSError as error:
        raise FileUnwritable(f"{path} cannot be written: {error.strerror or error}") from None
