import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Driver, Launched } from './driver.ts';

/**
 * Lambda's Node.js runtime for one event: it loads the handler by `require`. Node ends with 1 after a rejection, as a function error. Virtual time
 * stands still while a process works, so that the remaining time is right where a handler reads it: at its start.
 */
const runtime = `\
const [bundle, event, id, remaining] = process.argv.slice(2);
const context = { awsRequestId: id, getRemainingTimeInMillis: () => Number(remaining) };
void require(bundle).handler(JSON.parse(event), context).then(() => process.exit(0));
`;

/** Lambda's longest timeout, which the functions of this suite have. */
const timeoutMs = 900_000;

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
  remainingMs: number = timeoutMs,
): ((event: object) => Launched) => {
  const script = join(folder, 'lambda-runtime.cjs');
  writeFileSync(script, runtime);
  /** A repetition of an event has the request id of the first try. */
  const ids = new WeakMap<object, string>();
  let events = 0;
  return (event) => {
    const id = ids.get(event) ?? `request-${++events}`;
    ids.set(event, id);
    return driver.launch('function', script, environment, [bundle, JSON.stringify(event), id, String(remainingMs)]);
  };
};
