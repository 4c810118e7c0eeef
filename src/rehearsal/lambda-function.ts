import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Driver, Launched } from './driver.ts';

/**
 * Lambda's Node.js runtime for one event: it loads the handler by `require`. A rejection ends it with 1, as a function error. Virtual time
 * stands still while a process works, so that the remaining time is right where a handler reads it: at its start.
 */
const runtime = `\
const { error: print } = require('node:console');
const { writeFileSync } = require('node:fs');
const [bundle, event, id, remaining, answer] = process.argv.slice(2);
const context = { awsRequestId: id, getRemainingTimeInMillis: () => Number(remaining) };
const answered = (payload) => writeFileSync(answer, JSON.stringify(payload));
void require(bundle).handler(JSON.parse(event), context).then(
  (value) => {
    answered({ value });
    process.exit(0);
  },
  (error) => {
    answered({ error: { type: error.name, message: error.message } });
    print(error);
    process.exit(1);
  },
);
`;

/** Lambda's longest timeout, which the functions of this suite have. */
const timeoutMs = 900_000;

/** The process of one event. */
export interface Invocation extends Launched {
  /**
   * After its end: what the function answered.
   * @throws {FunctionError} when the handler rejected, or its process died
   */
  answer(): unknown;
}

/** As Lambda reports it: `type` is the name of the handler's error. */
export class FunctionError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * A Lambda function: a process for each event.
 * @param bundle absolute path of the handler's file
 * @param folder gets a folder with the runtime's file and the answers
 */
export const lambdaFunction = (
  driver: Pick<Driver, 'launch'>,
  bundle: string,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  remainingMs: number = timeoutMs,
): ((event: object) => Invocation) => {
  const own = mkdtempSync(join(folder, 'lambda-'));
  const script = join(own, 'runtime.cjs');
  writeFileSync(script, runtime);
  /** A repetition of an event has the request id of the first try. */
  const ids = new WeakMap<object, string>();
  let events = 0;
  let processes = 0;
  return (event) => {
    const id = ids.get(event) ?? `request-${++events}`;
    ids.set(event, id);
    const answer = join(own, `answer-${++processes}.json`);
    const args = [bundle, JSON.stringify(event), id, String(remainingMs), answer];
    const launched = driver.launch('function', script, environment, args);
    return Object.assign(launched, { answer: () => answerIn(answer, id) });
  };
};

const answerIn = (file: string, id: string): unknown => {
  // AWS: the error of a process that ended without an answer.
  if (!existsSync(file))
    throw new FunctionError('Runtime.ExitError', `RequestId: ${id} Error: Runtime exited without providing a reason`);
  const { value, error } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly value?: unknown;
    readonly error?: { readonly type: string; readonly message: string };
  };
  if (error !== undefined) throw new FunctionError(error.type, error.message);
  return value;
};
