"""All settings, read once from the environment and passed on; nothing else reads the environment."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, SettingsConfigDict

from taskmanager.kit.limits import EMAIL
from taskmanager.kit.redis_address import parse_redis_url

PREFIX = "TASKMANAGER_"
METRICS_TOKEN_LENGTH = 16

JwtAlgorithm = Literal["HS256", "HS384", "HS512", "ES256", "ES384", "EdDSA", "PS256", "RS256"]
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """What an operator can set. Every name is an environment variable with the prefix ``TASKMANAGER_``.

    A secret can be given by file instead: ``TASKMANAGER_ADMIN_PASSWORD_FILE=/run/secrets/admin``.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(default=Path("data"), description="Folder of the database and the master secret.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=5000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve; more than one needs REDIS_URL.")
    drain_seconds: float = Field(
        default=1.5,
        ge=0,
        le=120,
        description="How long a server told to stop serves on while /health/ready says 503: longer than a balancer's "
        "time between two checks.",
    )
    database_url: str = Field(
        default="",
        description="postgresql+asyncpg://user:password@host/name; empty: SQLite in the data folder.",
    )
    database_url_file: Path | None = Field(default=None, description="File that holds that address.")
    replica_url: str = Field(
        default="",
        description="Address of a PostgreSQL standby that answers lists and searches which may be a second old; needs "
        "REDIS_URL. Who wrote is answered by the primary.",
    )
    replica_url_file: Path | None = Field(default=None, description="File that holds that address.")
    database_pooler: bool = Field(
        default=False,
        description="Whether DATABASE_URL leads to PgBouncer in transaction mode; see docs/operations.md.",
    )
    pool_size: int = Field(default=20, ge=3, le=500, description="Connections of one process to PostgreSQL, at most.")
    statement_seconds: int = Field(default=30, ge=1, le=3600, description="Longest statement on PostgreSQL.")
    lock_seconds: int = Field(default=5, ge=1, le=3600, description="Longest wait for a lock on PostgreSQL.")
    redis_url: str = Field(
        default="",
        description="redis://host:6379/0, redis+sentinel://host1:26379,host2:26379/name, redis+cluster://host1,host2, "
        "or rediss... for TLS; empty: the cache lives in the process.",
    )
    redis_url_file: Path | None = Field(default=None, description="File that holds that address.")
    admin_username: str = Field(default="", description="First administrator, made when there is none.")
    admin_password: SecretStr = Field(default=SecretStr(""), description="Password of the first administrator.")
    admin_password_file: Path | None = Field(default=None, description="File that holds that password.")
    master_secret_file: Path | None = Field(
        default=None,
        description="File of the master secret (32 random bytes or more); empty: generated in the data folder.",
    )
    registration: Literal["invite", "open", "closed"] = Field(
        default="invite", description="Who may make an account: invite, open or closed."
    )
    password_min_length: int = Field(default=15, ge=8, le=64, description="Shortest password, in characters.")
    issuer: str = Field(default="taskmanager", min_length=1, description="Issuer and audience of access tokens.")
    access_token_minutes: int = Field(default=10, ge=1, le=60, description="Life of an access token.")
    jwt_algorithm: JwtAlgorithm = Field(
        default="HS256",
        description="How access tokens are signed: HS256, HS384, HS512, ES256, ES384, EdDSA or PS256. "
        "Another one than before takes over by a rotation.",
    )
    jwt_allow_rs256: bool = Field(
        default=False, description="Let JWT_ALGORITHM be RS256, for verifiers that know nothing better."
    )
    key_rotation_days: int = Field(default=30, ge=1, le=3650, description="Days until another key signs.")
    hash_workers: int = Field(default=1, ge=1, le=32, description="Threads that hash passwords.")
    hash_queue: int = Field(default=64, ge=1, le=10_000, description="Password checks that may wait; more get a 503.")
    rate_limits: bool = Field(default=True, description="Limits of docs/limits.md; off for tests and benchmarks only.")
    public_url: str = Field(default="", description="Address that users type, such as https://tasks.example.org.")
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="smtp://user:password@host:587?starttls=1 or smtps://user:password@host; empty: no mail is sent.",
    )
    smtp_url_file: Path | None = Field(default=None, description="File that holds that address.")
    mail_from: str = Field(default="", description="Sender of mail; empty: taskmanager@ the host of PUBLIC_URL.")
    run_jobs: bool = Field(
        default=True,
        description="Whether servers send mail, fire reminders and tidy up. Off where `taskmanager worker` does; "
        "PostgreSQL only.",
    )
    max_sessions: int = Field(
        default=100, ge=1, le=10_000, description="Sessions of one account; one more ends the least recently used."
    )
    allowed_hosts: Words = Field(default=(), description="Further host names to answer to, separated by commas.")
    cors_origins: Words = Field(default=(), description="Origins whose pages may call the API, separated by commas.")
    trusted_proxies: Words = Field(
        default=(), description="Networks of proxies whose X-Forwarded-For is believed, separated by commas."
    )
    insecure_cookies: bool = Field(
        default=False, description="Sign in over plain http on other hosts than this one. Not safe."
    )
    audit_days: int = Field(default=365, ge=1, le=36_500, description="Days that the security audit trail is kept.")
    analytics_days: int = Field(
        default=731,
        ge=31,
        le=36_500,
        description="Days for which it is known what was done when; see docs/analytics.md.",
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token for /metrics; empty: loopback only. At least 16 characters."
    )
    metrics_token_file: Path | None = Field(default=None, description="File that holds that token.")
    slow_statement_ms: int = Field(
        default=0, ge=0, le=60_000, description="Statements that take this long are logged, without values; 0: none."
    )
    otel: bool = Field(
        default=False,
        description="Send traces by OpenTelemetry to OTEL_EXPORTER_OTLP_ENDPOINT; needs "
        "`pip install -r requirements-otel.txt`.",
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Log lines as text or JSON.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    web_dir: Path = Field(
        default=Path(__file__).resolve().parents[2] / "web" / "dist", description="Folder of the built web application."
    )

    @model_validator(mode="before")
    @classmethod
    def _split_words(cls, values: dict[str, object]) -> dict[str, object]:
        for name in ("allowed_hosts", "cors_origins", "trusted_proxies"):
            text = values.get(name)
            if isinstance(text, str):
                values[name] = tuple(word.strip() for word in text.split(",") if word.strip())
        return values

    @model_validator(mode="before")
    @classmethod
    def _read_addresses(cls, values: dict[str, object]) -> dict[str, object]:
        """Take an address that holds a password from its file, if one is named."""
        for name in ("database_url", "replica_url", "redis_url"):
            path = values.get(f"{name}_file")
            if path:
                try:
                    values[name] = Path(str(path)).read_text(encoding="utf-8").strip()
                except OSError as error:
                    message = f"cannot read {PREFIX}{name.upper()}_FILE: {error.strerror}"
                    raise ValueError(message) from error
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        for network in self.trusted_proxies:
            ipaddress.ip_network(network, strict=False)
        for url in (*self.cors_origins, *([self.public_url] if self.public_url else [])):
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
                message = f"{url} is not an address like https://tasks.example.org"
                raise ValueError(message)
        if self.jwt_algorithm == "RS256" and not self.jwt_allow_rs256:
            message = (
                f"{PREFIX}JWT_ALGORITHM=RS256 has an outdated padding: choose ES256, or PS256 if it must be RSA; "
                f"for a verifier that knows neither, set {PREFIX}JWT_ALLOW_RS256=on"
            )
            raise ValueError(message)
        if self.database_url and not self.database_url.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite:///")):
            message = f"{PREFIX}DATABASE_URL must begin with postgresql+asyncpg:// or sqlite+aiosqlite:///"
            raise ValueError(message)
        if self.workers > 1 and not self.redis_url:
            message = (
                f"{PREFIX}WORKERS={self.workers} needs {PREFIX}REDIS_URL: processes count tries to sign in together"
            )
            raise ValueError(message)
        if not self.run_jobs and not self.database_url.startswith("postgresql"):
            message = f"{PREFIX}RUN_JOBS=off needs PostgreSQL: on SQLite the server is the only one that can run them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_services(self) -> Self:
        if self.replica_url and not self.replica_url.startswith("postgresql+asyncpg://"):
            message = f"{PREFIX}REPLICA_URL must begin with postgresql+asyncpg://"
            raise ValueError(message)
        if self.replica_url and not (self.redis_url and self.database_url.startswith("postgresql")):
            message = f"{PREFIX}REPLICA_URL needs PostgreSQL and {PREFIX}REDIS_URL, by which processes tell who wrote"
            raise ValueError(message)
        if self.redis_url:
            try:
                parse_redis_url(self.redis_url)
            except ValueError as error:
                message = f"{PREFIX}REDIS_URL {error}"
                raise ValueError(message) from error
        return self

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        try:
            url = self.mail_url()
        except OSError as error:
            message = f"cannot read {PREFIX}SMTP_URL_FILE: {error.strerror}"
            raise ValueError(message) from error
        if url:
            _check_smtp(url)
            if not self.public_url:
                # Links in mail must never be built from what a request calls this server (ASVS 3.7.2).
                message = f"{PREFIX}SMTP_URL needs {PREFIX}PUBLIC_URL: links in mail begin with it"
                raise ValueError(message)
        if self.mail_from and not EMAIL.fullmatch(self.mail_from):
            message = f"{PREFIX}MAIL_FROM must be an address like tasks@example.org"
            raise ValueError(message)
        return self

    @property
    def sends_mail(self) -> bool:
        """Whether a mail server is set up."""
        return bool(self.smtp_url_file or self.smtp_url.get_secret_value())

    def mail_url(self) -> str:
        """Return the address of the mail server with its password, from its file if one is named."""
        if self.smtp_url_file is not None:
            return self.smtp_url_file.read_text(encoding="utf-8").strip()
        return self.smtp_url.get_secret_value()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'taskmanager.db').resolve()}"

    def metrics_secret(self) -> str:
        """Return the token that ``/metrics`` wants, from its file if one is named; empty: there is none.

        Raises OSError for a file that cannot be read, and ValueError for a token that can be guessed.
        """
        token = self.metrics_token.get_secret_value()
        if self.metrics_token_file is not None:
            token = self.metrics_token_file.read_text(encoding="utf-8").strip()
        if 0 < len(token) < METRICS_TOKEN_LENGTH:
            message = f"{PREFIX}METRICS_TOKEN must have at least {METRICS_TOKEN_LENGTH} characters"
            raise ValueError(message)
        return token

    def first_password(self) -> str:
        """Return the first administrator's password, from its file if one is named."""
        if self.admin_password_file is not None:
            return self.admin_password_file.read_text(encoding="utf-8").rstrip("\r\n")
        return self.admin_password.get_secret_value()


# Read by what prepares the program, before there is a program.
_BEFORE_US = {f"{PREFIX}WEB_BUILD"}


def unknown_names() -> list[str]:
    """Return variables of the environment that look like settings and are none."""
    names = {name.upper() for name in EnvSettingsSource(Settings, case_sensitive=False).env_vars}
    known = {PREFIX + name.upper() for name in Settings.model_fields} | _BEFORE_US
    return sorted(name for name in names if name.startswith(PREFIX) and name not in known)


def _check_smtp(url: str) -> None:
    parts = urlsplit(url)
    known = parts.query in {"", "starttls=0", "starttls=1"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.port == 0 or not known:
        message = f"{PREFIX}SMTP_URL must look like smtp://user:password@host:587?starttls=1"
        raise ValueError(message)
