"""Functions compiled by Numba, whose code is kept for the processes to come.

Compiling takes seconds and 100 MB that only a process that compiles needs. Numba keeps the code
beside the source, or where that cannot be written in the user's cache folder; NUMBA_CACHE_DIR
names another. Where nothing can be kept (a container without a home, a full disk), every process
compiles.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from numba import njit

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# What reading or writing kept code fails with; none of it comes from code that is compiled.
_NOT_KEPT = (OSError, EOFError, pickle.UnpicklingError)

_compiled: list[Any] = []


def code_is_kept() -> bool:
    """Tell whether all functions that were compiled before are ready, in this process's view."""
    return all(map(_is_kept, _compiled))


def _is_kept(run: Any) -> bool:
    folder = run.stats.cache_path
    if folder is None:
        return False
    source = Path(run.py_func.__code__.co_filename)
    kept = Path(folder).glob(f"{source.stem}.{run.py_func.__qualname__}-*.nbi")
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in kept)


def compiled_part(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function that compiled ones of the same file call; it is kept inside of them."""
    return cast("Callable[Parameters, Result]", njit(nogil=True)(function))


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function of arrays at its first call, which other threads may go on beside.

    Kept code is made anew when the function's own file changes, so what it calls belongs there.
    """
    try:
        run = njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Numba found no folder that it may write.
        run = njit(nogil=True)(function)
    _compiled.append(run)

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        nonlocal run
        try:
            return cast("Result", run(*args, **kwargs))
        except _NOT_KEPT:
            run = njit(nogil=True)(function)
            return cast("Result", run(*args, **kwargs))

    return call
