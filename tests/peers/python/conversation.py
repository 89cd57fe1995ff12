"""What the station and the management system of this directory have in common.

Both play one scenario in lock step: a peer takes a step of its own only when every earlier step of
the other peer has reached it and was answered. Messages go through the unmodified `ocpp` package;
only texts with unusual formatting are put on the same connection directly.
"""

import asyncio
import hashlib
import importlib
import json
import os
import time
import uuid
from collections import defaultdict, deque
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import OCPPError
from ocpp.routing import on

CALL, RESULT, ERROR, SEND = 2, 3, 4, 6
MODULES = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"


def fill(value):
    """Replaces `$now` and `$now+SECONDS`, anywhere in a payload, by times, and `$csr` by the signing request of the run."""
    if isinstance(value, dict):
        return {key: fill(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner) for inner in value]
    if value == "$csr":
        return os.environ["PEER_CSR"]
    if isinstance(value, str) and value.startswith("$now"):
        later = timedelta(seconds=int(value[4:] or 0))
        when = datetime.now(timezone.utc) + later
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def fill_text(lines, message_id):
    return "\n".join(lines).replace("$id", message_id).replace("$now", fill("$now"))


class Scenario:
    """The steps of one version, as seen from one side (`station` or `csms`)."""

    def __init__(self, version, side, direct):
        data = json.loads((SCENARIOS / f"{version}.json").read_text(encoding="utf-8"))
        self.version, self.side = version, side
        self.subprotocol = data["subprotocol"]
        self.steps = list(enumerate(data["steps"]))
        # Without a gateway nothing is refused, so everything arrives.
        theirs = [s for _, s in self.steps if s["from"] != side and (direct or "refused" not in s)]
        self.replies = defaultdict(deque)
        for step in theirs:
            self.replies[step["action"]].append(step)
        self.direct = direct

    def arrivals_before(self, index):
        """How many steps of the other side come here before step `index`."""
        earlier = (s for i, s in self.steps if i < index and s["from"] != self.side)
        return sum(1 for s in earlier if self.direct or "refused" not in s)


class Journal:
    """Every text frame, and what became of every step, one JSON object per line."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")

    def note(self, **entry):
        self.file.write(json.dumps({"at": time.time(), **entry}, ensure_ascii=False) + "\n")
        self.file.flush()

    def frame(self, direction, text, step=None):
        kind, message_id, action = describe(text)
        self.note(
            kind="frame",
            direction=direction,
            sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
            type=kind,
            id=message_id,
            action=action,
            step=step,
            text=text,
        )


def describe(text):
    """Type, id and (of calls) action of a frame."""
    try:
        frame = json.loads(text)
        return frame[0], frame[1], frame[2] if frame[0] in (CALL, SEND) else None
    except (ValueError, LookupError, TypeError):
        return None, None, None


class Wire:
    """The WebSocket as the `ocpp` package sees it; logs every frame that passes.

    Answers to texts put on the wire directly are kept from the package, which does not know their
    ids, and calls whose answer is to be formatted unusually are answered here.
    """

    def __init__(self, socket, journal, scenario):
        self.socket, self.journal, self.scenario = socket, journal, scenario
        self.step = None
        self.waiting = {}
        self.arrived = 0
        self.progress = asyncio.Condition()

    async def send(self, text):
        kind, message_id, _ = describe(text)
        self.journal.frame("sent", text, self.step if kind in (CALL, SEND) else None)
        await self.socket.send(text)
        if kind in (RESULT, ERROR):
            await self.count_arrival()

    async def recv(self):
        while True:
            text = await self.socket.recv()
            self.journal.frame("received", text)
            kind, message_id, action = describe(text)
            if kind == SEND:
                await self.count_arrival()
                continue
            if kind in (RESULT, ERROR) and message_id in self.waiting:
                self.waiting.pop(message_id).set_result(text)
                continue
            if kind == CALL and self.answers_by_text(action):
                step = self.scenario.replies[action].popleft()
                await self.send(fill_text(step["answer_text"], message_id))
                continue
            return text

    def answers_by_text(self, action):
        replies = self.scenario.replies[action]
        return bool(replies) and "answer_text" in replies[0]

    async def ask(self, lines, wait):
        """Puts a text on the wire; returns the text of its answer."""
        message_id = str(uuid.uuid4())
        text = fill_text(lines, message_id)
        if describe(text)[0] == SEND:
            await self.send(text)
            return None
        answer = self.waiting[message_id] = asyncio.get_running_loop().create_future()
        await self.send(text)
        return await asyncio.wait_for(answer, wait)

    async def count_arrival(self):
        async with self.progress:
            self.arrived += 1
            self.progress.notify_all()

    async def wait_for_arrivals(self, count, wait):
        async with self.progress:
            await asyncio.wait_for(self.progress.wait_for(lambda: self.arrived >= count), wait)


def make_peer(scenario, station_id, wire, wait):
    """A ChargePoint of the `ocpp` package that answers what the scenario says."""
    package = importlib.import_module(f"ocpp.{MODULES[scenario.version]}")
    results = importlib.import_module(f"ocpp.{MODULES[scenario.version]}.call_result")

    def handler(action):
        async def handle(self, **_request):
            response = fill(scenario.replies[action].popleft()["response"])
            return getattr(results, action)(**camel_to_snake_case(response))

        # The package finds handlers by the names of the functions it decorated.
        handle.__name__ = f"on_{action}"
        return on(action)(handle)

    handlers = {f"on_{action}": handler(action) for action in list(scenario.replies)}
    peer = type("Peer", (package.ChargePoint,), handlers)
    return peer(station_id, wire, response_timeout=wait)


async def play(scenario, peer, wire, journal, wait):
    """Takes this side's steps; returns whether all went as they should."""
    calls = importlib.import_module(f"ocpp.{MODULES[scenario.version]}.call")
    all_well = True
    for index, step in scenario.steps:
        if step["from"] != scenario.side:
            continue
        try:
            await wire.wait_for_arrivals(scenario.arrivals_before(index), wait)
        except asyncio.TimeoutError:
            journal.note(kind="outcome", step=index, ok=False, detail="earlier steps did not arrive")
            return False
        wire.step = index
        got = await take(step, peer, wire, calls, wait)
        refused = "refused" in step and not scenario.direct
        ok = got["negative"] if refused else got["answered"]
        journal.note(kind="outcome", step=index, ok=ok, refused=refused, detail=got["detail"])
        all_well = all_well and ok
    # What the other side asks last still has to be answered.
    try:
        await wire.wait_for_arrivals(scenario.arrivals_before(len(scenario.steps)), wait)
    except asyncio.TimeoutError:
        journal.note(kind="outcome", step=None, ok=False, detail="later steps did not arrive")
        return False
    return all_well


async def take(step, peer, wire, calls, wait):
    """Sends one step and says what came back."""
    try:
        if "text" in step:
            text = await wire.ask(step["text"], wait)
            if text is None:
                return {"answered": True, "negative": False, "detail": "sent, never answered"}
            frame = json.loads(text)
            if frame[0] == ERROR:
                return {"answered": False, "negative": True, "detail": f"{frame[2]}: {frame[3]}"}
            return judge(frame[2])
        request = camel_to_snake_case(fill(step["request"]))
        answer = await peer.call(getattr(calls, step["action"])(**request), suppress=False)
        return judge({k: v for k, v in vars(answer).items() if v is not None})
    except OCPPError as error:
        detail = f"{error.code}: {error.description}"
        return {"answered": False, "negative": True, "detail": detail}
    except asyncio.TimeoutError:
        return {"answered": False, "negative": False, "detail": "no answer"}


def judge(payload):
    """A result is negative when it names a status and accepts nothing."""
    statuses = list(statuses_in(payload))
    negative = bool(statuses) and "Accepted" not in statuses
    return {"answered": True, "negative": negative, "detail": ", ".join(statuses) or "answered"}


def statuses_in(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("status", "attributeStatus", "attribute_status") and isinstance(inner, str):
                yield str(getattr(inner, "value", inner))
            else:
                yield from statuses_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statuses_in(inner)
