"""The figure of docs/masks.md: figures 4 to 6 of Çelik & Gören from the project's own output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maskmesh.bench.synthesis.portraits import load_portraits
from maskmesh.bench.synthesis.sheets import (
    own_sheet,
    patterns_sheet,
    positions_sheet,
    styles_sheet,
    whole_sheet,
)
from maskmesh.bench.synthesis.steps import Steps, take_steps
from maskmesh.clients.streaming.palette import INK, PAPER, Colour
from maskmesh.services.mask_synthesis.user_masks import read_user_mask
from maskmesh.services.runtime.pictures import encode_jpeg

# Okabe and Ito's colours, which colour-blind people tell apart.
_POINTS, _LINES, _PIVOTS = "#56B4E9", "#F0E442", "#D55E00"
_CHECKER = (0.55, 0.42)
_OUTLINES = (
    (slice(0, 17), False),
    (slice(17, 22), False),
    (slice(22, 27), False),
    (slice(27, 31), False),
    (slice(31, 36), False),
    (slice(36, 42), True),
    (slice(42, 48), True),
    (slice(48, 60), True),
    (slice(60, 68), True),
)

_SHEETS = {
    "masks_styles": styles_sheet,
    "masks_patterns": patterns_sheet,
    "masks_positions": positions_sheet,
    "masks_all": whole_sheet,
}
_QUALITY, _WHOLE_QUALITY = 82, 60


def draw_all(photos: Path, own_mask: Path, folder: Path) -> None:
    """Draw masks_steps.jpg, of the face that is turned most, and the contact sheets.

    Args:
        photos: Folder of photos with one face each.
        own_mask: PNG of a user's mask, its JSON beside it.
        folder: Gets the pictures; made if it is not there.

    Raises:
        NotFoundError: There are no photos, or there is no such mask.
        NoFaceError: In one of them no face is found.
    """
    portraits = load_portraits(photos)
    steps = [take_steps(one.picture, one.landmarks, "surgical", "blue") for one in portraits]
    folder.mkdir(parents=True, exist_ok=True)
    turned = max(steps, key=lambda one: abs(one.ratios.yaw) + abs(one.ratios.roll))
    draw_steps(turned, folder / "masks_steps.jpg")
    sheets = {name: draw(portraits) for name, draw in _SHEETS.items()}
    sheets["masks_own"] = own_sheet(portraits, read_user_mask(own_mask))
    for name, sheet in sheets.items():
        # So many small pictures make a large file.
        quality = _WHOLE_QUALITY if name == "masks_all" else _QUALITY
        (folder / f"{name}.jpg").write_bytes(encode_jpeg(sheet, quality))


def draw_steps(steps: Steps, file: Path) -> None:
    """Draw the way from the face to the masked face as a JPEG of 3 × 3 panels."""
    panels: tuple[tuple[str, Callable[[Axes], None]], ...] = (
        ("the face", lambda axes: _show(axes, steps.picture, steps)),
        ("1  landmarks", lambda axes: _landmarks(axes, steps)),
        (f"2  {_told(steps)}", lambda axes: _ratios(axes, steps)),
        ("3  pivots", lambda axes: _pivots(axes, steps, steps.picture)),
        (
            "4a  wrong: without homography",
            lambda axes: _pivots(axes, steps, steps.without_homography),
        ),
        (
            "4b  right: homography to the pivots",
            lambda axes: _pivots(axes, steps, steps.with_homography),
        ),
        ("5a  cut to what the picture shows", lambda axes: _crop(axes, steps)),
        ("5b  its alpha channel", lambda axes: _alpha(axes, steps)),
        ("6  overlay, lit as the face", lambda axes: _show(axes, steps.masked, steps)),
    )
    figure = Figure(figsize=(10.0, 10.7), layout="constrained", facecolor=_hex(INK))
    for axes, (title, draw) in zip(figure.subplots(3, 3).flat, panels, strict=True):
        draw(axes)
        axes.set_title(title, fontsize=11, loc="left", color=_hex(PAPER))
        axes.set_axis_off()
    figure.savefig(file, dpi=100, pil_kwargs={"quality": 88})


def _hex(bgr: Colour) -> str:
    blue, green, red = bgr
    return f"#{red:02x}{green:02x}{blue:02x}"


def _told(steps: Steps) -> str:
    ratios = steps.ratios
    return f"yaw {ratios.yaw:+.2f}, pitch {ratios.pitch:.2f}, roll {np.degrees(ratios.roll):+.0f}°"


def _landmarks(axes: Axes, steps: Steps) -> None:
    _show(axes, steps.picture, steps)
    for part, closed in _OUTLINES:
        points = steps.landmarks[part]
        line = np.concatenate([points, points[:1]]) if closed else points
        axes.plot(*line.T, color=_POINTS, linewidth=1, marker=".", markersize=4)


def _ratios(axes: Axes, steps: Steps) -> None:
    """Draw the distances that the ratios are made of, as `face_ratios` takes them."""
    _show(axes, steps.picture, steps)
    points = steps.landmarks
    bridge, eyes = points[27:29].mean(axis=0), points[36:48].mean(axis=0)
    for end in (points[0:3].mean(axis=0), points[14:17].mean(axis=0)):
        _line(axes, bridge, end, _LINES)
    _line(axes, eyes, points[30], _PIVOTS)
    _line(axes, points[30], points[8], _POINTS)
    _line(axes, points[36:42].mean(axis=0), points[42:48].mean(axis=0), "white")


def _pivots(axes: Axes, steps: Steps, picture: NDArray[np.uint8]) -> None:
    _show(axes, picture, steps)
    quad = np.concatenate([steps.quad, steps.quad[:1]])
    axes.plot(*quad.T, color=_PIVOTS, linewidth=1.2, marker="o", markersize=5)


def _crop(axes: Axes, steps: Steps) -> None:
    crop = _squared(steps.crop)
    squares = (np.indices(crop.shape[:2]) // max(2, len(crop) // 24)).sum(axis=0) % 2
    axes.imshow(np.choose(squares, _CHECKER), cmap="gray", vmin=0, vmax=1)
    axes.imshow(crop)


def _alpha(axes: Axes, steps: Steps) -> None:
    axes.imshow(_squared(steps.crop)[..., 3], cmap="gray", vmin=0, vmax=255)


def _squared(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a crop in the middle of a transparent square, so that all panels are of one shape."""
    rows, columns = crop.shape[:2]
    side = max(rows, columns)
    top, left = (side - rows) // 2, (side - columns) // 2
    square = np.zeros((side, side, 4), np.uint8)
    square[top : top + rows, left : left + columns] = crop
    return square


def _show(axes: Axes, picture: NDArray[np.uint8], steps: Steps) -> None:
    """Show the part of a picture around the face."""
    axes.imshow(picture, interpolation="bicubic")
    spread = steps.landmarks.max(axis=0) - steps.landmarks.min(axis=0)
    middle = (steps.landmarks.max(axis=0) + steps.landmarks.min(axis=0)) / 2
    reach = 0.72 * float(spread.max())
    axes.set_xlim(middle[0] - reach, middle[0] + reach)
    axes.set_ylim(middle[1] + reach, middle[1] - reach)


def _line(axes: Axes, start: NDArray[np.float32], end: NDArray[np.float32], colour: str) -> None:
    axes.plot(
        [start[0], end[0]],
        [start[1], end[1]],
        color=colour,
        linewidth=2.2,
        marker="o",
        markersize=4,
    )
