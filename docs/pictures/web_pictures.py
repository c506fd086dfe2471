"""Takes the pictures of docs/web.md: the page in Chromium, with a fake camera that plays the demo.

maskmesh web --port 8080 &
python docs/pictures/web_pictures.py http://127.0.0.1:8080/
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import cv2
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from maskmesh.clients.demo.sample import SAMPLE_CLIP

HERE = Path(__file__).parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream")
WIDE, PHONE = {"width": 1200, "height": 1040}, {"width": 390, "height": 844}
FIRST_FACE = 60
"""Frames of the clip with one face, at first without a mask."""


def write_camera(file: Path) -> None:
    """Write the clip's first face again and again, as JPEGs in a row."""
    capture = cv2.VideoCapture(str(SAMPLE_CLIP))
    frames = [capture.read()[1] for _ in range(FIRST_FACE)]
    capture.release()
    # Forth and back, so that the end meets the beginning.
    rounds = frames[:28] + frames[27::-1]
    with file.open("wb") as stream:
        for frame in rounds:
            stream.write(cv2.imencode(".jpg", frame)[1].tobytes())


def take(page: Page, name: str) -> None:
    """Save what the window shows, as a small picture."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(HERE / f"{name}.jpg", quality=72, optimize=True)


def main(address: str) -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        camera = Path(folder) / "camera.mjpeg"
        write_camera(camera)
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_context(permissions=["camera"], viewport=WIDE).new_page()
        page.goto(address)
        page.get_by_role("button", name="Start the camera").click()
        page.locator(".person").first.wait_for()
        # The label of a real camera, where the fake one shows its file.
        page.evaluate("document.querySelector('#camera option').textContent = 'Camera 1'")
        page.wait_for_timeout(30_000)
        take(page, "web_light")
        page.select_option("#theme", "dark")
        page.get_by_label("Put a mask on me").check()
        page.get_by_label("Style").select_option("surgical")
        page.wait_for_timeout(8000)
        take(page, "web_dark")
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(3000)
        take(page, "web_phone")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
