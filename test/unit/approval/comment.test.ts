import { describe, expect, it } from '@jest/globals';
import { comment } from '../../../src/approval/comment.ts';
import { evidenceDigest } from '../../../src/approval/evidence-stamp.ts';
import type { Asked, Considered } from '../../../src/approval/mode.ts';
import { minutes } from '../../../src/clock.ts';
import { writeStamp } from '../../../src/findings/evidence-stamp.ts';
import type { Comment, GitHub } from '../../../src/github/github.ts';
import { registeredVersion } from '../../support/registered.ts';

/** Decisions about churn_v1.0.0, package 7: alice, bob and carol may write to the repository, and noor may not. */

const start = Date.parse('2026-01-05T10:00:00Z');
const registered = registeredVersion({ version: '1.0.0', approval: 'PendingManualApproval', registeredAt: start });

interface Said {
  readonly by: string;
  readonly body: string;
  readonly edited?: true;
  /** Minutes after the registration; by default its place. */
  readonly at?: number;
}
const bot = 'ci[bot]';
const said = (by: string, body: string, more: Partial<Said> = {}): Said => ({ by, body, ...more });
const shows = (tag: string, at: number, model = 'churn', end = '\n'): Said => {
  const digest = tag === registered.tag ? evidenceDigest(registered) : '0123456789ab';
  const stamp = writeStamp({ tag, digest, since: start + minutes(at) });
  return said(bot, [`<!-- model-delivery: ${model} -->`, stamp, 'The evidence'].join(end));
};

const decide = async (...thread: readonly Said[]): Promise<Considered | undefined> => {
  const comments = thread.map(({ by, body, edited, at }, index): Comment => {
    const createdAt = new Date(start + minutes(at ?? index + 1)).toISOString();
    const updatedAt = edited ? new Date(start + minutes(60)).toISOString() : createdAt;
    return { id: index, author: by, byApp: by === bot, body, createdAt, updatedAt, page: '' };
  });
  const github: Partial<GitHub> = {
    repository: 'acme/churn',
    commentsOf: async () => comments,
    // The thread is an issue.
    pullRequest: async () => undefined,
    authorship: async () => (one) => one.byApp,
    permissionOf: async (login) => (login === 'noor' ? 'read' : 'write'),
  };
  const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };
  const asked = {
    manifest: { model: 'churn' },
    rules: {},
    risk: { level: 'normal' },
    registered,
    inputs: { issue: 9 },
    world: { github, account, run: { holder: 'test' } },
  };
  return comment.decide?.(asked as unknown as Asked);
};
const open = (because: RegExp, reason = 'approvals-missing'): unknown =>
  expect.objectContaining({ is: 'open', outcome: 'pending', reason, because: expect.stringMatching(because) });

/** The lines of the report about rejections. */
const lost = (found: Considered | undefined): readonly string[] =>
  (found?.remarks ?? []).filter((line) => line.startsWith('the rejection of '));

describe('a rejection', () => {
  it.each([
    '/reject: mislabelled',
    '**/reject** mislabelled',
    '- /reject',
    '/reject 0.9.0 was better',
    '/reject 7 is wrong',
    '/reject 2026.01.05 data is stale',
    '/reject churn_v1.0.0: mislabelled',
    '/reject `churn_v1.0.0` mislabelled',
    '/reject churn/7 mislabelled',
    '/reject 3/4 of the rows are mislabelled',
    '/reject recall/2 groups fell',
    '/reject issue/12 is open',
    '/reject arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7 mislabelled',
    '/reject bad\n/approve 1.0.0',
    '/approve 1.0.0\n/reject bad',
  ])('is %j, whatever its author approved before', async (body) => {
    const found = await decide(said('bob', '/approve 1.0.0'), said('alice', '/approve 1.0.0'), said('alice', body));
    expect(found?.decision).toMatchObject({ is: 'reject', by: ['alice'] });
  });

  it.each([
    '/reject churn_v0.9.0: mislabelled',
    '/reject churn/3 mislabelled',
    '/reject package-3 mislabelled',
    '/reject fraud_v1.0.0 mislabelled',
    '/reject fraud/7: mislabelled',
    '/reject **fraud/7**: mislabelled',
    '/reject fraud/7',
    '/reject (churn/3) mislabelled',
    '/reject 0.9.0',
    '/reject arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/7 mislabelled',
    '/reject arn:aws:sagemaker:eu-west-1:999999999999:model-package/churn/7 mislabelled',
  ])('is about another version: %j', async (body) => {
    const found = await decide(said('alice', '/approve 1.0.0'), said('alice', body));
    expect(found?.decision).toMatchObject({ is: 'approve', by: ['alice'] });
    expect(lost(found)).toEqual([
      'the rejection of alice on issue 9 does not count: it names another version or model',
    ]);
    const settled = await decide(said('alice', body), said('alice', '/approve 1.0.0'));
    expect(settled?.decision).toMatchObject({ is: 'approve' });
    expect(lost(settled)).toEqual([]);
    const older = await decide(said('alice', body, { at: -5 }), said('bob', '/approve 1.0.0'));
    expect(older?.decision).toMatchObject({ is: 'approve' });
    expect(lost(older)).toEqual([]);
  });

  it('about another version ends no hold of the same person', async () => {
    const quoted = said('carol', '> is it good?\n/reject bad');
    const held = await decide(said('alice', '/approve 1.0.0'), quoted, said('carol', '/reject 0.9.0'));
    expect(held?.decision).toEqual(open(/nothing is approved until carol writes a new decision/));
    expect(lost(held)).toHaveLength(2);
  });

  it('about another version leaves the approval in the same comment as it is', async () => {
    const found = await decide(said('alice', '/reject 0.9.0\n/approve 1.0.0'));
    expect(found?.decision).toMatchObject({ is: 'approve' });
    expect(lost(found)).toEqual([expect.stringMatching(/alice .* it names another version or model/)]);
  });

  it('has its reason as it was written', async () => {
    const found = await decide(said('alice', '/reject `recall` fell to `0.1`'));
    expect(found?.decision).toMatchObject({ because: expect.stringContaining('(alice: `recall` fell to `0.1`)') });
  });

  it.each<readonly [string, Said, RegExp]>([
    ['edited', said('carol', '/reject bad', { edited: true }), /the comment was edited: write a new one/],
    ['below a quotation', said('carol', '> is it good?\n/reject bad'), /it may belong to a quotation/],
  ])('that is %s holds the gate', async (_name, doubtful, because) => {
    const held = await decide(said('alice', '/approve 1.0.0'), doubtful);
    expect(held?.decision).toEqual(open(/1 of 1 approval .*nothing is approved until carol writes a new decision/));
    expect(held?.remarks).toContainEqual(expect.stringMatching(because));

    const still = await decide(said('alice', '/approve 1.0.0'), doubtful, said('carol', '/approve looks good'));
    expect(still?.decision).toEqual(open(/nothing is approved until carol/));

    const own = await decide(said('carol', '/approve 1.0.0'), doubtful);
    expect(own?.decision).toEqual(open(/0 of 1 approval/));

    const settled = await decide(
      said('alice', '/approve 1.0.0'),
      doubtful,
      said('carol', '/approve 1.0.0', { at: 61 }),
    );
    expect(settled?.decision).toMatchObject({ is: 'approve' });

    const stranger = await decide(said('alice', '/approve 1.0.0'), { ...doubtful, by: 'noor' });
    expect(stranger?.decision).toMatchObject({ is: 'approve' });
  });

  it('that an earlier comment was edited into is newer than the approval between them', async () => {
    const edited = said('carol', '/reject broken', { edited: true });
    const alone = await decide(edited, said('carol', '/approve 1.0.0', { at: 10 }));
    expect(alone?.decision).toEqual(open(/0 of 1 approval/));
    const held = await decide(edited, said('alice', '/approve 1.0.0'), said('carol', '/approve 1.0.0', { at: 10 }));
    expect(held?.decision).toEqual(open(/nothing is approved until carol writes a new decision/));
    expect(held?.remarks).toContainEqual(expect.stringMatching(/carol .*the comment was edited/));
  });

  it('that a comment from before the registration was edited into holds the gate', async () => {
    const edited = said('carol', '/reject broken', { at: -5, edited: true });
    const held = await decide(said('alice', '/approve 1.0.0'), edited);
    expect(held?.decision).toEqual(open(/nothing is approved until carol writes a new decision/));
  });

  it('from before the registration is about another version', async () => {
    const found = await decide(said('alice', '/approve 1.0.0'), said('carol', '/reject bad', { at: -5 }));
    expect(found?.decision).toMatchObject({ is: 'approve' });
    expect(found?.remarks).toContainEqual(expect.stringMatching(/carol .* older than churn_v1\.0\.0/));
  });
});

describe('an approval', () => {
  it.each(['/approve `churn_v1.0.0`', '/APPROVE v1.0.0', '/approve churn/7', '/approve 7'])('is %j', async (body) => {
    expect((await decide(said('alice', body)))?.decision).toMatchObject({ is: 'approve' });
  });

  it.each<readonly [string, RegExp]>([
    ['<details>\n\n/approve 1.0.0\n\n</details>', /alice \(the comment has HTML.*without HTML/],
    ['- /approve 1.0.0', /alone on a line/],
    ['/approve arn:aws:sagemaker:eu-west-1:999999999999:model-package/churn/7', /another account or region/],
    ['/approve arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/7', /another account or region/],
  ])('that is doubtful does not count: %j', async (body, because) => {
    expect((await decide(said('alice', body)))?.decision).toEqual(open(because));
  });

  it.each([
    'fraud_v1.0.0',
    'fraud/7',
    'churn/8',
    'arn:aws:sagemaker:eu-west-1:111122223333:model-package/fraud/7',
    'arn:aws:sagemaker:us-east-1:111122223333:model-package/fraud/7',
    'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn',
  ])('of another version or model is no decision about this one: %s', async (name) => {
    const found = await decide(said('alice', `/approve ${name}`));
    expect(found?.decision).toEqual(open(/0 of 1 approval[^(]*$/));
    expect(found?.remarks).toEqual([]);
  });

  it.each(['next', '1.0', '1.0.0+7'])('of a text that is no version does not count: %s', async (text) => {
    expect((await decide(said('alice', `/approve ${text}`)))?.decision).toEqual(open(/is no version: write \/approve/));
  });

  it('of an account that was deleted does not count', async () => {
    expect((await decide(said('', '/approve 1.0.0')))?.decision).toEqual(open(/0 of 1 approval/));
  });

  it('without a version is of the newest evidence', async () => {
    const alone = await decide(shows('churn_v1.0.0', 1), said('alice', '/approve'));
    expect(alone?.decision).toMatchObject({ is: 'approve' });
    const typed = await decide(shows('churn_v1.0.0', 1, 'churn', '\r\n'), said('alice', '/approve'));
    expect(typed?.decision).toMatchObject({ is: 'approve' });
    const newer = await decide(shows('fraud_v2.0.0', 1, 'fraud'), shows('churn_v1.0.0', 2), said('alice', '/approve'));
    expect(newer?.decision).toMatchObject({ is: 'approve' });
    const below = await decide(shows('churn_v1.0.0', 1), said('alice', '/approve'), shows('fraud_v2.0.0', 3, 'fraud'));
    expect(below?.decision).toMatchObject({ is: 'approve' });
  });

  it.each(['1.0.0', 'v1.0.0', '7', 'package-7'])(
    'of %s below evidence of another model does not count',
    async (name) => {
      const [fraud, alice] = [shows('fraud_v1.0.0', 1, 'fraud'), said('alice', `/approve ${name}`)];
      const found = await decide(fraud, shows('churn_v1.0.0', 2), alice);
      expect(found?.decision).toEqual(
        open(/evidence of fraud is shown there too: name the model, \/approve churn_v1\.0\.0/),
      );
      expect((await decide(alice, shows('fraud_v1.0.0', 2, 'fraud')))?.decision).toMatchObject({ is: 'approve' });
      expect((await decide(shows('churn_v0.9.0', 1), alice))?.decision).toMatchObject({ is: 'approve' });
      const whole = await decide(fraud, said('alice', '/approve churn_v1.0.0'));
      expect(whole?.decision).toMatchObject({ is: 'approve' });
      const other = await decide(fraud, said('alice', `/reject ${name}`));
      expect(other?.decision).toMatchObject({ is: 'reject' });
    },
  );

  it.each<readonly [string, Said]>([
    ['of another model', shows('fraud_v2.0.0', 2, 'fraud')],
    ['of another version', shows('churn_v1.1.0', 2)],
    ['of another model at the same moment', shows('fraud_v2.0.0', 1, 'fraud')],
    ['of another model, which replaced that which its author saw', shows('fraud_v2.0.0', 30, 'fraud')],
  ])('without a version does not count below evidence %s', async (_name, other) => {
    const found = await decide(shows('churn_v1.0.0', 1), other, said('alice', '/approve'));
    expect(found?.decision).toEqual(
      open(/is shown there too, and is newer: name the version, \/approve churn_v1\.0\.0/),
    );
  });
});
