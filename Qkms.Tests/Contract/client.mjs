// Runs the generated client's quickstart against the built service; `npm run client` generates and compiles it first.
import { quickstart } from './generated/js/quickstart.js';
import { startService } from './service.mjs';

const service = await startService();
try {
  console.log(`client: ${await quickstart(service.url, service.apiKey)} requests of the quickstart, every answer the expected one`);
} finally {
  await service.stop();
}
