from __future__ import annotations

import pytest

from maskmesh.bench.pairs import PairedTimes, time_pairs


def test_ways_alternate_after_the_warm_up() -> None:
    calls: list[str] = []
    advanced: list[int] = []
    times = time_pairs(
        lambda: calls.append("a"),
        lambda: calls.append("b"),
        pairs=3,
        warm_up=1,
        advance=lambda: advanced.append(len(calls)),
    )
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert advanced == [4, 6, 8]
    assert len(times.first) == len(times.second) == 3


def test_ratio_is_the_rate_of_the_first_over_the_seconds() -> None:
    times = PairedTimes(first=(2.0, 4.0, 2.0), second=(1.0, 2.0, 3.0))
    assert times.ratio == pytest.approx(0.5)
    low, high = times.ratio_interval
    assert low <= times.ratio <= high
