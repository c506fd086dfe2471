from __future__ import annotations

import itertools
import zipfile

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from maskmesh.services.mask_synthesis.choices import Choice, choose
from maskmesh.services.mask_synthesis.colours import NAMED, hex_colour
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.overlay import warp_mask
from maskmesh.services.mask_synthesis.pivots import mask_pivots
from maskmesh.services.mask_synthesis.positions import POSITIONS
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer, mask_for
from maskmesh.services.mask_synthesis.user_masks import UserMask
from maskmesh.services.runtime.errors import InvalidInputError, NoFaceError
from maskmesh.services.runtime.pictures import decode_picture

NAMES = ["astronaut", "obama", "biden"]
PAIRS = list(itertools.product(MASK_STYLES, ("white", "black")))
EYES = list(range(36, 48))
COVERED = {"tip of the nose": [30], "mouth": list(range(48, 68)), "chin": [7, 8, 9]}
# The mouth is behind the window of the clear mask.
COVERING = [style for style in MASK_STYLES if style != "clear"]


class NoPredictor:
    """Fails the test if landmarks are predicted."""

    def predict(self, image, box=None):
        raise AssertionError("landmarks were given, and yet predicted")


@pytest.fixture(scope="module")
def synthesizer(predictor) -> MaskSynthesizer:
    return MaskSynthesizer(predictor)


def worn(style: str) -> Choice:
    return choose(style, "white", "plain", np.random.default_rng(0))


def alpha_at(landmarks: np.ndarray, style: str) -> np.ndarray:
    """Alpha of the mask under each landmark, 0 to 255, sampled at four times the picture's size."""
    points = ((landmarks - landmarks.min(axis=0)) * 4 + 100).astype(np.float32)
    shape = (int(points[:, 1].max()) + 100, int(points[:, 0].max()) + 100)
    quad = mask_pivots(points)
    warped = warp_mask(mask_for(points, quad, worn(style)), quad, shape)
    canvas = np.zeros(shape, np.uint8)
    rows, columns = warped.pixels.shape[:2]
    region = (slice(warped.top, warped.top + rows), slice(warped.left, warped.left + columns))
    canvas[region] = warped.pixels[..., 3]
    x, y = np.rint(points).astype(int).T
    return canvas[y, x]


@pytest.mark.parametrize("style", COVERING)
@pytest.mark.parametrize("name", NAMES)
def test_eyes_stay_free_and_nose_mouth_and_chin_are_covered(photos, name, style):
    alpha = alpha_at(photos[name].landmarks, style)
    assert alpha[EYES].max() == 0
    for part, indices in COVERED.items():
        assert alpha[indices].min() > 200, part


def fer_faces(data_home, count: int) -> list[np.ndarray]:
    archive_path = data_home / "fer2013.zip"
    if not archive_path.is_file():
        pytest.skip(f"no fer2013.zip in {data_home}")
    with zipfile.ZipFile(archive_path) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("validation/"))
        pictures = [name for name in names if name.endswith(".jpg")]
        step = len(pictures) // count
        return [decode_picture(archive.read(name), "L") for name in pictures[::step][:count]]


def test_eyes_stay_free_and_the_rest_is_covered_on_small_faces(data_home, predictor):
    landmarks = [predictor.predict(face) for face in fer_faces(data_home, 80)]
    alphas = np.array([alpha_at(points, style) for points in landmarks for style in COVERING])
    assert alphas[:, EYES].max() <= 10
    for part, indices in COVERED.items():
        # Of a head thrown back, the nose can stand above the lower lids; eyes go first.
        assert (alphas[:, indices].min(axis=1) > 128).mean() > 0.96, part


@pytest.mark.parametrize(("style", "colour"), PAIRS)
@pytest.mark.parametrize("name", NAMES)
def test_a_mask_shows_where_the_quad_is_and_nowhere_else(synthesizer, photos, name, style, colour):
    photo = photos[name]
    masked = synthesizer.apply(
        photo.image, style=style, colour=colour, pattern="plain", box=photo.box
    )
    assert (masked.style, masked.colour) == (style, hex_colour(NAMED[colour]))
    assert (masked.pattern, masked.position) == ("plain", "proper")
    assert masked.image.shape == photo.image.shape
    assert masked.image.dtype == np.uint8
    np.testing.assert_array_equal(masked.landmarks, photo.landmarks)
    np.testing.assert_array_equal(masked.quad, mask_pivots(photo.landmarks))
    rows, columns = np.nonzero((masked.image != photo.image).any(axis=2))
    reach = 0.42 * np.ptp(masked.quad[:, 0])
    assert columns.min() > masked.quad[:, 0].min() - reach
    assert columns.max() < masked.quad[:, 0].max() + reach
    assert rows.min() > masked.quad[:, 1].min() - reach
    assert rows.max() < masked.quad[:, 1].max() + reach
    # On the ridge of the nose: no mask is clear there.
    across, down = 0.8 * masked.quad[:2].mean(axis=0) + 0.2 * masked.quad[2:].mean(axis=0)
    inside = masked.image[int(down), int(across)]
    assert (inside.mean() > 140) == (colour == "white")


def small_gray(photo) -> tuple[np.ndarray, np.ndarray]:
    """The face at 48×48 gray, and its landmarks there."""
    x, y, width, height = photo.box
    crop = cv2.cvtColor(photo.image[y : y + height, x : x + width], cv2.COLOR_RGB2GRAY)
    landmarks = (photo.landmarks - [x, y] + 0.5) * (48 / width) - 0.5
    small = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)
    return small, landmarks.astype(np.float32)


def test_the_same_seed_gives_the_same_bytes(predictor, photos):
    face, _ = small_gray(photos["obama"])
    first = MaskSynthesizer(predictor).apply(face, seed=11)
    second = MaskSynthesizer(predictor).apply(face.copy(), seed=11)
    assert first.image.tobytes() == second.image.tobytes()
    assert (first.style, first.colour) == (second.style, second.colour)
    assert first.pattern == second.pattern


def test_seeds_choose_among_all_masks(photos):
    face, landmarks = small_gray(photos["obama"])
    synthesizer = MaskSynthesizer(NoPredictor())
    chosen = [synthesizer.apply(face, seed=seed, landmarks=landmarks) for seed in range(150)]
    assert {masked.style for masked in chosen} == set(MASK_STYLES)
    assert len({masked.colour for masked in chosen}) > 100
    assert len({masked.pattern for masked in chosen}) > 3
    assert {masked.position for masked in chosen} == {"proper"}


def test_seeds_choose_among_all_positions_and_leave_the_mask_as_it_is(photos):
    face, landmarks = small_gray(photos["obama"])
    synthesizer = MaskSynthesizer(NoPredictor())
    proper, chosen = (
        [
            synthesizer.apply(face, position=position, seed=seed, landmarks=landmarks)
            for seed in range(80)
        ]
        for position in ("proper", "random")
    )
    assert {masked.position for masked in chosen} == set(POSITIONS)
    assert sum(masked.position == "proper" for masked in chosen) > 50
    for one, other in zip(proper, chosen, strict=True):
        assert (one.style, one.colour, one.pattern) == (other.style, other.colour, other.pattern)
        same = one.image.tobytes() == other.image.tobytes()
        assert same == (other.position == "proper")


@pytest.mark.parametrize(
    ("position", "shown", "hidden"),
    [("below_nose", [30, 31, 35], [57, 8]), ("on_chin", [30, 33, 51, 57], [8])],
)
@pytest.mark.parametrize("style", MASK_STYLES)
def test_positions_show_what_they_are_named_for(photos, style, position, shown, hidden):
    for photo in photos.values():
        masked = MaskSynthesizer(NoPredictor()).apply(
            photo.image, style=style, position=position, landmarks=photo.landmarks, colour="red"
        )
        assert masked.position == position
        changed = np.abs(masked.image.astype(int) - photo.image).max(axis=2)
        x, y = np.rint(photo.landmarks).astype(int).T
        # The mask throws a soft shadow on the skin beside it.
        assert changed[y[shown], x[shown]].max() < 25
        if style != "clear":
            assert changed[y[hidden], x[hidden]].min() > 10


def test_seeds_change_the_brightness_a_little(photos):
    face, landmarks = small_gray(photos["obama"])
    synthesizer = MaskSynthesizer(NoPredictor())
    images = [
        synthesizer.apply(
            face, style="cloth", colour="white", pattern="plain", seed=seed, landmarks=landmarks
        ).image
        for seed in range(8)
    ]
    differences = [np.abs(image.astype(int) - images[0]).max() for image in images[1:]]
    assert 0 < max(differences) < 60


@pytest.mark.parametrize("seed", [-1, 2**64 - 1, 2**70])
def test_any_integer_is_a_seed(photos, seed):
    face, landmarks = small_gray(photos["biden"])
    assert MaskSynthesizer().apply(face, seed=seed, landmarks=landmarks).style in MASK_STYLES


def test_given_landmarks_are_not_predicted_again_and_the_input_is_not_changed(photos):
    face, landmarks = small_gray(photos["astronaut"])
    face_before, landmarks_before = face.copy(), landmarks.copy()
    masked = MaskSynthesizer(NoPredictor()).apply(face, landmarks=landmarks)
    np.testing.assert_array_equal(face, face_before)
    np.testing.assert_array_equal(landmarks, landmarks_before)
    assert (masked.image != face).mean() > 0.2


def test_colour_and_gray_give_nearly_the_same_mask(photos):
    photo = photos["biden"]
    gray = cv2.cvtColor(photo.image, cv2.COLOR_RGB2GRAY)
    synthesizer = MaskSynthesizer(NoPredictor())
    of_colour, of_gray = (
        synthesizer.apply(image, style="cloth", colour="white", landmarks=photo.landmarks).image
        for image in (photo.image, gray)
    )
    difference = cv2.cvtColor(of_colour, cv2.COLOR_RGB2GRAY).astype(int) - of_gray
    # On the edge, light of three colours is mixed there, and of one here.
    assert np.abs(difference).max() <= 16
    assert (np.abs(difference) > 2).mean() < 0.002


def test_the_mouth_shows_through_the_window_of_the_clear_mask(photos):
    for photo in photos.values():
        alpha = alpha_at(photo.landmarks, "clear")
        assert (alpha[COVERED["mouth"]] < 110).mean() > 0.75
        assert alpha[COVERED["tip of the nose"]].min() > 200


@pytest.mark.parametrize(
    "arguments", [{"style": "lace"}, {"colour": "pinkish"}, {"pattern": "no"}, {"position": "off"}]
)
def test_unknown_masks_are_refused_with_the_known_ones(photos, arguments):
    face, landmarks = small_gray(photos["obama"])
    with pytest.raises(InvalidInputError, match=r"choose one of .*, or random"):
        MaskSynthesizer().apply(face, landmarks=landmarks, **arguments)


def test_any_colour_can_be_given(photos):
    photo = photos["biden"]
    masked = MaskSynthesizer(NoPredictor()).apply(
        photo.image, style="gaiter", colour="#20A040", pattern="plain", landmarks=photo.landmarks
    )
    assert masked.colour == "#20a040"
    across, down = masked.quad.mean(axis=0).astype(int)
    red, green, blue = masked.image[down, across].astype(int)
    assert green > blue > red


def test_a_gray_picture_gets_a_gray_mask_in_rgb_too(photos):
    face, landmarks = small_gray(photos["obama"])
    synthesizer = MaskSynthesizer(NoPredictor())
    rgb = np.repeat(face[..., None], 3, axis=2)
    of_rgb, of_gray = (
        synthesizer.apply(image, style="cloth", colour="red", landmarks=landmarks).image
        for image in (rgb, face)
    )
    assert (of_rgb[..., 0] == of_rgb[..., 2]).all()
    assert np.abs(of_rgb[..., 1].astype(int) - of_gray).max() <= 2


@pytest.fixture
def yellow() -> UserMask:
    """A mask that is a yellow rectangle."""
    pixels = np.zeros((90, 120, 4), np.uint8)
    pixels[10:80, 10:110] = (230, 200, 10, 255)
    corners = [[10, 10], [110, 10], [110, 80], [10, 80]]
    return UserMask("yellow", pixels, np.array(corners, np.float32), (230, 200, 10))


def test_a_users_mask_is_worn_by_its_name(photos, yellow):
    photo = photos["biden"]
    synthesizer = MaskSynthesizer(NoPredictor(), masks=[yellow])
    masked = synthesizer.apply(photo.image, style="yellow", landmarks=photo.landmarks)
    assert (masked.style, masked.pattern, masked.colour) == ("yellow", "picture", "#e6c80a")
    across, down = masked.quad.mean(axis=0).astype(int)
    red, green, blue = masked.image[down, across].astype(int)
    assert red > green > blue + 80
    with pytest.raises(InvalidInputError, match="clear, yellow, or random"):
        synthesizer.apply(photo.image, style="green", landmarks=photo.landmarks)


def test_two_masks_of_one_name_are_refused(yellow):
    with pytest.raises(InvalidInputError, match="have the same name"):
        MaskSynthesizer(masks=[yellow, yellow])


def test_a_face_beside_the_picture_is_refused(photos):
    face, landmarks = small_gray(photos["obama"])
    with pytest.raises(NoFaceError, match="outside of the picture"):
        MaskSynthesizer().apply(face, landmarks=landmarks + 500)


@given(
    landmarks=hnp.arrays(np.float32, (68, 2), elements=st.floats(-60, 120, width=32)),
    colour=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_landmarks_give_a_picture_or_a_clear_error(landmarks, colour):
    image = np.full((48, 48, 3) if colour else (48, 48), 90, np.uint8)
    try:
        masked = MaskSynthesizer().apply(image, landmarks=landmarks)
    except NoFaceError:
        return
    assert masked.image.shape == image.shape
    assert 0.0 <= masked.confidence <= 1.0
