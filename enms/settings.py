"""Every setting, read from the environment with the prefix ENMS_.

README has the same list as a table; a test holds the two together.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict


def _default_data_dir() -> Path:
    return Path.home() / ".local" / "share" / "enms"


class Settings(BaseSettings):
    """What an operator may choose. Field descriptions are the README's text."""

    model_config = SettingsConfigDict(env_prefix="ENMS_", env_file=None, extra="ignore", frozen=True)

    database_url: str | None = Field(
        default=None,
        description="PostgreSQL or TimescaleDB to use; without it the bundled server under DATA_DIR",
    )
    mqtt_url: str | None = Field(
        default=None,
        description="Broker, mqtt://user:pass@host:port or mqtts://; without it a local broker is started",
    )
    mqtt_client_id: str = Field(
        default="enms-ingest",
        description="Fixed client id of the ingest session, one per ingest process",
    )
    sparkplug_host_id: str = Field(
        default="enms",
        pattern=r"^[^+#/]*$",
        description="Name of this host to Sparkplug B nodes (spBv1.0/STATE/NAME); empty: no Sparkplug",
    )
    mqtt_ca_file: Path | None = Field(default=None, description="CA certificate for mqtts://")
    data_dir: Path = Field(default_factory=_default_data_dir, description="Bundled database, broker state and spool")
    http_host: str = Field(default="127.0.0.1", description="Address the API and the console listen on")
    http_port: int = Field(default=8000, ge=1, le=65535, description="Port of the API and the console")
    http_open: bool = Field(
        default=False,
        description="Allow HTTP_HOST other than loopback although the API has no sign-in yet; put something in front",
    )
    mqtt_port: int = Field(
        default=1883, ge=1, le=65535, description="Port of the local broker; the next free one if taken"
    )
    health_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port for /health and /metrics of ingest, ledger and rules; 0 is off",
    )
    timezone: str = Field(default="Asia/Shanghai", description="Time zone of the command line and of logs")
    log_format: Literal["console", "json"] = Field(default="console", description="console or json")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    ingest_batch_readings: int = Field(default=20_000, ge=1, description="Readings written in one transaction at most")
    ingest_buffer_readings: int = Field(
        default=200_000,
        ge=1,
        description="High-water mark: readings held in memory before the spool takes over",
    )
    spool_max_mb: int = Field(
        default=2048, ge=1, description="Size of the disk spool before ingest stops acknowledging"
    )
    max_payload_bytes: int = Field(
        default=1_048_576, ge=1024, description="Largest MQTT or HTTP payload that is decoded"
    )
    ledger_cadence_s: float = Field(default=1.0, gt=0, description="Least time between two derivations of one process")
    ledger_workers: int = Field(
        default=2, ge=1, le=32, description="Derivations that one process runs at once, each on its share of the points"
    )
    transport_allowance_s: int = Field(
        default=120, ge=0, description="Added to max_gap before the clock closes an interval"
    )
    rules_dir: Path | None = Field(
        default=None, description="Folder of your own rule books, read beside the bundled ones"
    )
    notify_file: Path | None = Field(
        default=None, description="Channels file: who is told of alerts, where, and when (docs/notifications.md)"
    )
    public_url: str | None = Field(
        default=None, description="Address at which people reach the console, for links in messages"
    )
    retention_days: int = Field(
        default=1096,
        ge=0,
        description="Days raw readings are kept: 0 for ever, else 35 or more; the ledger is kept for ever",
    )
    compress_after_days: int = Field(
        default=35, ge=35, description="Days after which readings are compressed, where the engine can"
    )
    quarantine_days: int = Field(
        default=180, ge=1, description="Days refused payloads are kept after they were last seen"
    )
    outbox_days: int = Field(
        default=400, ge=7, description="Days messages about alerts are kept after they were sent and the alert was over"
    )
    housekeeping_hour: int = Field(
        default=3, ge=0, le=23, description="Hour of the day, in TIMEZONE, at which storage is tidied"
    )
    reports_dir: Path | None = Field(
        default=None,
        description="Folder that daily and monthly reports are written to; without it they are recorded only",
    )
    reports_after_h: int = Field(
        default=2, ge=0, le=23, description="Hours after the end of an enterprise's day at which its reports are made"
    )
    reports_language: Literal["zh", "en"] = Field(default="zh", description="Language of written reports: zh or en")
    electricity_price: float | None = Field(
        default=None, gt=0, description="CNY a kWh, for what a motor's saving is worth; without it no money is shown"
    )
    api_max_rows: int = Field(default=200_000, ge=1000, description="Most rows one API answer may hold")

    @field_validator("retention_days")
    @classmethod
    def _no_slip_of_the_pen(cls, days: int) -> int:
        if 0 < days < 35:
            raise ValueError("readings are kept for at least 35 days, or for ever (0)")
        return days

    secrets_dir: Path | None = Field(
        default=None,
        description="Folder of files named like settings (enms_database_url), read where the environment is silent",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """A container's secrets are files; only the environment can say where, so it is asked here."""
        folder = os.environ.get("ENMS_SECRETS_DIR")
        files = SecretsSettingsSource(settings_cls, secrets_dir=folder) if folder else file_secret_settings
        return init_settings, env_settings, files

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)
