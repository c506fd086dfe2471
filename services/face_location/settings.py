"""Settings of the face location service."""

from __future__ import annotations

from pydantic import Field

from maskmesh.services.runtime.server import ServerSettings


class LocationSettings(ServerSettings, section="location"):
    """Tells where faces are, masked or not."""

    port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    min_score: float = Field(
        0.5, gt=0, lt=1, description="lowest score of a face that is returned, 0 to 1"
    )
    search_side: int = Field(
        416,
        ge=160,
        le=1920,
        description="longer side of the picture in which faces are looked for, in pixels: 416 "
        "finds faces from 1/16 of the longer side on; more finds smaller ones, and takes longer",
    )
    search_interval_ms: int = Field(
        270,
        ge=0,
        le=10_000,
        description="in streams, milliseconds of video between searches of the whole frame: new "
        "faces appear within this time (small ones, of less than 1/8.5 of its longer side, within "
        "a second), and a longer one costs less; 0 searches every frame",
    )
    track_patience_ms: int = Field(
        1000,
        ge=0,
        le=60_000,
        description="in streams, milliseconds of video that a face keeps its track id without "
        "being found",
    )
