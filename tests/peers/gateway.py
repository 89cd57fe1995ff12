"""What can stand between a station and its management system."""

import asyncio
import base64
import contextlib
import subprocess
import threading
from dataclasses import dataclass

# How the gateway authenticates to the management system; never the station's own secret.
CSMS_PASSWORD = "the gateway's own secret"


@dataclass
class Identity:
    """As whom the station dials."""

    station: str
    password: str

    def basic(self, password=None):
        """The credentials as they stand in a Basic `Authorization` header."""
        return base64.b64encode(f"{self.station}:{password or self.password}".encode()).decode()


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
    """The gateway with the shipped baseline pack and an inventory of one; yields the URL to dial."""
    hashed = subprocess.run(
        [binary, "station", "hash"],
        input=identity.password + "\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout.strip()
    (folder / "csms.secret").write_text(CSMS_PASSWORD + "\n", encoding="utf-8")
    (folder / "inventory.toml").write_text(
        f"""[[station]]
id = "{identity.station}"
profile = 1
secret_hash = "{hashed}"
versions = ["{version}"]
""",
        encoding="utf-8",
    )
    (folder / "chargewarden.toml").write_text(
        f"""listen = [{{ address = "127.0.0.1:0" }}]
admin.address = "127.0.0.1:0"
inventory.file = "inventory.toml"
store.path = "data"

[[parties]]
name = "cso"
bundles = ["builtin:baseline"]

[[csms]]
name = "peer"
party = "cso"
url = "ws://127.0.0.1:{port}/ocpp"
password_file = "csms.secret"
""",
        encoding="utf-8",
    )
    with open(folder / "gateway.log", "wb") as log:
        process = subprocess.Popen(
            [binary, "run", "-c", "chargewarden.toml"], cwd=folder, stdout=subprocess.PIPE, stderr=log
        )
        try:
            yield f"ws://{listening_address(process)}/ocpp"
        finally:
            end(process)
            process.stdout.close()


def listening_address(process):
    """Where the gateway says it listens: `listening stations=ADDRESS admin=ADDRESS`."""
    line = first_line(process)
    if not line.startswith("listening stations="):
        raise SystemExit(f"the gateway did not start ({line!r}); see gateway.log (--keep DIR)")
    return line.split()[1].removeprefix("stations=")


def first_line(process, patience=30):
    """The first line a process prints; empty when it ends or keeps silent."""
    timer = threading.Timer(patience, process.kill)
    timer.start()
    try:
        return process.stdout.readline().decode().strip()
    finally:
        timer.cancel()


def verify_evidence(binary, folder):
    """What `evidence verify` finds wrong with the log the gateway left."""
    verified = subprocess.run(
        [binary, "evidence", "verify", "data"], cwd=folder, capture_output=True, text=True, timeout=30
    )
    if verified.returncode == 0:
        return []
    return [f"evidence: {(verified.stdout + verified.stderr).strip()}"]
