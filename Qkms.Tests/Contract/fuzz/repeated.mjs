// What requests with an Idempotency-Key were answered: the same request with the same key gets the same again, but for an API key, which is
// shown once.

export class Repeated {
  #answers = new Map();

  learn(key, answer) {
    this.#answers.set(key, substance(answer, withoutApiKey));
  }

  contradictions(key, answer) {
    const first = this.#answers.get(key);
    return first === undefined || first === substance(answer) ? [] : [`another answer to a repeated request: first ${first.slice(0, 300)}, then ${substance(answer).slice(0, 300)}`];
  }
}

// With a new tenant it is that of its first API key.
function withoutApiKey(data) {
  if (data?.initial_api_key)
    return { ...data, initial_api_key: withoutApiKey(data.initial_api_key) };

  const shown = ['api_key', 'secret_access_key'].filter(name => data?.[name]);
  return shown.length > 0 ? { ...data, ...Object.fromEntries(shown.map(name => [name, null])) } : data;
}

// Under which prefix the address stands depends on the request.
function substance({ status, headers, body }, shown = data => data) {
  const data = body.length === 0 ? undefined : JSON.parse(body.toString('utf8')).data;
  return JSON.stringify([status, headers.location?.[0].replace(/^\/api\/v1/, ''), shown(data)]);
}
