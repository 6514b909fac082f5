"""A TCP proxy before PostgreSQL that lets a COMMIT through and cuts the line before its answer comes back."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self

_COMMIT = b"COMMIT\0"


class CuttingProxy:
    """`with CuttingProxy(port) as proxy: proxy.cut_next(2)`; listens on `proxy.port`."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._left = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0
        self.cuts = 0
        self._writers: list[asyncio.StreamWriter] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut_next(self, commits: int) -> None:
        self._left = commits

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connect, "127.0.0.1", 0)

    async def _close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.gather(*others)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        cut = asyncio.Event()
        self._writers += writer, server_writer
        answers = asyncio.create_task(self._answer(server_reader, writer, cut))
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self._left and _COMMIT in data:
                    self._left -= 1
                    cut.set()
                server_writer.write(data)
                await server_writer.drain()
        server_writer.transport.abort()
        await answers

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if cut.is_set():
                    # The server has answered, so that it has committed; nobody will hear of it.
                    self.cuts += 1
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
