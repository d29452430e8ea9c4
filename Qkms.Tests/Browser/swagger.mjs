// The service's page in a real browser, as a developer uses it: authorize, generate, list, and be refused a second key; then, on a service
// as "dotnet run" starts it, press "Execute" on every operation from top to bottom.
//
//   node swagger.mjs       starts the built service by itself; screenshots go to artifacts/browser
//
// QKMS_CHROMIUM  the browser; /usr/bin/chromium unless given
import assert from 'node:assert/strict';
import { constants, publicEncrypt } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { repository, startService } from '../Contract/service.mjs';
import { watch } from './watch.mjs';

const artifacts = path.join(repository, 'artifacts/browser');
const flags = [
  '--no-sandbox', // the gate may run as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

await rm(artifacts, { recursive: true, force: true });
await mkdir(artifacts, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.QKMS_CHROMIUM ?? '/usr/bin/chromium', args: flags });
try {
  await visit({}, walk);
  console.log('browser: the walk through /swagger went as expected');
  const count = await visit({ ASPNETCORE_ENVIRONMENT: 'Development' }, pressEverything);
  console.log(`browser: ${count} of ${count} operations succeed as they are filled in`);
} finally {
  await browser.close();
}

/** Shows the page of a service of its own. */
async function visit(settings, walkThrough) {
  const service = await startService(settings);
  try {
    return await walkThrough(await browser.newPage({ viewport: { width: 1280, height: 1600 } }), service);
  } finally {
    await service.stop();
  }
}

async function walk(page, service) {
  const seen = await watch(page, service.url);
  await page.goto(`${service.url}/swagger`);
  await page.getByRole('heading', { name: 'Qkms' }).waitFor();
  await shoot(page, '1-page');

  await authorize(page, service);
  await shoot(page, '2-authorized');

  const request = { algorithm: 'ML-KEM-768', name: 'browser' };
  const generated = await tryOut(page, 'GenerateKey', request);
  assert.equal(generated.status, 201);
  const version = JSON.parse(generated.body).data;
  assert.deepEqual([version.algorithm, version.name, version.status, version.key_version], ['ML-KEM-768', 'browser', 'active', 1]);
  await shoot(page, '3-generated');

  const listed = await tryOut(page, 'ListKeys');
  assert.equal(listed.status, 200);
  assert.deepEqual(JSON.parse(listed.body).data.keys.map(key => key.kid), [version.kid]);
  await shoot(page, '4-listed');

  seen.expectRefusal(409, `${service.url}/kms/keys/generate`);
  const refused = await tryOut(page, 'GenerateKey', request);
  assert.equal(refused.status, 409);
  assert.equal(JSON.parse(refused.body).error.error_code, 'ERR_KMS_004');
  await shoot(page, '5-refused');

  await seen.check();
}

// F-81: what is filled in is sent as it is; only what an earlier answer has is pasted, from where the operation says.
async function pressEverything(page, service) {
  const seen = await watch(page, service.url);
  await page.goto(service.url); // F-83: the address of the service leads to its page
  await page.getByRole('heading', { name: 'Qkms' }).waitFor();
  await authorize(page, service);

  const answers = {};
  const operations = page.locator('.opblock');
  const statuses = [];
  for (let i = 0; i < await operations.count(); i++) {
    const operation = operations.nth(i);
    const id = (await operation.getAttribute('id')).split('-').at(-1);
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Execute' }).waitFor();
    await paste(operation, answers);
    if (id === 'DecryptFromDevice')
      await encryptAsDevice(operation, answers.RegisterDevice);

    const answered = page.waitForResponse(response => !response.url().includes('/swagger'));
    await operation.getByRole('button', { name: 'Execute' }).click();
    const response = await answered;
    const { status, data } = { status: response.status(), data: await dataOf(response) };
    answers[id] = data;
    statuses.push(`${id} ${status}`);
    await operation.locator('.live-responses-table tr.response .response-col_status', { hasText: String(status) }).waitFor();
    assert.notEqual(data?.valid, false, id);
    if (id === 'GetActiveKey')
      assert.equal(response.url(), `${service.url}/kms/keys/active?algorithm=ML-KEM-768&name=demo`);

    await operation.scrollIntoViewIfNeeded();
    await shoot(page, `press-${String(i + 1).padStart(2, '0')}-${id}`);
    await operation.locator('.opblock-summary-control').click();
  }

  assert.deepEqual(statuses.filter(text => !/ 2..$/.test(text)), []);
  const described = await (await fetch(`${service.url}/swagger/v1/swagger.json`)).json();
  assert.equal(statuses.length, Object.values(described.paths).flatMap(Object.values).length);
  assert.equal(statuses.at(-1).split(' ')[0], 'GetReadiness');
  await seen.check();
  return statuses.length;
}

/** Fills in what the example asks to paste, after it was seen that the description says the same. */
async function paste(operation, answers) {
  for (const row of await operation.locator('.parameters tr[data-param-in="path"]').all()) {
    const input = row.locator('input');
    const source = /^paste-from-(\w+)$/.exec(await input.count() === 1 ? await input.inputValue() : '')?.[1];
    if (source) {
      const name = await row.getAttribute('data-param-name');
      assert.match(await operation.locator('.opblock-description').innerText(), new RegExp(`${name} from the response of ${source}`));
      await input.fill(answers[source][name]);
    }
  }

  const area = operation.locator('textarea.body-param__text');
  if (await area.count() === 0)
    return;

  const example = await area.inputValue();
  const filled = await replaceEach(example, /"(\w+)": "paste[+-]from[+-](\w+?)\+*"/g, async (_, member, source) => {
    assert.match(await operation.locator('.opblock-description').innerText(), new RegExp(`${member} from the response of ${source}`));
    return `"${member}": ${JSON.stringify(answers[source][member])}`;
  });
  if (filled !== example)
    await area.fill(filled);
}

/** What a device sends no operation answers: the device makes it, with the public key that it got. */
async function encryptAsDevice(operation, { public_key: key }) {
  const area = operation.locator('textarea.body-param__text');
  const ciphertext = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Buffer.from('hello'));
  await area.fill(JSON.stringify({ ...JSON.parse(await area.inputValue()), ciphertext: ciphertext.toString('base64') }));
}

async function replaceEach(text, pattern, replacement) {
  const matches = [...text.matchAll(pattern)];
  const parts = await Promise.all(matches.map(match => replacement(...match)));
  return matches.reduce((filled, match, i) => filled.replace(match[0], () => parts[i]), text);
}

async function dataOf(response) {
  return /json/.test(response.headers()['content-type']) ? (await response.json()).data : undefined;
}

async function authorize(page, service) {
  await page.locator('.auth-wrapper button.authorize').click();
  const dialog = page.locator('.modal-ux');
  await dialog.locator('input').fill(service.apiKey);
  await dialog.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).click();
}

// Opens an operation, fills its body, executes it, and reads status and body from the page itself.
async function tryOut(page, operationId, body) {
  const operation = page.locator(`[id^="operations-"][id$="-${operationId}"]`);
  if (!(await operation.locator('.opblock-body').isVisible()))
    await operation.locator('.opblock-summary-control').click();

  if (body)
    await operation.locator('textarea.body-param__text').fill(JSON.stringify(body));

  const answered = page.waitForResponse(response => !response.url().includes('/swagger'));
  await operation.getByRole('button', { name: 'Execute' }).click();
  const status = (await answered).status();
  const row = operation.locator('.live-responses-table tr.response');
  await row.locator('.response-col_status', { hasText: String(status) }).waitFor();
  const text = await row.locator('.response-col_description pre.microlight, .response-col_description .highlight-code pre').first().innerText();
  await row.scrollIntoViewIfNeeded();
  return { status, body: text };
}

async function shoot(page, name) {
  await page.screenshot({ path: path.join(artifacts, `${name}.png`) });
}
