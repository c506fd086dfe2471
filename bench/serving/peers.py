"""MLServer and NVIDIA Triton with the same ONNX file, from environments that have them.

Their protobufs do not go together with ours, so each is named by the Python of its environment:
`pip install mlserver onnxruntime 'uvloop<0.22'` (MLServer's workers do not start with a newer one),
and `pip install nvidia-pytriton onnxruntime`, which brings a tritonserver with the Python backend.
Triton's ONNX Runtime backend is not on PyPI.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from maskmesh.bench.serving.messages import MODEL
from maskmesh.bench.serving.servers import Running, process_of
from maskmesh.inference import open_inference_pb2, open_inference_pb2_grpc
from maskmesh.services.runtime.errors import SetupError

_HERE = Path(__file__).parent
_START_S = 60.0
_CONFIG = """\
name: "{model}"
backend: "python"
max_batch_size: 64
input [{{ name: "faces" data_type: TYPE_UINT8 dims: [48, 48, 1] }}]
output [
  {{ name: "probabilities" data_type: TYPE_FP32 dims: [7] }},
  {{ name: "mask" data_type: TYPE_FP32 dims: [1] reshape {{ shape: [] }} }}
]
instance_group [{{ kind: KIND_CPU count: {threads} }}]
dynamic_batching {{}}
parameters {{ key: "file" value: {{ string_value: "{file}" }} }}
"""


@contextmanager
def mlserver(python: Path, model: Path, threads: int, scratch: Path) -> Iterator[Running]:
    """Run MLServer beside a block.

    Args:
        python: The Python of the environment that has it.
        model: The ONNX file.
        threads: How many of its workers run the model; 1: its own process does.
        scratch: Folder for its files.

    Raises:
        SetupError: It does not start.
    """
    folder = _emptied(scratch / "mlserver")
    shutil.copy(_HERE / "mlserver_model.py", folder)
    ports = dict(zip(("http_port", "grpc_port", "metrics_port"), _free_ports(3), strict=True))
    # Its workers are processes; one beside the server's own would only be a longer way.
    workers = threads if threads > 1 else 0
    settings = {"host": "127.0.0.1", "parallel_workers": workers, "debug": False, **ports}
    (folder / "settings.json").write_text(json.dumps(settings))
    described = {
        "name": MODEL,
        "implementation": "mlserver_model.Expression",
        "parameters": {"uri": str(model.resolve())},
    }
    (folder / "model-settings.json").write_text(json.dumps(described))
    if not (program := python.parent / "mlserver").is_file():
        raise SetupError(
            f"there is no MLServer beside {python}: pip install mlserver onnxruntime 'uvloop<0.22'"
        )
    words = [str(program.absolute()), "start", str(folder)]
    with _ready(words, ports["grpc_port"], folder / "log") as running:
        yield running


@contextmanager
def triton(python: Path, model: Path, threads: int, scratch: Path) -> Iterator[Running]:
    """Run the tritonserver of nvidia-pytriton beside a block; see `mlserver`."""
    folder = _emptied(scratch / "triton")
    version = folder / "models" / MODEL / "1"
    version.mkdir(parents=True)
    shutil.copy(_HERE / "triton_model.py", version / "model.py")
    config = _CONFIG.format(model=MODEL, threads=threads, file=model.resolve())
    (version.parent / "config.pbtxt").write_text(config)
    server = _pytriton(python)
    backends = _backends(python, server, folder)
    port = _free_ports(1)[0]
    words = [
        *("env", f"PATH={python.parent.absolute()}:/usr/bin:/bin"),
        f"PYTHONPATH={server.parents[1]}",
        f"LD_LIBRARY_PATH={server.parents[1] / 'nvidia_pytriton.libs'}",
        str(server / "bin" / "tritonserver"),
        *("--model-repository", str(folder / "models")),
        *("--backend-directory", str(backends)),
        *("--grpc-address", "127.0.0.1", "--grpc-port", str(port)),
        *("--allow-http", "false", "--allow-metrics", "false", "--log-verbose", "0"),
    ]
    with _ready(words, port, folder / "log") as running:
        yield running


def _site_of(python: Path) -> Path:
    return Path(_told_by(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def _told_by(python: Path, code: str) -> str:
    found = subprocess.run(  # noqa: S603 - the Python that the user named
        [python, "-c", code], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise SetupError(f"{python} does not run: name the Python of an environment")
    return found.stdout.strip()


def _pytriton(python: Path) -> Path:
    folder = _site_of(python) / "pytriton" / "tritonserver"
    if not (folder / "bin" / "tritonserver").is_file():
        raise SetupError(
            f"there is no tritonserver with {python}: pip install nvidia-pytriton onnxruntime"
        )
    return folder


def _backends(python: Path, server: Path, folder: Path) -> Path:
    """Put the Python backend together with what runs models in this version of Python."""
    version = _told_by(python, "import sys; print('%d.%d' % sys.version_info[:2])")
    backends = Path(shutil.copytree(server / "backends", folder / "backends"))
    stub = "triton_python_backend_stub"
    shutil.copy(server / "python_backend_stubs" / version / stub, backends / "python" / stub)
    return backends


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.resolve()


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


@contextmanager
def _ready(words: list[str], port: int, log: Path) -> Iterator[Running]:
    address = f"127.0.0.1:{port}"
    with process_of(words, log, log.parent) as process, grpc.insecure_channel(address) as channel:
        stub = open_inference_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = open_inference_pb2.ModelReadyRequest(name=MODEL)
        end = time.monotonic() + _START_S
        while True:
            try:
                if stub.ModelReady(request, timeout=1).ready:
                    break
            except grpc.RpcError:
                time.sleep(0.2)
            if process.poll() is not None or time.monotonic() > end:
                raise SetupError(f"{Path(words[0]).name} did not serve the model: see {log}")
        yield Running(address, process)
