from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from maskmesh.clients.streaming.window import Window
from maskmesh.services.runtime.errors import SetupError

SHOWING = """
import numpy as np
from maskmesh.clients.streaming.window import Window
closed = []
with Window("test", lambda: closed.append(1)) as window:
    window.say("nothing is shown yet")
    plain = np.zeros((1500, 3000, 3), np.uint8)
    window.show(np.full_like(plain, (0, 0, 255)), plain)
    width, height = window._image.width(), window._image.height()
    assert (width, height) == (720, 360), (width, height)
    assert window._image.get(300, 100) == (255, 0, 0), window._image.get(300, 100)
    window.say("waiting for the mesh")
    # The plain picture: without the red of what was drawn.
    assert window._image.get(300, 300) == (0, 0, 0)
    window._root.event_generate("<Escape>")
    window.refresh()
    window.show(np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64, 3), np.uint8))
assert closed == [1], closed
print("shown")
"""


def test_a_python_without_tk_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(SetupError, match="python3-tk"):
        Window("test", lambda: None)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a desktop")
def test_a_machine_without_a_desktop_is_told(monkeypatch):
    pytest.importorskip("tkinter")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(SetupError, match="--headless"):
        Window("test", lambda: None)


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="Xvfb is not installed")
def test_frames_are_shown_to_fit_until_the_window_is_closed():
    pytest.importorskip("tkinter")
    command = ["xvfb-run", "-a", "-s", "-screen 0 800x600x24", sys.executable, "-c", SHOWING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "shown", done.stderr
