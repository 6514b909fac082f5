"""The mock server itself: counts, registered pages, folders, addresses."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path

from tests.mockserver import MockServer, Page, Reply


def get(server: MockServer, path: str) -> tuple[int, bytes]:
    host = server.netloc.rpartition(":")[0].strip("[]")
    connection = HTTPConnection(host, server.port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def test_pages_win_over_the_folder_and_requests_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("from the folder")
    (tmp_path / "b.html").write_text("hidden")
    pages: dict[str, Page] = {"/b.html": "at {{base}}", "/gone": Reply("no more", status=410)}
    with MockServer(folder=tmp_path, pages=pages) as server:
        assert get(server, "/a.html?x=1") == (200, b"from the folder")
        assert get(server, "/b.html") == (200, f"at {server.base}".encode())
        assert get(server, "/gone") == (410, b"no more")
        assert get(server, "/status/418")[0] == 418
        assert get(server, "/nothing")[0] == 404
        assert (server.hits("/a.html"), server.hits(), server.connections()) == (1, 5, 5)


def test_servers_listen_where_they_are_told() -> None:
    for host in ("127.0.0.2", "::1"):
        with MockServer(host=host) as server:
            assert host in server.base
            assert get(server, "/chain/0")[0] == 200
