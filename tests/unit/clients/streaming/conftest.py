from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def write_clip(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip whose frame i < 20 has the brightness 20 + 10·i."""

    def write(name: str, codec: str, frames: int = 10, fps: float = 10.0) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
        assert writer.isOpened()
        for index in range(frames):
            writer.write(np.full((48, 64, 3), 20 + 10 * (index % 20), np.uint8))
        writer.release()
        return path

    return write
