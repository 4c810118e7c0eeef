import { expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { type AliasAccount, aliasManifest, openAliasAccount } from '../support/alias.ts';
import { allAtOnce } from '../support/codedeploy.ts';

/** A run dies at each of its calls to AWS, before or after AWS carries it out; the next run of the same job ends what it began. */

type Run = (account: AliasAccount, more: Parameters<AliasAccount['run']>[2]) => ReturnType<AliasAccount['run']>;

const delivery: Run = (account, more) => account.deploy('1.0.0', {}, more);
const back: Run = (account, more) => account.run(rollback, {}, { runId: '9', ...more });

const prepared = async (name: 'delivery' | 'rollback'): Promise<AliasAccount> => {
  const account = await openAliasAccount();
  await account.ready('1.0.0');
  if (name === 'delivery') return account;
  await account.ready('1.1.0');
  account.writeManifest(() => aliasManifest(allAtOnce));
  await account.deploy('1.0.0', {}, { runId: '3' });
  await account.deploy('1.1.0', {}, { runId: '4' });
  return account;
};

const rows = (['delivery', 'rollback'] as const).flatMap((name) =>
  [true, false].map((received) => [name, received] as const),
);
test.each(rows)('%s, the last call carried out: %s', async (name, received) => {
  const run = name === 'delivery' ? delivery : back;
  const ends = name === 'delivery' ? ['delivered', 'already-delivered'] : ['restored', 'already-restored'];
  const whole = await prepared(name);
  const requested: string[] = [];
  expect((await run(whole, { requested }))?.result.reason).toBe(ends[0]);
  const deployments = (await whole.deployments()).length;
  await whole.close();
  // The calls of a look repeat: the first of each kind, and every write.
  const points = requested.flatMap((call, index) =>
    /put|create|stop/.test(call) || requested.indexOf(call) === index ? [index + 1] : [],
  );
  expect(points.length).toBeGreaterThan(10);
  for (const atCall of points) {
    const account = await prepared(name);
    expect(await run(account, { death: { atCall, received } })).toBeUndefined();
    await account.pass(minutes(1));
    const point = `${atCall} ${requested[atCall - 1]}`;
    const { reason = '' } = (await run(account, {}))?.result ?? {};
    expect([point, ends.includes(reason) ? ends : reason]).toEqual([point, ends]);
    expect([point, (await account.deployments()).length]).toEqual([point, deployments]);
    expect([point, await account.alias()]).toEqual([point, ['2', undefined]]);
    expect([point, account.aliasRecord()?.live]).toEqual([point, undefined]);
    await account.close();
  }
});
