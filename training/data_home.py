"""Where the development data lies: MASKMESH_DATA, else the folder beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

from maskmesh.services.runtime.errors import NotFoundError

DATA_VARIABLE = "MASKMESH_DATA"
_BESIDE_CHECKOUT = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def data_home() -> Path | None:
    """Return the data folder, or None where neither the variable nor the default leads to one.

    Raises:
        NotFoundError: The variable is set, but names no folder.
    """
    named = os.environ.get(DATA_VARIABLE)
    if named:
        if not Path(named).is_dir():
            raise NotFoundError(f"{DATA_VARIABLE} names {named}, which is no folder: correct it")
        return Path(named)
    return _BESIDE_CHECKOUT if _BESIDE_CHECKOUT.is_dir() else None


def default_data(name: str = "fer2013.zip") -> Path:
    """Return the path of a data file inside the data folder.

    Raises:
        NotFoundError: There is no data folder, or no such file in it.
    """
    home = data_home()
    if home is None:
        raise NotFoundError(
            f"no data given and no data folder found: pass --data ZIP_OR_DIR or set {DATA_VARIABLE}"
        )
    if not (home / name).exists():
        raise NotFoundError(f"{home} holds no {name}: pass --data ZIP_OR_DIR")
    return home / name
