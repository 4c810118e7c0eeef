/** The requests that the three roles of docs/separation-of-duties.md may and may not send: for tools/verify-policies.ts. */
import { contextKey } from '../simulator/iam/context-keys.ts';
import { demandsOf } from '../simulator/iam/demands.ts';
import { duties } from '../src/policy-duties.ts';
import {
  attempts,
  documentsOf,
  jobOf,
  openDuties,
  presents,
  published,
  repositories,
  roleOf,
  waiting,
} from '../test/support/duties.ts';
import type { PublishedPolicy } from '../test/support/policy-requests.ts';
import type { Check } from './generated-policies.ts';

type Document = PublishedPolicy['document'];

export interface DutyRequest extends Check {
  readonly name: string;
}

/** Sends every attempt by every role, with its guard and without, and takes the IAM checks behind it from the simulator's log. */
export const dutyRequests = async (): Promise<readonly DutyRequest[]> => {
  const found: DutyRequest[] = [];
  for (const guarded of [true, false]) {
    const documents = (duty: (typeof duties)[number]): readonly Document[] => [
      ...documentsOf(duty),
      ...(guarded ? [published(`${duty}-guard`)] : []),
    ];
    for (const duty of duties) {
      const account = await openDuties(documents);
      try {
        const { simulator } = account;
        const modelPackage = await waiting(simulator);
        const clients = await presents(account, roleOf(duty), `${repositories[0]}:${jobOf[duty]}`);
        for (const { name, send } of attempts) {
          const from = simulator.requests.length;
          await send(clients, modelPackage).catch(() => {});
          for (const { service, operation, input } of simulator.requests.slice(from))
            for (const { action, resource, context } of demandsOf(
              { arn: (of, path) => `arn:aws:${of}:eu-west-1:111122223333:${path}` },
              { service, operation, input: input as Readonly<Record<string, unknown>> },
            ))
              found.push({
                name: `${duty}${guarded ? '' : ' without its guard'}: ${name}`,
                documents: documents(duty),
                action,
                resource,
                context: contextFor(documents(duty), context),
              });
        }
      } finally {
        await account.simulator.close();
      }
    }
  }
  return found;
};

/** The values of every key that the policies compare. */
const contextFor = (
  documents: readonly Document[],
  read: (key: string) => readonly string[],
): DutyRequest['context'] => {
  const keys = documents.flatMap(({ Statement }) =>
    Statement.flatMap(({ Condition = {} }) => Object.values(Condition).flatMap(Object.keys)),
  );
  return Object.fromEntries(
    [...new Set(keys)].flatMap((key) => {
      const [first, ...more] = read(key);
      if (first === undefined) return [];
      return [[key, contextKey(key)?.values === 'many' ? [first, ...more] : first] as const];
    }),
  );
};
