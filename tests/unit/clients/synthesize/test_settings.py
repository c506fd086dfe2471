from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic_settings import CliApp

from maskmesh.cli.clients import Synthesize
from maskmesh.clients.synthesize.local_hands import check_recipe
from maskmesh.clients.synthesize.recipe import DEFAULT_MIN_FIT, OWN_MASKS
from maskmesh.clients.synthesize.settings import COLOURS, PATTERNS, POSITIONS, STYLES
from maskmesh.services.mask_synthesis import MASK_COLOURS, MASK_PATTERNS, MASK_STYLES
from maskmesh.services.mask_synthesis.positions import POSITIONS as ALL_POSITIONS
from maskmesh.services.mask_synthesis.user_masks import NAME
from maskmesh.services.runtime.errors import InvalidInputError

GRIN = Path(__file__).parents[4] / "examples" / "masks" / "grin.png"


@pytest.fixture
def settings(monkeypatch):
    monkeypatch.setattr(Synthesize, "cli_cmd", lambda self: None)
    return lambda *words: CliApp.run(Synthesize, cli_args=["in", "out", *map(str, words)])


def test_the_help_names_every_choice_there_is(settings, capsys):
    assert tuple(MASK_STYLES) == STYLES
    assert tuple(MASK_COLOURS) == COLOURS
    assert tuple(MASK_PATTERNS) == PATTERNS
    assert tuple(ALL_POSITIONS) == POSITIONS
    with pytest.raises(SystemExit):
        settings("--help")
    told = set(re.findall(r"\w+", capsys.readouterr().out))
    assert told.issuperset([*STYLES, *COLOURS, *PATTERNS, *POSITIONS])


def test_naming_a_mesh_implies_its_mode(settings):
    assert settings().working_mode == "local"
    assert settings("--mesh", "a:1", "--mesh", "b:2").working_mode == "mesh"
    assert settings("--mesh", "a:1", "--mode", "mesh").working_mode == "mesh"
    with pytest.raises(InvalidInputError, match="--mesh does nothing with --mode local"):
        _ = settings("--mesh", "a:1", "--mode", "local").working_mode


def test_a_mesh_named_in_the_environment_is_used(settings, monkeypatch):
    monkeypatch.setenv("MASKMESH_SYNTHESIZE_MESH", "127.0.0.1:50051")
    assert (settings().mesh, settings().working_mode) == (["127.0.0.1:50051"], "mesh")


def test_own_masks_are_put_on_unless_a_style_is_named(settings):
    assert settings().recipe.style == "random"
    assert settings("--mask", GRIN).recipe.style == OWN_MASKS
    assert settings("--mask", GRIN, "--style", "random").recipe.style == "random"
    assert settings("--mask", GRIN, "--style", "cloth").recipe.style == "cloth"
    assert not NAME.fullmatch(OWN_MASKS)


def test_every_own_mask_is_checked_before_the_run(settings, tmp_path):
    check_recipe(settings("--mask", GRIN).recipe)
    with pytest.raises(InvalidInputError, match="colours of its own"):
        check_recipe(settings("--mask", GRIN, "--colour", "red").recipe)
    (tmp_path / "two.png").write_bytes(GRIN.read_bytes())
    described = json.loads(GRIN.with_suffix(".json").read_text())
    (tmp_path / "two.json").write_text(json.dumps({**described, "name": "../two"}))
    with pytest.raises(InvalidInputError, match="no name for a mask"):
        check_recipe(settings("--mask", GRIN, "--mask", tmp_path / "two.png").recipe)


def test_faces_that_fit_badly_are_left_out_unless_told(settings):
    assert settings().recipe.min_fit == DEFAULT_MIN_FIT == 0.3
    assert settings("--min-fit", "0").recipe.min_fit == 0
