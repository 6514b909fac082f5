"""A worker without a crawler: claims jobs, starts and puts their URLs, renews, finishes; until none is left.

`python -m tests.ledger_worker URL NAME`. Prints a line for each stale claim that it was refused with.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time

from runo_spiders.store.leases import StaleClaim
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.ledger_book import LedgerBook
from runo_spiders.store.records import Claim
from tests.ledgers import success

LEASE_S = 10.0


def main(url: str, name: str) -> None:
    ledger = Ledger.open(url, lease_s=LEASE_S)
    while ledger.jobs.page(None, states=("queued", "running")):
        for job in ledger.leases.queued(3):
            claim = ledger.leases.claim(job, name)
            if claim is not None:
                work_off(ledger, claim)
        time.sleep(0.05)
    ledger.close()


def work_off(ledger: Ledger, claim: Claim) -> None:
    book, done = ledger.book(claim), threading.Event()
    heart = threading.Thread(target=beat, args=(ledger, claim, done))
    heart.start()
    try:
        asyncio.run(crawl(book))
        book.close()
        if book.fault is not None:
            raise book.fault
        ledger.leases.finish(claim, "finished")
    except StaleClaim as stale:
        print(f"refused: {stale}", flush=True)
    finally:
        done.set()
        heart.join()
        book.close()


def beat(ledger: Ledger, claim: Claim, done: threading.Event) -> None:
    while not done.wait(LEASE_S / 5):
        ledger.leases.renew(claim)


async def crawl(book: LedgerBook) -> None:
    after = -1
    while entries := await book.pending(after, 4):
        await asyncio.gather(*(book.start(entry.target) for entry in entries))
        for entry in entries:
            await asyncio.sleep(0.02)
            assert entry.target.index is not None
            book.put(success(entry.target.index))
            after = entry.target.index


if __name__ == "__main__":
    main(*sys.argv[1:])
