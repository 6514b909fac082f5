"""The inside of a `ServerProcess`: its script, its control, and its end."""

from __future__ import annotations

import json
import os
import pickle
import sys
from typing import Any, cast

from twisted.internet.task import LoopingCall
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.behaviour import Request, clock


class Control(Resource):
    """Tells what a ledger holds, each of its attributes on a path of that name."""

    isLeaf = True  # noqa: N815

    def __init__(self, ledger: object) -> None:
        self.ledger = ledger

    def render_GET(self, request: Request) -> bytes:  # noqa: N802
        return json.dumps(getattr(self.ledger, request.path.decode()[1:])).encode()


def script() -> Any:
    """What the process is told."""
    return pickle.load(sys.stdin.buffer)


def serve(base: str, ledger: object) -> None:
    """Tell the URL of what listens already and that of its control, and run until the parent is gone."""
    port = clock.listenTCP(0, cast(Any, Site)(Control(ledger)), interface="127.0.0.1")
    print(base, f"http://127.0.0.1:{port.getHost().port}", sep="\n", flush=True)
    LoopingCall(_leave_if_orphaned, os.getppid()).start(1, now=False)
    clock.run()


def _leave_if_orphaned(parent: int) -> None:
    """A test run that is killed cannot stop its servers."""
    if os.getppid() != parent:
        clock.stop()
