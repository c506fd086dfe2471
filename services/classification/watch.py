"""Looks for newer versions of the served model, beside the server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from maskmesh.services.classification.shelf import ModelShelf


async def keep_fresh(shelf: ModelShelf, every_s: float) -> None:
    """Refresh a shelf again and again, until cancelled.

    Loading takes a thread of its own, so that no call waits for it and it waits for no call.
    """
    loop = asyncio.get_running_loop()
    loader = ThreadPoolExecutor(1, thread_name_prefix="models")
    try:
        while True:
            await asyncio.sleep(every_s)
            await loop.run_in_executor(loader, shelf.refresh)
    finally:
        loader.shutdown(wait=False)
