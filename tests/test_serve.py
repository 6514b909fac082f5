"""`make serve`, run as its reader runs it, with a ledger of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from tests.crawling import PRODUCT, ROOT, product_page
from tests.daemon import PATIENCE_S, Daemon, children
from tests.mockserver import MockServer


def test_make_serve_tells_its_url_and_key_and_ends_well(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    # Everything is installed already: the recipe alone is run.
    command = ("make", "--old-file=install", f"BIN={Path(sys.executable).parent}", "serve")
    daemon = Daemon(tmp_path, command=command)
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        daemon.start()
        assert f"runo_spiders listens on {daemon.url}/" in daemon.log()
        assert daemon.ask("healthz", key="") == (200, {"status": "ok"})
        body = {"url": site.url("/a"), "schema": PRODUCT}
        status, answer = daemon.ask(
            "v1/extract", data=json.dumps(body).encode(), **{"Content-Type": "application/json"}
        )
        assert (status, answer["data"]["name"]) == (200, "Kettle")
        assert daemon.ask("v1/jobs", key="")[0] == 401
        [serving] = children(daemon.process.pid)
        os.kill(serving, signal.SIGTERM)
        assert daemon.process.wait(timeout=PATIENCE_S) == 0
