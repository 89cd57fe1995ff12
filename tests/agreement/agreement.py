#!/usr/bin/env python3
"""Holds our catalogue against the JSON schemas packaged in the Python package `ocpp` 2.1.0.

For every message of every version, request and response, payloads are generated from the schema: valid ones
and ones with a single fault, boundary values included. Both sides judge each payload. Run it with a Python that
has `ocpp==2.1.0` (which brings `jsonschema`):

    python tests/agreement/agreement.py [--seed N] [--count 200] [--only Reset] [--judge PATH]

Exits 1 on a disagreement that docs/schema-agreement.md does not list.
"""

import argparse
import copy
import decimal
import importlib.metadata
import importlib.resources
import json
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import time

from jsonschema.validators import validator_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSIONS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
ACTIONS = {"1.6": 39, "2.0.1": 64, "2.1": 91}
WHOLE_MAX = 2**53 - 1
# What a payload that cannot be told apart from another is drawn again for, at most.
DRAWS_PER_PAYLOAD = 6

# The documented differences (docs/schema-agreement.md): what the payload is about, what the reference says,
# what we say.
DOCUMENTED = {
    ("time", "ok", "time"),
    ("whole", "invalid", "ok"),
    ("big", "ok", "number-size"),
    ("surrogate", "ok", "surrogate"),
}


class Message:
    """One schema file: the request or response of an action in a version."""

    def __init__(self, version, action, part, path):
        self.version, self.action, self.part = version, action, part
        text = path.read_text(encoding="utf-8-sig")
        # The package itself reads both as decimals where multipleOf is used, or 21.4 would be no multiple of 0.1.
        self.exact = "multipleOf" in text
        self.schema = json.loads(text, parse_float=decimal.Decimal if self.exact else float)
        self.draft4 = "draft-04" in self.schema.get("$schema", "")
        self.validator = validator_for(self.schema)(self.schema)

    def judge(self, text):
        """Whether the reference takes it."""
        value = json.loads(text, parse_float=decimal.Decimal if self.exact else float)
        return self.validator.is_valid(value)

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.schema["definitions"][schema["$ref"].rsplit("/", 1)[1]]
        return schema


def messages():
    """Every message, and a check that none is forgotten."""
    schemas = importlib.resources.files("ocpp")
    for version, folder in VERSIONS.items():
        actions = set()
        for path in sorted((schemas / folder / "schemas").iterdir(), key=lambda path: path.name):
            if not path.name.endswith(".json"):
                continue
            name = path.name[: -len(".json")]
            if name.endswith("Response"):
                action, part = name[: -len("Response")], "response"
            else:
                # 1.6 has no suffix for requests, nor has a SEND.
                action, part = name.removesuffix("Request"), "request"
            actions.add(action)
            yield version, action, part, path
        if len(actions) != ACTIONS[version]:
            sys.exit(f"{version}: {len(actions)} actions in the package, {ACTIONS[version]} expected")


class Generator:
    """Draws values from a schema."""

    def __init__(self, message, rng):
        self.message, self.rng = message, rng

    def text(self, length):
        alphabet = self.rng.choice(["abcXYZ019 -._", "éßñø中文", "😀🔌a", 'a"\\/\n\t{}[],:'])
        return "".join(self.rng.choice(alphabet) for _ in range(length))

    def time(self):
        rng = self.rng
        date = f"{rng.randint(1970, 2099):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.choice([0, 30, 59, 60]):02}"
        fraction = rng.choice(["", "", ".1", ".123", ".123456789"])
        return date + rng.choice("TTTt") + clock + fraction + rng.choice(["Z", "Z", "z", "+01:00", "-09:30", ""])

    def value(self, schema, sparse=False):
        schema = self.message.resolve(schema)
        rng = self.rng
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "string":
            if schema.get("format") == "date-time":
                return self.time()
            most = schema.get("maxLength")
            if most is None:
                return self.text(rng.choice([0, 1, 7, 60]))
            # Astral characters count as one.
            return self.text(rng.choice([0, 1, 3, 8, most, most] if most <= 600 else [0, 1, 8, rng.choice([8, most])]))
        if kind == "integer":
            low, high = int(schema.get("minimum", -WHOLE_MAX)), int(schema.get("maximum", WHOLE_MAX))
            near = [low, high, low + 1, high - 1, 0, 1, -1, 7, rng.randint(-1000, 100000)]
            return rng.choice([number for number in near if low <= number <= high])
        if kind == "number":
            return self.number(schema)
        if kind == "boolean":
            return rng.choice([True, False])
        if kind == "array":
            low = schema.get("minItems", 0)
            high = schema.get("maxItems", low + 3)
            count = low if sparse else rng.choice([low, min(low + 1, high), min(low + 2, high), min(high, low + 8)])
            return [self.value(schema["items"], sparse) for _ in range(count)]
        if kind == "object":
            return self.object(schema, sparse)
        return self.anything(2)

    def number(self, schema):
        rng = self.rng
        if "multipleOf" in schema:
            return rng.choice([0, 16, -5, decimal.Decimal("0.1"), decimal.Decimal("21.4"), decimal.Decimal("32.0"),
                               decimal.Decimal("-7.3"), decimal.Decimal("5E-1"), decimal.Decimal("123456789.9")])
        low, high = schema.get("minimum"), schema.get("maximum")
        near = [0, 1, 0.5, -0.25, -3, 1e21, 1e-7, -1.5e300, 3.0, 42, float(rng.randint(-10**6, 10**6)) / 1000]
        near += [bound for bound in (low, high) if bound is not None]
        return rng.choice([n for n in near if (low is None or n >= low) and (high is None or n <= high)])

    def object(self, schema, sparse):
        required = set(schema.get("required", []))
        members = list(schema.get("properties", {}).items())
        keep = self.rng.choice([0.0, 0.3, 0.6, 1.0])
        if self.rng.random() < 0.3:
            self.rng.shuffle(members)
        value = {
            name: self.value(member, sparse)
            for name, member in members
            if name in required or (not sparse and self.rng.random() < (keep if name != "customData" else 0.2))
        }
        if schema.get("additionalProperties") is not False and not sparse:
            for _ in range(self.rng.choice([0, 0, 1, 3])):
                value.setdefault(self.text(5), self.anything(2))
        return value

    def anything(self, levels):
        rng = self.rng
        kinds = ["null", "flag", "number", "text"] + (["list", "object"] if levels else [])
        kind = rng.choice(kinds)
        if kind == "null":
            return None
        if kind == "flag":
            return rng.choice([True, False])
        if kind == "number":
            return rng.choice([0, -1, 1.5, 2.0, WHOLE_MAX])
        if kind == "text":
            return self.text(rng.randint(0, 6))
        if kind == "list":
            return [self.anything(levels - 1) for _ in range(rng.randint(0, 3))]
        return {self.text(4): self.anything(levels - 1) for _ in range(rng.randint(0, 3))}

    # Faults. Each site is (what it is about, a function that makes the fault in a copy of the payload).

    def sites(self, schema, value, put):
        """Every fault that can be made in this value; `put` replaces the value."""
        schema = self.message.resolve(schema)
        kind = schema.get("type")
        if kind is None and "enum" not in schema:
            return
        rng = self.rng
        samples = {"string": "x", "integer": 3, "number": 2.5, "boolean": True, "array": [], "object": {}, "null": None}
        fits = {kind} | ({"integer"} if kind == "number" else set())
        others = [sample for name, sample in samples.items() if name not in fits]
        yield "type", lambda: put(rng.choice(others))
        yield "null", lambda: put(None)
        if "enum" in schema:
            known = schema["enum"]
            wrong = [value.lower(), value.upper(), value.swapcase(), value + " ", " " + value, value[:-1], "", value + "x"]
            wrong = [word for word in wrong if word not in known]
            yield "choice", lambda: put(rng.choice(wrong))
        elif kind == "string":
            if schema.get("format") == "date-time":
                yield "time", lambda: put(rng.choice(["", "now", "2025-13-01T00:00:00Z", "2025-01-01", "1735689600",
                                                      "2025-02-29T00:00:00Z", "2025-01-01T00:00:00+0100"]))
            if "maxLength" in schema:
                most = schema["maxLength"]
                yield "length", lambda: put(self.text(most + 1))
                yield "length", lambda: put("é" * (most + 1))
                yield "length", lambda: put("😀" * (most + rng.choice([1, 2])))
                yield "surrogate", lambda: put(("a\ud83d" + "b" * most)[:most])
        elif kind in ("integer", "number"):
            yield "text", lambda: put(rng.choice([str(value), "", "1"]))
            yield "big", lambda: put(rng.choice([2**53, -(2**53), 10**19, 10**30]))
            if kind == "integer":
                yield "fraction", lambda: put(rng.choice([0.5, 1.5, -2.25, 1e-3]))
                yield "whole", lambda: put(float(value if abs(value) < 10**6 else 1))
            if "multipleOf" in schema:
                yield "step", lambda: put(rng.choice([decimal.Decimal("0.05"), decimal.Decimal("4.11"),
                                                      decimal.Decimal("1E-2"), decimal.Decimal("-21.44")]))
            if "minimum" in schema:
                yield "range", lambda: put(schema["minimum"] - (1 if kind == "integer" else rng.choice([1, 0.001])))
            if "maximum" in schema:
                yield "range", lambda: put(schema["maximum"] + (1 if kind == "integer" else rng.choice([1, 0.001])))
        elif kind == "boolean":
            yield "flag", lambda: put(rng.choice([0, 1, "true", "false", "True", ""]))
        elif kind == "array":
            low, high = schema.get("minItems", 0), schema.get("maxItems")
            if low:
                yield "count", lambda: put(value[: low - 1])
            if high is not None:
                spare = self.value(schema["items"], sparse=True)
                yield "count", lambda: put((value + [spare] * (high + 1))[: high + 1])
            if value:
                yield "item", lambda: put(value + [None])
            yield "list", lambda: put({str(index): item for index, item in enumerate(value)})
            for index in range(min(len(value), 3)):
                yield from self.sites(schema["items"], value[index], lambda new, index=index: value.__setitem__(index, new))
        elif kind == "object":
            yield from self.object_sites(schema, value, put)

    def object_sites(self, schema, value, put):
        rng = self.rng
        members = schema.get("properties", {})
        closed = schema.get("additionalProperties") is False
        yield "list", lambda: put([value])
        if closed:
            unheard = rng.choice(["x", "", "vendorSpecific", "é", "status ", "__proto__", self.text(3)])
            yield "member", lambda: value.__setitem__(unheard, rng.choice([None, 0, "x", {}]))
        for name in schema.get("required", []):
            yield "missing", lambda name=name: value.pop(name)
        absent = [name for name in members if name not in value]
        for name in absent[:6]:
            yield "null", lambda name=name: value.__setitem__(name, None)
        for name in list(value):
            if name not in members:
                continue
            if closed:
                changed = name[0].upper() + name[1:] if rng.random() < 0.5 else name + "s"
                if changed not in members:
                    yield "case", lambda name=name, changed=changed: value.__setitem__(changed, value.pop(name))
            yield from self.sites(members[name], value[name], lambda new, name=name: value.__setitem__(name, new))

    def valid(self):
        return self.value(self.message.schema)

    def faulty(self):
        """A payload with a single fault, and what the fault is about."""
        root = [copy.deepcopy(self.valid())]
        sites = list(self.sites(self.message.schema, root[0], lambda new: root.__setitem__(0, new)))
        kinds = sorted({kind for kind, _ in sites})
        # Every kind of fault gets its turn, however many sites it has.
        kind = self.rng.choice(kinds)
        self.rng.choice([fault for found, fault in sites if found == kind])()
        return root[0], kind


class Exact(float):
    """A number written as its decimal text."""

    def __new__(cls, number):
        made = super().__new__(cls, number)
        made.text = str(number)
        return made

    def __repr__(self):
        return self.text


def written(value, rng):
    """JSON in one of the ways peers write it."""
    space = rng.choice(["", "", "", " ", "  ", "\r\t "])
    blanks = (f"{space},{space}", f"{space}:{space}")
    ascii_only = rng.random() < 0.4 or "\\ud" in ascii(value)
    if isinstance(value, (dict, list)) and "Decimal" in repr(value):
        value = exact(value)
    text = json.dumps(value, ensure_ascii=ascii_only, separators=blanks)
    return space + text + space


def exact(value):
    if isinstance(value, decimal.Decimal):
        return Exact(value)
    if isinstance(value, dict):
        return {name: exact(item) for name, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return value


def draw(message, seed, count):
    """The payloads for one message: text, what it is about, what the reference says."""
    rng = random.Random(f"{seed} {message.version} {message.action} {message.part}")
    generator = Generator(message, rng)
    drawn, tally = {}, {"ok": 0, "invalid": 0}
    attempts = count * DRAWS_PER_PAYLOAD
    for about_valid in (True, False):
        wanted = "ok" if about_valid else "invalid"
        for attempt in range(attempts):
            if tally[wanted] >= count:
                break
            value, about = (generator.valid(), "valid") if about_valid else generator.faulty()
            text = written(value, rng)
            if text in drawn and attempt < attempts - count:
                continue
            if text not in drawn:
                drawn[text] = (about, "ok" if message.judge(text) else "invalid")
            # A message without members has one valid payload: it is counted as often as it is drawn.
            tally[drawn[text][1]] += 1
    return drawn, tally


def agree(job):
    """Draws, judges on both sides and compares: one row of the table and the disagreements."""
    source, seed, count, judge = job
    message = Message(*source)
    # Enough digits to divide the greatest numbers drawn without rounding.
    decimal.getcontext().prec = 60
    drawn, tally = draw(message, seed, count)
    head = f"{message.version}\t{message.action}\t{message.part}\t"
    lines = "\n".join(head + text for text in drawn)
    ours = subprocess.run([judge], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    if len(ours) != len(drawn):
        raise RuntimeError(f"{head}: {len(drawn)} payloads, {len(ours)} verdicts")
    documented, problems = 0, []
    for (text, (about, reference)), verdict in zip(drawn.items(), ours):
        rule = verdict.split(" ", 1)[0]
        if (rule == "ok") == (reference == "ok"):
            continue
        if (about, reference, rule) in DOCUMENTED and (about != "whole" or message.draft4):
            documented += 1
        else:
            problems.append((about, reference, verdict, text))
    name = f"{message.version} {message.action} {message.part}"
    return name, message.version, len(drawn), tally, documented, problems


def build_judge():
    command = ["cargo", "build", "-q", "-p", "chargewarden-ocpp", "--example", "judge", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    for line in built.splitlines():
        executable = json.loads(line).get("executable")
        if executable:
            return executable
    sys.exit("cargo did not say where the judge is")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=200, help="valid and invalid payloads per message, each")
    parser.add_argument("--only", help="one action")
    parser.add_argument("--judge", help="the judge, if it is built already")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    version = importlib.metadata.version("ocpp")
    if version != "2.1.0":
        sys.exit(f"the reference is ocpp 2.1.0, this Python has {version}")
    judge = options.judge or build_judge()
    started = time.monotonic()
    jobs = [(message, options.seed, options.count, judge) for message in messages()
            if options.only in (None, message[1])]
    with multiprocessing.Pool(options.jobs) as pool:
        rows = pool.map(agree, jobs, chunksize=1)
    return report(rows, options, time.monotonic() - started)


def report(rows, options, seconds):
    print(f"{'version':8}{'messages':>9}{'payloads':>10}{'valid':>9}{'invalid':>9}{'documented':>12}{'disagree':>10}")
    short = []
    for version in VERSIONS:
        mine = [row for row in rows if row[1] == version]
        print(f"{version:8}{len(mine):9}{sum(row[2] for row in mine):10}{sum(row[3]['ok'] for row in mine):9}"
              f"{sum(row[3]['invalid'] for row in mine):9}{sum(row[4] for row in mine):12}"
              f"{sum(len(row[5]) for row in mine):10}")
        short += [row[0] for row in mine if min(row[3].values()) < options.count]
    problems = [(row[0], *problem) for row in rows for problem in row[5]]
    for name, about, reference, verdict, text in problems[:50]:
        print(f"\n{name}: a payload about `{about}`: reference {reference}, ours {verdict}\n  {text[:400]}")
    for name in short:
        print(f"fewer than {options.count} payloads of one kind: {name}")
    print(f"\n{len(problems)} disagreements, seed {options.seed}, {seconds:.0f} s")
    return 1 if problems or short else 0


if __name__ == "__main__":
    sys.exit(main())
