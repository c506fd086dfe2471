"""TLS, client certificates and keys, over real servers on loopback."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import grpc
import grpc.aio
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from maskmesh.clients.mesh import MeshClient, Security
from maskmesh.clients.mesh.access import mesh_access
from maskmesh.services.runtime.errors import (
    AccessError,
    InvalidInputError,
    SetupError,
    UnavailableError,
)
from maskmesh.services.runtime.observing import metrics
from maskmesh.services.runtime.observing.instruments import Instruments
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.services.runtime.server import HostedService, ServerSettings, start_server
from maskmesh.v1 import synthesis_pb2 as pb
from maskmesh.v1 import synthesis_pb2_grpc

NAME = "maskmesh.v1.MaskSynthesisService"
SECRET = "a-key-for-this-test-only"

Start = Callable[..., Awaitable[str]]


class Quick(synthesis_pb2_grpc.MaskSynthesisServiceServicer):
    async def ListMasks(self, request, context):
        return pb.ListMasksResponse(styles=["quick"])

    async def ApplyStream(self, request_iterator, context):
        async for item in request_iterator:
            yield pb.ApplyStreamResponse(request_id=item.request_id)


class Files:
    """A certificate authority and the files of a server, which live for an hour."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.cert, self.key = folder / "server.pem", folder / "server.key"
        self.authority.cert_pem.write_to_path(self.ca)
        self.renew()

    def issue(
        self, cert: Path, key: Path, authority: trustme.CA | None = None, name: str = "localhost"
    ) -> None:
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        issued = (authority or self.authority).issue_cert(
            name, "127.0.0.1", common_name=name, not_after=until
        )
        issued.private_key_pem.write_to_path(key)
        cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))

    def renew(self) -> None:
        self.issue(self.cert, self.key)

    def client(self, authority: trustme.CA | None = None) -> tuple[Path, Path]:
        cert, key = self.folder / "client.pem", self.folder / "client.key"
        self.issue(cert, key, authority)
        return cert, key


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    file = tmp_path / "keys"
    file.write_text(f"tester sha256:{hashlib.sha256(SECRET.encode()).hexdigest()}\n")
    return file


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    running = []

    async def serve(**settings) -> str:
        hosted = HostedService(
            "quick",
            (NAME,),
            lambda server: synthesis_pb2_grpc.add_MaskSynthesisServiceServicer_to_server(
                Quick(), server
            ),
        )
        server = await start_server(ServerSettings(**settings), hosted)
        running.append(server)
        return f"127.0.0.1:{server.port}"

    yield serve
    for server in running:
        await server.drain(0)


def styles(address: str, security: Security) -> tuple[str, ...]:
    with MeshClient(MeshAddresses(address, address, address), security=security) as client:
        client.wait_until_ready(0.5, ["synthesis"])
        return client.list_masks().styles


async def served_certificate(address: str, ca: Path) -> str:
    def look() -> str:
        host, _, port = address.rpartition(":")
        return ssl.get_server_certificate((host, int(port)), ca_certs=str(ca), timeout=10)

    return await asyncio.to_thread(look)


async def test_a_client_that_trusts_the_authority_is_served(start: Start, files: Files) -> None:
    address = await start(tls_cert=files.cert, tls_key=files.key)
    assert await asyncio.to_thread(styles, address, Security(ca=files.ca)) == ("quick",)


async def test_a_client_that_does_not_trust_it_is_told(start: Start, files: Files) -> None:
    address = await start(tls_cert=files.cert, tls_key=files.key)
    stranger = files.folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    with pytest.raises(UnavailableError, match="not one that we trust"):
        await asyncio.to_thread(styles, address, Security(ca=stranger))


async def test_a_client_in_plain_text_is_told(start: Start, files: Files) -> None:
    address = await start(tls_cert=files.cert, tls_key=files.key)
    with pytest.raises(UnavailableError, match="--tls-ca"):
        await asyncio.to_thread(styles, address, Security())


async def test_clients_must_show_a_certificate_of_the_right_authority(
    start: Start, files: Files
) -> None:
    address = await start(tls_cert=files.cert, tls_key=files.key, tls_client_ca=files.ca)
    cert, key = files.client()
    fits = Security(ca=files.ca, cert=cert, key=key)
    assert await asyncio.to_thread(styles, address, fits) == ("quick",)
    with pytest.raises(UnavailableError):
        await asyncio.to_thread(styles, address, Security(ca=files.ca))
    cert, key = files.client(trustme.CA())
    with pytest.raises(UnavailableError):
        await asyncio.to_thread(styles, address, Security(ca=files.ca, cert=cert, key=key))


async def test_replaced_files_are_taken_up_without_a_restart(start: Start, files: Files) -> None:
    address = await start(tls_cert=files.cert, tls_key=files.key)
    credentials = grpc.ssl_channel_credentials(files.ca.read_bytes())
    async with grpc.aio.secure_channel(address, credentials) as channel:
        stub = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel)
        stream = stub.ApplyStream()
        await stream.write(pb.ApplyStreamRequest(request_id=1))
        assert (await stream.read()).request_id == 1
        before = await served_certificate(address, files.ca)
        files.renew()
        after = await served_certificate(address, files.ca)
        assert after != before
        assert ssl.PEM_cert_to_DER_cert(after) == ssl.PEM_cert_to_DER_cert(files.cert.read_text())
        # What was open goes on.
        await stream.write(pb.ApplyStreamRequest(request_id=2))
        assert (await stream.read()).request_id == 2
        await stream.done_writing()
    assert await asyncio.to_thread(styles, address, Security(ca=files.ca)) == ("quick",)


async def test_a_replaced_authority_decides_which_clients_are_let_in(
    start: Start, files: Files
) -> None:
    trusted = files.folder / "clients.pem"
    files.authority.cert_pem.write_to_path(trusted)
    address = await start(tls_cert=files.cert, tls_key=files.key, tls_client_ca=trusted)
    newcomers = trustme.CA()
    cert, key = files.client(newcomers)
    security = Security(ca=files.ca, cert=cert, key=key)
    with pytest.raises(UnavailableError):
        await asyncio.to_thread(styles, address, security)
    newcomers.cert_pem.write_to_path(trusted)
    assert await asyncio.to_thread(styles, address, security) == ("quick",)
    cert, key = files.client()
    with pytest.raises(UnavailableError):
        await asyncio.to_thread(styles, address, Security(ca=files.ca, cert=cert, key=key))


async def test_files_that_do_not_fit_are_not_taken_up(start: Start, files: Files) -> None:
    address = await start(tls_cert=files.cert, tls_key=files.key)
    before = await served_certificate(address, files.ca)
    with capture_logs() as lines:
        files.issue(files.cert, files.folder / "other.key")
        assert await served_certificate(address, files.ca) == before
        files.cert.unlink()
        assert await served_certificate(address, files.ca) == before
        files.renew()
        assert await served_certificate(address, files.ca) != before
    told = [line["event"] for line in lines if line["event"].startswith("certificate")]
    refused = "certificate refused, the one before stays"
    assert told == [refused, refused, "certificate taken up"]


@pytest.mark.parametrize("broken", ["missing", "mismatch", "no-key", "only-client-ca"])
async def test_files_that_cannot_be_used_stop_the_start(
    start: Start, files: Files, broken: str
) -> None:
    other = files.folder / "other.key"
    files.issue(files.folder / "other.pem", other)
    settings = {
        "missing": {"tls_cert": files.folder / "none.pem", "tls_key": files.key},
        "mismatch": {"tls_cert": files.cert, "tls_key": other},
        "no-key": {"tls_cert": files.cert},
        "only-client-ca": {"tls_client_ca": files.ca},
    }[broken]
    with pytest.raises(SetupError, match="TLS"):
        await start(**settings)


async def test_a_key_of_the_file_is_let_in_and_others_are_not(
    start: Start, keys_file: Path
) -> None:
    registry = CollectorRegistry()
    metrics.listen(Instruments("quick", registry))
    try:
        address = await start(keys_file=keys_file)
        assert await asyncio.to_thread(styles, address, Security(token=SECRET)) == ("quick",)
        with pytest.raises(AccessError, match="needs a key"):
            await asyncio.to_thread(styles, address, Security())
        with pytest.raises(AccessError, match="does not know the key"):
            await asyncio.to_thread(styles, address, Security(token=SECRET + "x"))
    finally:
        metrics.listen(None)
    assert registry.get_sample_value("maskmesh_refusals_total", {"reason": "key"}) == 2
    methods = {
        sample.labels["method"]
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "maskmesh_calls_total" and sample.labels["code"] == "UNAUTHENTICATED"
    }
    assert methods == {"refused"}


async def test_streams_and_made_up_methods_need_a_key_too(start: Start, keys_file: Path) -> None:
    address = await start(keys_file=keys_file)
    async with grpc.aio.insecure_channel(address) as channel:
        stream = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel).ApplyStream()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/made.Up/Method")(b"x")
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        metadata = (("authorization", f"Bearer {SECRET}"),)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/made.Up/Method")(b"x", metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def stream_of(stack: ExitStack, address: str, files: Files, name: str) -> str:
    """Open a stream with a certificate of a name, keep it open, and return how it went."""
    cert, key = files.folder / f"{name}.pem", files.folder / f"{name}.key"
    if not cert.exists():
        files.issue(cert, key, name=name)
    credentials = grpc.ssl_channel_credentials(
        files.ca.read_bytes(), key.read_bytes(), cert.read_bytes()
    )
    channel = stack.enter_context(grpc.secure_channel(address, credentials))
    requests: SimpleQueue[pb.ApplyStreamRequest | None] = SimpleQueue()
    requests.put(pb.ApplyStreamRequest(request_id=1))
    stream = synthesis_pb2_grpc.MaskSynthesisServiceStub(channel).ApplyStream(
        iter(requests.get, None)
    )
    stack.callback(stream.cancel)
    stack.callback(requests.put, None)
    try:
        next(stream)
    except grpc.RpcError:
        return stream.code().name
    return "OK"


async def test_a_peer_is_known_by_its_certificate(start: Start, files: Files) -> None:
    address = await start(
        tls_cert=files.cert, tls_key=files.key, tls_client_ca=files.ca, max_streams_per_peer=1
    )
    with ExitStack() as stack:
        opened = [
            await asyncio.to_thread(stream_of, stack, address, files, name)
            for name in ("one", "one", "two")
        ]
    assert opened == ["OK", "RESOURCE_EXHAUSTED", "OK"]


async def test_health_checks_are_open_unless_the_operator_closes_them(
    start: Start, keys_file: Path
) -> None:
    async def check(address: str) -> int:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            return (await stub.Check(health_pb2.HealthCheckRequest())).status

    assert await check(await start(keys_file=keys_file)) == 1
    closed = await start(keys_file=keys_file, open_health=False)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(closed)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(AccessError):
        await asyncio.to_thread(styles, closed, Security())


async def test_listening_beyond_loopback_needs_tls_or_a_word(start: Start, files: Files) -> None:
    with pytest.raises(SetupError, match="--insecure-plaintext"):
        await start(host="0.0.0.0")
    await start(host="0.0.0.0", insecure_plaintext=True)
    await start(host="0.0.0.0", tls_cert=files.cert, tls_key=files.key)


def test_a_key_does_not_leave_the_machine_in_plain_text() -> None:
    with pytest.raises(InvalidInputError, match="plain text"):
        MeshClient.connect("mesh.example:1", security=Security(token=SECRET))
    MeshClient.connect("mesh.example:1", security=Security(tls=True, token=SECRET)).close()
    assert SECRET not in repr(Security(token=SECRET))


def test_half_a_client_certificate_is_refused(files: Files) -> None:
    with pytest.raises(InvalidInputError, match="--tls-cert and --tls-key"):
        MeshClient.connect("127.0.0.1:1", security=Security(cert=files.cert))


def test_security_needs_a_mesh_to_be_for() -> None:
    with (
        pytest.raises(InvalidInputError, match="--mesh"),
        mesh_access(None, security=Security(token=SECRET)),
    ):
        pytest.fail("a mesh was started")
