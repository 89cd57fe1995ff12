"""A management system on the unmodified Python package `ocpp`: plays the CSMS of a scenario.

Prints `listening PORT`, serves one session, and ends with it.
"""

import argparse
import asyncio
import sys

import websockets

import tls
from conversation import Journal, Scenario, Wire, make_peer, play


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True, choices=["1.6", "2.0.1", "2.1"])
    parser.add_argument("--port", type=int, default=0, help="0 is any free one")
    parser.add_argument("--journal", required=True)
    parser.add_argument("--direct", action="store_true", help="no gateway: nothing is refused")
    parser.add_argument("--wait", type=float, default=5.0, help="bound on every wait, in seconds")
    tls.add_options(parser)
    options = parser.parse_args()

    scenario = Scenario(options.version, "csms", options.direct)
    journal = Journal(options.journal)
    outcome = asyncio.get_running_loop().create_future()

    async def session(socket):
        journal.note(
            kind="connected",
            subprotocol=socket.subprotocol,
            path=socket.request.path,
            authorization=socket.request.headers.get("Authorization"),
            **tls.seen(socket.transport),
        )
        wire = Wire(socket, journal, scenario)
        peer = make_peer(scenario, socket.request.path.rsplit("/", 1)[-1], wire, options.wait)
        playing = asyncio.create_task(play(scenario, peer, wire, journal, options.wait))
        try:
            await peer.start()
        except websockets.ConnectionClosed:
            pass
        all_well = playing.done() and playing.result()
        playing.cancel()
        if not outcome.done():
            outcome.set_result(all_well)

    async with websockets.serve(
        session,
        "127.0.0.1",
        options.port,
        subprotocols=[scenario.subprotocol],
        compression=None,
        ssl=tls.for_csms(options),
    ) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        all_well = await outcome
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
