"""What is done before workers are forked: it leaves no trace in the ledger and nothing open."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

from scrapy.utils.project import get_project_settings

from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.preloading import preload
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import NewJob
from tests.crawling import ROOT


def open_files() -> list[str]:
    return [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]


def statements_of_a_job(ledger: Ledger) -> list[str]:
    """What SQLAlchemy logs while a worker works off a job of one page."""
    logged: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(record.getMessage())

    claim = ledger.leases.claim(ledger.jobs.page(None)[0].id, "a worker")
    assert claim is not None
    ledger.leases.release(claim)
    listener = Listener()
    logging.getLogger("sqlalchemy.engine.Engine").addHandler(listener)
    ledger.database.engine.echo = True
    claim = ledger.leases.claim(claim.job.id, "a worker")
    assert claim is not None
    book = ledger.book(claim)
    book.put(Row("https://a.example/", "success", 0))
    book.note("a", "fact")
    book.close()
    ledger.leases.finish(claim, "finished")
    ledger.database.engine.echo = False
    return logged


def main(database: str) -> None:
    """Preload in a process of its own, and print what is there then."""
    settings = get_project_settings()
    settings.set("RUNO_DATABASE", database, priority="cmdline")
    workshop = preload(settings)
    found = {
        "reactor": "twisted.internet.reactor" in sys.modules,
        "threads": threading.active_count(),
        "files": [name for name in open_files() if "ledger.db" in name],
        "jobs": len(workshop.ledger.jobs.page(None)),
    }
    found["statements"] = statements_of_a_job(workshop.ledger)
    print(json.dumps(found))


def test_a_preloaded_process_knows_the_statements_and_has_left_nothing_behind(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = Ledger.open(database)
    ledger.jobs.accept(NewJob("owner", "runo", "/extract", {}, [Target("https://a.example/", 0)]))
    command = [sys.executable, "-m", "tests.test_preloading", database]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    statements = found.pop("statements")
    assert found == {"reactor": False, "threads": 1, "files": [], "jobs": 1}
    assert any("cached since" in line for line in statements)
    assert [line for line in statements if "generated in" in line] == []
    with ledger.database.read() as link:
        assert link.exec_driver_sql("SELECT count(*) FROM charges").scalar() == 0
    ledger.close()


if __name__ == "__main__":
    main(sys.argv[1])
