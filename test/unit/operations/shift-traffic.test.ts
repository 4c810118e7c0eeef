import { describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import type { Progress } from '../../../src/operation.ts';
import { type ShiftTrafficInputs, shiftTraffic } from '../../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../../src/rehearsal/manifest.ts';
import type { Phase, ReleaseRecord } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { refusal } from '../../support/refusal.ts';
import { configuration, release, secondSwap } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';

const manifest = loadManifest(manifestText({ rollout: rollouts.steps }), 'delivery.yml');

/** A record in S3 whose supervisor writes `races` times between a read and a write. */
const saying = async (
  operation: ShiftTrafficInputs['operation'],
  { phase = 'stepping', version = '1.1.0', races = 0 }: { phase?: Phase; version?: string; races?: number } = {},
) => {
  const live = release({
    id: 'iris-1.1.0-aaaaaaaa-1',
    version: '1.1.0',
    operation: 'shift-traffic',
    phase,
    baseline: configuration('1.0.0'),
    submission: secondSwap,
    stepping: stepping(),
  });
  let record: ReleaseRecord = { schemaVersion: 2, endpoint: 'iris', epoch: 5, live, ended: [], history: [] };
  let left = races;
  const world = {
    clock: { now: () => 0 },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    run: { host: 'command-line', holder: 'run-2', actor: 'mina' },
    read: { s3: { getObject: async () => ({ text: JSON.stringify(record), etag: `"${record.epoch}"` }) } },
    write: {
      s3: {
        putObject: async ({ Body, IfMatch }: { readonly Body: string; readonly IfMatch: string }) => {
          if (left > 0) {
            left -= 1;
            record = { ...record, epoch: record.epoch + 1 };
          }
          if (IfMatch !== `"${record.epoch}"`)
            throw Object.assign(new Error('At least one of the pre-conditions you specified did not hold'), {
              name: 'PreconditionFailed',
              $metadata: { httpStatusCode: 412 },
              call: 's3:PutObject',
            });
          record = JSON.parse(Body) as ReleaseRecord;
          return {};
        },
      },
    },
  } as unknown as World;
  const inputs: ShiftTrafficInputs = {
    manifest,
    environment: 'production',
    version,
    operation,
    because: 'lunch',
    retry: false,
  };
  let progress: Progress<{ readonly v: 1; readonly release: string }, unknown> = await shiftTraffic.advance(
    inputs,
    undefined,
    world,
  );
  for (let turn = 0; turn < 5 && progress.is === 'waiting'; turn += 1)
    progress = await shiftTraffic.advance(inputs, progress.memory, world);
  return { progress, commands: record.live?.commands ?? [] };
};

const refused = (options: Parameters<typeof saying>[1]): Promise<string> => refusal(saying('abort', options));

describe('a command', () => {
  test('is put into the record, with who and why', async () => {
    const { progress, commands } = await saying('pause');
    expect(progress).toMatchObject({ is: 'done', reason: 'command-given' });
    expect(commands).toEqual([{ command: 'pause', by: 'mina', why: 'lunch', at: 0 }]);
  });

  test('is not lost to the supervisor that writes at the same moment', async () => {
    const { progress, commands } = await saying('abort', { races: 2 });
    expect(progress).toMatchObject({ is: 'done', reason: 'command-given' });
    expect(commands).toHaveLength(1);
  });

  test('is refused for a version whose traffic is not being shifted', async () => {
    expect(await refused({ version: '1.2.0' })).toBe(
      'no-candidate: the traffic of iris is shifted to 1.1.0, not 1.2.0',
    );
  });

  test.each<Phase>(['submitting', 'supervising', 'settling'])(
    'is refused once no run would obey it: %s',
    async (phase) => {
      expect(await refused({ phase })).toContain('no run would obey abort');
    },
  );
});
