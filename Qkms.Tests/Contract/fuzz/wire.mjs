// HTTP/1.1 as bytes over one kept-alive connection. Node's own client and fetch refuse to send most of what is worth sending here.
import net from 'node:net';

const patience = 45_000;
const pieceSize = 64 * 1024;

export class Wire {
  #socket;
  #received = Buffer.alloc(0);
  #wake = () => {};
  #over = true;

  constructor(url) {
    const { hostname, port } = new URL(url);
    this.host = hostname;
    this.port = Number(port);
  }

  /**
   * Sends one request and returns its answer: status, headers (lower-case name → values) and body.
   * A server that refuses a long body closes while it is on its way, and the reset can overtake the answer (RFC 9112, 9.6): then once more.
   */
  async send(request) {
    try {
      return await this.#exchange(request);
    } catch (error) {
      if (!isLong(request.body))
        throw error;

      return this.#exchange(request);
    }
  }

  async #exchange({ method, target, headers, body, framing }) {
    if (this.#over)
      await this.#connect();

    this.#socket.write(head(method, target, headers));
    const isSent = body === null || await this.#upload(framing === 'chunked' ? chunked(body) : body);
    const answer = await this.#answer(method);
    if (!isSent || isLong(body) || answer.headers.connection?.some(value => /close/i.test(value)))
      this.close();

    return answer;
  }

  // A long one in pieces, after a moment, and only as long as there is no answer: most refusals come before the body. False when it was
  // not sent to its end: the server waits for the rest, and what comes next on this connection would be taken for it.
  async #upload(body) {
    for (let waited = 0; isLong(body) && waited < 100 && this.#received.length === 0; waited += 10)
      await new Promise(resolve => setTimeout(resolve, 10));

    let at = 0;
    for (; at < body.length && this.#received.length === 0 && !this.#over; at += pieceSize) {
      if (at > 0)
        await new Promise(resolve => setImmediate(resolve));

      this.#socket.write(body.subarray(at, at + pieceSize));
    }
    return at >= body.length;
  }

  close() {
    this.#over = true;
    this.#socket?.destroy();
  }

  #connect() {
    this.#received = Buffer.alloc(0);
    this.#socket = net.connect(this.port, this.host).setNoDelay(true);
    this.#over = false;
    const socket = this.#socket;
    socket.on('data', bytes => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    socket.on('error', () => {}); // what was received counts, and 'close' follows
    socket.on('close', () => {
      this.#over ||= socket === this.#socket;
      this.#wake();
    });
    return new Promise((resolve, reject) => socket.once('connect', resolve).once('close', () => reject(new Error('no connection'))));
  }

  async #answer(method) {
    const deadline = Date.now() + patience;
    let status, headers;
    do {
      const end = await this.#find('\r\n\r\n', deadline);
      ({ status, headers } = parseHead(this.#take(end).toString('latin1')));
      this.#take(4);
    } while (status === 100);

    return { status, headers, body: await this.#body(method, status, headers, deadline) };
  }

  async #body(method, status, headers, deadline) {
    if (method === 'HEAD' || status === 204 || status === 304)
      return Buffer.alloc(0);

    if (headers['transfer-encoding']?.[0] !== 'chunked')
      return this.#exactly(Number(headers['content-length']?.[0] ?? 0), deadline);

    const parts = [];
    for (;;) {
      const size = parseInt(this.#take(await this.#find('\r\n', deadline)).toString('latin1'), 16);
      this.#take(2);
      parts.push(await this.#exactly(size, deadline));
      await this.#exactly(2, deadline);
      if (size === 0)
        return Buffer.concat(parts);
    }
  }

  async #exactly(size, deadline) {
    await this.#until(() => this.#received.length >= size, deadline);
    return this.#take(size);
  }

  async #find(text, deadline) {
    await this.#until(() => this.#received.indexOf(text, 0, 'latin1') >= 0, deadline);
    return this.#received.indexOf(text, 0, 'latin1');
  }

  #take(size) {
    const taken = this.#received.subarray(0, size);
    this.#received = this.#received.subarray(size);
    return taken;
  }

  async #until(arrived, deadline) {
    while (!arrived()) {
      const left = deadline - Date.now();
      if (this.#over || left <= 0) {
        const so = this.#received.length;
        this.close();
        throw new Error(left <= 0 ? 'no answer in time' : `the connection ended after ${so} bytes of the answer`);
      }
      let timer;
      await new Promise(resolve => {
        this.#wake = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }
}

// The server may close after it has refused one of these.
function isLong(body) {
  return body !== null && body.length > pieceSize;
}

function head(method, target, headers) {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
}

function chunked(body) {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)].filter(part => part.length > 0);
  const framed = parts.flatMap(part => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  return Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
}

function parseHead(text) {
  const [first, ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.1 (\d{3}) /.exec(`${first} `);
  if (!match)
    throw new Error(`not an HTTP answer: ${first.slice(0, 80)}`);

  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  return { status: Number(match[1]), headers };
}
