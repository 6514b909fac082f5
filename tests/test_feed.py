from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from runo_spiders.book import TOTAL
from runo_spiders.feed import Feed, Intake
from runo_spiders.inputs import Target
from runo_spiders.spool import Spool
from tests.test_spool import spool, success

__all__ = ["spool"]


def source(count: int) -> Iterator[Target]:
    return (Target(f"https://a.example/{n}", n) for n in range(count))


async def taken(feed: Feed, most: int | None = None) -> list[int | None]:
    indices = []
    async for entry in feed.entries():
        indices.append(entry.target.index)
        if len(indices) == most:
            break
    return indices


def test_every_target_comes_once_and_in_order(spool: Spool) -> None:
    assert asyncio.run(taken(Feed(spool, source(2500)))) == list(range(2500))
    assert spool.fact(TOTAL) == 2500


def test_targets_that_have_a_row_are_left_out(spool: Spool) -> None:
    asyncio.run(spool.add(source(10)))
    spool.put(success(3))
    assert asyncio.run(taken(Feed(spool, source(10)))) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_without_a_source_the_book_has_all(spool: Spool) -> None:
    asyncio.run(spool.add(source(450)))
    assert asyncio.run(taken(Feed(spool, None))) == list(range(450))


def test_a_slow_source_does_not_hold_up_what_is_there(spool: Spool) -> None:
    def slow() -> Iterator[Target]:
        yield from source(3)
        go_on.wait(240)

    go_on = threading.Event()
    assert asyncio.run(asyncio.wait_for(taken(Feed(spool, slow()), most=3), 120)) == [0, 1, 2]
    go_on.set()


def test_a_source_is_read_a_bounded_way_ahead() -> None:
    read = 0

    def counted() -> Iterator[Target]:
        nonlocal read
        for target in source(1_000_000):
            read += 1
            yield target

    Intake(counted())
    time.sleep(0.5)
    assert read < 5000


def test_the_fault_of_a_source_is_raised_where_it_is_consumed(spool: Spool) -> None:
    def broken() -> Iterator[Target]:
        yield from source(3)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        asyncio.run(taken(Feed(spool, broken())))


def test_after_a_stop_the_rest_is_written_down(spool: Spool) -> None:
    feed = Feed(spool, source(5000))

    async def stop_early() -> None:
        await taken(feed, most=10)
        await feed.drain()

    asyncio.run(stop_early())
    assert len(list(spool.complete_rows())) == 5000


def test_draining_gives_up_on_a_source_that_stays_silent(spool: Spool) -> None:
    def silent() -> Iterator[Target]:
        yield from source(2)
        go_on.wait(240)

    go_on = threading.Event()
    feed = Feed(spool, silent())
    asyncio.run(asyncio.wait_for(feed.drain(patience=0.2), 120))
    go_on.set()
    assert [row.index for row in itertools.islice(spool.complete_rows(), 5)] == [0, 1]
