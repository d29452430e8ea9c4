// The service's page in a real browser, as a developer uses it: authorize, generate, list, and be refused a second key.
//
//   node swagger.mjs       starts the built service by itself; screenshots go to artifacts/browser
//
// QKMS_CHROMIUM  the browser; /usr/bin/chromium unless given
import assert from 'node:assert/strict';
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
const service = await startService();
let browser;
try {
  browser = await chromium.launch({ executablePath: process.env.QKMS_CHROMIUM ?? '/usr/bin/chromium', args: flags });
  await walk(await browser.newPage({ viewport: { width: 1280, height: 1600 } }));
} finally {
  await browser?.close();
  await service.stop();
}
console.log('browser: the walk through /swagger went as expected');

async function walk(page) {
  const seen = await watch(page, service.url);
  await page.goto(`${service.url}/swagger`);
  await page.getByRole('heading', { name: 'Qkms' }).waitFor();
  await shoot(page, '1-page');

  await authorize(page);
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

async function authorize(page) {
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
