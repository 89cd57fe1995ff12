"""Passwords that are replaced through OCPP, on real stations and a real management system of the package `ocpp`.

    rotation.py --gateway BINARY [--keep DIR]

For each version, the password of a station (profile 2) is replaced once by a command of the management system, which a bundle of
this test permits, and once by the gateway's own (`chargewarden station rotate`); once the station accepts it and once not. What the
station answered decides: after Accepted the old password is refused and the new one admitted, after Rejected the old one stays.
At the end no password that was ever used is found in the gateway's database, evidence or log, whatever its spelling.

Every wait is bounded. Exits with 1 when anything is not as it must be.
"""

import argparse
import asyncio
import base64
import contextlib
import importlib
import secrets
import ssl
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import websockets
from ocpp.routing import on
from websockets.exceptions import ConnectionClosed, InvalidStatus

import gateway
from certificates import World

# Bound on every wait, in seconds.
WAIT = 20
VERSIONS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
BUNDLE = {
    "bundle.toml": 'party = "cso"\nname = "rotation"\nversion = "1"\n',
    "everything.cedar": '@id("all") permit (principal, action, resource);\n',
}


@dataclass
class Case:
    """One station, who replaces its password, and what it answers."""

    version: str
    by: str
    answer: str
    old: str
    new: str = ""

    @property
    def station(self):
        return f"rotate-{self.version}-{self.by}-{self.answer.lower()}"


def password():
    """20 characters, which every version can carry."""
    return secrets.token_urlsafe(15)


def station_class(version):
    """A ChargePoint that is told its new password, and answers what the case says."""
    package = importlib.import_module(f"ocpp.{VERSIONS[version]}")
    results = importlib.import_module(f"ocpp.{VERSIONS[version]}.call_result")

    class Station(package.ChargePoint):
        case = None
        told = None

        @on("ChangeConfiguration" if version == "1.6" else "SetVariables")
        def on_change(self, **request):
            if version == "1.6":
                assert request["key"] == "AuthorizationKey", request["key"]
                self.told.set_result(request["value"])
                return results.ChangeConfiguration(status=self.case.answer)
            (data,) = request["set_variable_data"]
            assert data["variable"]["name"] == "BasicAuthPassword", data["variable"]
            self.told.set_result(data["attribute_value"])
            result = {
                "attribute_status": self.case.answer,
                "component": data["component"],
                "variable": data["variable"],
            }
            return results.SetVariables(set_variable_result=[result])

    return Station


def csms_class(version):
    """A management system that accepts every boot."""
    package = importlib.import_module(f"ocpp.{VERSIONS[version]}")
    results = importlib.import_module(f"ocpp.{VERSIONS[version]}.call_result")

    class ManagementSystem(package.ChargePoint):
        @on("BootNotification")
        def on_boot(self, **_request):
            now = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
            return results.BootNotification(current_time=now, interval=300, status="Accepted")

    return ManagementSystem


class Csms:
    """Serves every station; the newest session of each can be commanded."""

    def __init__(self):
        self.sessions = {}

    async def serve(self, socket):
        station = socket.request.path.rsplit("/", 1)[-1]
        version = next(v for v in VERSIONS if f"ocpp{v}" == socket.subprotocol)
        peer = csms_class(version)(station, socket, response_timeout=WAIT)
        self.sessions[station] = peer
        with contextlib.suppress(ConnectionClosed):
            await peer.start()

    async def change_password(self, case):
        """Sends the version's command; returns the status it is answered with."""
        peer = self.sessions[case.station]
        call = importlib.import_module(f"ocpp.{VERSIONS[case.version]}.call")
        if case.version == "1.6":
            request = call.ChangeConfiguration(key="AuthorizationKey", value=case.new)
            return (await peer.call(request, suppress=False)).status
        data = {
            "component": {"name": "SecurityCtrlr"},
            "variable": {"name": "BasicAuthPassword"},
            "attribute_value": case.new,
        }
        answer = await peer.call(call.SetVariables(set_variable_data=[data]), suppress=False)
        return answer.set_variable_result[0]["attribute_status"]


class Bench:
    """Everything that a case needs."""

    def __init__(self, url, world, csms, binary, folder):
        self.url, self.csms, self.binary, self.folder = url, csms, binary, folder
        self.context = ssl.create_default_context(cafile=str(world.gateways.anchor))
        self.problems = []

    @contextlib.asynccontextmanager
    async def connected(self, case, secret):
        """The station, connected with that password and booted."""
        credentials = base64.b64encode(f"{case.station}:{secret}".encode()).decode()
        async with websockets.connect(
            f"{self.url}/{case.station}",
            subprotocols=[f"ocpp{case.version}"],
            additional_headers={"Authorization": f"Basic {credentials}"},
            ssl=self.context,
            compression=None,
            open_timeout=WAIT,
        ) as socket:
            station = station_class(case.version)(case.station, socket, response_timeout=WAIT)
            station.case = case
            station.told = asyncio.get_running_loop().create_future()
            listening = asyncio.create_task(station.start())
            await self.boot(case, station)
            try:
                yield station
            finally:
                listening.cancel()

    async def boot(self, case, station):
        call = importlib.import_module(f"ocpp.{VERSIONS[case.version]}.call")
        if case.version == "1.6":
            request = call.BootNotification(charge_point_vendor="Example", charge_point_model="M")
        else:
            about = {"vendor_name": "Example", "model": "M"}
            request = call.BootNotification(charging_station=about, reason="PowerUp")
        answer = await station.call(request, suppress=False)
        assert answer.status == "Accepted", answer

    async def run(self, case):
        """One case from the old password to the one that is good afterwards."""
        async with self.connected(case, case.old) as station:
            if case.by == "csms":
                case.new = password()
                status = await self.csms.change_password(case)
                self.expect(case, "the csms is told", status, case.answer)
            else:
                await self.rotate(case)
            told = await asyncio.wait_for(station.told, WAIT)
            if case.by == "gateway":
                case.new = told
            self.expect(case, "the station is told the new password", told, case.new)
        good, bad = (case.new, case.old) if case.answer == "Accepted" else (case.old, case.new)
        self.expect(case, "the other password is refused with", await self.status(case, bad), 401)
        self.expect(case, "the password that counts is answered", await self.status(case, good), 101)

    async def rotate(self, case):
        """Has the gateway replace the password."""
        command = [self.binary, "station", "rotate", case.station, "-c", "chargewarden.toml"]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(process.communicate(), WAIT)
        accepted = process.returncode == 0
        if accepted != (case.answer == "Accepted"):
            self.problems.append(f"{case.station}: rotate ended with {process.returncode}: {output.decode()}")

    async def status(self, case, secret):
        """How an attempt to connect with that password is answered."""
        try:
            async with self.connected(case, secret):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    def expect(self, case, what, got, wanted):
        if got != wanted:
            # Passwords are of this run alone.
            self.problems.append(f"{case.station}: {what} {got!r}, not {wanted!r}")


def spellings(station, secret):
    """A password as it could have been kept: as it is, in base64 and in hexadecimal, alone and with its user."""
    for text in (secret, f"{station}:{secret}"):
        raw = text.encode()
        yield raw
        # Wherever it began in a longer text: the characters that only its own bytes decide.
        for skip in range(3):
            whole = base64.b64encode(b"\0" * skip + raw).decode().rstrip("=")
            yield whole[(0, 2, 3)[skip] : len(whole) - 2].encode()
        yield raw.hex().encode()
        yield raw.hex().upper().encode()


def leftovers(folder, cases):
    """Passwords that the gateway kept anywhere."""
    kept = [file for file in sorted((folder / "data").rglob("*")) if file.is_file()]
    kept.append(folder / "gateway.log")
    contents = {file: file.read_bytes() for file in kept}
    # The search finds what is there: without this it would prove nothing.
    for known in (b"AuthorizationKey", b"BasicAuthPassword", cases[0].station.encode()):
        if not any(known in content for content in contents.values()):
            yield f"`{known.decode()}` is in no file: the search is worth nothing"
    for case in cases:
        for secret in (case.old, case.new, gateway.CSMS_PASSWORD):
            for spelled in spellings(case.station, secret):
                for file, content in contents.items():
                    if spelled in content:
                        yield f"{case.station}: a password is in {file.name} as {spelled[:4].decode()}…"


def configure(binary, folder, port, world, cases):
    """A gateway with every case's station, a log that says everything, and a bundle that permits everything."""
    first = gateway.Identity(cases[0].station, cases[0].old, station_profile=2)
    (folder / "rotation").mkdir()
    for name, text in BUNDLE.items():
        (folder / "rotation" / name).write_text(text, encoding="utf-8")
    gateway.configure(binary, folder, port, first, cases[0].version, world, bundle="rotation")
    inventory = "".join(
        gateway.inventory(binary, gateway.Identity(case.station, case.old, 2), case.version) for case in cases
    )
    (folder / "inventory.toml").write_text(inventory, encoding="utf-8")
    with open(folder / "chargewarden.toml", "a", encoding="utf-8") as file:
        file.write('\n[log]\nlevel = "trace"\n')


async def rehearse(options, folder):
    cases = [
        Case(version, by, answer, password())
        for version in VERSIONS
        for by in options.by
        for answer in ("Accepted", "Rejected")
    ]
    world = World(folder / "certificates")
    csms = Csms()
    subprotocols = [f"ocpp{version}" for version in VERSIONS]
    async with websockets.serve(csms.serve, "127.0.0.1", 0, subprotocols=subprotocols) as server:
        port = server.sockets[0].getsockname()[1]
        configure(options.gateway, folder, port, world, cases)
        with gateway.running(options.gateway, folder, "wss") as url:
            bench = Bench(url, world, csms, options.gateway, folder)
            await asyncio.gather(*(asyncio.wait_for(bench.run(case), 6 * WAIT) for case in cases))
    problems = bench.problems + list(leftovers(folder, cases))
    problems += gateway.verify_evidence(options.gateway, folder)
    for problem in problems:
        print(f"    {problem}")
    print(f"rotation: {len(cases)} passwords replaced or kept, {2 * len(cases) + 1} looked for, {len(problems)} problems")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gateway", type=Path, metavar="BINARY", required=True)
    parser.add_argument("--by", action="append", choices=["csms", "gateway"], help="only replaced by this")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the gateway's files here")
    options = parser.parse_args()
    options.gateway = options.gateway.resolve(strict=True)
    options.by = options.by or ["csms", "gateway"]
    with contextlib.ExitStack() as stack:
        if options.keep:
            folder = options.keep.resolve()
            folder.mkdir(parents=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chargewarden-peers-")))
        return asyncio.run(rehearse(options, folder))


if __name__ == "__main__":
    sys.exit(main())
