"""Compares what one end put on the wire with what the other end took off it."""

import json
from dataclasses import dataclass, field

CALL, RESULT, ERROR, SEND = 2, 3, 4, 6


@dataclass
class Finding:
    """What one pairing showed."""

    actions: dict = field(default_factory=lambda: {"station": set(), "csms": set()})
    forwarded: int = 0
    refused: int = 0
    problems: list = field(default_factory=list)

    @property
    def action_count(self):
        return len(self.actions["station"] | self.actions["csms"])


def read(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def compare(steps, journals, direct):
    """`journals` holds the entries of `station` and `csms`; `steps` are the scenario's."""
    finding = Finding()
    frames = {side: [e for e in journals[side] if e["kind"] == "frame"] for side in journals}
    refused = set() if direct else {i for i, step in enumerate(steps) if "refused" in step}
    for sender, receiver in (("station", "csms"), ("csms", "station")):
        compare_direction(finding, frames, sender, receiver, refused)
        check_refused(finding, frames, sender, receiver, refused)
        check_outcomes(finding, journals[sender], sender, steps)
    return finding


def compare_direction(finding, frames, sender, receiver, refused):
    """Every frame sent and not refused arrived, byte for byte and in order, and nothing else did."""
    sent = [f for f in pick(frames[sender], "sent") if f["step"] not in refused]
    # The gateway answers refused calls itself: those answers were never sent by the other peer.
    asked = {f["id"] for f in pick(frames[receiver], "sent") if f["step"] in refused}
    arrived = [f for f in pick(frames[receiver], "received") if f["id"] not in asked]
    for position, (left, right) in enumerate(zip(sent, arrived)):
        if left["sha256"] != right["sha256"]:
            finding.problems.append(
                f"frame {position} of the {sender} differs: sent {left['text']!r}, "
                f"arrived {right['text']!r}"
            )
            break
        finding.forwarded += 1
        if left["type"] in (CALL, SEND):
            finding.actions[sender].add(left["action"])
    if len(sent) != len(arrived):
        finding.problems.append(f"the {sender} sent {len(sent)} frames, {len(arrived)} arrived")


def check_refused(finding, frames, sender, receiver, refused):
    """A refused frame never appears on the other side and is answered exactly once."""
    seen = {f["id"] for f in pick(frames[receiver], "received")}
    answers = [f["id"] for f in pick(frames[sender], "received") if f["type"] in (RESULT, ERROR)]
    for frame in pick(frames[sender], "sent"):
        if frame["step"] not in refused:
            continue
        finding.refused += 1
        if frame["id"] in seen:
            finding.problems.append(f"refused {frame['action']} of the {sender} was forwarded")
        if answers.count(frame["id"]) != 1:
            count = answers.count(frame["id"])
            finding.problems.append(f"refused {frame['action']} was answered {count} times")


def check_outcomes(finding, entries, side, steps):
    """The peer itself was content with every step it took."""
    outcomes = [e for e in entries if e["kind"] == "outcome"]
    for outcome in outcomes:
        if not outcome["ok"]:
            index = outcome["step"]
            action = steps[index]["action"] if index is not None else "the end"
            finding.problems.append(f"{side}, step {index} ({action}): {outcome['detail']}")
    own = sum(1 for step in steps if step["from"] == side)
    taken = len([o for o in outcomes if o["step"] is not None])
    if taken != own:
        finding.problems.append(f"the {side} took {taken} of its {own} steps")


def pick(frames, direction):
    return [frame for frame in frames if frame["direction"] == direction]
