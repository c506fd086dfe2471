from __future__ import annotations

import pytest

from maskmesh.services.face_location.artifacts import SHIPPED_MODELS, VERIFIER_FILE
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.inference import load_session


def test_a_model_is_run_by_as_many_threads_as_asked_and_none_spins():
    session = load_session(SHIPPED_MODELS / VERIFIER_FILE, "none", threads=2)
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("content", [None, b"", b"not a model"])
def test_a_file_that_is_no_model_is_named_with_the_advice(tmp_path, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SetupError, match=r"(?s)model\.onnx cannot be loaded .*: export it again$"):
        load_session(path, "export it again")
