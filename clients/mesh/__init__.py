"""The public Python clients of the mesh: one for threads, one for asyncio.

Example:
    with MeshClient.connect("127.0.0.1:50051") as mesh:
        faces = mesh.locate(Path("portrait.jpg").read_bytes())
"""

from __future__ import annotations

from maskmesh.clients.mesh.async_client import AsyncMeshClient
from maskmesh.clients.mesh.client import MeshClient
from maskmesh.clients.mesh.options import Hedging, Keepalive, Options, Retries, Timeouts
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
from maskmesh.services.runtime.processes import MeshAddresses

__all__ = [
    "EXPRESSIONS",
    "AsyncMeshClient",
    "Box",
    "Expression",
    "Face",
    "FrameFaces",
    "Hedging",
    "Keepalive",
    "KnownMasks",
    "MaskedFace",
    "MeshAddresses",
    "MeshClient",
    "Options",
    "Picture",
    "Retries",
    "Security",
    "Timeouts",
]
