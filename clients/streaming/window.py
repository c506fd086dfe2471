"""A window that shows annotated frames, by Tk: OpenCV's headless wheel has none of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.streaming.drawing import draw_notice
from maskmesh.services.runtime.errors import SetupError

SCREEN_SHARE = 0.9
CLOSING_KEYS = ("<Escape>", "q")


class Window:
    """Shows the latest frame until it is closed; used from the main thread only."""

    def __init__(self, title: str, closed: Callable[[], None]) -> None:
        """Open it.

        Args:
            title: In the window's bar.
            closed: Called once when a person closes it, by its button, Escape or q.

        Raises:
            SetupError: This Python has no Tk, or there is no window system.
        """
        try:
            tk: Any = importlib.import_module("tkinter")
        except ImportError as error:
            raise SetupError(
                "a window needs Tk, which this Python lacks: install your system's package "
                "python3-tk, or go without a window (--headless)"
            ) from error
        try:
            self._root: Any = tk.Tk()
        except tk.TclError as error:
            raise SetupError(
                f"no window can be opened here ({error}): log in to a desktop, or go without a "
                "window (--headless) and write a clip with --output"
            ) from error
        self._tk = tk
        self._closed = closed
        self._image: Any = None
        self._latest: NDArray[np.uint8] | None = None
        self._root.title(title)
        self._label: Any = tk.Label(self._root, borderwidth=0, background="black")
        self._label.pack()
        self._root.protocol("WM_DELETE_WINDOW", self._close_by_hand)
        for key in CLOSING_KEYS:
            self._root.bind(key, lambda _: self._close_by_hand())

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed it."""
        return self._root is not None

    def show(self, picture: NDArray[np.uint8], plain: NDArray[np.uint8]) -> None:
        """Show a frame.

        Args:
            picture: uint8 H×W×3 in B, G, R order, annotated.
            plain: The same without anything drawn.
        """
        self._latest = plain
        self._put(picture)

    def say(self, notice: str) -> None:
        """Show the latest frame without its boxes, dimmed, with words on it."""
        if self._latest is not None:
            self._put(draw_notice(self._latest, notice))

    def refresh(self) -> None:
        """Let the window answer the mouse and the keyboard while no frame comes."""
        if self._root is not None:
            self._root.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._destroy()

    def _put(self, bgr: NDArray[np.uint8]) -> None:
        if self._root is None:
            return
        fitted = self._fitted(bgr)
        height, width = fitted.shape[:2]
        rgb = cv2.cvtColor(fitted, cv2.COLOR_BGR2RGB)
        data = b"P6 %d %d 255\n" % (width, height) + rgb.tobytes()
        self._image = self._tk.PhotoImage(data=data, format="PPM", master=self._root)
        self._label.configure(image=self._image)
        self.refresh()

    def _fitted(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = bgr.shape[:2]
        room = self._root.winfo_screenwidth() / width, self._root.winfo_screenheight() / height
        scale = SCREEN_SHARE * min(room)
        if scale >= 1:
            return bgr
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)

    def _close_by_hand(self) -> None:
        self._destroy()
        self._closed()

    def _destroy(self) -> None:
        if self._root is not None:
            # The picture first: without its window it could not be given back.
            self._image = None
            self._root.destroy()
            self._root = None
