"""Real stations and management systems against each other, in every pairing.

    run.py --direct              no gateway: proves the peers and scenarios themselves
    run.py --blind               through a relay that inspects nothing; every refusal must be missed
    run.py --gateway BINARY      through Chargewarden; what passes is unchanged, what is refused is not seen

Every wait is bounded. Exits with 1 when anything is not as it must be.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import gateway
import journals
from certificates import World, signing_request

HERE = Path(__file__).resolve().parent
# Different actions that a pairing has to exchange per version.
ACTIONS_MIN = 25
# Bound on one pairing, in seconds.
PAIRING_MAX = 90
# Pairings under way at once: they mostly wait for each other.
AT_ONCE = (os.cpu_count() or 1) + 1
PYTHON, NODE = "python", "node"
PAIRINGS = [
    (version, station, csms)
    for version in ("1.6", "2.0.1", "2.1")
    for station in (PYTHON, NODE)
    for csms in (PYTHON, NODE)
    # `ocpp-rpc` knows no SEND messages, so 2.1 is spoken by `ocpp` alone.
    if version != "2.1" or (station, csms) == (PYTHON, PYTHON)
]


@dataclass(frozen=True)
class Case:
    """One pairing, and the security profile on either side of what stands between."""

    version: str
    station: str
    csms: str
    station_profile: int = 1
    csms_profile: int = 1

    @property
    def name(self):
        profiles = f"{self.station_profile}{self.csms_profile}"
        return f"{self.version}-{self.station}-{self.csms}-{profiles}"


def cases(options):
    """Every pairing in every profile. Behind a gateway the two sides are secured independently: Node.js stations have the
    other profile with TLS on the CSMS side, so that every peer meets every profile in its role, and 2.1 meets all of them."""
    for version, station, csms in PAIRINGS:
        if options.version not in (None, version):
            continue
        for profile in [options.profile] if options.profile else (1, 2, 3):
            onwards = {profile}
            if options.gateway and station == NODE:
                onwards = {{1: 1, 2: 3, 3: 2}[profile]}
            if options.gateway and version == "2.1":
                onwards = {1, 2, 3}
            if options.csms_profile:
                onwards = {options.csms_profile}
            for csms_profile in sorted(onwards):
                yield Case(version, station, csms, profile, csms_profile)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--direct", action="store_true")
    how.add_argument("--blind", action="store_true")
    how.add_argument("--gateway", type=Path, metavar="BINARY")
    parser.add_argument("--version", choices=["1.6", "2.0.1", "2.1"], help="only this one")
    parser.add_argument("--profile", type=int, choices=[1, 2, 3], help="only this one of the station side")
    parser.add_argument("--csms-profile", type=int, choices=[1, 2, 3], help="this one of the CSMS side")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep journals and logs here")
    options = parser.parse_args()
    if options.gateway:
        options.gateway = options.gateway.resolve(strict=True)

    with workplace(options.keep) as place:
        world = World(place / "certificates")

        def run(case):
            folder = place / case.name
            folder.mkdir(parents=True, exist_ok=True)
            return case, pair(folder, case, world, options)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            rows = list(pool.map(run, cases(options)))
        return report(rows, options.blind)


@contextlib.contextmanager
def workplace(keep):
    if keep:
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="chargewarden-peers-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pair(folder, case, world, options):
    """Runs one pairing and compares its journals."""
    version = case.version
    scenario = json.loads((HERE / "scenarios" / f"{version}.json").read_text(encoding="utf-8"))
    files = {side: folder / f"{side}.jsonl" for side in ("station", "csms")}
    identity = gateway.Identity(
        station=f"peer-{version}-{case.station}",
        password="a station's own secret",
        station_profile=case.station_profile,
        csms_profile=case.csms_profile,
    )
    # Without a gateway the peers expect no refusals; the comparison still does behind a blind relay.
    flags = [] if options.gateway else ["--direct"]
    request = signing_request(identity.station)
    problems = []
    with contextlib.ExitStack() as running:
        arguments = ["--version", version, *flags, *csms_tls(case, world, options)]
        served = start(running, case.csms, "csms", folder, arguments, files, request)
        port = listening_port(served)
        url = running.enter_context(stand_between(options, port, folder, identity, version, world))
        arguments = ["--url", url, "--id", identity.station, "--version", version, *flags]
        if case.station_profile < 3:
            arguments += ["--password", identity.password]
        arguments += station_tls(case, identity, world, options)
        dialled = start(running, case.station, "station", folder, arguments, files, request)
        deadline = time.monotonic() + PAIRING_MAX
        for name, process in (("station", dialled), ("csms", served)):
            try:
                code = process.wait(max(0.1, deadline - time.monotonic()))
                # What went wrong is in the journal; a crash is in the log.
                if code not in (0, 1):
                    problems.append(f"the {name} ended with {code}")
            except subprocess.TimeoutExpired:
                problems.append(f"the {name} did not end in time")
    entries = {side: journals.read(file) for side, file in files.items()}
    finding = journals.compare(scenario["steps"], entries, options.direct)
    if options.gateway:
        problems += credentials(entries["csms"], identity)
        problems += gateway.verify_evidence(options.gateway, folder)
    finding.problems += problems
    if finding.action_count < ACTIONS_MIN:
        finding.problems.append(f"only {finding.action_count} actions, {ACTIONS_MIN} are needed")
    if finding.problems:
        finding.problems += last_words(folder)
    return finding


def csms_tls(case, world, options):
    """What the management system presents, and from whom it demands a certificate."""
    if case.csms_profile == 1:
        return []
    presented = ["--certificate", world.csms.chain, "--key", world.csms.key]
    if case.csms_profile == 2:
        return presented
    clients = world.gateways if options.gateway else world.stations
    return [*presented, "--anchor", clients.anchor]


def station_tls(case, identity, world, options):
    """Whom the station trusts, and what it presents. Old stations know nothing newer than TLS 1.2."""
    if case.station_profile == 1:
        return []
    server = world.gateways if options.gateway else world.csms_root
    arguments = ["--anchor", server.anchor]
    if case.version == "1.6":
        arguments.append("--tls12")
    if case.station_profile == 3:
        own = world.stations.client(identity.station, case.name)
        arguments += ["--certificate", own.chain, "--key", own.key]
    return arguments


def start(running, language, side, folder, arguments, files, request):
    """Starts one peer; it is killed when `running` ends, if it has not ended by itself."""
    if language == PYTHON:
        command = [sys.executable, HERE / "python" / f"{side}.py"]
    else:
        command = ["node", HERE / "node" / f"{side}.js"]
    log = running.enter_context(open(folder / f"{side}.log", "wb"))
    process = subprocess.Popen(
        [*command, *arguments, "--journal", files[side]],
        env={**os.environ, "PEER_CSR": request},
        stdout=subprocess.PIPE if side == "csms" else log,
        stderr=log,
    )
    running.callback(gateway.end, process)
    return process


def listening_port(process):
    """Where a management system says it listens: `listening PORT`."""
    line = gateway.first_line(process)
    if not line.startswith("listening "):
        raise SystemExit("the management system did not start; are the packages installed?")
    return int(line.split()[1])


@contextlib.contextmanager
def stand_between(options, port, folder, identity, version, world):
    """Puts what is to be tested before the management system; yields the URL stations dial."""
    scheme = "ws" if identity.station_profile == 1 else "wss"
    if options.direct:
        yield f"{scheme}://127.0.0.1:{port}/ocpp"
    elif options.blind:
        with gateway.blind_relay(port) as relay:
            yield f"{scheme}://127.0.0.1:{relay}/ocpp"
    else:
        with gateway.chargewarden(options.gateway, folder, port, identity, version, world) as url:
            yield url


def credentials(entries, identity):
    """The station's secret or certificate ends at the gateway; the management system gets the gateway's own."""
    connected = [e for e in entries if e["kind"] == "connected"]
    if len(connected) != 1:
        return [f"the csms was connected to {len(connected)} times"]
    password = f"Basic {identity.basic(gateway.CSMS_PASSWORD)}"
    expected = {
        1: {"authorization": password, "client": None, "secure": False},
        2: {"authorization": password, "client": None, "secure": True},
        3: {"authorization": None, "client": "gateway", "secure": True},
    }[identity.csms_profile]
    (entry,) = connected
    got = {
        "authorization": entry["authorization"],
        "client": entry["client"],
        "secure": entry["tls"] is not None,
    }
    return [f"the csms was given {got} in place of {expected}"] if got != expected else []


def last_words(folder):
    """The ends of the logs, for whoever looks into a failure."""
    for log in sorted(folder.glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        yield from (f"{log.name}: {line}" for line in lines[-3:])


def report(rows, blind):
    print(f"{'version':8}{'station':9}{'profile':8}{'csms':9}{'profile':>7}{'actions':>9}{'station':>9}", end="")
    print(f"{'csms':>6}{'forwarded':>11}{'refused':>9}{'problems':>10}")
    failed = False
    for case, finding in rows:
        by_side = [len(finding.actions[side]) for side in ("station", "csms")]
        print(f"{case.version:8}{case.station:9}{case.station_profile:<8}{case.csms:9}", end="")
        print(f"{case.csms_profile:<7}{finding.action_count:9}{by_side[0]:9}{by_side[1]:6}", end="")
        print(f"{finding.forwarded:11}{finding.refused:9}{len(finding.problems):10}")
        missed = [p for p in finding.problems if p.endswith("was forwarded")]
        if blind:
            # The other way round: a comparison that finds nothing wrong with a blind relay is no proof.
            failed |= len(missed) != finding.refused or not missed
        else:
            failed |= bool(finding.problems)
            for problem in finding.problems:
                print(f"    {problem}")
    if blind and not failed:
        print("every refusal that the blind relay missed was noticed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
