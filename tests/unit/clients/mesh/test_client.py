from __future__ import annotations

import socket
import threading

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2

from maskmesh.clients.mesh import EXPRESSIONS, KnownMasks, MeshClient, Timeouts
from maskmesh.services.runtime.errors import (
    DeadlineError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from maskmesh.services.runtime.processes import MeshAddresses


def gray(value: int) -> np.ndarray:
    return np.full((20, 20), value, np.uint8)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_locate_gives_plain_faces(client):
    (face,) = client.locate(gray(7))
    assert face.box == (7, 1, 2, 3)
    assert (face.score, face.source, face.track) == (0.5, "face", None)


def test_classify_keeps_the_order_over_several_calls(client, running):
    results = client.classify([gray(i) for i in range(150)])
    assert [round(result.mask_probability * 256) for result in results] == list(range(150))
    assert [len(call.faces) for call in running.services.calls] == [64, 64, 22]
    assert results[0].label == EXPRESSIONS[0]


def test_classify_of_nothing_calls_nobody(client, running):
    assert client.classify([]) == []
    assert running.services.calls == []


def test_apply_mask_sends_what_was_asked_for(client, running):
    masked = client.apply_mask(gray(5), (1, 2, 3, 4), "cloth", "black", seed=2**64 - 1)
    (call,) = running.services.calls
    assert (call.style, call.colour, call.seed) == ("cloth", "black", 2**64 - 1)
    assert (call.face_box.x, call.face_box.height) == (1, 4)
    np.testing.assert_array_equal(masked.image, gray(5))


def test_apply_mask_without_a_box_leaves_it_out(client, running):
    client.apply_mask(gray(5))
    assert not running.services.calls[0].HasField("face_box")


def test_apply_mask_says_how_it_is_to_be_worn(client):
    masked = client.apply_mask(gray(5), pattern="dots", position="on_chin")
    assert (masked.pattern, masked.position) == ("dots", "on_chin")
    masked = client.apply_mask(gray(5))
    assert (masked.pattern, masked.position) == ("plain", "proper")


def test_list_masks_names_all_that_can_be_chosen(client):
    known = KnownMasks(("surgical",), ("white", "black"), ("plain", "dots"), ("proper",))
    assert client.list_masks() == known


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidInputError),
        (grpc.StatusCode.NOT_FOUND, NotFoundError),
    ],
)
def test_a_status_becomes_an_error_with_the_servers_words(client, running, code, kind):
    running.services.before_answer = lambda context: context.abort(code, "what to do")
    with pytest.raises(kind, match=r"^what to do$"):
        client.locate(gray(1))


def test_nobody_there_is_told_with_the_address_and_what_to_do():
    port = free_port()
    with (
        MeshClient.connect(f"127.0.0.1:{port}") as client,
        pytest.raises(UnavailableError, match=rf"127.0.0.1:{port + 2}: start one with"),
    ):
        client.classify([gray(1)])


def test_a_service_that_hangs_ends_in_a_deadline(running):
    hanging = threading.Event()
    running.services.before_answer = lambda context: hanging.wait(5)
    with MeshClient(running.addresses, timeouts=Timeouts(0.05, 0.05, 0.05)) as client:
        with pytest.raises(DeadlineError):
            client.locate(gray(1))
        with pytest.raises(DeadlineError, match="did not answer a frame"):
            list(client.locate_stream([gray(1)]))
        hanging.set()


def test_a_stream_answers_in_order_and_goes_on_after_a_problem(client):
    answers = list(client.locate_stream([gray(v) for v in (1, 13, 3)]))
    assert [answer.problem for answer in answers] == [None, "unlucky", None]
    assert [face.track for answer in answers for face in answer.faces] == [1, 3]
    assert all(answer.milliseconds > 0 for answer in answers)


@pytest.mark.parametrize(("fps", "expected"), [(None, [None] * 3), (8, [0, 125_000, 250_000])])
def test_frames_of_a_stream_carry_their_capture_times(client, running, fps, expected):
    list(client.locate_stream([gray(v) for v in (1, 2, 3)], fps=fps))
    assert running.services.capture_times == expected


def test_a_stream_has_no_more_frames_under_way_than_allowed(client, running):
    running.services.answer_frame = threading.Semaphore(0)
    taken = []

    def frames():
        for value in range(10):
            taken.append(value)
            yield gray(value + 20)

    answers = client.locate_stream(frames(), in_flight=3)
    running.services.answer_frame.release(1)
    next(answers)
    # Three were sent before the first answer; no frame is taken ahead of need.
    assert taken == [0, 1, 2]
    running.services.answer_frame.release(9)
    assert len(list(answers)) == 9


def test_a_stream_tells_that_the_service_went_away(client, running):
    def leave(context: grpc.ServicerContext) -> None:
        context.abort(grpc.StatusCode.UNAVAILABLE, "draining")

    running.services.before_answer = leave
    with pytest.raises(UnavailableError, match="maskmesh up"):
        next(client.locate_stream([gray(1)]))


def test_an_error_of_the_callers_frames_reaches_the_caller(client):
    def frames():
        yield gray(1)
        raise OSError("the camera burns")

    with pytest.raises(OSError, match="the camera burns"):
        list(client.locate_stream(frames()))


@pytest.mark.parametrize("time_s", [-0.1, float("nan"), float("inf")])
def test_a_frame_whose_time_is_none_is_not_sent(client, time_s):
    stream = client.open_location_stream()
    with pytest.raises(InvalidInputError, match="count from the first frame"):
        stream.send(gray(1), time_s)
    assert stream.under_way == 0
    stream.close()


def test_receiving_without_sending_is_a_mistake(client):
    stream = client.open_location_stream()
    with pytest.raises(ValueError, match="call send first"):
        stream.receive()
    stream.close()


def test_ready_only_when_the_health_service_says_so(client, running):
    client.wait_until_ready(1.0)
    running.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    with pytest.raises(UnavailableError, match=r"up but not serving.*maskmesh up"):
        client.wait_until_ready(0.0)


def test_waiting_ends_when_there_is_no_hope():
    def give_up() -> None:
        raise UnavailableError("the location service ended with exit code 1")

    addresses = MeshAddresses.at(f"127.0.0.1:{free_port()}")
    with (
        MeshClient(addresses) as client,
        pytest.raises(UnavailableError, match="exit code 1"),
    ):
        client.wait_until_ready(60.0, still_hoping=give_up)


def test_an_address_without_a_port_is_refused():
    with pytest.raises(InvalidInputError, match="HOST:PORT"):
        MeshClient.connect("localhost")
