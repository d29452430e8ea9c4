// A request as a command for a shell.

const quote = text => /^[\x20-\x7e]*$/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `$'${bytes(text)}'`;

const bytes = text => [...Buffer.from(text, 'utf8')]
  .map(byte => (byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte)))
  .join('');

export function curlOf({ method, target, headers, body, framing }, apiKey) {
  const parts = ['curl -si --path-as-is'];
  if (method !== (body === null ? 'GET' : 'POST'))
    parts.push(`-X ${quote(method)}`);

  for (const [name, value] of headers.filter(([name, text]) => name !== 'Host' && !(name === 'Content-Length' && text === String(body?.length))))
    parts.push(value === apiKey ? '-H "x-api-key: $KEY"' : `-H ${quote(`${name}: ${value.slice(0, 300)}`)}`);

  if (body !== null)
    parts.push(`--data-binary ${quote(body.toString('utf8').slice(0, 2000))}`);

  return `${parts.join(' ')} "$URL"${quote(target.slice(0, 1000))}${framing === 'chunked' ? '   # body in chunks' : ''}`;
}
