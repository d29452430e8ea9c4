// One of several attackers: its own connection, names and kids; runs fast-check in batches until its share of requests is sent.
import fc from 'fast-check';
import { build } from './build.mjs';
import { check, checkNotEchoed } from './check.mjs';
import { curlOf } from './curl.mjs';
import { anyPlan } from './plans.mjs';
import { understand } from './understand.mjs';
import { uses } from './uses.mjs';
import { Wire } from './wire.mjs';

const batchSize = 100;
const mostShrinking = 300;

export class Worker {
  /** Texts for people, one for each kind of fault. */
  failures = [];
  /** How many requests showed a fault. */
  failed = 0;
  #left = 0;
  #shrinking = null;

  constructor({ number, seed, description, service, memory, tally, kinds }) {
    Object.assign(this, { number, seed, description, service, memory, tally, kinds });
    this.plans = anyPlan(description, number);
    this.wire = new Wire(service.url);
  }

  async run(share) {
    this.#left = share;
    for (let batch = 0; this.#left > 0; batch++) {
      const settings = { seed: this.seed + this.number * 1_000_003 + batch * 7919, numRuns: Math.min(batchSize, this.#left) };
      const outcome = await fc.check(fc.asyncProperty(this.plans, plan => this.#attempt(plan)), settings);
      if (outcome.failed && !this.#shrinking)
        throw outcome.errorInstance;

      if (outcome.failed)
        this.#report(outcome.counterexample[0]);
    }
    this.wire.close();
  }

  // False for the first request that shows a new kind of fault, and then for every smaller plan that shows it too.
  async #attempt(plan) {
    if (this.#shrinking) // in vain after a while: what hangs on states does not always come again
      return ++this.#shrinking.runs > mostShrinking || !(await this.#send(plan, false)).includes(this.#shrinking.kind);

    if (this.#left === 0)
      return true;

    const kinds = await this.#send(plan, true);
    this.failed += kinds.length > 0 ? 1 : 0;
    const fresh = kinds.find(kind => !this.kinds.has(kind));
    kinds.forEach(kind => this.kinds.add(kind));
    if (fresh)
      this.#shrinking = { kind: fresh, runs: 0 };

    return !fresh;
  }

  async #send(plan, counts) {
    const operation = this.description.byId[plan.operation];
    const request = build(plan, operation, this.memory, new URL(this.service.url).host, this.service.apiKey);
    const facts = understand(request, plan, this.description, this.service.apiKey);
    const { answer, faults } = await this.#exchange(request, facts, plan, counts);
    if (answer?.status === 201 && faults.length === 0 && (!counts || this.#left > 0))
      faults.push(...await this.#follow(answer, counts));

    if (faults.length === 0 && answer?.status < 300 && facts.operation?.takesIdempotencyKey && facts.idempotencyKey && (!counts || this.#left > 0))
      faults.push(...await this.#repeat(request, facts, plan, counts));

    const kinds = faults.map(fault => fault.split(': ')[0]);
    if (this.#shrinking ? kinds.includes(this.#shrinking.kind) : kinds.some(kind => !this.kinds.has(kind)))
      this.last = { request, answer, faults };

    return kinds;
  }

  async #exchange(request, facts, plan, counts) {
    this.#left -= counts ? 1 : 0;
    const asked = performance.now();
    let answer;
    try {
      answer = await this.wire.send(request);
    } catch (error) {
      return { faults: [`no answer: ${error.message}`] };
    } finally {
      // The server takes what follows for the body that was promised.
      if (plan.oddities.length !== undefined)
        this.wire.close();
    }
    if (counts)
      this.tally.add(nameOf(facts, answer), answer.status);

    const faults = [...check(request, facts, answer, plan, this.description, this.memory), ...checkNotEchoed(request, facts, answer)];
    if (faults.length === 0)
      faults.push(...this.#learn(facts, answer, asked));

    return { answer, faults };
  }

  #learn({ operation, json, kid, idempotencyKey }, answer, asked) {
    const key = operation?.takesIdempotencyKey && answer.status < 300 ? idempotencyKey : undefined;
    if (key !== undefined && answer.headers['idempotency-replayed']) // what was true then
      return this.memory.repeated.contradictions(key, answer);

    if (key !== undefined)
      this.memory.repeated.learn(key, answer);

    if (answer.status === 204 && operation?.id === 'RevokeKey')
      this.memory.learnRevocation(kid);

    if (answer.status >= 300 || answer.body.length === 0 || !/json/.test(answer.headers['content-type']?.[0])) // nothing follows a HEAD
      return [];

    const { data, keys } = JSON.parse(answer.body.toString('utf8'));
    if (operation?.id === 'GetJsonWebKeySet')
      return this.memory.contradictionsOfSet(keys, asked);

    return operation && uses[operation.id] ? this.memory.learnUse(operation.id, json, data, asked) : this.memory.learn(data, asked);
  }

  /** With its key, the same request gets the same answer. */
  async #repeat(request, facts, plan, counts) {
    const { answer, faults } = await this.#exchange(request, facts, plan, counts);
    return [...faults, ...(answer?.headers['idempotency-replayed'] ? [] : [`done again in spite of its Idempotency-Key: ${answer?.status}`])];
  }

  /** Location shows the version that was made, under the prefix that was asked. */
  async #follow(created, counts) {
    const target = created.headers.location[0];
    const plan = { operation: 'GetKey', oddities: {}, query: [], body: null };
    const request = { method: 'GET', target, headers: [['Host', new URL(this.service.url).host], ['x-api-key', this.service.apiKey]], body: null, framing: 'length' };
    const facts = understand(request, plan, this.description, this.service.apiKey);
    const { answer, faults } = await this.#exchange(request, facts, plan, counts);
    const kid = JSON.parse(created.body.toString('utf8')).data.kid;
    const shown = answer?.status === 200 && JSON.parse(answer.body.toString('utf8')).data.kid;
    const isValidity = target.endsWith(`/keys/${kid}/validity`) && answer?.status === 200; // of a device's key
    return [...faults, ...(shown === kid || isValidity ? [] : [`Location does not show the version: ${target} answers ${answer?.status}`])];
  }

  #report(plan) {
    const { runs } = this.#shrinking;
    const { request, answer, faults } = this.last;
    this.failures.push([
      faults.join('; '),
      `  ${curlOf(request, this.service.apiKey)}`,
      `  plan, made smaller in ${runs} steps: ${JSON.stringify(plan).slice(0, 1500)}`,
      `  answer: ${answer?.status} ${answer?.body.toString('utf8', 0, 400)}`,
    ].join('\n'));
    this.#shrinking = null;
  }
}

function nameOf({ operation, otherVerb, ambiguous }, { headers }) {
  if (headers['x-request-id'] === undefined)
    return '(the server)';

  return ambiguous ? '(odd path)' : operation?.id ?? (otherVerb ? '(other verb)' : '(no route)');
}
