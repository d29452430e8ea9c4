// sbom.mjs BOM ASSETS FOLDER SECONDS: completes the bill of materials that CycloneDX wrote, and checks it against what was restored and published.
// It adds the .NET runtime, which is no package reference, and gives it a time that is the same in each build.
// Prints the folder of the .NET runtime's package, which has its notices.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [file, assetsFile, folder, seconds] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const refuse = (text) => { console.error(`sbom: ${text}`); process.exit(1); };
const key = (name, version) => `${name}@${version}`.toLowerCase();

const bom = read(file);
const assets = read(assetsFile);
const target = Object.keys(assets.targets).find((name) => name.includes('/linux-'));
if (!target) refuse(`${assetsFile} is of no Linux`);
const rid = target.split('/')[1];

bom.metadata.timestamp = new Date(Number(seconds) * 1000).toISOString().replace('.000', '');

let notices = '';
const runtime = read(join(folder, 'Qkms.Api.runtimeconfig.json')).runtimeOptions;
for (const { name, version } of runtime.includedFrameworks ?? []) {
  const pack = `${name}.Runtime.${rid}`;
  const home = Object.keys(assets.packageFolders).map((root) => join(root, pack.toLowerCase(), version)).find(existsSync);
  if (!home) refuse(`${pack} ${version} is in no package folder`);
  if (name === 'Microsoft.NETCore.App') notices = home;
  const sum = Buffer.from(readFileSync(join(home, `${pack.toLowerCase()}.${version}.nupkg.sha512`), 'utf8').trim(), 'base64');
  const purl = `pkg:nuget/${pack}@${version}`;
  bom.components.push({
    type: 'framework', 'bom-ref': purl, name: pack, version, scope: 'required',
    hashes: [{ alg: 'SHA-512', content: sum.toString('hex').toUpperCase() }],
    licenses: [{ license: { id: 'MIT' } }], purl,
  });
  bom.dependencies?.find(({ ref }) => ref === bom.metadata.component['bom-ref'])?.dependsOn?.push(purl);
}

// Every package that was restored for the program is in it,
const listed = new Set(bom.components.map(({ name, version }) => key(name, version)));
const purls = new Set(bom.components.map(({ purl }) => (purl ?? '').toLowerCase()));
const missing = Object.entries(assets.libraries)
  .filter(([name, { type }]) => type === 'package' && name in assets.targets[target])
  .map(([name]) => name.split('/'))
  .filter(([name, version]) => !listed.has(key(name, version)) && !purls.has(`pkg:nuget/${key(name, version)}`));
if (missing.length > 0) refuse(`without ${missing.map((pair) => pair.join(' ')).join(', ')}`);

// and every library that the program loads comes from one of them.
const deps = read(join(folder, 'Qkms.Api.deps.json'));
const strangers = Object.entries(deps.libraries)
  .filter(([, { type }]) => type !== 'project')
  .map(([name]) => name.replace(/^runtimepack\./, '').split('/'))
  .filter(([name, version]) => !listed.has(key(name, version)) && !purls.has(`pkg:nuget/${key(name, version)}`));
if (strangers.length > 0) refuse(`without ${strangers.map((pair) => pair.join(' ')).join(', ')}, which is published`);

bom.components.sort((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1));
writeFileSync(file, JSON.stringify(bom, null, 2) + '\n');
console.log(notices);
