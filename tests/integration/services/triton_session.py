"""What a user of tritonclient does, run by an interpreter that has it: its protos need their own.

Takes the server's address; prints one JSON object of what was seen.
"""

from __future__ import annotations

import json
import queue
import sys
from pathlib import Path

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException


def flat(*expressions: int) -> np.ndarray:
    faces = np.zeros((len(expressions), 48, 48, 1), np.uint8)
    faces += np.array([36 * k + 18 for k in expressions], np.uint8).reshape(-1, 1, 1, 1)
    return faces


def given(faces: np.ndarray) -> list[triton.InferInput]:
    tensor = triton.InferInput("faces", list(faces.shape), "UINT8")
    tensor.set_data_from_numpy(faces)
    return [tensor]


def look(client: triton.InferenceServerClient) -> dict[str, object]:
    metadata = client.get_model_metadata("expression", as_json=True)
    config = client.get_model_config("expression", as_json=True)["config"]
    return {
        "live": client.is_server_live(),
        "ready": [client.is_server_ready(), client.is_model_ready("expression")],
        "unknown_ready": client.is_model_ready("age"),
        "server": client.get_server_metadata(as_json=True)["name"],
        "inputs": [tensor["name"] for tensor in metadata["inputs"]],
        "max_batch_size": config["max_batch_size"],
    }


def infer(client: triton.InferenceServerClient) -> dict[str, object]:
    faces = given(flat(6, 0, 3))
    plain = client.infer("expression", faces, request_id="abc")
    ranked = client.infer(
        "expression",
        faces,
        outputs=[
            triton.InferRequestedOutput("probabilities", class_count=1),
            triton.InferRequestedOutput("label"),
        ],
        timeout=60_000_000,
    )
    texts = [text.decode().split(":")[2] for text in ranked.as_numpy("probabilities")[:, 0]]
    return {
        "best": plain.as_numpy("probabilities").argmax(axis=1).tolist(),
        "mask": plain.as_numpy("mask").round(3).tolist(),
        "id": plain.get_response().id,
        "ranked": texts,
        "labels": [text.decode() for text in ranked.as_numpy("label")],
    }


def infer_picture(client: triton.InferenceServerClient, path: str) -> dict[str, object]:
    pictures = np.array([Path(path).read_bytes()], object)
    tensor = triton.InferInput("image", [1], "BYTES")
    tensor.set_data_from_numpy(pictures)
    answer = client.infer("expression", [tensor])
    return {"picture": answer.as_numpy("probabilities").shape}


def infer_at_once(client: triton.InferenceServerClient) -> dict[str, object]:
    answers: queue.Queue[tuple[triton.InferResult, InferenceServerException]] = queue.Queue()

    def take(result: triton.InferResult, error: InferenceServerException) -> None:
        answers.put((result, error))

    for number in range(14):
        client.async_infer("expression", given(flat(number % 7)), take, request_id=str(number))
    at_once = [answers.get(timeout=60)[0] for _ in range(14)]
    client.start_stream(take)
    for number in range(7):
        name = "expression" if number != 3 else "age"
        client.async_stream_infer(name, given(flat(number)), request_id=str(number))
    streamed = [answers.get(timeout=60) for _ in range(7)]
    client.stop_stream()
    return {
        "at_once": sorted(
            [int(each.get_response().id), int(each.as_numpy("probabilities").argmax())]
            for each in at_once
        ),
        "streamed": [
            str(error) if error else int(result.as_numpy("probabilities").argmax())
            for result, error in streamed
        ],
    }


def control(client: triton.InferenceServerClient) -> dict[str, object]:
    seen: list[object] = []
    index = client.get_model_repository_index(as_json=True)["models"]
    seen.append(sorted([each["version"], each["state"]] for each in index))
    client.load_model("expression")
    seen.append(client.infer("expression", given(flat(1))).get_response().model_version)
    config = {"version_policy": {"specific": {"versions": [3]}}}
    client.load_model("expression", config=json.dumps(config))
    seen.append(client.infer("expression", given(flat(1))).get_response().model_version)
    client.unload_model("expression")
    seen.append(client.is_model_ready("expression"))
    client.load_model("expression")
    statistics = client.get_inference_statistics("expression", as_json=True)["model_stats"]
    counts = {each["version"]: int(each["inference_count"]) for each in statistics}
    return {"control": seen, "counts": counts}


def fail(client: triton.InferenceServerClient) -> dict[str, object]:
    statuses = []
    wrong = np.zeros((1, 3, 48, 48), np.float32)
    tensor = triton.InferInput("faces", list(wrong.shape), "FP32")
    tensor.set_data_from_numpy(wrong)
    for name, inputs, version in (
        ("expression", [tensor], ""),
        ("age", given(flat(1)), ""),
        ("expression", given(flat(1)), "77"),
    ):
        try:
            client.infer(name, inputs, model_version=version)
        except InferenceServerException as error:
            statuses.append(error.status())
    return {"statuses": statuses}


def main(address: str, picture: str) -> None:
    with triton.InferenceServerClient(address) as client:
        seen = {**look(client), **infer(client), **infer_picture(client, picture)}
        seen |= {**infer_at_once(client), **fail(client), **control(client)}
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
