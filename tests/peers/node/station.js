// A charging station on the unmodified npm package `ocpp-rpc`: plays the station of a scenario.
'use strict';

const { RPCClient } = require('ocpp-rpc');
const { Journal, Player, Scenario, readOptions, tlsSettings } = require('./conversation');

async function main() {
  const options = readOptions({
    url: { type: 'string' },
    id: { type: 'string' },
    password: { type: 'string', default: '' },
    version: { type: 'string' },
    journal: { type: 'string' },
    direct: { type: 'boolean', default: false },
    wait: { type: 'string', default: '5' },
  });
  const waitMs = 1000 * Number(options.wait);
  const scenario = new Scenario(options.version, 'station', options.direct);
  const journal = new Journal(options.journal);
  const client = new RPCClient({
    endpoint: options.url,
    identity: options.id,
    // Without one, no credentials are sent.
    password: options.password || undefined,
    protocols: [scenario.subprotocol],
    strictMode: true,
    reconnect: false,
    callTimeoutMs: waitMs,
    wsOpts: { handshakeTimeout: waitMs, perMessageDeflate: false, ...tlsSettings(options) },
  });
  const player = new Player(client, scenario, journal, waitMs);
  await client.connect();
  journal.note({ kind: 'connected', subprotocol: client.protocol });
  const allWell = await player.play();
  await client.close();
  return allWell ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
