"""`maskmesh COMMAND ...`: finds the command, lets pydantic-settings read its settings, runs it."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from pydantic import ValidationError
from pydantic_settings import BaseSettings, CliApp, SettingsError

from maskmesh.services.runtime.errors import MaskmeshError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is, and what it needs.

    Attributes:
        target: "module:SettingsClass", imported only when the command is called.
        extra: The extra of the distribution that brings the command's packages.
        summary: One line for the help.
    """

    target: str
    extra: str
    summary: str


COMMANDS: dict[str, Command] = {
    "demo": Command(
        "maskmesh.cli.clients:Demo", "all", "annotate a clip of real faces, start here"
    ),
    "up": Command("maskmesh.cli.services:Up", "all", "run all three services on this machine"),
    "serve location": Command(
        "maskmesh.cli.services:ServeLocation", "location", "run the service that finds faces"
    ),
    "serve synthesis": Command(
        "maskmesh.cli.services:ServeSynthesis", "synthesis", "run the service that puts masks on"
    ),
    "serve classification": Command(
        "maskmesh.cli.services:ServeClassification",
        "classification",
        "run the service that tells expressions",
    ),
    "stream": Command(
        "maskmesh.cli.clients:Stream", "client", "annotate a camera, clip, folder or RTSP stream"
    ),
    "web": Command("maskmesh.cli.web:Web", "web", "show a browser's camera, annotated, on a page"),
    "annotate": Command("maskmesh.cli.clients:Annotate", "client", "annotate independent pictures"),
    "report": Command(
        "maskmesh.cli.report:Report", "report", "make a page with plots of a run's results"
    ),
    "synthesize": Command(
        "maskmesh.cli.clients:Synthesize", "synthesis", "put masks on all faces of a data set"
    ),
    "train": Command("maskmesh.cli.training:Train", "training", "train the model on masked faces"),
    "train location": Command(
        "maskmesh.cli.training:TrainLocation", "training", "train what finds faces, masked or not"
    ),
    "train mask": Command(
        "maskmesh.cli.training:TrainMask", "training", "fit the mask output on real masks too"
    ),
    "evaluate": Command(
        "maskmesh.cli.training:Evaluate", "training", "judge a model on labelled faces"
    ),
    "explain": Command(
        "maskmesh.cli.training:Explain", "training", "draw where a trained network looks at faces"
    ),
    "export": Command(
        "maskmesh.cli.training:Export", "training", "make the ONNX artifact of a training run"
    ),
    "bench mesh": Command(
        "maskmesh.cli.bench:BenchMesh", "all", "compare the mesh with the same work in one process"
    ),
    "bench tracking": Command(
        "maskmesh.cli.bench_tracking:BenchTracking",
        "all",
        "measure how faces are followed through clips",
    ),
    "bench location": Command(
        "maskmesh.cli.bench:BenchLocation", "all", "compare face detectors on photos"
    ),
    "bench serving": Command(
        "maskmesh.cli.bench_serving:BenchServing",
        "all",
        "measure classification as a serving system, beside MLServer and Triton",
    ),
    "bench synthesis": Command(
        "maskmesh.cli.bench_synthesis:BenchSynthesis",
        "all",
        "measure mask synthesis, also beside MaskTheFace",
    ),
    "bench fit": Command(
        "maskmesh.cli.bench_fit:BenchFit", "all", "measure how well masks sit on faces"
    ),
    "bench fit-score": Command(
        "maskmesh.cli.bench_fit:BenchFitScore", "all", "learn the weights of the fit score anew"
    ),
    "bench figures": Command(
        "maskmesh.cli.bench_synthesis:BenchFigures", "all", "draw the pictures of docs/masks.md"
    ),
    "bench look": Command(
        "maskmesh.cli.bench_synthesis:BenchLook", "all", "lay out random masked faces to be judged"
    ),
    "bench model": Command(
        "maskmesh.cli.bench_model:BenchModel", "all", "time a model beside the seed paper's"
    ),
    "bench ladder": Command(
        "maskmesh.cli.bench_ladder:BenchLadder", "all", "measure what each lever of training gains"
    ),
    "bench framing": Command(
        "maskmesh.cli.bench_framing:BenchFraming", "all", "measure a model against shifted crops"
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after `maskmesh`; None takes them from the process.

    Returns:
        0 on success, 1 if the command failed, 2 if it was called wrongly, 130 on Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    name, rest = _split_command(words)
    if name is None:
        return _explain(words)
    try:
        command = _load(COMMANDS[name])
        command.model_config["cli_prog_name"] = f"maskmesh {name}"
        CliApp.run(command, cli_args=rest)
    except (MaskmeshError, ModuleNotFoundError, ValidationError, SettingsError, OSError) as error:
        return _fail(name, *_told(error, COMMANDS[name]))
    except KeyboardInterrupt as interrupt:
        sys.stderr.write(f"maskmesh {name}: {str(interrupt) or 'interrupted'}\n")
        return EXIT_INTERRUPTED
    return 0


def _told(error: Exception, command: Command) -> tuple[str, int]:
    if isinstance(error, ModuleNotFoundError):
        return _missing_package(error, command), EXIT_FAILED
    if isinstance(error, ValidationError):
        return _name_settings(error), EXIT_USAGE
    if isinstance(error, OSError):
        # A full disk, a file that may not be written: the system's words and the file say enough.
        return f"{error.strerror or error}: {error.filename or 'output'}", EXIT_FAILED
    return str(error), EXIT_USAGE if isinstance(error, SettingsError) else EXIT_FAILED


def _split_command(words: list[str]) -> tuple[str | None, list[str]]:
    for length in (2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and name in COMMANDS:
            return name, words[length:]
    return None, words


def _load(command: Command) -> type[BaseSettings]:
    module, _, attribute = command.target.partition(":")
    settings: type[BaseSettings] = getattr(importlib.import_module(module), attribute)
    return settings


def _missing_package(error: ModuleNotFoundError, command: Command) -> str:
    if error.name is None or error.name.startswith("maskmesh"):
        raise error
    return (
        f"this command needs the package {error.name}, which is not installed: "
        f"pip install 'maskmesh[{command.extra}]'"
    )


def _explain(words: list[str]) -> int:
    width = max(map(len, COMMANDS)) + 2
    listing = "\n".join(f"  {name:<{width}}{entry.summary}" for name, entry in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="maskmesh",
        usage="maskmesh COMMAND [OPTION ...]",
        description="Tells what a face expresses while it wears a mask, live.",
        epilog=f"commands:\n{listing}\n\n`maskmesh COMMAND --help` tells a command's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"maskmesh {version('maskmesh')}")
    if not words:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    parser.parse_known_args(words)
    known = [name for name in COMMANDS if name.split()[0] == words[0]]
    hint = f"one of: {', '.join(known)}" if known else "`maskmesh --help` lists the commands"
    return _fail(None, f"no command {' '.join(words[:2])!r}: {hint}", EXIT_USAGE)


def _name_settings(error: ValidationError) -> str:
    problems = []
    for detail in error.errors(include_url=False, include_context=False):
        flag = "-".join(str(part) for part in detail["loc"]).replace("_", "-")
        given = f" (given: {detail['input']!r})" if detail["type"] != "missing" else ""
        problems.append(f"--{flag}: {detail['msg']}{given}")
    return "; ".join(problems)


def _fail(name: str | None, message: str, code: int = EXIT_FAILED) -> int:
    prefix = f"maskmesh {name}" if name else "maskmesh"
    sys.stderr.write(f"{prefix}: error: {' '.join(message.split())}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
