import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import { convictions } from '../../../src/release/history.ts';
import type { Stepping } from '../../../src/release/record.ts';
import { whys } from '../../../src/rollout/state.ts';
import type { Did } from '../../support/metrics.ts';
import { nine, statesWithTraffic } from '../../support/stepping.ts';
import { busy, clean, type Far, failing, manualCommand, refusal, walking } from '../../support/walking.ts';

const dark: Partial<Stepping> = { state: { is: 'dark' }, moves: [] };

describe('approval and content', () => {
  const rejected = { approval: 'Rejected' } as const;
  const denied = refusal('is not authorized to perform: sagemaker:DescribeModelPackage', 'AccessDeniedException');
  const proven: Partial<Far> = { image: `sha256:${'5e'.repeat(32)}` };

  test('are looked at once in every look', async () => {
    const one = walking({ stepping: { state: { is: 'paused', index: 0, since: nine + 30_000 } } });
    await one.look();
    await one.look({}, minutes(1));
    expect(one.registry.looks).toBe(2);
  });

  test.each(statesWithTraffic)(
    'rejected while its traffic moves it goes back, and says whose word that was: %j',
    async (state) => {
      const share = 'index' in state ? ([0.1, 0.5, 1][state.index] ?? 1) : 0;
      const one = walking({ far: { share }, stepping: { state }, registry: rejected });
      await one.look();
      expect(one.sent).toEqual([0]);
      expect(one.state()).toMatchObject({ is: 'returning' });
      await one.look({ share: 0, modifiedAt: nine + minutes(13) }, minutes(2));
      expect(one.release()).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
      expect(one.release().because).toMatch(
        /^1\.1\.0 has no traffic: churn_v1\.1\.0 \(package version 7\) is Rejected/,
      );
    },
  );

  test('rejected before its first traffic it gets none, and is refused', async () => {
    const one = walking({ far: { ...proven, share: 0 }, stepping: dark, registry: rejected });
    await one.look();
    expect(one.sent.filter((share) => share !== 0)).toEqual([]);
    await one.look({ modifiedAt: nine + minutes(13) }, minutes(4));
    expect(one.release()).toMatchObject({ outcome: 'rejected', reason: 'not-approved' });
  });

  test.each([
    ['its package was edited', { environment: { THRESHOLD: '0' } }],
    ['its artifact was overwritten', { artifact: 'b'.repeat(64) }],
  ])('%s: it gets no first traffic', async (_how, registry) => {
    const one = walking({ far: { ...proven, share: 0 }, stepping: dark, registry });
    await one.look();
    await one.look({ modifiedAt: nine + minutes(13) }, minutes(4));
    expect(one.sent.filter((share) => share !== 0)).toEqual([]);
    expect(one.release()).toMatchObject({ outcome: 'rejected', reason: 'content-changed' });
  });

  test('an artifact that was overwritten is not published', async () => {
    const one = walking({
      far: { share: 1 },
      stepping: { state: { is: 'retiring', index: 2 } },
      registry: { artifact: 'b'.repeat(64) },
    });
    await one.look();
    expect(one.sent).toEqual([0]);
    expect(one.state()).toMatchObject({ is: 'returning' });
  });

  test('with on-rejection: finish a rejection is said, and the next share is given on proof', async () => {
    const one = walking({ registry: rejected, finish: true });
    expect((await one.look()).because).not.toContain('no traffic');
    expect(one.sent).toEqual([0.5]);
    const reported = await one.look({ status: 'Updating' }, minutes(1));
    expect(reported.because).toContain('is Rejected');
    expect(reported.because).toContain('on-rejection: finish');
  });

  test('with on-rejection: finish a version that was edited goes back all the same', async () => {
    const one = walking({ registry: { ...rejected, environment: { THRESHOLD: '0' } }, finish: true });
    await one.look();
    expect(one.sent).toEqual([0]);
  });

  test('with on-rejection: finish a version that had no traffic yet gets none', async () => {
    const one = walking({ far: { ...proven, share: 0 }, stepping: dark, registry: rejected, finish: true });
    await one.look();
    await one.look({ modifiedAt: nine + minutes(13) }, minutes(4));
    expect(one.sent.filter((share) => share !== 0)).toEqual([]);
    expect(one.release()).toMatchObject({ outcome: 'rejected', reason: 'not-approved' });
  });

  test('that cannot be read hold the share, and say so; the judge is heard', async () => {
    const one = walking({ registry: { refuses: denied } });
    expect((await one.look()).because).toContain('grant sagemaker:DescribeModelPackage');
    expect(one.sent).toEqual([]);
    await one.look({}, minutes(5), failing);
    expect(one.sent).toEqual([0]);
  });

  test('that cannot be read hold the publishing', async () => {
    const one = walking({
      far: { share: 1 },
      stepping: { state: { is: 'retiring', index: 2 } },
      registry: { refuses: refusal('Rate exceeded', 'ThrottlingException') },
    });
    expect((await one.look()).because).toContain('not published yet');
    expect(one.sent).toEqual([]);
    delete one.registry.refuses;
    await one.look({}, minutes(1));
    expect(one.sent).toEqual(['churn-1-1-0']);
  });

  test('that may not be read end the walk before its first traffic, and name the permission', async () => {
    const one = walking({ far: { ...proven, share: 0 }, stepping: dark, registry: { refuses: denied } });
    await one.look();
    await one.look({ modifiedAt: nine + minutes(13) }, minutes(4));
    expect(one.release()).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
    expect(one.release().because).toContain('grant sagemaker:DescribeModelPackage');
  });
});

describe('the judge', () => {
  test.each(statesWithTraffic)('is consulted with candidate traffic above zero, and heard: %j', async (state) => {
    const share = 'index' in state ? ([0.1, 0.5, 1][state.index] ?? 1) : 0;
    const moves = [{ from: nine, until: nine + 30_000, share: 0.1 }];
    const one = walking({ far: { share }, stepping: { state, moves }, did: failing });
    await one.look();
    expect(one.witnessed).toHaveLength(1);
    expect(one.state()).toMatchObject({ is: 'returning', why: 'convicted' });
    expect(one.sent).toEqual([0]);
  });

  test('raises on proof after the bake, once', async () => {
    const one = walking({});
    await one.look();
    expect(one.state()).toMatchObject({ is: 'raising', index: 1 });
    expect(one.sent).toEqual([0.5]);
    expect(one.release().stepping?.moves.at(-1)).toEqual({ from: nine + minutes(12), share: 0.5 });
    expect(one.saved).toHaveLength(1);
  });

  test('convicts by a minute that is still young only when two looks read it alike', async () => {
    const minute = nine + minutes(9);
    const guilty = (errors: number) => (fleet: string, at: Instant) =>
      at === minute ? { ...clean(fleet), errors: fleet.endsWith('-next') ? errors : 0 } : clean(fleet);
    const one = walking({ did: guilty(60) });
    await one.look();
    expect(one.state()).toMatchObject({ is: 'baking', index: 0 });
    expect(one.witnessed.at(-1)?.verdict).toMatchObject({ decision: 'hold', reason: 'provisional' });
    await one.look({}, seconds(30), guilty(61));
    expect(one.state()).toMatchObject({ is: 'baking', index: 0 });
    expect(one.sent).toEqual([]);
    await one.look({}, seconds(30));
    expect(one.state()).toMatchObject({ is: 'returning', why: 'convicted' });
    expect(one.witnessed.at(-1)?.buckets.some(({ t, provisional }) => t === minute / 1000 && provisional)).toBe(false);
    const acquitted = walking({ did: guilty(60) });
    await acquitted.look();
    expect(acquitted.release().stepping).toHaveProperty('countsRead');
    await acquitted.look({}, seconds(30), clean);
    expect(acquitted.release().stepping).not.toHaveProperty('countsRead');
    expect(acquitted.sent).toEqual([0.5]);
  });

  test('a conviction stands when CloudWatch revises the bucket that brought it about', async () => {
    const one = walking({ did: failing });
    await one.look();
    await one.look({ status: 'Updating' }, seconds(30), clean);
    await one.look({ status: 'InService', share: 0, modifiedAt: nine + minutes(13) }, seconds(30), clean);
    expect(one.witnessed.at(-1)?.verdict.decision).toBe('promote');
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'rolled-back', reason: 'convicted' });
    expect(one.sent).toEqual([0]);
  });
});

describe('weights', () => {
  test('that did not take are asked for again, and no bake begins before they did', async () => {
    const one = walking({
      stepping: { state: { is: 'raising', index: 0, from: 0 }, moves: [{ from: nine + minutes(11), share: 0.1 }] },
      far: { share: 0 },
    });
    await one.look({ modifiedAt: nine + minutes(11) + 1 });
    expect(one.state()?.is).toBe('raising');
    expect(one.sent).toEqual([0.1]);
    await one.look({ share: 0.1, modifiedAt: nine + minutes(12) + 1 }, seconds(33));
    expect(one.state()).toEqual({ is: 'baking', index: 0, since: nine + minutes(12) + seconds(33) });
    expect(one.sent).toEqual([0.1]);
  });

  test('that somebody else moved are put right', async () => {
    const one = walking({ far: { share: 0.3 } });
    await one.look();
    expect(one.sent).toEqual([0.1]);
    expect(one.state()?.is).toBe('raising');
  });

  test('that cannot be changed now are changed later', async () => {
    const one = walking({ did: failing, refuses: { weights: busy } });
    expect((await one.look()).because).toContain('another change of the endpoint is running');
    expect(one.state()?.is).toBe('returning');
  });

  test('that SageMaker refuses to raise for good leave no traffic unsupervised', async () => {
    const odd = Object.assign(new Error('One or more features are not supported.'), { name: 'ValidationException' });
    const one = walking({ refuses: { weights: odd } });
    expect((await one.look()).because).toContain('refuses the way back, which is retried');
    expect(one.state()?.is).toBe('returning');
    expect(one.release().commands.at(-1)).toMatchObject({
      command: 'abort',
      why: expect.stringContaining('refuses to raise'),
    });
  });

  test('promoted by a person in the dark move only when the candidate was looked at', async () => {
    const dark = { stepping: { state: { is: 'dark' as const }, moves: [] }, commands: [manualCommand('promote-now')] };
    const wrong = walking({ ...dark, far: { share: 0, image: `sha256:${'e'.repeat(64)}` } });
    await wrong.look();
    expect(wrong.state()).toMatchObject({ is: 'returning', why: 'dark-checks-failed' });
    const right = walking({ ...dark, far: { share: 0 } });
    await right.look();
    expect(right.sent).toEqual([1]);
  });

  test('of 0 are not believed as long as the read may be from before the last raise', async () => {
    const raised = { from: nine + minutes(12) - seconds(5), share: 0.1 };
    const one = walking({
      stepping: { state: { is: 'raising', index: 0, from: 0 }, moves: [raised] },
      far: { share: 0, modifiedAt: nine - minutes(90) },
      commands: [manualCommand('abort')],
      refuses: { weights: busy },
    });
    await one.look();
    expect(one.release().phase).toBe('stepping');
    await one.look({ status: 'Updating', share: 0 }, seconds(30));
    expect(one.release().phase).toBe('stepping');
    await one.look({ status: 'InService', share: 0.1, modifiedAt: nine + minutes(12) }, seconds(30));
    expect(one.release().phase).toBe('stepping');
    await one.look({ share: 0, modifiedAt: nine + minutes(13) }, seconds(30));
    expect(one.release()).toMatchObject({ phase: 'settling', reason: 'aborted-by-hand' });
  });

  test('of 0 are believed when nothing ever shows another modification', async () => {
    const one = walking({
      stepping: {
        state: { is: 'returning', why: 'convicted', because: 'worse' },
        moves: [{ from: nine + minutes(11), share: 0 }],
      },
      far: { share: 0, modifiedAt: nine },
    });
    await one.look();
    expect(one.release().phase).toBe('stepping');
    await one.look({}, minutes(2));
    expect(one.release()).toMatchObject({ phase: 'settling', reason: 'convicted' });
  });

  test.each(whys)('of 0 for the reason %s end the release with that reason', async (why) => {
    const one = walking({
      stepping: {
        state: { is: 'returning', why, because: 'as seen' },
        moves: [{ from: nine + minutes(11), share: 0 }],
      },
      far: { share: 0, modifiedAt: nine + minutes(12) },
    });
    await one.look();
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'rolled-back', reason: why });
  });
});

describe('a dark candidate', () => {
  test('that is up gets its first share', async () => {
    const one = walking({ far: { share: 0 }, stepping: dark });
    await one.look();
    expect(one.sent).toEqual([0.1]);
    expect(one.witnessed).toEqual([]);
  });

  test('that runs another image gets none, not even when somebody is in a hurry', async () => {
    const one = walking({
      far: { share: 0, image: `sha256:${'00'.repeat(32)}` },
      stepping: dark,
      commands: [manualCommand('promote-now')],
    });
    await one.look();
    await one.look({ modifiedAt: nine + minutes(13) }, seconds(60));
    expect(one.sent).toEqual([0]);
    expect(one.release()).toMatchObject({ phase: 'settling', reason: 'dark-checks-failed' });
  });

  test('with traffic that nobody here gave it is made dark first', async () => {
    const one = walking({ far: { share: 0.4 }, stepping: dark });
    await one.look();
    expect(one.sent).toEqual([0]);
    expect(one.state()).toEqual({ is: 'dark' });
  });

  test('too small for all of the traffic grows before it gets any', async () => {
    const one = walking({ far: { share: 0, counts: [6, 4] }, stepping: dark });
    await one.look();
    expect(one.sent).toEqual(['6 instances']);
    expect(one.state()).toEqual({ is: 'dark' });
    await one.look({ counts: [6, 6] }, seconds(60));
    expect(one.sent).toEqual(['6 instances', 0.1]);
  });
});

describe('capacity', () => {
  test('is raised before the next share, and the judge is heard before both', async () => {
    const one = walking({ far: { counts: [6, 4] } });
    await one.look();
    expect(one.sent).toEqual(['6 instances']);
    const worse = walking({ far: { counts: [6, 4] }, did: failing });
    await worse.look();
    expect(worse.sent).toEqual([0]);
  });

  test('that cannot be had is waited for: the candidate keeps its judge and its share, and gets no more', async () => {
    const quota = refusal('The account-level service limit is 4 Instances', 'ResourceLimitExceeded');
    const one = walking({ far: { counts: [6, 4] }, refuses: { counts: quota } });
    expect((await one.look()).because).toContain('waits for as many instances as serve, 6');
    expect(one.sent).toEqual([]);
    expect(one.release().phase).toBe('stepping');
    const worse = walking({ far: { counts: [6, 4] }, refuses: { counts: quota }, did: failing });
    await worse.look();
    expect(worse.sent).toEqual([0]);
  });

  test('that SageMaker refuses for good sends the traffic back', async () => {
    const odd = refusal('This variant cannot be scaled.', 'ValidationException');
    const one = walking({ far: { counts: [6, 4] }, refuses: { counts: odd } });
    await one.look();
    expect(one.sent).toEqual([0]);
    await one.look({ share: 0, modifiedAt: nine + minutes(13) }, seconds(60));
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'failed' });
    expect(one.release().because).toContain('cannot grow to 6 instances');
  });

  test('that cannot be changed now is changed later', async () => {
    const one = walking({ far: { counts: [6, 4] }, refuses: { counts: busy } });
    expect((await one.look()).because).toContain('waits for as many instances as serve, 6');
    expect(one.release().phase).toBe('stepping');
  });
});

describe('the last step', () => {
  const full: Partial<Stepping> = {
    state: { is: 'baking', index: 2, since: nine + minutes(1) },
    moves: [{ from: nine, until: nine + minutes(1), share: 1 }],
  };
  const alone = (fleet: string): Did | undefined => (fleet.endsWith('-next') ? { requests: 300 } : undefined);

  test('ends with the candidate published under the canonical name', async () => {
    const one = walking({ far: { share: 1 }, stepping: full, did: alone });
    await one.look();
    expect(one.sent).toEqual(['churn-1-1-0']);
    expect(one.release()).toMatchObject({ phase: 'supervising', stepping: { state: { is: 'retiring' } } });
  });

  test('to another instance type first sets the fleet free of autoscaling, which the record keeps', async () => {
    const one = walking({ far: { share: 1 }, stepping: full, did: alone, servesOn: 'ml.c5.xlarge' });
    await one.look();
    expect(one.sent).toEqual(['no autoscaling']);
    await one.look();
    expect(one.sent).toEqual(['no autoscaling', 'churn-1-1-0']);
    expect(one.release()).toMatchObject({ phase: 'supervising', scaling: { minCapacity: 2, maxCapacity: 6 } });
  });

  test('is taken back where the candidate fails clearly more often than before, and that convicts no version', async () => {
    const compared = { from: nine - minutes(20), until: nine - minutes(20), share: 0.5 };
    const did = (fleet: string, at: Instant): Did | undefined =>
      at < nine ? { requests: 1500 } : fleet.endsWith('-next') ? { requests: 3000, errors: 450 } : undefined;
    const one = walking({
      far: { share: 1 },
      stepping: { ...full, moves: [compared, ...(full.moves ?? [])] },
      did,
    });
    await one.look();
    expect(one.state()).toMatchObject({ is: 'returning', why: 'worse-than-before' });
    expect(one.sent).toEqual([0]);
    await one.look({ share: 0, modifiedAt: nine + minutes(13) }, seconds(60));
    expect(one.release()).toMatchObject({ outcome: 'rolled-back', reason: 'worse-than-before' });
    expect(convictions.has('worse-than-before')).toBe(false);
  });

  test('does not end on too few requests, and not ever', async () => {
    const one = walking({ far: { share: 1 }, stepping: full, did: () => undefined });
    await one.look();
    expect(one.sent).toEqual([]);
    await one.look({}, minutes(60));
    expect(one.sent).toEqual([0]);
    expect(one.state()).toMatchObject({ is: 'returning', why: 'insufficient-traffic' });
  });

  test('is aborted by a command that came while the turn was decided: the traffic goes back', async () => {
    const one = walking({ far: { share: 1 }, stepping: full, did: alone, meanwhile: manualCommand('abort') });
    await one.look();
    expect(one.sent).toEqual([]);
    expect(one.release()).toMatchObject({ phase: 'stepping', stepping: { obeyed: 0 } });
    await one.look({}, seconds(30));
    expect(one.sent).toEqual([0]);
    expect(one.state()).toMatchObject({ is: 'returning', why: 'aborted-by-hand' });
  });

  test('whose publishing is refused for now can still be ended: the release has traffic, and shows it', async () => {
    const one = walking({ far: { share: 1 }, stepping: full, did: alone, refuses: { update: busy } });
    await one.look();
    expect(one.release().phase).toBe('stepping');
    await one.abort();
    expect(one.sent).toEqual([0]);
  });

  test('whose publishing is refused for good says who has the traffic', async () => {
    const update = refusal('The account-level service limit is 0 Instances.', 'ResourceLimitExceeded');
    const one = walking({ far: { share: 1 }, stepping: full, did: alone, refuses: { update } });
    await one.look();
    expect(one.release()).toMatchObject({
      reason: 'quota-exceeded',
      because: expect.stringContaining('1.1.0 keeps all traffic beside the old variant'),
    });
  });

  test('can still be aborted before the publishing was accepted: the traffic goes back', async () => {
    const one = walking({ far: { share: 1 }, stepping: { ...full, state: { is: 'retiring', index: 2 } }, did: alone });
    await one.abort();
    expect(one.sent).toEqual([0]);
    await one.look({ share: 0, modifiedAt: nine + minutes(13) }, seconds(60));
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'cancelled', reason: 'cancelled' });
  });
});

describe('people', () => {
  test('are obeyed once: what was obeyed is counted', async () => {
    const one = walking({ commands: [manualCommand('pause')] });
    await one.look();
    expect(one.state()?.is).toBe('paused');
    expect(one.release().stepping?.obeyed).toBe(1);
    await one.look({}, seconds(33));
    expect(one.state()?.is).toBe('paused');
    expect(one.sent).toEqual([]);
  });

  test('a cancelled run takes the traffic back and ends as cancelled', async () => {
    const one = walking({});
    await one.abort();
    expect(one.sent).toEqual([0]);
    await one.look({ share: 0, modifiedAt: nine + minutes(13) }, seconds(60));
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'cancelled', reason: 'cancelled' });
  });
});

test('a look sees the endpoint as it is, though a look of the same instant has seen it', async () => {
  const one = walking({ stepping: { state: { is: 'paused', index: 0, since: nine + 30_000 } } });
  await one.look();
  await one.look({ pending: 'churn-other' });
  expect(one.release()).toMatchObject({ phase: 'settling', reason: 'changed-by-others' });
});

test('somebody else’s update ends the walk', async () => {
  const one = walking({ far: { pending: 'churn-other' } });
  await one.look();
  expect(one.release()).toMatchObject({ phase: 'settling', reason: 'changed-by-others' });
  expect(one.sent).toEqual([]);
});
