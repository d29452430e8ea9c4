// Attacks the running service with requests made from openapi.yaml, and holds every answer to it.
//
//   node fuzz.mjs [--requests 20000] [--seed 1] [--workers 4]
//
// It starts the built service (Release) by itself, in a directory of its own. A seed gives the same requests again, but for the kids
// and cursors that the service makes up; answers that hang on the order between workers need --workers 1 to come again.
import { parseArgs } from 'node:util';
import { randomInt } from 'node:crypto';
import { readDescription } from './fuzz/description.mjs';
import { canary, marker } from './fuzz/hostile.mjs';
import { checkInvariants } from './fuzz/invariants.mjs';
import { Memory } from './fuzz/memory.mjs';
import { Tally } from './fuzz/tally.mjs';
import { Wire } from './fuzz/wire.mjs';
import { Worker } from './fuzz/worker.mjs';
import { startService } from './service.mjs';

const { values: options } = parseArgs({ options: { requests: { type: 'string', default: '20000' }, seed: { type: 'string' }, workers: { type: 'string', default: '4' } } });
const requests = Number(options.requests);
const workers = Number(options.workers);
const seed = Number(options.seed ?? randomInt(2 ** 31));
if (![requests, workers, seed].every(Number.isSafeInteger) || requests < 1 || workers < 1)
  throw new Error('--requests, --workers and --seed are whole numbers');

console.log(`fuzz: seed ${seed}, ${requests} requests, ${workers} workers`);
const started = performance.now();
const service = await startService();
const description = readDescription();
const memory = new Memory();
const tally = new Tally();
const kinds = new Set();

const crew = Array.from({ length: workers }, (_, number) => new Worker({ number, seed, description, service, memory, tally, kinds }));
const share = number => Math.floor(requests / workers) + (number < requests % workers ? 1 : 0);
await Promise.all(crew.map((worker, number) => worker.run(share(number))));
const seconds = (performance.now() - started) / 1000;

const failures = crew.flatMap(worker => worker.failures);
const after = await lookAround();
console.log(tally.toString());
console.log(`  afterwards ${after.keys} keys with ${after.versions} versions, ${memory.kids.length} of them met`);
for (const failure of [...failures, ...after.faults])
  console.log(`\nFAILURE ${failure}`);

const count = crew.reduce((sum, worker) => sum + worker.failed, 0) + after.faults.length;
console.log(`fuzz: ${seconds.toFixed(0)} s, seed ${seed}`);
console.log(`fuzz: ${requests} requests, ${count} failures`);
process.exitCode = count === 0 ? 0 : 1;

/** The service still lives, its keys are whole, it ends when told to, and its log is clean. */
async function lookAround() {
  const wire = new Wire(service.url);
  const get = async target => {
    const headers = [['Host', '127.0.0.1'], ['x-api-key', service.apiKey]];
    const { status, body } = await wire.send({ method: 'GET', target, headers, body: null });
    return { status, json: JSON.parse(body.toString('utf8')) };
  };
  const result = { faults: [], keys: 0, versions: 0 };
  try {
    const { status } = await get('/health/ready');
    Object.assign(result, await checkInvariants(get, memory));
    if (status !== 200)
      result.faults.push(`the service is not ready afterwards: ${status}`);
  } catch (error) {
    result.faults.push(`the service does not answer afterwards: ${error.message}`);
  }
  wire.close();
  const how = await service.stop();
  if (how !== 0)
    result.faults.push(`the service ended with ${how}`);

  result.faults.push(...checkLog(service.log));
  return result;
}

function checkLog(log) {
  const errors = log.split('\n').filter(line => /"LogLevel":"(Error|Critical)"/.test(line)).slice(0, 3);
  return [
    ...errors.map(line => `error in the log: ${line.slice(0, 2000)}`),
    ...(log.includes(service.apiKey) ? ['the API key is in the log'] : []),
    ...(log.includes(canary) ? ['hostile input is in the log'] : []),
    ...(['latin1', 'base64', 'hex'].some(encoding => log.includes(Buffer.from(marker).toString(encoding))) ? ['a plaintext is in the log'] : []),
  ];
}
