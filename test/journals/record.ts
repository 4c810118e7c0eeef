/**
 * Records the journals that `replay.test.ts` replays: plays every scene on the simulator in this process, and keeps of its journal what
 * a replay reads.
 *
 *   npm run record:journals                        all
 *   npm run record:journals steps-errors           these
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { rehearsedTeam as names } from '../../src/rehearsal/manifest.ts';
import { journalKey, releasesOf } from '../../src/release/location.ts';
import { wholeJournal } from '../../src/release/segments.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { manifestOf, type Scene, scenes } from './scenes.ts';

const location = releasesOf({}, { partition: 'aws', region: names.region, id: names.account });
/** Enough for a step of 10 % to be proven within the hour. */
const usualRequests = 12;

const play = async (scene: Scene): Promise<string> => {
  const account = await openAccount({
    ...(scene.settings ? { settings: scene.settings } : {}),
    ...(scene.publishes ? { publishes: true } : {}),
  });
  try {
    await account.inProduction('1.0.0');
    const { mistakes, requestsPerSecond = usualRequests } = scene;
    const traffic = account.simulator.traffic({
      endpoint: names.endpoint,
      requestsPerSecond,
      seed: 7,
      ...(mistakes === undefined ? {} : { mistakes }),
    });
    scene.usually?.(account);
    await account.pass(3_600_000);
    account.writeManifest(() => manifestOf(scene));
    await account.prepare(scene.version);
    const bySteps = scene.rollout.startsWith('strategy: steps');
    if (bySteps) await account.run(deployEndpoint, { version: scene.version });
    harmAt(scene, account, traffic);
    await (bySteps
      ? account.run(shiftTraffic, { version: scene.version })
      : account.run(deployEndpoint, { version: scene.version }));
    traffic.stop();
    const id = account.record()?.ended[0]?.id ?? '';
    const found = wholeJournal((segment) =>
      account.simulator.objects
        .get(location.bucket, journalKey(location, names.endpoint, id, segment))
        ?.body.toString(),
    );
    if (found === undefined) throw new Error(`${scene.name}: ${id} has no journal`);
    return trimmed(found);
  } finally {
    await account.close();
  }
};

/** The first raise is the first call of its kind; a guardrail deployment reads the candidate's metrics from its first bake on. */
const harmAt = ({ harm, rollout }: Scene, account: TestAccount, traffic: { stop(): void }): void => {
  if (harm === undefined) return;
  account.simulator.faults.add({
    kind: 'call',
    service: 'sagemaker',
    operation: rollout.startsWith('strategy: steps') ? 'UpdateEndpointWeightsAndCapacities' : 'UpdateEndpoint',
    times: 1,
    action: () => harm(account, traffic),
  });
};

/** What `judge --journal` reads, and how the release ended. */
const trimmed = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const { kind, ...entry } = JSON.parse(line) as Readonly<Record<string, unknown>> & { readonly kind: string };
      if (kind === 'bucket' || kind === 'verdict') return [line];
      if (kind === 'end')
        return [JSON.stringify({ at: entry['at'], kind, outcome: entry['outcome'], reason: entry['reason'] })];
      if (kind !== 'plan') return [];
      const { stepping, submission } = entry as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
      const judged = stepping
        ? { stepping: { policy: stepping['policy'], latency: stepping['latency'] } }
        : { submission: { judged: submission?.['judged'] } };
      return [JSON.stringify({ at: entry['at'], kind, ...judged })];
    })
    .map((line) => `${line}\n`)
    .join('');

const wanted = process.argv.slice(2);
for (const scene of scenes.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const text = await play(scene);
  writeFileSync(join(import.meta.dirname, `${scene.name}.jsonl`), text);
  console.log(`${scene.name}: ${Math.ceil(text.length / 1024)} kB, ${text.trimEnd().split('\n').at(-1)}`);
}
