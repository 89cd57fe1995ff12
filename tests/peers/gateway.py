"""What can stand between a station and its management system."""

import asyncio
import base64
import contextlib
import subprocess
import threading
from dataclasses import dataclass


@dataclass
class Identity:
    """As whom the station dials."""

    station: str
    password: str

    def basic(self):
        return base64.b64encode(f"{self.station}:{self.password}".encode()).decode()


def end(process, patience=5):
    """Ends a process we started: asks, waits, and kills it when it does not listen."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def blind_relay(port):
    """Copies bytes both ways and understands none of them; yields the port it listens on."""
    loop = asyncio.new_event_loop()
    serving = loop.run_until_complete(
        asyncio.start_server(lambda r, w: relay(r, w, port), "127.0.0.1", 0)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        serving.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


async def relay(reader, writer, port):
    onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(copy(reader, onward_writer), copy(onward_reader, writer))


async def copy(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def chargewarden(binary, folder, port, identity, version):
    raise SystemExit("running through the gateway is not built yet")
    yield
