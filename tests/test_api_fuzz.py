"""Schemathesis reads /openapi.json of a real daemon and asks whatever it describes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.api_client import Client
from tests.daemon import Daemon

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_what_is_described_is_what_is_answered(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        client = Client.of(daemon, "alice")
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                "run",
                f"{daemon.url}/openapi.json",
                f"--header=X-API-Key: {client.text}",
                f"--checks={CHECKS}",
                "--phases=examples,coverage,fuzzing",
                "--max-examples=15",
                "--max-time=45",
                "--seed=4",
                "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=400,
        )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
