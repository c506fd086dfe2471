from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from maskmesh.clients.report.report import ReportSettings, run_report
from maskmesh.services.runtime.errors import InvalidInputError, SetupError

NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>.mp4'


class Page(HTMLParser):
    """What a browser would find: the elements, what they refer to, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def make(tmp_path):
    def make(results, **settings):
        output = tmp_path / "page.html"
        run_report(ReportSettings(results=results, output=output, **settings))
        html = output.read_text(encoding="utf-8")
        return html, Page(html)

    return make


@pytest.fixture
def stream_lines(frame_line, face):
    return [frame_line(index, face(1), face(2, "sad", 0.9), file=NASTY) for index in range(40)]


def test_a_page_of_a_stream_has_plots_tables_and_the_note(make, write_lines, stream_lines):
    _, page = make(write_lines(*stream_lines))
    for words in ("All faces", "Who was seen when", "Person 2 over time", "Frames a second"):
        assert words in page.text
    assert "What this is, and is not" in page.text
    assert page.tags.count("details") == 6
    # Each plot for wide screens and for phones.
    assert page.tags.count("svg") == 12
    assert page.tags.count("table") == page.tags.count("caption") == 7


def test_nothing_of_a_name_is_executed_and_nothing_is_loaded(make, write_lines, stream_lines):
    problem = {"file": NASTY, "frame": 41, "error": NASTY}
    html, page = make(write_lines(*stream_lines, problem), title=NASTY)
    assert page.text.count(NASTY) >= 4
    assert not {"script", "img", "iframe", "object", "link", "image"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    names = ("src", "href", "xlink:href", "action")
    assert all(v.startswith("#") for name, v in page.attributes if name in names)
    assert "default-src 'none'" in html
    # What is left are the names of XML's namespaces, which nobody looks up.
    addresses = set(re.findall(r"https?://[^\"'\s)]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_ids_are_unique_and_links_lead_somewhere(make, write_lines, stream_lines):
    _, page = make(write_lines(*stream_lines))
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value[1:] for name, value in page.attributes if name.endswith("href")]
    assert set(links) <= set(ids)


def test_light_and_dark_have_the_same_names_for_colours(make, write_lines, stream_lines):
    html, _ = make(write_lines(*stream_lines))
    light, dark = re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    assert set(re.findall(r"--\w+", light)) == set(re.findall(r"--\w+", dark))
    assert set(re.findall(r"var\((--\w+)\)", html)) <= set(re.findall(r"--\w+", light))


def test_a_page_of_pictures_lists_them(make, write_lines, face):
    lines = [
        {"file": "a.jpg", "width": 4, "height": 4, "faces": [face(None), face(None, "sad")]},
        {"file": "b.jpg", "error": "damaged"},
    ]
    _, page = make(write_lines(*lines))
    assert "happy 70%, unmasked; sad 70%, unmasked" in page.text
    assert "damaged" in page.text
    assert "over time" not in page.text


def test_a_run_without_faces_has_a_page_too(make, write_lines, frame_line):
    _, page = make(write_lines(frame_line(0), frame_line(1)))
    assert "No face was found in 2 frames" in page.text


def test_only_so_many_people_get_plots(make, write_lines, stream_lines):
    _, page = make(write_lines(*stream_lines), people=1)
    assert "show the 1 seen in most frames, of 2" in page.text
    assert "Person 2 over time" not in page.text


def test_the_same_results_give_the_same_page(make, write_lines, stream_lines):
    lines = write_lines(*stream_lines)
    assert make(lines)[0] == make(lines)[0]


def test_a_cut_off_end_is_told_on_the_page_and_on_the_terminal(
    make, write_lines, stream_lines, capsys
):
    _, page = make(write_lines(*stream_lines, after=b'{"file'))
    assert "last line of the results is cut off" in page.text
    assert "cut off" in capsys.readouterr().err


def test_results_are_not_overwritten_and_mixtures_name_their_line(write_lines, frame_line, make):
    lines = write_lines(frame_line(5), frame_line(0))
    with pytest.raises(InvalidInputError, match="holds the results"):
        run_report(ReportSettings(results=lines, output=lines))
    with pytest.raises(InvalidInputError, match="line 2: time goes back"):
        make(lines)
    with pytest.raises(InvalidInputError, match="is empty"):
        make(write_lines())


def test_a_place_that_cannot_be_written_is_told(write_lines, frame_line, tmp_path):
    with pytest.raises(SetupError, match=r"cannot write .*--output"):
        run_report(ReportSettings(results=write_lines(frame_line(0)), output=tmp_path))
