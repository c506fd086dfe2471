"""Versions of the model that come while it is called."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc.aio

from maskmesh.bench.serving.figures import Figure, Goal, figure
from maskmesh.bench.serving.load import Outcome, Target, closed_loop
from maskmesh.bench.serving.messages import INFER, MODEL, infer_request
from maskmesh.bench.serving.servers import Running, service
from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.inference import open_inference_pb2_grpc

PART = "reload"
_CALLERS = 8


def measure(model: Path, reloads: int, scratch: Path, flags: list[str]) -> list[Figure]:
    """Publish versions and load them by command while callers call.

    Raises:
        RuntimeError: A version was not taken up.
    """
    with _served_copy(model, scratch, flags) as (running, folder):
        outcome = asyncio.run(_reload_under_load(running.address, model, folder, reloads))
    failed = outcome.codes.total() - outcome.codes["OK"]
    others = {code: count for code, count in outcome.codes.items() if code != "OK"}
    name = f"failed calls of {outcome.codes.total():,} over {reloads} reloads"
    return [figure(PART, name, [failed], goal=Goal(0, at_least=False), note=str(others or ""))]


@contextmanager
def _served_copy(model: Path, scratch: Path, flags: list[str]) -> Iterator[tuple[Running, Path]]:
    folder = scratch / "reloaded"
    shutil.rmtree(folder, ignore_errors=True)
    _publish(model, folder, 1)
    own = ["--repository", str(folder), "--reload-s", "0", *flags]
    with service("classification", scratch / "reloaded.log", own) as running:
        yield running, folder


def _publish(model: Path, repository: Path, version: int) -> None:
    partial = repository / f".partial{version}"
    partial.mkdir(parents=True)
    shutil.copy(model, partial / "model.onnx")
    (repository / MODEL).mkdir(exist_ok=True)
    partial.rename(repository / MODEL / str(version))


async def _reload_under_load(address: str, model: Path, repository: Path, reloads: int) -> Outcome:
    target = Target(address, INFER, infer_request())
    whole = Outcome()
    done = asyncio.Event()

    async def call() -> None:
        while not done.is_set():
            part = await closed_loop(target, _CALLERS, 0.5, warm_up_s=0.0)
            whole.codes += part.codes

    calling = asyncio.create_task(call())
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = open_inference_pb2_grpc.GRPCInferenceServiceStub(channel)
            for version in range(2, reloads + 2):
                await asyncio.to_thread(_publish, model, repository, version)
                await stub.RepositoryModelLoad(pb.RepositoryModelLoadRequest(model_name=MODEL))
                found = await stub.RepositoryIndex(pb.RepositoryIndexRequest(ready=True))
                served = Counter(each.version for each in found.models)
                if str(version) not in served:
                    raise RuntimeError(f"version {version} was not taken up, but {dict(served)}")
                await asyncio.sleep(0.2)
    finally:
        done.set()
        await calling
    return whole
