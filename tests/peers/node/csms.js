// A management system on the unmodified npm package `ocpp-rpc`: plays the CSMS of a scenario.
// Prints `listening PORT`, serves one session, and ends with it.
'use strict';

const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const { RPCServer } = require('ocpp-rpc');
const { Journal, Player, Scenario, readOptions, tlsSeen, tlsSettings } = require('./conversation');

async function main() {
  const options = readOptions({
    version: { type: 'string' },
    port: { type: 'string', default: '0' },
    journal: { type: 'string' },
    direct: { type: 'boolean', default: false },
    wait: { type: 'string', default: '5' },
  });
  const waitMs = 1000 * Number(options.wait);
  const scenario = new Scenario(options.version, 'csms', options.direct);
  const journal = new Journal(options.journal);
  const server = new RPCServer({
    protocols: [scenario.subprotocol],
    strictMode: true,
    callTimeoutMs: waitMs,
  });
  // With an anchor, only who presents a certificate that leads there is served.
  const settings = { ...tlsSettings(options), requestCert: options.anchor !== '' };
  const listening = options.certificate ? https.createServer(settings) : http.createServer();
  let seen = {};
  listening.on('upgrade', (request) => {
    seen = tlsSeen(request.socket);
  });
  listening.on('upgrade', server.handleUpgrade);
  listening.listen(Number(options.port), '127.0.0.1');
  await once(listening, 'listening');
  process.stdout.write(`listening ${listening.address().port}\n`);

  const [client] = await once(server, 'client');
  journal.note({
    kind: 'connected',
    subprotocol: client.protocol,
    path: client.handshake.request.url,
    authorization: client.handshake.headers.authorization ?? null,
    ...seen,
  });
  const closed = once(client, 'close').then(() => false);
  const playing = new Player(client, scenario, journal, waitMs).play();
  const allWell = await Promise.race([playing, closed]);
  await closed;
  return allWell ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
