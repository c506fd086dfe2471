"""`maskmesh stream`: its settings, and what it does with them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict
from rich.console import Console

from maskmesh.clients.mesh.access import MeshAccess, mesh_access
from maskmesh.clients.mesh.client import ALL_SERVICES, SEEDS, Service
from maskmesh.clients.mesh.settings import LineSettings
from maskmesh.clients.streaming.frames import Source
from maskmesh.clients.streaming.hysteresis import (
    DEFAULT_DWELL_S,
    DEFAULT_MARGIN,
    LabelHysteresis,
)
from maskmesh.clients.streaming.lines import STANDARD_OUTPUT, JsonLines
from maskmesh.clients.streaming.masking import FrameMasker, MaskWish, check_wish
from maskmesh.clients.streaming.pipeline import FramePipeline
from maskmesh.clients.streaming.reader import FrameReader
from maskmesh.clients.streaming.runner import Sink, json_sink, run_frames, video_sink
from maskmesh.clients.streaming.smoothing import DEFAULT_LAG_S, TrackSmoother
from maskmesh.clients.streaming.sources import open_source
from maskmesh.clients.streaming.status import StatusLine
from maskmesh.clients.streaming.stopping import StopOnSignal
from maskmesh.clients.streaming.video_sink import VideoSink
from maskmesh.services.runtime.errors import InvalidInputError, UnavailableError
from maskmesh.services.runtime.observing.tracing import traced

WITHOUT_MASKS: tuple[Service, ...] = ("location", "classification")


class StreamSettings(LineSettings, section="stream"):
    """Annotate a camera, clip, network stream or folder of pictures, frame by frame."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    source: str = Field(
        "0",
        description="camera number, clip, picture, folder or pattern of pictures, or an rtsp:// "
        "or http(s):// address",
    )
    output: Path | None = Field(
        None, description="write the annotated clip here (.mp4, .webm, .mkv or .avi)"
    )
    json_file: Path | None = Field(
        None,
        validation_alias=AliasChoices("json"),
        description="write a JSON line a frame to this file; - is standard output",
    )
    mask: bool = Field(False, description="put a drawn mask on each face before it is classified")
    style: str = Field("", description="style of the masks; empty: the seed chooses")
    colour: str = Field("", description="colour of the masks; empty: the seed chooses")
    seed: int = Field(0, ge=0, lt=SEEDS, description="seed of the masks; each track gets its own")
    mesh: str | None = Field(
        None, description="HOST:PORT of a running mesh; default: start one for this run"
    )
    picture_fps: float = Field(
        10.0, gt=0, le=240, description="how many pictures of a folder make a second"
    )
    lag_s: float = Field(
        DEFAULT_LAG_S, ge=0, description="seconds by which probabilities are smoothed; 0: not"
    )
    label_margin: float = Field(
        DEFAULT_MARGIN,
        ge=0,
        le=1,
        description="the shown label changes to one that is more probable by this; 0: by anything",
    )
    label_dwell_s: float = Field(
        DEFAULT_DWELL_S,
        ge=0,
        description="or after others were more probable for so many seconds; 0: at once",
    )
    reconnect_s: float = Field(
        15.0, ge=0, description="seconds to wait for a mesh that went away before giving up"
    )
    log_file: Path | None = Field(
        None, description="where a mesh of our own logs; default: a temporary file"
    )


def run_stream(settings: StreamSettings) -> None:
    """Stream as the settings say, show how it goes, and tell what was measured.

    Raises:
        MaskmeshError: Source, outputs or mesh cannot be used, or fail for good on the way.
    """
    notices = Console(stderr=True)
    _refuse_overwriting(settings)
    # The source first: a typing error should not cost the start of a mesh.
    source = open_source(settings.source, settings.picture_fps)
    with ExitStack() as stack:
        reader = FrameReader(source)
        stack.callback(source.close)
        sinks = _open_sinks(settings, source, stack)
        if not sinks:
            notices.print("neither --output nor --json is given: results are only counted")
        services = ALL_SERVICES if settings.mask else WITHOUT_MASKS
        stack.enter_context(traced("stream", settings.traces_to))
        with notices.status("waiting for the mesh" if settings.mesh else "starting a mesh"):
            access = stack.enter_context(
                mesh_access(settings.mesh, services, settings.log_file, security=settings.security)
            )
        stop = stack.enter_context(StopOnSignal(reader.stop))
        status = stack.enter_context(StatusLine(notices, source.total))
        pipeline = _build_pipeline(settings, access, status, stop)
        stack.enter_context(reader)
        statistics = run_frames(reader, pipeline, sinks, status, settings.output is not None)
    if source.note and not stop.requested:
        notices.print(source.note, markup=False, highlight=False, soft_wrap=True)
    results = Console(stderr=settings.json_file == STANDARD_OUTPUT)
    results.print(statistics.summary(), markup=False, highlight=False, soft_wrap=True)


def _open_sinks(settings: StreamSettings, source: Source, stack: ExitStack) -> list[Sink]:
    sinks: list[Sink] = []
    if settings.output is not None:
        clip = VideoSink(settings.output, source.fps, keep_time=source.live)
        sinks.append(video_sink(stack.enter_context(clip)))
    if settings.json_file is not None:
        sinks.append(json_sink(stack.enter_context(JsonLines(settings.json_file))))
    return sinks


def _build_pipeline(
    settings: StreamSettings, access: MeshAccess, status: StatusLine, stop: StopOnSignal
) -> FramePipeline:
    masker = None
    if settings.mask:
        wish = MaskWish(settings.style, settings.colour, settings.seed)
        check_wish(wish, access.client.list_masks())
        masker = FrameMasker(access.client, wish)

    def recover(error: UnavailableError) -> None:
        status.say(f"{error}; waiting up to {settings.reconnect_s:g} s for it to come back")
        access.wait_until_back(error, settings.reconnect_s, lambda: not stop.requested)
        status.say("the mesh is back")

    hysteresis = LabelHysteresis(settings.label_margin, settings.label_dwell_s)
    smoother = TrackSmoother(settings.lag_s, hysteresis)
    return FramePipeline(access.client, access.client, masker, smoother, recover)


def _refuse_overwriting(settings: StreamSettings) -> None:
    source = Path(settings.source)
    for target in (settings.output, settings.json_file):
        if target is not None and target.exists() and source.exists() and target.samefile(source):
            raise InvalidInputError(f"{target} is the source itself: name another file to write to")
