"""One browser's frames: answered, replaced by newer ones, refused, and what the mesh does."""

from __future__ import annotations

import asyncio
import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskmesh.services.runtime.errors import OverloadedError, UnavailableError


async def answer_to(socket: Any, message: bytes) -> dict[str, Any]:
    await socket.send_bytes(message)
    return await socket.receive_json(timeout=10)


async def test_a_frame_is_answered_with_all_the_page_shows(
    open_gateway: Any, connect: Any, frame_message: Any
) -> None:
    socket = await connect(await open_gateway())
    answer = await answer_to(socket, frame_message(1, 90))
    assert (answer["type"], answer["id"]) == ("answer", 1)
    assert (answer["width"], answer["height"]) == (160, 120)
    (face,) = answer["faces"]
    assert face["track"] == 1
    assert face["label"] == "fear"
    assert sum(face["probabilities"].values()) == pytest.approx(1.0)
    assert (face["mask_state"], face["mask_words"]) == ("unmasked", "unmasked 100%")
    assert answer["times"].keys() == {"wait", "decode", "locate", "classify", "gateway"}


@pytest.mark.parametrize("count", [0, 30])
async def test_any_number_of_faces(
    open_gateway: Any, connect: Any, frame_message: Any, count: int
) -> None:
    squares = [(4 + 24 * (i % 6), 2 + 23 * (i // 6), 18, 90) for i in range(count)]
    socket = await connect(await open_gateway())
    answer = await answer_to(socket, frame_message(1, squares=squares))
    assert len(answer["faces"]) == count


async def test_of_waiting_frames_only_the_newest_is_analysed(
    open_gateway: Any, connect: Any, frame_message: Any, mesh: Any
) -> None:
    socket = await connect(await open_gateway())
    mesh.gate.clear()
    await socket.send_bytes(frame_message(1))
    while not mesh.under_way:
        await asyncio.sleep(0.01)
    for number in (2, 3, 4):
        await socket.send_bytes(frame_message(number))
    dropped = [await socket.receive_json(timeout=10) for _ in range(2)]
    assert [(told["type"], told["id"]) for told in dropped] == [("dropped", 2), ("dropped", 3)]
    mesh.gate.set()
    answers = [await socket.receive_json(timeout=10) for _ in range(2)]
    assert [(told["type"], told["id"]) for told in answers] == [("answer", 1), ("answer", 4)]
    assert mesh.mesh.log.count("send") == 2


async def test_browsers_take_turns(
    open_gateway: Any, connect: Any, frame_message: Any, mesh: Any
) -> None:
    client = await open_gateway(turns=1)
    sockets = [await connect(client) for _ in range(4)]
    mesh.gate.clear()
    for number in range(1, 6):  # the first browser sends more than it has room for
        await sockets[0].send_bytes(frame_message(number))
    for socket in sockets[1:]:
        await socket.send_bytes(frame_message(1))
    mesh.gate.set()
    for socket in sockets[1:]:
        assert (await socket.receive_json(timeout=10))["type"] == "answer"
    assert mesh.most_under_way == 1


async def test_masks_are_put_on_and_the_picture_comes_back(
    open_gateway: Any, connect: Any, frame_message: Any
) -> None:
    socket = await connect(await open_gateway())
    await socket.send_json({"type": "mask", "on": True, "style": "cloth", "colour": "black"})
    await socket.send_bytes(frame_message(1, 90))
    data = await socket.receive_bytes(timeout=10)
    (length,) = struct.unpack_from(">I", data)
    answer = json.loads(data[4 : 4 + length])
    with Image.open(io.BytesIO(data[4 + length :])) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert answer["faces"][0]["mask_state"] == "masked"
    assert np.abs(pixels[50, 60].astype(int) - (200, 210, 220)).max() < 12
    assert {"mask", "classify"} <= answer["times"].keys()
    await socket.send_json({"type": "mask", "on": False})
    later = await answer_to(socket, frame_message(60))  # after what was smoothed is forgotten
    assert later["faces"][0]["mask_state"] == "unmasked"


async def test_pictures_stand_alone(open_gateway: Any, connect: Any, frame_message: Any) -> None:
    socket = await connect(await open_gateway())
    answer = await answer_to(socket, frame_message(1, 90, kind=1))
    assert "track" not in answer["faces"][0]


async def test_track_ids_go_on_when_another_video_starts(
    open_gateway: Any, connect: Any, frame_message: Any
) -> None:
    socket = await connect(await open_gateway())
    assert (await answer_to(socket, frame_message(1)))["faces"][0]["track"] == 1
    await socket.send_json({"type": "start"})
    assert (await answer_to(socket, frame_message(2)))["faces"][0]["track"] == 2


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"", "holds no picture"),
        (struct.pack(">BId", 7, 1, 0.0) + b"x", "header is not what"),
        (struct.pack(">BId", 0, 1, float("nan")) + b"x", "header is not what"),
        (struct.pack(">BId", 0, 1, 0.0) + b"MZ\x90\x00 an .exe", "not a picture"),
        ("no json", "no JSON"),
        ("[" * 2000, "no JSON"),
        ('{"type": "shutdown"}', "no request that the gateway knows"),
        ('{"type": "mask", "on": true, "style": 5, "colour": ""}', "no request"),
        ('{"type": "mask", "on": true, "style": "<b>", "colour": ""}', "no mask style"),
        ('"' + "x" * 5000 + '"', "no request that the gateway knows"),
    ],
)
async def test_bad_messages_are_told_and_the_connection_goes_on(
    open_gateway: Any, connect: Any, frame_message: Any, message: bytes | str, says: str
) -> None:
    socket = await connect(await open_gateway())
    await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
    told = await socket.receive_json(timeout=10)
    assert told["type"] == "problem"
    assert says in told["message"]
    assert (await answer_to(socket, frame_message(9)))["type"] == "answer"


async def test_frames_out_of_order_are_left_out(
    open_gateway: Any, connect: Any, frame_message: Any
) -> None:
    socket = await connect(await open_gateway())
    await answer_to(socket, frame_message(5))
    told = await answer_to(socket, frame_message(5))
    assert (told["type"], "came after frame 5" in told["message"]) == ("problem", True)
    assert (await answer_to(socket, frame_message(6)))["type"] == "answer"


async def test_a_message_that_is_too_large_closes_only_its_connection(
    open_gateway: Any, connect: Any, frame_message: Any
) -> None:
    client = await open_gateway(max_frame_bytes=65536)
    socket, other = await connect(client), await connect(client)
    await socket.send_bytes(bytes(70_000))
    assert (await socket.receive(timeout=10)).data == 1009
    assert (await answer_to(other, frame_message(1)))["type"] == "answer"


@pytest.mark.parametrize("call", ["receive", "classify"])
async def test_the_mesh_goes_and_comes_back(
    socket: Any, frame_message: Any, mesh: Any, watch: Any, call: str
) -> None:
    await answer_to(socket, frame_message(1))
    mesh.mesh.failures[call] = [UnavailableError("no service there")]
    told = await answer_to(socket, frame_message(2))
    assert (told["type"], told["id"], told["message"]) == ("problem", 2, "no service there")
    away = await socket.receive_json(timeout=10)
    assert (away["type"], away["there"]) == ("mesh", False)
    await socket.send_bytes(frame_message(3))
    await socket.send_str("is frame 3 there?")
    assert "no JSON" in (await socket.receive_json(timeout=10))["message"]
    watch.back.set()
    dropped = await socket.receive_json(timeout=10)
    assert (dropped["type"], dropped["id"]) == ("dropped", 3)
    assert (await socket.receive_json(timeout=10))["there"] is True
    answer = await answer_to(socket, frame_message(4))
    # Another stream of the mesh numbers its faces from 1; on the page they go on.
    assert (answer["id"], answer["faces"][0]["track"]) == (4, 2)


async def test_an_overloaded_mesh_is_not_called_absent(
    open_gateway: Any, connect: Any, frame_message: Any, mesh: Any, watch: Any
) -> None:
    socket = await connect(await open_gateway())
    mesh.mesh.failures["receive"] = [OverloadedError("too much to do", 0.01)]
    assert (await answer_to(socket, frame_message(1)))["message"] == "too much to do"
    assert (await answer_to(socket, frame_message(2)))["type"] == "answer"
    assert not watch.errors


async def test_a_fault_of_the_gateway_ends_the_connection_and_no_other(
    open_gateway: Any, connect: Any, frame_message: Any, mesh: Any
) -> None:
    client = await open_gateway()
    socket, other = await connect(client), await connect(client)
    mesh.mesh.failures["receive"] = [ZeroDivisionError()]
    await socket.send_bytes(frame_message(1))
    assert (await socket.receive(timeout=10)).data == 1011
    assert (await answer_to(other, frame_message(1)))["type"] == "answer"
