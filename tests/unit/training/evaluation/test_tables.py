from __future__ import annotations

from maskmesh.training.evaluation.tables import percent, plain, table


def test_shares() -> None:
    assert percent(0.5125) == "51.2 %"
    assert percent(1.0, (0.9, 1.0)) == "100.0 % (90.0 to 100.0)"
    assert percent(None) == percent(None, (0.0, 1.0)) == "–"


def test_numbers() -> None:
    assert plain(0.51249, (0.4951, 0.528)) == "0.512 (0.495 to 0.528)"


def test_numbers_stand_to_the_right() -> None:
    assert table(["a", "b"], [["x", "1"], ["y", "2"]]).splitlines() == [
        "| a | b |",
        "| --- | ---: |",
        "| x | 1 |",
        "| y | 2 |",
    ]
    assert table(["a", "b", "c"], [], words=2).splitlines()[1] == "| --- | --- | ---: |"
