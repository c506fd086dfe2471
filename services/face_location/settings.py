"""Settings of the face location service."""

from __future__ import annotations

from pydantic import Field

from maskmesh.services.face_location.sizes import SearchSizes
from maskmesh.services.runtime.server import ServerSettings


class LocationSettings(ServerSettings, section="location"):
    """Tells where faces are, masked or not."""

    port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    min_score: float = Field(
        0.5, gt=0, lt=1, description="lowest score of a face that is returned, 0 to 1"
    )
    search_side: int = Field(
        320,
        ge=160,
        le=1920,
        description="longer side of the picture in which small faces are looked for, in pixels: "
        "a larger one finds smaller faces, and takes longer",
    )
    max_missed_frames: int = Field(
        10, ge=0, description="frames that a track outlives without its face being found"
    )

    @property
    def sizes(self) -> SearchSizes:
        """The detector's picture sizes."""
        return SearchSizes(fine_side=self.search_side)
