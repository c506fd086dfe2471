"""The public Python client of the mesh.

Example:
    with MeshClient.connect("127.0.0.1:50051") as mesh:
        faces = mesh.locate(Path("portrait.jpg").read_bytes())
"""

from __future__ import annotations

from maskmesh.clients.mesh.client import MeshClient, Timeouts
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import (
    Box,
    Expression,
    Face,
    FrameFaces,
    KnownMasks,
    MaskedFace,
)
from maskmesh.clients.mesh.security import Security
from maskmesh.services.runtime.expressions import EXPRESSIONS

__all__ = [
    "EXPRESSIONS",
    "Box",
    "Expression",
    "Face",
    "FrameFaces",
    "KnownMasks",
    "MaskedFace",
    "MeshClient",
    "Picture",
    "Security",
    "Timeouts",
]
