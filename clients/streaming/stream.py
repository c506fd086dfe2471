"""`maskmesh stream`: its settings, and what it does with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from rich.console import Console

from maskmesh.clients.mesh.access import MeshAccess, mesh_access
from maskmesh.clients.mesh.client import ALL_SERVICES, SEEDS, Service
from maskmesh.clients.streaming.clips import DEFAULT_PATIENCE_S, CameraSource
from maskmesh.clients.streaming.hysteresis import (
    DEFAULT_DWELL_S,
    DEFAULT_MARGIN,
    LabelHysteresis,
)
from maskmesh.clients.streaming.masking import FrameMasker, MaskWish, check_wish
from maskmesh.clients.streaming.outputs import (
    OutputSettings,
    check_outputs,
    open_sinks,
    window_sink,
)
from maskmesh.clients.streaming.pipeline import FramePipeline
from maskmesh.clients.streaming.reader import FrameReader
from maskmesh.clients.streaming.runner import run_frames
from maskmesh.clients.streaming.smoothing import DEFAULT_LAG_S, TrackSmoother
from maskmesh.clients.streaming.sources import open_source
from maskmesh.clients.streaming.status import StatusLine
from maskmesh.clients.streaming.stopping import StopOnSignal
from maskmesh.clients.streaming.window import Window
from maskmesh.services.runtime.errors import UnavailableError
from maskmesh.services.runtime.observing.tracing import traced

WITHOUT_MASKS: tuple[Service, ...] = ("location", "classification")


class StreamSettings(OutputSettings, section="stream"):
    """Annotate a camera, clip, network stream or folder of pictures, frame by frame."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    source: str = Field(
        "0",
        description="camera number, clip, picture, folder or pattern of pictures, an rtsp:// or "
        "http(s):// address, or - for a video piped into standard input",
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
    source_reconnect_s: float = Field(
        DEFAULT_PATIENCE_S,
        ge=0,
        description="seconds to wait for a camera or network stream that went away before giving "
        "up; 0: its end is the end of the run",
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
    check_outputs(settings, settings.source)
    # The source first: a typing error should not cost the start of a mesh.
    source = open_source(settings.source, settings.picture_fps, settings.source_reconnect_s)
    with ExitStack() as stack:
        reader = FrameReader(source)
        stack.callback(source.close)
        sinks = open_sinks(settings, source, stack)
        window = None
        if settings.wants_window:
            window = stack.enter_context(Window(f"maskmesh – {source.name}", reader.stop))
            sinks.append(window_sink(window))
        if not sinks:
            notices.print("no --output, --json, --csv or --plot: results are only counted")
        services = ALL_SERVICES if settings.mask else WITHOUT_MASKS
        stack.enter_context(traced("stream", settings.traces_to))
        with notices.status("waiting for the mesh" if settings.mesh else "starting a mesh"):
            access = stack.enter_context(
                mesh_access(settings.mesh, services, settings.log_file, security=settings.security)
            )
        stop = stack.enter_context(StopOnSignal(reader.stop))
        status = stack.enter_context(StatusLine(notices, source.total))
        if isinstance(source, CameraSource):
            source.tell = status.say
        recovery = _Recovery(settings, access, status, stop, window)
        pipeline = _build_pipeline(settings, access, recovery)
        stack.enter_context(reader)
        draw = settings.output is not None or window is not None
        statistics = run_frames(reader, pipeline, sinks, status, draw)
    if source.note and not stop.requested:
        notices.print(source.note, markup=False, highlight=False, soft_wrap=True)
    results = Console(stderr=settings.uses_standard_output)
    results.print(statistics.summary(), markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Recovery:
    """Waits for a mesh that went away, and says so on the terminal and in the window."""

    settings: StreamSettings
    access: MeshAccess
    status: StatusLine
    stop: StopOnSignal
    window: Window | None

    def __call__(self, error: UnavailableError) -> bool:
        patience_s = self.settings.reconnect_s
        self.status.say(f"{error}; waiting up to {patience_s:g} s for it to come back")
        if self.window is not None:
            self.window.say("waiting for the mesh")
        try:
            self.access.wait_until_back(error, patience_s, self._is_wanted)
        except UnavailableError:
            if self._is_wanted():
                raise
            return False
        self.status.say("the mesh is back")
        return True

    def _is_wanted(self) -> bool:
        if self.window is not None:
            self.window.refresh()
            if not self.window.is_open:
                return False
        return not self.stop.requested


def _build_pipeline(
    settings: StreamSettings, access: MeshAccess, recover: Callable[[UnavailableError], bool]
) -> FramePipeline:
    masker = None
    if settings.mask:
        wish = MaskWish(settings.style, settings.colour, settings.seed)
        check_wish(wish, access.client.list_masks())
        masker = FrameMasker(access.client, wish)
    hysteresis = LabelHysteresis(settings.label_margin, settings.label_dwell_s)
    smoother = TrackSmoother(settings.lag_s, hysteresis)
    return FramePipeline(access.client, access.client, masker, smoother, recover)
