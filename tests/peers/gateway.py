"""What can stand between a station and its management system."""

import asyncio
import base64
import contextlib
import subprocess
import threading
from dataclasses import dataclass

from certificates import ORGANISATION

# How the gateway authenticates to the management system; never the station's own secret.
CSMS_PASSWORD = "the gateway's own secret"


@dataclass
class Identity:
    """As whom the station dials, and how both sides are secured (OCPP security profiles 1 to 3)."""

    station: str
    password: str
    station_profile: int = 1
    csms_profile: int = 1

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
def chargewarden(binary, folder, port, identity, version, world):
    """The gateway with the shipped baseline pack and an inventory of one; yields the URL to dial."""
    configure(binary, folder, port, identity, version, world)
    with running(binary, folder, "ws" if identity.station_profile == 1 else "wss") as url:
        yield url


@contextlib.contextmanager
def running(binary, folder, scheme):
    """The gateway as it was configured in a folder; yields the URL to dial."""
    with open(folder / "gateway.log", "wb") as log:
        process = subprocess.Popen(
            [binary, "run", "-c", "chargewarden.toml"], cwd=folder, stdout=subprocess.PIPE, stderr=log
        )
        try:
            yield f"{scheme}://{listening_address(process)}/ocpp"
        finally:
            end(process)
            process.stdout.close()


def configure(binary, folder, port, identity, version, world, bundle="builtin:cso-baseline"):
    """Writes configuration, secrets and inventory."""
    (folder / "csms.secret").write_text(CSMS_PASSWORD + "\n", encoding="utf-8")
    (folder / "inventory.toml").write_text(inventory(binary, identity, version), encoding="utf-8")
    (folder / "chargewarden.toml").write_text(
        f"""admin.address = "127.0.0.1:0"
inventory.file = "inventory.toml"
store.path = "data"

[[parties]]
name = "cso"
bundles = ["{bundle}"]

{listener(identity, world)}
{management_system(identity, port, world)}""",
        encoding="utf-8",
    )


def inventory(binary, identity, version):
    lines = ["[[station]]", f'id = "{identity.station}"', f"profile = {identity.station_profile}"]
    if identity.station_profile < 3:
        hashed = subprocess.run(
            [binary, "station", "hash"],
            input=identity.password + "\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout.strip()
        lines.append(f'secret_hash = "{hashed}"')
    lines.append(f'versions = ["{version}"]')
    return "\n".join(lines) + "\n"


def listener(identity, world):
    """The gateway's listener: for a profile above 1 with TLS, and asking for certificates only for profile 3."""
    lines = ["[[listen]]", 'address = "127.0.0.1:0"']
    if identity.station_profile > 1:
        pairs = (f'{{ chain = "{files.chain}", key = "{files.key}" }}' for files in world.gateway)
        lines += ["[listen.tls]", f"certificates = [{', '.join(pairs)}]"]
    if identity.station_profile == 3:
        lines.append(f'client_anchors = ["{world.stations.anchor}"]')
        lines.append(f'crls = ["{world.stations_crl}"]')
        lines.append(f'organisation = "{ORGANISATION}"')
    return "\n".join(lines) + "\n"


def management_system(identity, port, world):
    """How the gateway connects onwards: with its own password, or with its own certificate."""
    scheme = "ws" if identity.csms_profile == 1 else "wss"
    lines = ["[[csms]]", 'name = "peer"', 'party = "cso"', f'url = "{scheme}://127.0.0.1:{port}/ocpp"']
    if identity.csms_profile < 3:
        lines.append('password_file = "csms.secret"')
    if identity.csms_profile > 1:
        lines += ["[csms.tls]", f'anchors = ["{world.csms_root.anchor}"]']
    if identity.csms_profile == 3:
        own = world.gateway_client
        lines += [f'certificate = "{own.chain}"', f'key = "{own.key}"']
    return "\n".join(lines) + "\n"


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
