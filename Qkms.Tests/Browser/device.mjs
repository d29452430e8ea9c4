// D-01, D-11: requests/device.html in a real browser, served by requests/device-server.mjs: the page gets the public key of a device from
// the service, encrypts with WebCrypto, and the service decrypts what it sends. The browser never sees the API key.
//
//   node device.mjs       starts the built service by itself; a screenshot goes to artifacts/browser
//
// QKMS_CHROMIUM  the browser; /usr/bin/chromium unless given
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { startDeviceServer } from '../../requests/device-server.mjs';
import { repository, startService } from '../Contract/service.mjs';
import { watch } from './watch.mjs';

const message = 'The door is open – 門が開いています.';
const artifacts = path.join(repository, 'artifacts/browser');
await mkdir(artifacts, { recursive: true });
const service = await startService();
const server = await startDeviceServer({ qkms: service.url, apiKey: service.apiKey });
const browser = await chromium.launch({
  executablePath: process.env.QKMS_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  const seen = await watch(page, server.url);
  const passed = [];
  page.on('request', request => passed.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`));
  page.on('response', async response => passed.push(await response.text().catch(() => '')));
  await page.goto(server.url);

  const first = await send(page, message);
  assert.equal(first.read, message);
  const again = await send(page, 'second');
  assert.equal(again.read, 'second');
  assert.equal(again.kid, first.kid, 'a valid key is returned again');
  assert.notEqual(again.ciphertext, first.ciphertext);
  assert.equal(Buffer.from(first.ciphertext, 'base64').length, 256);
  await page.screenshot({ path: path.join(artifacts, 'device.png') });

  // What was sent over the network shows neither the message on its way there nor the API key.
  assert.ok(!passed.some(text => text.includes(service.apiKey)), 'the browser saw the API key');
  assert.ok(!passed.filter(text => text.startsWith('http')).some(text => text.includes(message)), 'the message was sent in the clear');

  // Another device's key, and a ciphertext that was changed.
  seen.expectRefusal(400, `${server.url}/messages`);
  const changed = Buffer.from(first.ciphertext, 'base64');
  changed[0] ^= 1;
  const refused = await page.evaluate(
    async body => (await fetch('/messages', { method: 'POST', body: JSON.stringify(body) })).json(), { kid: first.kid, ciphertext: changed.toString('base64') });
  assert.deepEqual(refused, { message: 'Decryption failed.' });
  await seen.check();
  console.log('browser: a device encrypted with WebCrypto, and the service decrypted');
} finally {
  await browser.close();
  await server.stop();
  await service.stop();
}

async function send(page, text) {
  await page.evaluate(() => { document.getElementById('read').textContent = ''; });
  await page.locator('input[name=message]').fill(text);
  await page.getByRole('button').click();
  await page.locator('#read:not(:empty)').waitFor();
  const sent = JSON.parse(await page.locator('#sent').innerText());
  return { ...sent, read: await page.locator('#read').innerText() };
}
