"""The settings: environment variables with the prefix `BROADSHEET_`, or a `.env` file in the working directory."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from schemas.failure import UsageFailure
from schemas.masking import mask_secrets
from schemas.schedule import STANDARD_PLAN, RevisitPlan

PREFIX = "BROADSHEET_"
ENV_FILE = Path(".env")
HOUR = timedelta(hours=1)

LONGEST_HOURS = 1_200 * 730
"""A hundred years, as the longest of `revisit_months`: with more, a time leaves the calendar."""

DAY_SECONDS = 86_400
"""The longest that a run waits for anything."""

FloorName = Literal[
    "completeness", "stored_per_day", "headline", "authors", "published_at", "section", "tags", "body", "images"
]
"""Shares from 0 to 1, but for `stored_per_day`. The last seven are fields of the newest articles."""


ExtraSource = Literal["search", "old-site"]

CeilingName = Literal["recurring", "leak_rate", "drift"]

STANDARD_CEILINGS: dict[CeilingName, float] = {
    # A new donation message stands on all pages from its first day: ten of the newest 200 articles are that day's. What
    # articles share for good reasons (a column's opening line, a credit) stays below.
    "recurring": 0.05,
    # Two of the newest 200 articles. More than one page in a hundred never was a single odd page.
    "leak_rate": 0.01,
    # Of the pages of a kind. What varies by itself (half of the articles have a subtitle) moves by a third at most
    # among 20 pages, at three standard errors of 0.11; a changed page moves a field from one source to another at once.
    "drift": 0.5,
}
"""Shares from 0 to 1: above them a run fails."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file; what begins a query in a URL, or is read as a code, is a character of it."""
    return f"sqlite:///{str(path).translate(URL_CODES)}"


URL_CODES = str.maketrans({"%": "%25", "?": "%3F"})


class SettingsInvalid(UsageFailure):
    """A setting is unknown or ill-formed; the message is one line that names it."""


class Settings(BaseSettings):
    """What an operator can set. Every field's description is its line in the documentation."""

    # A `.env` file may hold other programs' variables; unknown ones of ours are refused by `load_settings`.
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default=Path("data"), description="database, WARC files, spool")
    database_url: str = Field(
        default="", description="`sqlite:///DATA_DIR/broadsheet.db` by default, or `postgresql+psycopg://…`"
    )
    contact: str = Field(default="", description="a mail address or page of yours; a live crawl without one is refused")
    user_agent: str = Field(
        default="", description="what the publisher reads; `broadsheet/VERSION (+CONTACT)` by default"
    )
    delay_seconds: Annotated[float, Field(ge=0, le=DAY_SECONDS)] = Field(
        default=2, description="between two requests to one host; a longer Crawl-delay wins"
    )
    concurrency: Annotated[int, Field(ge=1)] = Field(default=1, description="requests at a time to one host")
    origins: dict[str, str] = Field(
        default={}, description="JSON: from which URL an origin is really fetched (a mirror, the replica)"
    )
    timeout_seconds: Annotated[float, Field(gt=0, le=DAY_SECONDS)] = Field(
        default=60, description="for the whole of an answer, from the request to the last byte"
    )
    max_page_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=8 * 1024 * 1024, description="the largest page that is read, after decompression"
    )
    max_warc_bytes: Annotated[int, Field(ge=1024 * 1024)] = Field(
        default=1 << 30, description="a WARC file that would grow larger is followed by another"
    )
    warc_url: str = Field(
        default="",
        description="where finished WARC files are moved to, e.g. `s3://bucket/prefix`; without it they stay",
    )
    max_requests: Annotated[int, Field(ge=1)] = Field(
        default=20_000, description="requests of one run at most; what is left is fetched by the next"
    )
    extra_sources: tuple[ExtraSource, ...] = Field(
        default=(), description='JSON: sources that are off by default, `["search", "old-site"]`'
    )
    revisit_hours: tuple[Annotated[float, Field(gt=0, le=LONGEST_HOURS)], ...] = Field(
        default=tuple(age // HOUR for age in STANDARD_PLAN.revisit_ages),
        description="JSON: ages of an article at which it is looked at again; `[]` for never",
    )
    revisit_months: Annotated[int, Field(ge=0, le=1200)] = Field(
        default=STANDARD_PLAN.revisit_months, description="after that, it is looked at once a month up to this age"
    )
    gone_hours: Annotated[float, Field(ge=0, le=LONGEST_HOURS)] = Field(
        default=STANDARD_PLAN.gone_after // HOUR, description="between the two looks that make a URL `gone`"
    )
    conditional_count: Annotated[int, Field(ge=0)] = Field(
        default=STANDARD_PLAN.conditional_count,
        description="answers `not modified` in a row that are believed, for a week at most; 0 asks always in full",
    )
    floors: dict[FloorName, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default={},
        description='JSON: floors that make a run exit 1, e.g. `{"completeness": 0.98, "stored_per_day": 5}`',
    )

    ceilings: dict[CeilingName, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        default=STANDARD_CEILINGS,
        description='JSON: ceilings that make a run exit 1, e.g. `{"recurring": 0.1}`; what is not named keeps its own',
    )

    notify_url: SecretStr = Field(
        default=SecretStr(""),
        description="whom failed runs are told to: an Apprise address (mail, Slack, Telegram, webhook); a secret",
    )

    @field_validator("ceilings")
    @classmethod
    def _keep_the_other_ceilings(cls, value: dict[CeilingName, float]) -> dict[CeilingName, float]:
        return STANDARD_CEILINGS | value

    @field_validator("floors")
    @classmethod
    def _shares_are_shares(cls, value: dict[FloorName, float]) -> dict[FloorName, float]:
        for name, floor in value.items():
            if name != "stored_per_day" and floor > 1:
                raise ValueError(f"{name} is a share, from 0 to 1")
        return value

    @field_validator("origins")
    @classmethod
    def _origins_are_origins(cls, value: dict[str, str]) -> dict[str, str]:
        for origin in [*value.keys(), *value.values()]:
            if not _is_origin(origin):
                raise ValueError(f"{mask_secrets(origin)!r} is no origin (scheme://host[:port])")
            if "@" in origin:
                raise ValueError(f"{mask_secrets(origin)!r}: no name and no password is sent to an origin")
        return {key.rstrip("/").lower(): target.rstrip("/") for key, target in value.items()}

    @field_validator("warc_url")
    @classmethod
    def _names_a_store(cls, value: str) -> str:
        scheme, mark, _ = value.partition("://")
        # `a::b://c` is fsspec's way to put a cache before a store: what is in a cache is not in the store.
        if value and not (mark and re.fullmatch(r"[a-zA-Z][\w.+-]*", scheme)):
            raise ValueError("it is no URL of a store, such as s3://bucket/prefix")
        return value

    @field_validator("contact", "user_agent")
    @classmethod
    def _fits_a_header(cls, value: str) -> str:
        if not value.isprintable() or not value.isascii():
            raise ValueError("it goes into an HTTP header: printable ASCII on one line")
        return value

    @model_validator(mode="after")
    def _derive_defaults(self) -> Self:
        # A frozen model's defaults that depend on other fields can only be set past the freeze.
        if not self.database_url:
            object.__setattr__(self, "database_url", sqlite_url(self.data_dir.absolute() / "broadsheet.db"))
        if not self.user_agent:
            agent = f"broadsheet/{version('broadsheet')}"
            object.__setattr__(self, "user_agent", f"{agent} (+{self.contact})" if self.contact else agent)
        return self

    @property
    def revisit_plan(self) -> RevisitPlan:
        """When URLs are looked at again."""
        return RevisitPlan(
            revisit_ages=tuple(timedelta(hours=hours) for hours in sorted(self.revisit_hours)),
            revisit_months=self.revisit_months,
            gone_after=timedelta(hours=self.gone_hours),
            conditional_count=self.conditional_count,
        )

    @property
    def own_dirs(self) -> tuple[Path, ...]:
        """Folders in which nobody else writes anything."""
        return self.warc_dir, self.index_dir, self.spool_dir

    @property
    def index_dir(self) -> Path:
        """An index for each WARC file, for replay tools."""
        return self.data_dir / "index"

    @property
    def warc_dir(self) -> Path:
        """Where the WARC files lie, at least as long as they grow."""
        return self.data_dir / "warc"

    @property
    def spool_dir(self) -> Path:
        """Where a crawl finds its job and leaves its log."""
        return self.data_dir / "spool"


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsInvalid: a variable with our prefix is unknown, or a value is ill-formed.
    """
    given = {**_dotenv(), **os.environ}
    _refuse_unknown(given)
    try:
        return Settings(_env_file=ENV_FILE)
    except ValidationError as error:
        line = error.errors()[0]
        name = _name(line["loc"])
        # The value may be a password: it is not repeated.
        raise SettingsInvalid(f"{name}: {line['msg'].removeprefix('Value error, ')}") from None
    except SettingsError as error:
        found = re.search(r'field "(\w+)"', str(error))
        raise SettingsInvalid(f"{_name((found.group(1),) if found else ())}: its value is no JSON") from None


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_port = parts.port is None or parts.port > 0  # reading it raises ValueError for one that is none
    except ValueError:
        return False
    return is_port and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.path in {"", "/"}


def _dotenv() -> dict[str, str]:
    if not ENV_FILE.exists():
        return {}
    try:
        ENV_FILE.read_text(encoding="utf-8")  # for the exception: dotenv passes over what is no file
        return {key: value or "" for key, value in dotenv_values(ENV_FILE).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{ENV_FILE} cannot be read: {error}") from None


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(given):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsInvalid(f"{name} is no setting; known are {', '.join(sorted(known))}")


def _name(loc: tuple[int | str, ...]) -> str:
    return PREFIX + str(loc[0]).upper() if loc else PREFIX.rstrip("_")
