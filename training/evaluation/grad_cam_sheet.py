"""The sheet of faces and of where a network looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maskmesh.training.saving import whole_file

# Even in lightness, and read by the colour-blind, unlike the usual rainbow.
_COLOURS = "inferno"
_OPACITY = 0.7


@dataclass(frozen=True, slots=True)
class Look:
    """A face and where the network looks at it.

    Attributes:
        face: uint8 [48, 48], as the network sees it.
        where: float32 [48, 48], 0 to 1.
        said: What the network says of it.
    """

    face: NDArray[np.uint8]
    where: NDArray[np.float32]
    said: str


def draw_looks(
    titles: Sequence[str], views: Mapping[str, Sequence[Look]], title: str, file: Path
) -> None:
    """Draw a row for each face: for each view the face, and the face under its map.

    Args:
        titles: What each face is called.
        views: By what they are called ("unmasked", "masked"), one look at each face.
        title: Of the whole sheet.
        file: PNG file; it is replaced in one step.
    """
    columns = 2 * len(views)
    figure = Figure(figsize=(1.75 * columns + 0.6, 1.95 * len(titles) + 0.5), layout="constrained")
    grid = figure.subplots(len(titles), columns, squeeze=False)
    for column, (kind, looks) in enumerate(views.items()):
        for row, look in enumerate(looks):
            bare, mapped = grid[row, 2 * column], grid[row, 2 * column + 1]
            _show(bare, look, with_map=False)
            _show(mapped, look, with_map=True)
            bare.set_title(kind if row == 0 else "", fontsize=10)
            mapped.set_title(look.said, fontsize=9)
    for row, name in enumerate(titles):
        grid[row, 0].set_ylabel(name)
    figure.suptitle(title, fontsize=10)
    with whole_file(file) as partial:
        figure.savefig(partial, dpi=110, format="png")


def _show(axes: Axes, look: Look, *, with_map: bool) -> None:
    axes.imshow(look.face, cmap="gray", vmin=0, vmax=255)
    if with_map:
        opacity = _OPACITY * look.where  # so that a face stays as it is where nothing speaks
        axes.imshow(look.where, cmap=_COLOURS, vmin=0.0, vmax=1.0, alpha=opacity)
    axes.set_xticks([])
    axes.set_yticks([])
