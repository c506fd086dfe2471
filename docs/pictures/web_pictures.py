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
CLIP_SHOTS = 24
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


def take_clip(page: Page) -> None:
    """Save how a mask is put on, as an animated WebP."""
    area = {"x": 0, "y": 0, "width": WIDE["width"], "height": 680}
    shots = []
    for number in range(CLIP_SHOTS):
        if number == CLIP_SHOTS // 3:
            page.get_by_label("Put a mask on me").check()
        taken = page.screenshot(clip=area, type="jpeg", quality=90)
        with Image.open(io.BytesIO(taken)) as picture:
            shots.append(picture.resize((600, 340), Image.Resampling.LANCZOS))
        page.wait_for_timeout(60)
    shots[0].save(
        HERE / "web_clip.webp", save_all=True, append_images=shots[1:], duration=200, quality=55
    )


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
        for _ in range(4):
            page.wait_for_timeout(7500)
            print(page.locator(".speed").inner_text())  # noqa: T201 - for docs/web.md
        take(page, "web_light")
        page.select_option("#theme", "dark")
        page.get_by_label("Style").select_option("surgical")
        take_clip(page)
        page.wait_for_timeout(8000)
        take(page, "web_dark")
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(3000)
        take(page, "web_phone")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
