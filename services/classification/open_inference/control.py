"""What callers may ask of the repository, read from the protocol's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf import json_format

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.services.runtime.errors import InvalidInputError

_CONFIG = "config"
_CANARY_PERCENT = "canary_percent"


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """Which version is to be taken up.

    Attributes:
        version: Its name; None: the highest.
        canary_percent: Its share of the calls, as a canary; None: it is to answer all.
    """

    version: str | None = None
    canary_percent: float | None = None


def read_load_order(parameters: Mapping[str, pb.ModelRepositoryParameter]) -> LoadOrder:
    """Read the parameters of RepositoryModelLoad.

    The only one is Triton's `config`: a ModelConfig as JSON, of which two fields count:
    `{"version_policy": {"specific": {"versions": [2]}},
    "parameters": {"canary_percent": {"string_value": "10"}}}`.

    Raises:
        InvalidInputError: It is another, or names more than one version.
    """
    unknown = sorted(set(parameters) - {_CONFIG})
    if unknown:
        raise InvalidInputError(
            f"the parameters {', '.join(name[:64] for name in unknown[:8])} are not known: put the "
            f"version into the repository, and name it by {_CONFIG!r}"
        )
    if _CONFIG not in parameters:
        return LoadOrder()
    try:
        config = json_format.Parse(
            parameters[_CONFIG].string_param, pb.ModelConfig(), ignore_unknown_fields=True
        )
    except (json_format.ParseError, RecursionError) as error:
        raise InvalidInputError(
            f"the parameter {_CONFIG!r} is no ModelConfig as JSON ({str(error)[:200]}): send "
            '{"version_policy": {"specific": {"versions": [2]}}}'
        ) from error
    return LoadOrder(_version(config.version_policy), _canary_percent(config))


def _version(policy: pb.ModelVersionPolicy) -> str | None:
    named = list(policy.specific.versions)
    if policy.HasField("all") or policy.latest.num_versions > 1 or len(named) > 1:
        raise InvalidInputError(
            "the version_policy asks for several versions: name one, and give a second one a share "
            f"of the calls by the parameter {_CANARY_PERCENT!r}"
        )
    return str(named[0]) if named else None


def _canary_percent(config: pb.ModelConfig) -> float | None:
    if _CANARY_PERCENT not in config.parameters:
        return None
    text = config.parameters[_CANARY_PERCENT].string_value
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInputError(f"{_CANARY_PERCENT} is {text[:64]!r}: send 0 to 100") from error
