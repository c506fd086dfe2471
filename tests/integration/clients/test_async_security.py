"""The asyncio client at a server that wants its certificate and its key."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import trustme

from maskmesh.clients.mesh import AsyncMeshClient, MeshAddresses, Retries, Security
from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.runtime.errors import AccessError, UnavailableError

SECRET = "a-key-for-this-test"


async def test_mutual_tls_and_a_key(host, brightness_repository: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    ca, cert, key, keys = (tmp_path / name for name in ("ca", "cert", "key", "keys"))
    authority.cert_pem.write_to_path(ca)
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(cert)
    keys.write_text(f"tester sha256:{hashlib.sha256(SECRET.encode()).hexdigest()}\n")
    settings = ClassificationSettings(
        port=0,
        repository=brightness_repository,
        reload_s=0,
        tls_cert=cert,
        tls_key=key,
        tls_client_ca=ca,
        keys_file=keys,
    )
    running, _ = await host(build(settings), settings)
    target = f"dns:///localhost:{running.port}"
    addresses = MeshAddresses(target, target, target)
    faces = [np.full((48, 48), 200, np.uint8)]
    once = Retries(attempts=1)

    security = Security(ca=ca, cert=cert, key=key, token=SECRET)
    async with AsyncMeshClient(addresses, security=security) as client:
        await client.wait_until_ready(10.0, ["classification"])
        assert len(await client.classify(faces)) == 1
    security = Security(ca=ca, cert=cert, key=key, token=SECRET + "x")
    async with AsyncMeshClient(addresses, security=security) as client:
        with pytest.raises(AccessError):
            await client.classify(faces)
    security = Security(ca=ca, token=SECRET)
    async with AsyncMeshClient(addresses, security=security, retries=once) as client:
        with pytest.raises(UnavailableError):
            await client.classify(faces)
