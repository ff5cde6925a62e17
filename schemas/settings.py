"""The settings: environment variables with the prefix `BROADSHEET_`, or a `.env` file in the working directory."""

import json
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from schemas.failure import UsageFailure
from schemas.masking import mask_secrets
from schemas.schedule import STANDARD_PLAN, RevisitPlan
from schemas.suggestion import suggest

PREFIX = "BROADSHEET_"
ENV_FILE = Path(".env")
HOUR = timedelta(hours=1)

LONGEST_HOURS = 1_200 * 730
"""A hundred years, like the maximum of `revisit_months`: larger values would overflow `datetime`."""

DAY_SECONDS = 86_400
"""The longest timeout or delay, in seconds."""

FloorName = Literal[
    "completeness", "stored_per_day", "headline", "authors", "published_at", "section", "tags", "body", "images"
]
"""Shares from 0 to 1, except `stored_per_day`. The last seven are fields of the newest articles."""


ExtraSource = Literal["search", "old-site"]

CeilingName = Literal["recurring", "leak_rate", "drift"]

STANDARD_CEILINGS: dict[CeilingName, float] = {
    # A new donation message is on all pages from its first day: those are ten of the newest 200 articles. Text that
    # articles share for good reasons (a column's opening line, a credit) stays below this.
    "recurring": 0.05,
    # Two of the newest 200 articles: more than one page in a hundred is not just a single odd page.
    "leak_rate": 0.01,
    # Share of the pages of a kind. Natural variation (half of the articles have a subtitle) is a third at most among
    # 20 pages (three standard errors of 0.11). A changed page layout moves a field from one source to another at once.
    "drift": 0.5,
}
"""Shares from 0 to 1. A run that exceeds one fails."""


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, with `?` and `%` in its path escaped."""
    return f"sqlite:///{str(path).translate(URL_CODES)}"


URL_CODES = str.maketrans({"%": "%25", "?": "%3F"})


class SettingsInvalid(UsageFailure):
    """A setting is unknown or malformed. The message is one line that names it."""


class Settings(BaseSettings):
    """The settings. Every field's description is its line in the documentation."""

    # A `.env` file may hold other programs' variables; `load_settings` rejects unknown ones with our prefix.
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default=Path("data"), description="database, WARC files, spool")
    database_url: str = Field(
        default="", description="`sqlite:///DATA_DIR/broadsheet.db` by default, or `postgresql+psycopg://…`"
    )
    sites: tuple[str, ...] = Field(
        default=(), description='JSON: the sites that the schedule crawls, `["NAME", …]`; commands mean the first'
    )
    sites_dir: Path | None = Field(
        default=None, description="a folder with publishers of your own, a folder for each (`broadsheet site new`)"
    )
    contact: str = Field(default="", description="your mail address or web page; required for a live crawl")
    user_agent: str = Field(default="", description="the User-Agent header; `broadsheet/VERSION (+CONTACT)` by default")
    delay_seconds: Annotated[float, Field(ge=0, le=DAY_SECONDS)] = Field(
        default=2, description="delay between two requests to one host; a longer Crawl-delay takes precedence"
    )
    concurrency: Annotated[int, Field(ge=1)] = Field(default=1, description="concurrent requests to one host")
    origins: dict[str, str] = Field(
        default={}, description="JSON: origin -> origin that is fetched instead (a mirror, the replica)"
    )
    timeout_seconds: Annotated[float, Field(gt=0, le=DAY_SECONDS)] = Field(
        default=60, description="timeout of a whole response, from the request to the last byte"
    )
    max_page_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=8 * 1024 * 1024, description="the largest page that is read, after decompression"
    )
    max_warc_bytes: Annotated[int, Field(ge=1024 * 1024)] = Field(
        default=1 << 30, description="largest WARC file; a new one is begun before it would grow larger"
    )
    warc_url: str = Field(
        default="",
        description="where finished WARC files are moved, e.g. `s3://bucket/prefix`; if empty, they stay local",
    )
    max_requests: Annotated[int, Field(ge=1)] = Field(
        default=20_000, description="most requests of one run; the next run fetches the remaining pages"
    )
    extra_sources: tuple[ExtraSource, ...] = Field(
        default=(), description='JSON: sources to enable that are off by default, `["search", "old-site"]`'
    )
    revisit_hours: tuple[Annotated[float, Field(gt=0, le=LONGEST_HOURS)], ...] = Field(
        default=tuple(age // HOUR for age in STANDARD_PLAN.revisit_ages),
        description="JSON: ages of an article, in hours, at which it is revisited; `[]` for never",
    )
    revisit_months: Annotated[int, Field(ge=0, le=1200)] = Field(
        default=STANDARD_PLAN.revisit_months, description="after that, it is revisited once a month up to this age"
    )
    gone_hours: Annotated[float, Field(ge=0, le=LONGEST_HOURS)] = Field(
        default=STANDARD_PLAN.gone_after // HOUR, description="hours between the two fetches that make a URL `gone`"
    )
    conditional_count: Annotated[int, Field(ge=0)] = Field(
        default=STANDARD_PLAN.conditional_count,
        description="most consecutive 304 responses that are trusted, for a week at most; 0 never sends validators",
    )
    floors: dict[FloorName, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default={},
        description='JSON: floors that make a run exit 1, e.g. `{"completeness": 0.98, "stored_per_day": 5}`',
    )

    ceilings: dict[CeilingName, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        default=STANDARD_CEILINGS,
        description='JSON: ceilings that make a run exit 1, e.g. `{"recurring": 0.1}`; others keep their defaults',
    )

    notify_url: SecretStr = Field(
        default=SecretStr(""),
        description="where failed runs are reported: an Apprise URL (mail, Slack, Telegram, webhook); a secret",
    )

    metrics_host: str = Field(
        default="127.0.0.1", description="the interface on which `/metrics` is served; 0.0.0.0 for all of them"
    )
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=0, description="the port of `/metrics`, in `schedule` and in `metrics --serve`; 0 for none"
    )

    serve_password: SecretStr = Field(
        default=SecretStr(""),
        description="the password of `serve`, required to listen on anything but this machine; a secret",
    )
    serve_hosts: tuple[str, ...] = Field(
        default=(), description='JSON: further Host names under which `serve` is reached, `["archive.example.org"]`'
    )
    serve_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="JSON: addresses or networks of the reverse proxies before `serve`, whose word on the client and "
        'the scheme is taken, `["127.0.0.1"]`',
    )
    serve_query_seconds: Annotated[float, Field(gt=0, le=DAY_SECONDS)] = Field(
        default=5, description="after this time, `serve` ends a query"
    )
    serve_requests_per_minute: Annotated[int, Field(ge=0)] = Field(
        default=600, description="most requests of one client to the API of `serve`; 0 for any number"
    )

    @field_validator("ceilings")
    @classmethod
    def _merge_default_ceilings(cls, value: dict[CeilingName, float]) -> dict[CeilingName, float]:
        return STANDARD_CEILINGS | value

    @field_validator("floors")
    @classmethod
    def _check_shares(cls, value: dict[FloorName, float]) -> dict[FloorName, float]:
        for name, floor in value.items():
            if name != "stored_per_day" and floor > 1:
                raise ValueError(f"{name} is a share, from 0 to 1")
        return value

    @field_validator("origins")
    @classmethod
    def _check_origins(cls, value: dict[str, str]) -> dict[str, str]:
        for origin in [*value.keys(), *value.values()]:
            if not _is_origin(origin):
                raise ValueError(f"{mask_secrets(origin)!r} is not an origin (scheme://host[:port])")
            if "@" in origin:
                raise ValueError(f"{mask_secrets(origin)!r}: an origin cannot have a user name or password")
        return {key.rstrip("/").lower(): target.rstrip("/") for key, target in value.items()}

    @field_validator("warc_url")
    @classmethod
    def _check_store_url(cls, value: str) -> str:
        scheme, mark, _ = value.partition("://")
        # `a::b://c` chains a cache and a store in fsspec: a file in the cache is not in the store.
        if value and not (mark and re.fullmatch(r"[a-zA-Z][\w.+-]*", scheme)):
            raise ValueError("it is not the URL of a store, such as s3://bucket/prefix")
        return value

    @field_validator("contact", "user_agent")
    @classmethod
    def _check_header_value(cls, value: str) -> str:
        if not value.isprintable() or not value.isascii():
            raise ValueError("it is sent in an HTTP header: use printable ASCII on one line")
        return value

    @model_validator(mode="after")
    def _derive_defaults(self) -> Self:
        # `object.__setattr__` bypasses the freeze, the only way to derive defaults from other fields.
        if not self.database_url:
            object.__setattr__(self, "database_url", sqlite_url(self.data_dir.absolute() / "broadsheet.db"))
        if not self.user_agent:
            agent = f"broadsheet/{version('broadsheet')}"
            object.__setattr__(self, "user_agent", f"{agent} (+{self.contact})" if self.contact else agent)
        return self

    def render_values(self) -> dict[str, str]:
        """Return each setting's value as it is written in the environment; secrets are masked."""
        return {name: render_value(value) for name, value in self.model_dump(mode="json").items()}

    @property
    def revisit_plan(self) -> RevisitPlan:
        """When URLs are revisited."""
        return RevisitPlan(
            revisit_ages=tuple(timedelta(hours=hours) for hours in sorted(self.revisit_hours)),
            revisit_months=self.revisit_months,
            gone_after=timedelta(hours=self.gone_hours),
            conditional_count=self.conditional_count,
        )

    @property
    def own_dirs(self) -> tuple[Path, ...]:
        """Folders that only this program writes into."""
        return self.warc_dir, self.index_dir, self.spool_dir

    @property
    def index_dir(self) -> Path:
        """Folder with an index for each WARC file, for replay tools."""
        return self.data_dir / "index"

    @property
    def warc_dir(self) -> Path:
        """Folder of the WARC files, at least while they grow."""
        return self.data_dir / "warc"

    @property
    def spool_dir(self) -> Path:
        """Folder of the crawls' jobs and logs."""
        return self.data_dir / "spool"


def render_value(value: object) -> str:
    """Return a setting's value as it is written in the environment: lists and mappings as JSON, no value as nothing."""
    if value in (None, ""):
        return ""
    return value if isinstance(value, str) else json.dumps(_shorten_numbers(value), ensure_ascii=False)


def _shorten_numbers(value: object) -> object:
    """Return the value with whole numbers as such: 6, not 6.0."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _shorten_numbers(one) for name, one in value.items()}
        case list() | tuple():
            return [_shorten_numbers(one) for one in value]
        case _:
            return value


def load_settings() -> Settings:
    """Load the settings of this process.

    Raises:
        SettingsInvalid: a variable with our prefix is unknown, or a value is malformed.
    """
    variables = {**_read_dotenv(), **os.environ}
    _reject_unknown(variables)
    try:
        return Settings(_env_file=ENV_FILE)
    except ValidationError as error:
        line = error.errors()[0]
        name = _variable_name(line["loc"])
        # The value may be a password, so the message must not repeat it.
        raise SettingsInvalid(f"{name}: {line['msg'].removeprefix('Value error, ')}") from None
    except SettingsError as error:
        found = re.search(r'field "(\w+)"', str(error))
        raise SettingsInvalid(
            f"{_variable_name((found.group(1),) if found else ())}: its value is not valid JSON"
        ) from None


def find_sites_dir() -> Path | None:
    """Return the setting `sites_dir` of this process, without any other setting.

    Raises:
        SettingsInvalid: the `.env` file cannot be read.
    """
    name = f"{PREFIX}SITES_DIR"
    value = os.environ.get(name) or _read_dotenv().get(name)
    return Path(value) if value else None


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_port = parts.port is None or parts.port > 0  # raises ValueError for an invalid port
    except ValueError:
        return False
    return is_port and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.path in {"", "/"}


def _read_dotenv() -> dict[str, str]:
    if not ENV_FILE.exists():
        return {}
    try:
        ENV_FILE.read_text(encoding="utf-8")  # for the exception: dotenv ignores unreadable files
        return {key: value or "" for key, value in dotenv_values(ENV_FILE).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{ENV_FILE} cannot be read: {error}") from None


def _reject_unknown(variables: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(variables):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            listed = ", ".join(sorted(known))
            raise SettingsInvalid(f"{name} is not a setting; known settings: {listed}.{suggest(name, known)}")


def _variable_name(loc: tuple[int | str, ...]) -> str:
    return PREFIX + str(loc[0]).upper() if loc else PREFIX.rstrip("_")
