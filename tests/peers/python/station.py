"""A charging station on the unmodified Python package `ocpp`: plays the station of a scenario."""

import argparse
import asyncio
import base64
import sys
from urllib.parse import quote

import websockets

import tls
from conversation import Journal, Scenario, Wire, make_peer, play


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="base URL; the station id is appended")
    parser.add_argument("--id", required=True)
    parser.add_argument("--password", help="Basic password; none is sent without it")
    parser.add_argument("--version", required=True, choices=["1.6", "2.0.1", "2.1"])
    parser.add_argument("--journal", required=True)
    parser.add_argument("--direct", action="store_true", help="no gateway: nothing is refused")
    parser.add_argument("--wait", type=float, default=5.0, help="bound on every wait, in seconds")
    tls.add_options(parser)
    options = parser.parse_args()

    scenario = Scenario(options.version, "station", options.direct)
    journal = Journal(options.journal)
    headers = {}
    if options.password is not None:
        credentials = base64.b64encode(f"{options.id}:{options.password}".encode()).decode()
        headers["Authorization"] = f"Basic {credentials}"
    async with websockets.connect(
        f"{options.url}/{quote(options.id, safe='')}",
        subprotocols=[scenario.subprotocol],
        additional_headers=headers,
        ssl=tls.for_station(options),
        compression=None,
        open_timeout=options.wait,
    ) as socket:
        journal.note(kind="connected", subprotocol=socket.subprotocol, **tls.seen(socket.transport))
        wire = Wire(socket, journal, scenario)
        peer = make_peer(scenario, options.id, wire, options.wait)
        listening = asyncio.create_task(peer.start())
        all_well = await play(scenario, peer, wire, journal, options.wait)
        listening.cancel()
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
