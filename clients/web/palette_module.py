"""The fixed colours of the expressions, as a module for the page."""

from __future__ import annotations

import json

from maskmesh.clients.streaming.palette import EXPRESSION_COLOURS, hexadecimal, ink_on


def palette_module() -> str:
    """Return the text of page/expressions.js: each expression's name, colour and ink on it."""
    expressions = [
        {"name": name, "colour": hexadecimal(colour), "ink": hexadecimal(ink_on(colour))}
        for name, colour in EXPRESSION_COLOURS.items()
    ]
    return f"export const EXPRESSIONS = {json.dumps(expressions)};\n"
