import { expect, test } from '@jest/globals';
import { type ModelVersion, openServiceAccount, type ServiceAccount } from '../support/service.ts';

// A run dies at a call to AWS, before or after it was carried out, and another run goes on: one revision, one deployment, delivered.

const version: ModelVersion = '1.0.0';
const inAccount = async <Answer>(play: (account: ServiceAccount) => Promise<Answer>): Promise<Answer> => {
  const account = await openServiceAccount();
  try {
    await account.ready(version);
    return await play(account);
  } finally {
    await account.close();
  }
};

/** Points spread over the whole delivery, and every call that changes something. */
const pointsOf = (calls: readonly string[]): readonly number[] => {
  const every = Math.ceil(calls.length / 16);
  return calls.flatMap((name, index) =>
    index % every === 0 || /\.(create|register|put|stop|continue|update)/.test(name) ? [index + 1] : [],
  );
};

test('at every change, and at points all over the delivery', async () => {
  const calls: string[] = [];
  await inAccount(async (account) => {
    expect((await account.deploy(version, {}, { requested: calls }))?.result.reason).toBe('delivered');
  });
  const points = pointsOf(calls);
  expect(points.length).toBeGreaterThan(12);
  const ends: string[] = [];
  for (const atCall of points)
    for (const received of [true, false])
      await inAccount(async (account) => {
        const died = await account.deploy(version, {}, { death: { atCall, received } });
        // The run may have ended before the point, as the calls of two runs need not be the same.
        const report = died ?? (await account.deploy(version));
        const { length: deployments } = await account.deployments();
        const revisions = await account.definition(3).then(
          () => 'two',
          () => 'one',
        );
        const running = (await account.running()).join();
        const end = `${report?.result.reason}, ${deployments}, ${revisions}, ${running}`;
        if (!/^(delivered|already-delivered), 1, one, iris:2$/.test(end))
          ends.push(`${calls[atCall - 1]} (${atCall}, carried out: ${received}): ${end}`);
      });
  expect(ends).toEqual([]);
});
