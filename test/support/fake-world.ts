import type { AwsReads, AwsWrites } from '../../src/aws/clients.ts';
import type { Clock } from '../../src/clock.ts';
import type { OpenSession, Session } from '../../src/session/session.ts';
import type { Workspace, World } from '../../src/world.ts';

/** A service that fails the test at any use: for operations without AWS. */
const untouchable = <Services extends object>(name: string): Services =>
  new Proxy({} as Services, {
    get: (_target, service) => {
      throw new Error(`${name}.${String(service)} was touched`);
    },
  });

export const fakeWorld = (clock: Clock, signal: AbortSignal = new AbortController().signal, dryRun = false): World => ({
  clock,
  signal,
  run: { host: 'command-line', holder: 'test' },
  account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
  workspace: untouchable<Workspace>('workspace'),
  read: untouchable<AwsReads>('read'),
  ...(dryRun ? {} : { write: untouchable<AwsWrites>('write') }),
});

/** Opens sessions on the test's clock, without AWS. */
export const fakeSession =
  (overrides: Partial<Session> = {}): OpenSession =>
  async ({ clock, dryRun }) => ({
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    worldFor: (signal) => fakeWorld(clock, signal, dryRun),
    refuseShortCredentials: async () => {},
    ...overrides,
  });
