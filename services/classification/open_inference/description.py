"""What the protocol tells of a model: its tensors, how it is served, and what it has done."""

from __future__ import annotations

from collections.abc import Sequence

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.open_inference.inputs import FACES, IMAGE
from maskmesh.services.classification.open_inference.outputs import LABEL, MASK, PROBABILITIES
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.repository import MODEL_FILE, ModelFile
from maskmesh.services.classification.statistics import Duration, VersionStatistics
from maskmesh.services.runtime.expressions import EXPRESSIONS

_PLATFORM = "onnxruntime_onnx"
_DATA_TYPES = {"UINT8": pb.TYPE_UINT8, "BYTES": pb.TYPE_STRING, "FP32": pb.TYPE_FP32}

Tensors = dict[str, tuple[str, list[int]]]


def _inputs(side: int) -> Tensors:
    """The inputs: their types, and shapes for one face.

    The other way in, pictures, is not among them: tools that make up data send all that is listed.
    """
    return {FACES: ("UINT8", [side, side, 1])}


def _outputs() -> Tensors:
    classes = len(EXPRESSIONS)
    return {PROBABILITIES: ("FP32", [classes]), MASK: ("FP32", []), LABEL: ("BYTES", [])}


def metadata_of(
    classifier: ExpressionClassifier, versions: Sequence[str]
) -> pb.ModelMetadataResponse:
    """Return what a model takes and gives."""

    def listed(tensors: Tensors) -> list[pb.ModelMetadataResponse.TensorMetadata]:
        return [
            pb.ModelMetadataResponse.TensorMetadata(
                name=name, datatype=datatype, shape=[-1, *shape]
            )
            for name, (datatype, shape) in tensors.items()
        ]

    return pb.ModelMetadataResponse(
        name=classifier.model.name,
        versions=versions,
        platform=_PLATFORM,
        inputs=listed(_inputs(classifier.side)),
        outputs=listed(_outputs()),
    )


def config_of(
    classifiers: Sequence[ExpressionClassifier],
    canary_percent: float,
    policy: BatchingPolicy,
    max_faces: int,
) -> pb.ModelConfig:
    """Return how a model is served.

    Args:
        classifiers: The versions that are served, the current one first.
        canary_percent: Share of the second one, 0 to 100.
        policy: How requests are joined.
        max_faces: Most faces in one call.
    """
    current = classifiers[0]
    versions = [int(each.model.version) for each in classifiers]
    config = pb.ModelConfig(
        name=current.model.name,
        platform=_PLATFORM,
        backend="onnxruntime",
        version_policy=pb.ModelVersionPolicy(
            specific=pb.ModelVersionPolicy.Specific(versions=versions)
        ),
        max_batch_size=max_faces,
        input=[
            pb.ModelInput(name=name, data_type=_DATA_TYPES[datatype], dims=dims)
            for name, (datatype, dims) in _inputs(current.side).items()
        ],
        output=[
            pb.ModelOutput(name=name, data_type=_DATA_TYPES[datatype], dims=dims)
            for name, (datatype, dims) in _outputs().items()
        ],
        instance_group=[
            pb.ModelInstanceGroup(
                name=current.model.name,
                count=policy.workers,
                kind=pb.ModelInstanceGroup.KIND_CPU,
            )
        ],
        default_model_filename=MODEL_FILE,
        dynamic_batching=pb.ModelDynamicBatching(
            preferred_batch_size=[policy.preferred_faces],
            max_queue_delay_microseconds=round(policy.delay_s * 1e6),
        ),
    )
    config.parameters[
        f"instead_of_{FACES}"
    ].string_value = (
        f"the input {IMAGE}, BYTES of shape [N] or [N, 1]: JPEG or PNG pictures of faces"
    )
    if len(classifiers) > 1:
        config.parameters["canary_percent"].string_value = f"{canary_percent:g}"
    return config


def statistics_of(model: ModelFile, numbers: VersionStatistics) -> pb.ModelStatistics:
    """Return what a version has done."""
    # What is handed out is a view of what was run: it takes no time of its own.
    handed_out = pb.StatisticDuration(count=numbers.compute.count)
    return pb.ModelStatistics(
        name=model.name,
        version=model.version,
        last_inference=numbers.last_run_ms,
        inference_count=numbers.faces,
        execution_count=numbers.runs,
        inference_stats=pb.InferStatistics(
            success=_duration(numbers.success),
            fail=_duration(numbers.fail),
            queue=_duration(numbers.queue),
            compute_input=_duration(numbers.join),
            compute_infer=_duration(numbers.compute),
            compute_output=handed_out,
        ),
        batch_stats=[
            pb.InferBatchStatistics(batch_size=size, compute_infer=_duration(batch))
            for size, batch in sorted(numbers.batches.items())
        ],
    )


def _duration(duration: Duration) -> pb.StatisticDuration:
    return pb.StatisticDuration(count=duration.count, ns=duration.ns)
