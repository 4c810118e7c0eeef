import { readFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { isWrite, type WireEntry } from '../../simulator/request-log.ts';
import type { WireRequest } from '../../simulator/wire.ts';
import type { Instant } from '../../src/clock.ts';
import type { TestAccount } from '../support/account.ts';

/** What a run that sets the stage comes to. */
interface Outcome<T> {
  /** The requests that changed something, as they were sent. */
  readonly changes: readonly { readonly at: Instant; readonly request: WireRequest }[];
  readonly ended: Instant;
  readonly result: T;
}

/** By all that happened on the stage until then. */
const remembered = new Map<string, Outcome<unknown>>();

export interface Stage {
  readonly account: TestAccount;
  /** From now on every run is carried out: the tested ones make no two stages alike. */
  isSet(): void;
}

/**
 * The stage of an act is set by the same runs at the same instants every time. The first time they are carried out; afterwards only the
 * requests that changed something are sent again, each at its instant: the same account for a tenth of the work.
 */
export const openStage = async (open: (wire: (entry: WireEntry) => void) => Promise<TestAccount>): Promise<Stage> => {
  let isSet = false;
  let past = '';
  let recording: { at: Instant; request: WireRequest }[] | undefined;
  const account = await open(({ operation, request, answer }) => {
    // Credentials too: the changes are signed with them.
    if (answer.status < 400 && (isWrite(operation) || operation.startsWith('AssumeRole')))
      recording?.push({ at: now(), request });
  });
  const { simulator } = account;
  const now = simulator.clock.now;

  const once = async <T>(what: readonly unknown[], run: () => Promise<T>): Promise<T> => {
    if (isSet) return run();
    past += `${JSON.stringify([now(), what, readFileSync(account.manifest, 'utf8')])}\n`;
    const known = remembered.get(past) as Outcome<T> | undefined;
    if (known === undefined) {
      const changes: typeof recording = [];
      recording = changes;
      const result = await run();
      recording = undefined;
      remembered.set(past, { changes, ended: now(), result });
      return result;
    }
    for (const { at, request } of known.changes) {
      await simulator.driver.sleepUntil(at);
      await resend(simulator.url, request);
    }
    await simulator.driver.sleepUntil(known.ended);
    return known.result;
  };

  return {
    account: {
      ...account,
      prepare: async (version) => {
        const { evaluation: _, ...registration } = account.registration(version);
        await once(['register', registration], () => account.register(version));
        await account.approve();
      },
      run: (operation, inputs, attempt) =>
        once([operation.name, inputs, attempt], () => account.run(operation, inputs, attempt)),
    },
    isSet: () => {
      isSet = true;
    },
  };
};

/** @throws when it is refused this time: the stage was not the same after all */
const resend = (url: string, { method, path, query, headers, body }: WireRequest): Promise<void> =>
  new Promise((resolve, reject) => {
    const target = headers['x-amz-target'];
    const search = query.size === 0 ? '' : `?${query}`;
    const sent = send(`${url}${path}${search}`, { method, headers: headersAgain(headers) }, (answer) => {
      const reported: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => reported.push(chunk));
      answer.once('end', () => {
        if ((answer.statusCode ?? 0) < 400) return resolve();
        return reject(
          new Error(`the stage cannot be set again: ${target ?? `${method} ${path}`}: ${Buffer.concat(reported)}`),
        );
      });
    });
    sent.once('error', reject).end(body);
  });

/** A call's body was unzipped when it was noted; what an object of S3 is encoded in is the object's own. */
const headersAgain = ({ 'content-length': _, ...headers }: WireRequest['headers']): WireRequest['headers'] => {
  const { 'content-encoding': encoding, ...others } = headers;
  return headers['x-amz-target'] === undefined || encoding === undefined ? headers : others;
};
