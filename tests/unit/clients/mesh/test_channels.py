from __future__ import annotations

import json

import pytest
from grpc_health.v1 import health_pb2

from maskmesh.clients.mesh import MeshAddresses, MeshClient, Options, Retries, Security
from maskmesh.clients.mesh.channels import channel_options, service_config
from maskmesh.services.runtime.errors import UnavailableError

from .both import KINDS, ask, gray


@pytest.mark.parametrize(
    ("target", "security", "watched"),
    [
        ("127.0.0.1:1", Security(), False),
        ("dns:///mesh.example:1", Security(), True),
        ("ipv4:10.0.0.1:1,10.0.0.2:1", Security(), True),
        ("dns:///mesh.example:1", Security(tls=True, token="abc"), True),
        ("dns:///mesh.example:1", Security(tls=True, token="abc", open_health=False), False),
    ],
)
def test_copies_are_watched_where_there_may_be_some_and_no_key_is_needed(target, security, watched):
    options = dict(channel_options(target, Options(security=security)))
    assert ("healthCheckConfig" in json.loads(options["grpc.service_config"])) is watched


def test_only_idempotent_methods_are_named_for_retries():
    config = service_config(Retries(), watched=False)
    (policy,) = config["methodConfig"]
    names = {name["method"] for name in policy["name"]}
    assert names == {"Locate", "Apply", "ListMasks", "Classify"}
    assert "methodConfig" not in service_config(Retries(attempts=1), watched=False)


def test_a_watched_service_that_is_not_serving_is_told_as_such(running):
    target = f"dns:///{running.address}"
    with MeshClient(MeshAddresses(target, target, target)) as client:
        client.wait_until_ready(10.0)
        assert client.list_masks().styles == ("surgical",)
        running.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        with pytest.raises(UnavailableError, match=r"up but not serving"):
            client.wait_until_ready(0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_that_drains_is_passed_over_with_a_key_too(kind, running):
    target = f"dns:///{running.address}"
    addresses = MeshAddresses(target, target, target)
    running.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    with pytest.raises(UnavailableError):
        ask(kind, addresses, "locate", gray(1), security=Security(token="abc"))
    assert not running.services.calls
    unwatched = Security(token="abc", open_health=False)
    assert ask(kind, addresses, "locate", gray(1), security=unwatched)
