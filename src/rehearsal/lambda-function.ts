import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Driver, Launched } from './driver.ts';

/** Lambda's Node.js runtime for one event: it loads the handler by `require`. Node ends with 1 after a rejection, as a function error. */
const runtime = `\
const [bundle, event] = process.argv.slice(2);
void require(bundle).handler(JSON.parse(event)).then(() => process.exit(0));
`;

/**
 * A Lambda function: a process for each event.
 * @param bundle absolute path of the handler's file
 * @param folder for the runtime's file
 */
export const lambdaFunction = (
  driver: Pick<Driver, 'launch'>,
  bundle: string,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): ((event: object) => Launched) => {
  const script = join(folder, 'lambda-runtime.cjs');
  writeFileSync(script, runtime);
  return (event) => driver.launch('function', script, environment, [bundle, JSON.stringify(event)]);
};
