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
from pathlib import Path

import gateway
import journals

HERE = Path(__file__).resolve().parent
# Different actions that a pairing has to exchange per version.
ACTIONS_MIN = 25
# Bound on one pairing, in seconds.
PAIRING_MAX = 90
PYTHON, NODE = "python", "node"
PAIRINGS = [
    (version, station, csms)
    for version in ("1.6", "2.0.1", "2.1")
    for station in (PYTHON, NODE)
    for csms in (PYTHON, NODE)
    # `ocpp-rpc` knows no SEND messages, so 2.1 is spoken by `ocpp` alone.
    if version != "2.1" or (station, csms) == (PYTHON, PYTHON)
]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--direct", action="store_true")
    how.add_argument("--blind", action="store_true")
    how.add_argument("--gateway", type=Path, metavar="BINARY")
    parser.add_argument("--version", choices=["1.6", "2.0.1", "2.1"], help="only this one")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep journals and logs here")
    options = parser.parse_args()
    if options.gateway:
        options.gateway = options.gateway.resolve(strict=True)

    with workplace(options.keep) as place:
        rows = []
        for version, station, csms in PAIRINGS:
            if options.version in (None, version):
                folder = place / f"{version}-{station}-{csms}"
                folder.mkdir(parents=True, exist_ok=True)
                finding = pair(folder, version, station, csms, options)
                rows.append((version, station, csms, finding))
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


def pair(folder, version, station, csms, options):
    """Runs one pairing and compares its journals."""
    scenario = json.loads((HERE / "scenarios" / f"{version}.json").read_text(encoding="utf-8"))
    files = {side: folder / f"{side}.jsonl" for side in ("station", "csms")}
    identity = gateway.Identity(station=f"peer-{version}-{station}", password="a station's own secret")
    # Without a gateway the peers expect no refusals; the comparison still does behind a blind relay.
    flags = [] if options.gateway else ["--direct"]
    problems = []
    with contextlib.ExitStack() as running:
        served = start(running, csms, "csms", folder, ["--version", version, *flags], files)
        port = listening_port(served)
        url = running.enter_context(stand_between(options, port, folder, identity, version))
        who = ["--id", identity.station, "--password", identity.password]
        dialled = start(
            running, station, "station", folder, ["--url", url, *who, "--version", version, *flags], files
        )
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


def start(running, language, side, folder, arguments, files):
    """Starts one peer; it is killed when `running` ends, if it has not ended by itself."""
    if language == PYTHON:
        command = [sys.executable, HERE / "python" / f"{side}.py"]
    else:
        command = ["node", HERE / "node" / f"{side}.js"]
    log = running.enter_context(open(folder / f"{side}.log", "wb"))
    process = subprocess.Popen(
        [*command, *arguments, "--journal", files[side]],
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
def stand_between(options, port, folder, identity, version):
    """Puts what is to be tested before the management system; yields the URL stations dial."""
    if options.direct:
        yield f"ws://127.0.0.1:{port}/ocpp"
    elif options.blind:
        with gateway.blind_relay(port) as relay:
            yield f"ws://127.0.0.1:{relay}/ocpp"
    else:
        with gateway.chargewarden(options.gateway, folder, port, identity, version) as url:
            yield url


def credentials(entries, identity):
    """The station's secret ends at the gateway; the management system gets its own."""
    headers = [e["authorization"] or "" for e in entries if e["kind"] == "connected"]
    if len(headers) != 1:
        return [f"the csms was connected to {len(headers)} times"]
    if headers[0] != f"Basic {identity.basic(gateway.CSMS_PASSWORD)}":
        return ["the csms was not given the credentials meant for it"]
    return []


def last_words(folder):
    """The ends of the logs, for whoever looks into a failure."""
    for log in sorted(folder.glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        yield from (f"{log.name}: {line}" for line in lines[-3:])


def report(rows, blind):
    print(f"{'version':8}{'station':9}{'csms':9}{'actions':>8}{'station':>9}{'csms':>6}", end="")
    print(f"{'forwarded':>11}{'refused':>9}{'problems':>10}")
    failed = False
    for version, station, csms, finding in rows:
        by_side = [len(finding.actions[side]) for side in ("station", "csms")]
        print(f"{version:8}{station:9}{csms:9}{finding.action_count:8}{by_side[0]:9}{by_side[1]:6}", end="")
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
