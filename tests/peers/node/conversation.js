// What the station and the management system of this directory have in common.
//
// Both play one scenario in lock step: a peer takes a step of its own only when every earlier step
// of the other peer has reached it and was answered. Messages go through the unmodified `ocpp-rpc`
// package; only texts with unusual formatting are put on the same connection directly.
'use strict';

const { createHash, randomUUID } = require('node:crypto');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { NOREPLY } = require('ocpp-rpc');

const CALL = 2;
const RESULT = 3;
const ERROR = 4;
const SCENARIOS = path.join(__dirname, '..', 'scenarios');

/** Replaces `$now` and `$now+SECONDS`, anywhere in a payload, by times, and `$csr` by the signing request of the run. */
function fill(value) {
  if (Array.isArray(value)) return value.map(fill);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
  }
  if (value === '$csr') return process.env.PEER_CSR;
  if (typeof value === 'string' && value.startsWith('$now')) {
    return new Date(Date.now() + 1000 * Number(value.slice(4))).toISOString();
  }
  return value;
}

function fillText(lines, id) {
  return lines.join('\n').replaceAll('$id', id).replaceAll('$now', fill('$now'));
}

/** Type, id and (of calls) action of a frame. */
function describe(text) {
  try {
    const [type, id, action] = JSON.parse(text);
    return { type, id, action: type === CALL ? action : null };
  } catch {
    return { type: null, id: null, action: null };
  }
}

/** The steps of one version, as seen from one side (`station` or `csms`). */
class Scenario {
  constructor(version, side, direct) {
    const data = JSON.parse(fs.readFileSync(path.join(SCENARIOS, `${version}.json`), 'utf8'));
    this.subprotocol = data.subprotocol;
    this.side = side;
    this.direct = direct;
    this.steps = data.steps;
    this.replies = new Map();
    for (const step of this.steps.filter((step) => this.arrives(step))) {
      this.replies.set(step.action, [...(this.replies.get(step.action) ?? []), step]);
    }
  }

  /** Whether a step comes here from the other side; without a gateway nothing is refused. */
  arrives(step) {
    return step.from !== this.side && (this.direct || !('refused' in step));
  }

  arrivalsBefore(index) {
    return this.steps.slice(0, index).filter((step) => this.arrives(step)).length;
  }
}

/** Every text frame, and what became of every step, one JSON object per line. */
class Journal {
  constructor(file) {
    this.file = fs.openSync(file, 'w');
  }

  note(entry) {
    fs.writeSync(this.file, `${JSON.stringify({ at: Date.now() / 1000, ...entry })}\n`);
  }
}

/** One side of a scenario on a client of the `ocpp-rpc` package. */
class Player {
  constructor(client, scenario, journal, waitMs) {
    Object.assign(this, { client, scenario, journal, waitMs });
    this.step = null;
    this.arrived = 0;
    this.progress = new EventEmitter().setMaxListeners(0);
    this.waiting = new Map();
    client.on('message', ({ message, outbound }) => this.observe(String(message), outbound));
    client.handle(({ method, messageId }) => this.reply(method, messageId));
  }

  observe(text, outbound) {
    const { type, id, action } = describe(text);
    this.journal.note({
      kind: 'frame',
      direction: outbound ? 'sent' : 'received',
      sha256: createHash('sha256').update(text, 'utf8').digest('hex'),
      type,
      id,
      action,
      step: outbound && type === CALL ? this.step : null,
      text,
    });
    const answers = type === RESULT || type === ERROR;
    if (outbound && answers) {
      this.arrived += 1;
      this.progress.emit('arrival');
    }
    // The package does not know the ids of texts put on the wire directly.
    if (!outbound && answers) this.waiting.get(id)?.(text);
  }

  reply(action, id) {
    const step = this.scenario.replies.get(action)?.shift();
    if (!step) throw Error(`no reply to ${action} is left`);
    if (!step.answer_text) return fill(step.response);
    this.client.sendRaw(fillText(step.answer_text, id));
    return NOREPLY;
  }

  /** Takes this side's steps; resolves to whether all went as they should. */
  async play() {
    let allWell = true;
    for (const [index, step] of this.scenario.steps.entries()) {
      if (step.from !== this.scenario.side) continue;
      if (!(await this.arrivals(this.scenario.arrivalsBefore(index)))) {
        this.journal.note({ kind: 'outcome', step: index, ok: false, detail: 'earlier steps did not arrive' });
        return false;
      }
      this.step = index;
      const got = await this.take(step);
      const refused = 'refused' in step && !this.scenario.direct;
      const ok = refused ? got.negative : got.answered;
      this.journal.note({ kind: 'outcome', step: index, ok, refused, detail: got.detail });
      allWell &&= ok;
    }
    // What the other side asks last still has to be answered.
    if (!(await this.arrivals(this.scenario.arrivalsBefore(this.scenario.steps.length)))) {
      this.journal.note({ kind: 'outcome', step: null, ok: false, detail: 'later steps did not arrive' });
      return false;
    }
    return allWell;
  }

  async arrivals(count) {
    const deadline = Date.now() + this.waitMs;
    while (this.arrived < count) {
      const left = deadline - Date.now();
      if (left <= 0) return false;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.progress.once('arrival', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return true;
  }

  /** Sends one step and says what came back. */
  async take(step) {
    try {
      if (!step.text) {
        return judge(await this.client.call(step.action, fill(step.request)));
      }
      const [type, , code, description] = JSON.parse(await this.ask(step.text));
      if (type === RESULT) return judge(code);
      return { answered: false, negative: true, detail: `${code}: ${description}` };
    } catch (error) {
      const negative = error.rpcErrorCode !== undefined;
      return { answered: false, negative, detail: `${error.rpcErrorCode ?? error.name}: ${error.message}` };
    }
  }

  /** Puts a text on the wire; resolves to the text of its answer. */
  ask(lines) {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(Error('no answer')), this.waitMs);
      this.waiting.set(id, (text) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(text);
      });
      this.client.sendRaw(fillText(lines, id));
    });
  }
}

/** A result is negative when it names a status and accepts nothing. */
function judge(payload) {
  const statuses = [...statusesIn(payload)];
  const negative = statuses.length > 0 && !statuses.includes('Accepted');
  return { answered: true, negative, detail: statuses.join(', ') || 'answered' };
}

function* statusesIn(value) {
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    if ((key === 'status' || key === 'attributeStatus') && typeof inner === 'string') yield inner;
    else yield* statusesIn(inner);
  }
}

/** What both peers take to speak TLS; all may be left out. */
const TLS_OPTIONS = {
  anchor: { type: 'string', default: '' },
  certificate: { type: 'string', default: '' },
  key: { type: 'string', default: '' },
  tls12: { type: 'boolean', default: false },
};

/** The same, as Node.js wants it. */
function tlsSettings({ anchor, certificate, key, tls12 }) {
  return {
    ...(anchor && { ca: fs.readFileSync(anchor) }),
    ...(certificate && { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }),
    ...(tls12 && { maxVersion: 'TLSv1.2' }),
  };
}

/** What the journal says of a connection's TLS. */
function tlsSeen(socket) {
  if (!socket?.encrypted) return { tls: null, client: null };
  return { tls: socket.getProtocol(), client: socket.getPeerCertificate().subject?.CN ?? null };
}

/** Reads the command line; options without a default are required. */
function readOptions(options) {
  const { values } = parseArgs({ options: { ...options, ...TLS_OPTIONS } });
  for (const [name, { type }] of Object.entries(options)) {
    if (type === 'string' && values[name] === undefined) {
      process.stderr.write(`--${name} is missing\n`);
      process.exit(2);
    }
  }
  return values;
}

module.exports = { Journal, Player, Scenario, readOptions, tlsSeen, tlsSettings };
