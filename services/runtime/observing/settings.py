"""Settings of metrics and traces."""

from __future__ import annotations

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class ObservingSettings(CommandSettings):
    """What a service tells its operators; nothing unless asked for."""

    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="port where Prometheus fetches metrics over HTTP; 0: there are none",
    )
    metrics_host: str = Field("127.0.0.1", description="address of the metrics")
    traces_to: str | None = Field(
        None,
        description="where an OpenTelemetry collector takes traces, e.g. http://127.0.0.1:4317; "
        "the OTEL_ variables apply; default: nothing is traced",
    )
