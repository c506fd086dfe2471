"""Plots as SVG that can stand in a page beside others, and follows its light and dark."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

from matplotlib.figure import Figure

from maskmesh.clients.report.themes import PAGE_VARIABLES

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
_DECIMALS = re.compile(r"(\.\d)\d+")
_REFERENCE = re.compile(r"url\(#")


def inline_svg(figure: Figure, prefix: str) -> str:
    """Return a plot drawn in the theme PAGE as an <svg> element, hidden from screen readers.

    Args:
        figure: The plot.
        prefix: Goes before each id within, so that plots in one page don't share any.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # Matplotlib wrote it; nothing in it comes from outside.
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        _adapt(element, prefix)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _adapt(element: ElementTree.Element, prefix: str) -> None:
    for name, value in element.attrib.items():
        if name == "id":
            changed = prefix + value
        elif name == f"{{{XLINK}}}href":
            changed = value.replace("#", f"#{prefix}", 1)
        elif name == "d":
            # A tenth of a point is finer than a screen, and a third of the size.
            changed = _DECIMALS.sub(r"\1", value)
        else:
            changed = _REFERENCE.sub(f"url(#{prefix}", value)
            for colour, variable in PAGE_VARIABLES.items():
                changed = changed.replace(colour, variable)
        element.attrib[name] = changed
