"""The page in a real browser with a fake camera that plays a clip of real faces."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Download, Page, Playwright, expect, sync_playwright

from maskmesh.clients.demo.sample import SAMPLE_CLIP
from maskmesh.clients.streaming.csv_rows import COLUMNS
from maskmesh.services.runtime.expressions import EXPRESSIONS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's package chromium"),
    pytest.mark.timeout(240),
]
PATIENCE_MS = 40_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def free_ports(count: int) -> int:
    """Return the first of so many free ports in a row."""
    for first in range(21000, 32000, 7):
        try:
            for port in range(first, first + count):
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports in a row")


class Command:
    """A command that runs until it is stopped."""

    def __init__(self, *arguments: object) -> None:
        program = Path(sys.executable).parent / "maskmesh"
        self.process = subprocess.Popen(
            [str(program), *map(str, arguments)], stdout=subprocess.PIPE, text=True
        )

    def lines_until(self, wanted: str) -> list[str]:
        assert self.process.stdout is not None
        lines: list[str] = []
        while not any(wanted in line for line in lines):
            line = self.process.stdout.readline()
            assert line, f"ended before {wanted!r}: {lines}"
            lines.append(line)
        return lines

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        assert self.process.stdout is not None
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def mesh_port() -> int:
    return free_ports(3)


@pytest.fixture(scope="module")
def start_mesh(mesh_port: int) -> Iterator[Callable[[], Command]]:
    """Starts the mesh; it can be stopped and started again at the same place."""
    started: list[Command] = []

    def start() -> Command:
        mesh = Command("up", "--port", mesh_port)
        started.append(mesh)
        mesh.lines_until("ready")
        return mesh

    yield start
    for mesh in started:
        mesh.stop()


@pytest.fixture(scope="module")
def running_mesh(start_mesh: Callable[[], Command]) -> Command:
    return start_mesh()


@pytest.fixture(scope="module")
def address(running_mesh: Command, mesh_port: int) -> Iterator[str]:
    """Where the page is."""
    web = Command("web", "--port", 0, "--mesh", f"127.0.0.1:{mesh_port}")
    (line,) = (line for line in web.lines_until("ready") if line.startswith("ready"))
    yield f"http://{line.split()[2]}/"
    assert web.stop() == 0


@pytest.fixture(scope="module")
def camera_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's clip of real faces as Chromium's fake camera wants it: JPEGs in a row."""
    clip = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    capture = cv2.VideoCapture(str(SAMPLE_CLIP))
    with clip.open("wb") as stream:
        while (read := capture.read())[0]:
            stream.write(cv2.imencode(".jpg", read[1])[1].tobytes())
    capture.release()
    return clip


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def open_page(playwright: Playwright, address: str, camera_clip: Path) -> Callable[..., Any]:
    """Opens the page in a browser of its own; at its end, nothing must have gone wrong there."""

    @contextmanager
    def open_browser(*flags: str, camera: bool = True) -> Iterator[Page]:
        fake = [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera_clip}",
        ]
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *(flags or fake)]
        )
        context = browser.new_context(
            permissions=["camera"] if camera else [], viewport={"width": 1280, "height": 900}
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(address)
        expect(page.locator("#connection")).to_have_text("Connected")
        yield page
        assert not wrong
        browser.close()

    return open_browser


def save(download: Download, folder: Path) -> Path:
    file = folder / download.suggested_filename
    download.save_as(file)
    return file


def accessibility_problems(page: Page) -> list[str]:
    found = Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


def test_a_camera_is_shown_with_what_its_faces_express(open_page: Any, tmp_path: Path) -> None:
    with open_page() as page:
        assert not accessibility_problems(page)
        page.get_by_role("button", name="Start the camera").click()
        person = page.locator(".person").first
        expect(person).to_be_visible()
        assert person.locator(".label").inner_text() in EXPRESSIONS
        assert person.locator(".bars li").count() == len(EXPRESSIONS)
        expect(page.locator("#announcer")).to_contain_text("Face")
        whole = page.get_by_role("row", name="together").locator("td").first
        expect(whole).not_to_have_text("–")
        assert 0 < float(whole.inner_text()) < PATIENCE_MS
        assert page.evaluate("video.currentTime") > 0
        for theme in ("light", "dark"):
            page.select_option("#theme", theme)
            assert not accessibility_problems(page), theme
        with page.expect_download() as table:
            page.get_by_role("button", name="Save table").click()
        head, row = Path(table.value.path()).read_text().splitlines()[:2]
        assert head == ",".join(COLUMNS)
        assert row.startswith("camera,0,")
        with page.expect_download() as picture:
            page.get_by_role("button", name="Save picture").click()
        assert cv2.imread(str(save(picture.value, tmp_path))).shape == (480, 640, 3)
        page.get_by_role("button", name="Record clip").click()
        page.wait_for_timeout(1500)
        with page.expect_download() as clip:
            page.get_by_role("button", name="Stop and save").click()
        assert cv2.VideoCapture(str(save(clip.value, tmp_path))).read()[0]
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator(".person")).to_have_count(0)


def test_masks_are_put_on_live(open_page: Any) -> None:
    with open_page() as page:
        page.get_by_label("Put a mask on me").check()
        page.get_by_label("Style").select_option("surgical")
        page.get_by_role("button", name="Start the camera").click()
        expect(page.locator("#still")).to_be_visible()
        expect(page.locator(".person .mask").filter(has_text="masked").first).to_be_visible()
        expect(page.get_by_role("row", name="putting masks on")).to_be_visible()


def test_a_camera_that_is_unplugged_is_missed_and_taken_again(open_page: Any) -> None:
    with open_page() as page:
        page.get_by_role("button", name="Start the camera").click()
        expect(page.locator(".person").first).to_be_visible()
        page.evaluate("video.srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
        expect(page.locator("#notice")).to_contain_text("The camera is gone")
        expect(page.locator(".person")).to_have_count(0)
        page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
        expect(page.locator(".person").first).to_be_visible()
        expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize(
    ("flags", "camera", "says"),
    [
        (["--use-fake-device-for-media-stream"], False, "may not use the camera"),
        (["--use-fake-device-for-media-stream=device-count=0"], True, "There is no camera"),
    ],
)
def test_no_camera(open_page: Any, flags: list[str], camera: bool, says: str) -> None:
    with open_page(*flags, camera=camera) as page:
        page.get_by_role("button", name="Start the camera").click()
        expect(page.locator("#notice")).to_contain_text(says)
        expect(page.get_by_role("button", name="Start the camera")).to_be_visible()


def test_files_good_and_bad(open_page: Any, faces: Path, tmp_path: Path) -> None:
    program = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    program.write_bytes(b"MZ\x90\x00" + bytes(1000))
    huge = tmp_path / "huge.jpg"
    with huge.open("wb") as stream:
        stream.write(b"\xff\xd8\xff\xe0")
        stream.truncate(200 * 1024 * 1024)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    pictures = tmp_path / "set.zip"
    with zipfile.ZipFile(pictures, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(faces / "obama.jpg", "b/<b onclick=alert(1)>obama.jpg")
        archive.write(faces / "astronaut.jpg", "a.jpg")
        archive.write(broken, "c.png")
        archive.writestr("bomb.png", bytes(20_000_000))
        archive.writestr("notes.txt", "no picture")
    with open_page() as page:
        notice, chosen = page.locator("#notice"), page.locator("#file")
        chosen.set_input_files(program)
        expect(notice).to_contain_text("“<img src=x onerror=alert(1)>.jpg” is a program")
        chosen.set_input_files(huge)
        expect(notice).to_contain_text("has 200 MB; a picture may have 50 MB at most")
        chosen.set_input_files(broken)
        expect(notice).to_contain_text("it is damaged")
        chosen.set_input_files(faces / "astronaut.jpg")
        expect(page.locator(".person").first).to_contain_text("happy")
        chosen.set_input_files(pictures)
        expect(page.locator("#files-progress")).to_have_text("4 of 4, done")
        rows = [row.inner_text() for row in page.locator("#files-rows tr").all()]
        assert "happy" in rows[0]
        assert "<b onclick=alert(1)>obama.jpg" in rows[1]
        assert "made to fill memory" in rows[2]
        assert "damaged" in rows[3]
        page.get_by_role("button", name="a.jpg", exact=True).click()
        expect(page.locator(".person").first).to_contain_text("happy")
        assert not accessibility_problems(page)
        chosen.set_input_files(SAMPLE_CLIP)
        expect(page.get_by_role("row", name="together").locator("td").first).not_to_have_text("–")


def test_thirty_faces(open_page: Any, faces: Path, tmp_path: Path) -> None:
    crowd = tmp_path / "crowd.jpg"
    one = cv2.resize(cv2.imread(str(faces / "obama.jpg"))[20:420, 60:460], (200, 200))
    cv2.imwrite(str(crowd), np.tile(one, (5, 6, 1)))
    with open_page() as page:
        page.locator("#file").set_input_files(crowd)
        expect(page.locator(".person")).to_have_count(30)
        expect(page.locator(".bars:visible")).to_have_count(6)
        assert not accessibility_problems(page)


def test_a_phone_and_the_keyboard_alone(open_page: Any) -> None:
    with open_page() as page:
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "start":
                break
        page.keyboard.press("Enter")
        expect(page.locator(".person").first).to_be_visible()
        assert page.evaluate("document.activeElement.id") == "pause"


def test_the_mesh_goes_and_comes_back(
    open_page: Any, running_mesh: Command, start_mesh: Callable[[], Command]
) -> None:
    with open_page() as page:
        page.get_by_role("button", name="Start the camera").click()
        expect(page.locator(".person").first).to_be_visible()
        running_mesh.stop()
        expect(page.locator("#connection")).to_contain_text("The services do not answer")
        expect(page.locator(".person")).to_have_count(0)
        assert page.evaluate("!video.paused")
        start_mesh()
        expect(page.locator("#connection")).to_have_text("Connected")
        expect(page.locator(".person").first).to_be_visible()


def test_a_hidden_tab_sends_nothing(open_page: Any) -> None:
    with open_page() as page:
        page.get_by_role("button", name="Start the camera").click()
        expect(page.locator("#rate")).not_to_have_text("–")
        hide = "Object.defineProperty(document, 'hidden', {get: () => %s, configurable: true})"
        page.evaluate(hide % "true")
        expect(page.locator("#rate")).to_have_text("–")
        page.evaluate(hide % "false")
        expect(page.locator("#rate")).not_to_have_text("–")


def test_tables_are_safe_and_announcements_few(open_page: Any) -> None:
    with open_page() as page:
        text = page.evaluate(
            """async () => {
              const { ResultTable } = await import("/page/table.js");
              const table = new ResultTable();
              table.add({ file: '=cmd|"calc"!A1', error: "a, b" }, []);
              const face = { box: [1, 2, 3, 4], label: "sad", probabilities: {} };
              table.add({ file: "x.jpg" }, [face]);
              return table.text(["file", "x", "width", "label", "error"]);
            }"""
        )
        assert text.splitlines() == [
            "file,x,width,label,error",
            '"\'=cmd|""calc""!A1",,,,"a, b"',
            "x.jpg,1,3,sad,",
        ]
        told = page.evaluate(
            """async () => {
              const { Announcer } = await import("/page/announcer.js");
              const region = { told: [], set textContent(words) { this.told.push(words); } };
              const announcer = new Announcer(region);
              const face = (label) => [{ track: 1, label, mask_state: "masked" }];
              for (let t = 0; t < 20000; t += 50) {
                announcer.add(face(t < 6000 ? "sad" : t % 100 ? "happy" : "angry"), t);
              }
              for (let t = 20000; t < 22000; t += 50) announcer.add([], t);
              return region.told;
            }"""
        )
        assert told == ["Face 1: sad, masked", "No face in the picture"]


def test_a_mesh_of_its_own_ends_with_the_page(playwright: Playwright, tmp_path: Path) -> None:
    web = Command("web", "--port", 0, "--log-file", tmp_path / "mesh.log")
    lines = web.lines_until("Ctrl-C stops")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    page = browser.new_page()
    page.goto(f"http://{lines[0].split()[2]}/")
    expect(page.locator("#connection")).to_have_text("Connected")
    assert web.stop(signal.SIGINT) == 0
    expect(page.locator("#connection")).to_contain_text("trying again")
    browser.close()
    logged = (tmp_path / "mesh.log").read_text().splitlines()
    assert [json.loads(line)["event"] for line in logged if line.startswith("{")]
