// Starts the built service as the README says, but on a free port and in a directory of its own, which goes when the service stops.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../..');

const patience = 60_000;
const assembly = path.join(repository, 'Qkms.Api/bin', process.env.QKMS_CONFIGURATION ?? 'Release', 'net10.0/Qkms.Api.dll');

/** Settings are environment variables of the service. */
export async function startService(settings = {}) {
  if (!existsSync(assembly))
    throw new Error(`${assembly} is not there: build first, dotnet build --configuration Release`);

  const home = await mkdtemp(path.join(tmpdir(), 'qkms-contract-'));
  const child = spawn('dotnet', [assembly], { cwd: home, env: { ...environment(), ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise(resolve => child.once('close', (code, signal) => resolve(signal ?? code)));
  const service = { log: '', ended: undefined };
  ended.then(how => (service.ended = how));
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => (service.log += text));

  service.stop = async () => {
    child.kill('SIGTERM');
    const how = await ended;
    await rm(home, { recursive: true, force: true });
    return how;
  };
  for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]])
    process.once(signal, () => service.stop().finally(() => process.exit(status)));

  try {
    service.url = await listening(service);
    service.apiKey = (await readFile(path.join(home, 'qkms-data/initial-api-key'), 'utf8')).trim();
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}

// Settings of whoever runs this are not settings of the service under test.
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(qkms|aspnetcore|dotnet_environment|credentials_directory)/i.test(name));
  return { ...Object.fromEntries(kept), ASPNETCORE_URLS: 'http://127.0.0.1:0', DOTNET_NOLOGO: '1' };
}

async function listening(service) {
  for (const deadline = Date.now() + patience; Date.now() < deadline && service.ended === undefined; ) {
    const url = /Now listening on: (http:[^\s"\\]+)/.exec(service.log)?.[1];
    if (url)
      return url;

    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`the service did not start:\n${service.log}`);
}
