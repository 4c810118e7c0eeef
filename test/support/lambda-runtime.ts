import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Lambda's Node.js runtime for one event: `node lambda-runtime.ts <bundle> <file with the event>`. Lambda loads the handler by `require`. A rejection ends
 * the process with 1, as a function error.
 */
const [bundle = '', event = ''] = process.argv.slice(2);
const { handler } = createRequire(import.meta.url)(bundle) as { readonly handler: (event: unknown) => Promise<void> };
handler(JSON.parse(readFileSync(event, 'utf8'))).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
