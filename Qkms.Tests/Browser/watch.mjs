// What a page must not do while it is walked through: ask another site, write errors, break its own policy.
import assert from 'node:assert/strict';

export async function watch(page, site) {
  const faults = [];
  const expected = [];
  page.on('request', request => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== site && protocol !== 'data:' && protocol !== 'blob:')
      faults.push(`asked ${request.url()}`);
  });
  page.on('requestfailed', request => faults.push(`${request.url()} failed: ${request.failure()?.errorText}`));
  page.on('pageerror', error => faults.push(`threw ${error}`));
  page.on('console', message => {
    if (message.type() === 'error' && !takeExpected(expected, message))
      faults.push(`console: ${message.text()} (${message.location().url})`);
  });

  // Violations also reach the console, but only this event reports those that a script would catch.
  await page.exposeFunction('reportViolation', text => faults.push(`policy: ${text}`));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', event =>
      window.reportViolation(`${event.effectiveDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`)));

  return {
    // The browser itself writes an error for every answer from 400 on; this one is wanted.
    expectRefusal(status, url) {
      expected.push({ url, text: new RegExp(`^Failed to load resource: the server responded with a status of ${status} \\(`) });
    },
    // What is wanted is waited for, however busy the machine is; what is not has a moment to show.
    async check() {
      const pass = milliseconds => page.evaluate(time => new Promise(resolve => setTimeout(resolve, time)), milliseconds);
      for (let waited = 0; expected.length > 0 && waited < 30_000; waited += 50)
        await pass(50);

      await pass(200);
      assert.deepEqual(faults, []);
      assert.deepEqual(expected, [], 'an expected refusal did not show');
    },
  };
}

function takeExpected(expected, message) {
  const index = expected.findIndex(({ url, text }) => message.location().url === url && text.test(message.text()));
  if (index >= 0)
    expected.splice(index, 1);

  return index >= 0;
}
