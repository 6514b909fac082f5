from __future__ import annotations

import random

from runo_spiders.item_cap import ItemCap
from runo_spiders.items import Evidence, Row


def row(index: int, items: int) -> Row:
    evidence = {f"/{n}/a": Evidence("local", str(n), "/html/body") for n in range(items)}
    return Row(
        f"https://a.example/{index}",
        "success",
        index,
        data=[{"a": n} for n in range(items)],
        evidence=evidence,
    )


def test_items_are_counted_in_the_order_of_the_urls_however_rows_come_in() -> None:
    rows = [row(index, 4) for index in range(6)]
    for seed in range(20):
        cap = ItemCap(10)
        shuffled = random.Random(seed).sample(rows, len(rows))
        passed = [out for one in shuffled for out in cap.arrive(one)]
        assert [out.index for out in passed] == [0, 1, 2, 3, 4, 5]
        assert [len(out.data) for out in passed] == [4, 4, 2, 0, 0, 0]
        assert cap.reached
        assert cap.held == 0


def test_a_cut_row_says_so_and_keeps_the_evidence_of_what_is_left() -> None:
    (cut,) = ItemCap(1).arrive(row(0, 3))
    assert cut.data == [{"a": 0}]
    assert list(cut.evidence) == ["/0/a"]
    assert cut.warnings == ("max_total_items was reached: 2 items were left out",)


def test_a_row_waits_for_the_rows_before_it() -> None:
    cap = ItemCap(10)
    assert list(cap.arrive(row(1, 1))) == []
    assert cap.held == 1
    assert [out.index for out in cap.arrive(row(0, 1))] == [0, 1]


def test_a_resumed_run_goes_on_counting() -> None:
    cap = ItemCap(10, done={0, 1, 3}, taken=9)
    (passed,) = cap.arrive(row(2, 3))
    assert len(passed.data) == 1
    assert [out.index for out in cap.arrive(row(4, 1))] == [4]
