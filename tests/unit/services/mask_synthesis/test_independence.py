from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from maskmesh.services.mask_synthesis import synthesizer
loaded = {'grpc', 'maskmesh.v1', 'dlib'} & set(sys.modules)
assert not loaded, loaded
"""


def test_the_algorithm_knows_neither_grpc_nor_dlib():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
