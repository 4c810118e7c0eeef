import { describe, expect, test } from '@jest/globals';
import { AnswerLost } from '../../../src/aws/retry.ts';
import { minutes, seconds } from '../../../src/clock.ts';
import type { ReleasePatch } from '../../../src/release/lifecycle.ts';
import type { ManualCommand, Release } from '../../../src/release/record.ts';
import { configuration, created, secondSwap, unchanged } from '../../support/release.ts';
import { nine, stepping } from '../../support/stepping.ts';
import { before, newConfig, oldConfig, ownAlarm, updating } from '../../support/updating.ts';
import { busy, clean, failing, manualCommand, refusal, walking } from '../../support/walking.ts';

// One look each: what the record has and what AWS shows → what is sent, what is written, what is concluded. Where nothing is concluded
// the release waits.

type Row<Given> = readonly [given: string, Given, sent: string, written: string, concluded: string];

/** What was written, in order: the phase, the members of what was witnessed, the state of the steps. */
const written = (patches: readonly ReleasePatch[], first: Partial<Release>): string => {
  let was: ReleasePatch = first;
  const lines = patches.flatMap((patch) => {
    const words = [
      ...(patch.phase === undefined || patch.phase === 'settling' ? [] : [patch.phase]),
      ...(patch.takenBack === undefined ? [] : ['takenBack']),
      ...(patch.witnessed === undefined ? [] : changes(was.witnessed ?? {}, patch.witnessed)),
      ...(patch.stepping === undefined ? [] : [stateOf(patch)]),
      ...(patch.commands === undefined ? [] : ['command']),
    ];
    was = { ...was, ...patch };
    return patch.phase === 'settling' ? [] : [words.join(' ') || 'lease'];
  });
  return lines.join(', ');
};
const stateOf = ({ stepping }: ReleasePatch): string => {
  const state = stepping?.state;
  return state === undefined ? '' : 'index' in state ? `${state.is} ${state.index}` : state.is;
};
const changes = (was: object, is: object): readonly string[] => [
  ...Object.entries(is)
    .filter(([name, value]) => JSON.stringify((was as Record<string, unknown>)[name]) !== JSON.stringify(value))
    .map(([name]) => name),
  ...Object.keys(was)
    .filter((name) => !(name in is))
    .map((name) => `-${name}`),
];

type Update = Parameters<typeof updating>[0];

const conclusionOf = ({ phase, reason }: Release): string => (phase === 'settling' ? (reason ?? '') : '');

const tellsUpdate = (act: 'supervise' | 'submit' | 'confirm', rows: readonly Row<Update>[]): void => {
  test.each(rows)('%s', async (_given, given, sent, wrote, concluded) => {
    const one = updating(given);
    const first = one.release();
    await one[act]();
    expect([one.sent.join(', '), written(one.saved, first), conclusionOf(one.release())]).toEqual([
      sent,
      wrote,
      concluded,
    ]);
  });
};

const ours = { status: 'Updating', pending: newConfig } as const;
const theirs = 'churn-theirs';
/** After both bakes of ten minutes. */
const arrived = { config: newConfig, modifiedAt: nine + minutes(25) } as const;
const returned = { modifiedAt: nine + minutes(7) } as const;
const seen = { submittedAt: nine, modifiedAt: before, updatingAt: nine + minutes(1) } as const;
const ping = 'The primary container for production variant AllTraffic did not pass the ping health check.';
const short = { holder: 'run-1', until: nine + minutes(12) } as const;
const image = (digit: string): string => `sha256:${digit.repeat(64)}`;
const abort: ManualCommand = { command: 'abort', by: 'mina', why: 'lunch', at: nine };
const rejected = { approval: 'Rejected' } as const;
const candidate = { ...configuration('1.1.0'), packageVersion: 7 };
const plain = { alarms: {} } as const;

describe('an update that was submitted', () => {
  // biome-ignore format: a table
  tellsUpdate('supervise', [
    // given                                     record and AWS                                                            sent                  written                    concluded
    ['it is under way',                          { shows: ours },                                                          '',                   'updatingAt',              ''],
    ['it is under way, and AWS says since when', { shows: { ...ours, startedAt: nine + seconds(2) } },                    '',                   'updatingAt startedAt',    ''],
    ['it is under way, as was seen before',      { shows: ours, record: { witnessed: seen } },                             '',                   '',                        ''],
    ['the lease runs out in two minutes',        { shows: ours, record: { witnessed: seen, lease: short } },               '',                   'lease',                   ''],
    ['a reason shows for the first time',        { shows: { ...ours, failureReason: ping }, record: { witnessed: seen } }, '',                   'failureReason',           ''],
    ['it rolls back',                            { shows: { ...ours, status: 'RollingBack' } },                            '',                   'updatingAt',              ''],
    ['another’s update is under way',            { shows: { ...ours, pending: theirs } },                                  '',                   'updatingAt',              'changed-by-others'],
    ['another’s update follows ours',            { shows: { ...arrived, status: 'Updating', pending: theirs } },           '',                   'updatingAt',              'changed-by-others'],
    ['it still shows what was before',           { now: nine + minutes(2) },                                               '',                   '',                        ''],
    ['it shows what was before for ten minutes', {},                                                                       '',                   '',                        'cause-unknown'],
    ['the old serves again',                     { shows: returned },                                                      '',                   '',                        'cause-unknown'],
    ['the old serves again, and a reason shows', { shows: { ...returned, failureReason: ping } },                          '',                   'failureReason',           'health-check'],
    ['another configuration serves',             { shows: { ...returned, config: theirs } },                               '',                   '',                        'changed-by-others'],
    ['the new serves',                           { shows: arrived },                                                       '',                   '',                        'delivered'],
    ['the new serves before its bakes can have passed', { shows: { ...arrived, modifiedAt: nine + minutes(7) } },          '',                   '',                        'no-bake'],
    ['the new serves, an instance short',        { shows: { ...arrived, counts: [1, 2] } },                                '',                   '',                        ''],
    ['an instance short for five minutes',       { shows: { ...arrived, counts: [1, 2], modifiedAt: nine + minutes(5) } }, '',                   '',                        'verification-mismatch'],
    ['the new serves, with another image',       { shows: { ...arrived, image: image('b'), modifiedAt: nine },
                                                   record: { candidate: { ...candidate, imageDigest: image('a') } } },     '',                   '',                        'verification-mismatch'],
    ['the new serves, with its image',           { shows: { ...arrived, image: image('a') },
                                                   record: { candidate: { ...candidate, imageDigest: image('a') } } },     '',                   '',                        'delivered'],
    ['the new serves while ours is pending',     { shows: { ...arrived, pending: newConfig } },                            '',                   '',                        ''],
    ['the new serves, its own alarm is gone',    { shows: arrived, alarms: { team: 'OK' } },                               '',                   'alarmsGone',              'alarm-gone'],
    ['its own alarm is gone meanwhile',          { shows: ours, alarms: { team: 'OK' } },                                  `alarm ${ownAlarm}`,  'updatingAt',              ''],
    ['the team’s alarm is gone meanwhile',       { shows: ours, alarms: { [ownAlarm]: 'OK' } },                            '',                   'updatingAt alarmsGone',   ''],
    ['an alarm is red while it bakes',           { shows: { ...ours, bakingSince: nine + minutes(8) },
                                                   alarms: { [ownAlarm]: 'ALARM', team: 'OK' } },                          '',                   'updatingAt alarms bakes', ''],
    ['an alarm is red while it starts',          { shows: ours, alarms: { [ownAlarm]: 'ALARM', team: 'OK' } },             '',                   'updatingAt',              ''],
    ['a person stops it',                        { shows: ours, record: { witnessed: seen, commands: [abort] } },          'the order to stop',  'abort, abort',            ''],
    ['the order to stop was only announced',     { shows: ours, record: { witnessed: { ...seen,
                                                   abort: { at: nine, why: 'aborted-by-hand', published: false } } } },    'the order to stop',  'abort',                   ''],
    ['the order to stop holds',                  { shows: ours, record: { commands: [abort], witnessed: { ...seen,
                                                   abort: { at: nine, why: 'aborted-by-hand', published: true } } } },     '',                   '',                        ''],
    ['a person stops what no alarm can',         { shows: ours, submission: { abortAlarm: undefined as never },
                                                   record: { witnessed: seen, commands: [abort] } },                       '',                   '',                        ''],
    ['it is rejected meanwhile',                 { shows: ours, registry: rejected, record: { witnessed: seen } },         'the order to stop',  'abort, abort',            ''],
    ['it is rejected when it serves',            { shows: arrived, registry: rejected },                                   '',                   'preparing takenBack -submittedAt -modifiedAt', ''],
    ['a first version is rejected when it serves', { shows: arrived, registry: rejected, submission: created }, '',                   '',                        'withdrawn-too-late'],
    ['no endpoint is there',                     { shows: 'none' },                                                        '',                   '',                        'changed-by-others'],
    ['it is being deleted',                      { shows: { status: 'Deleting' } },                                        '',                   'updatingAt',              'changed-by-others'],
    ['update and way back failed',               { shows: { ...returned, status: 'UpdateRollbackFailed' } },               '',                   '',                        'rollback-failed'],
    ['it failed',                                { shows: { ...returned, status: 'Failed' } },                             '',                   '',                        'endpoint-unusable'],
    ['a creation failed',                        { shows: { ...arrived, status: 'Failed', failureReason: ping },
                                                   submission: created },                                       '',                   'failureReason',           'creation-failed'],
    ['a creation found no instances',            { shows: { ...arrived, status: 'Failed', failureReason: 'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.' },
                                                   submission: created },                                       '',                   'failureReason',           'capacity-unavailable'],
    ['it is out of service with ours',           { shows: { ...arrived, status: 'OutOfService' } },                        '',                   '',                        'endpoint-unusable'],
    ['it is out of service with another’s',      { shows: { ...returned, config: theirs, status: 'OutOfService' } },       '',                   '',                        'changed-by-others'],
    ['a candidate is up beside what serves',     { shows: arrived, record: { candidate: { ...candidate,
                                                   beside: { candidate: 'a', baseline: 'b' } } } },                        '',                   '',                        'candidate-dark'],
    ['a rollback serves',                        { shows: arrived, record: { operation: 'rollback' } },                    '',                   '',                        'restored'],
    ['a rollback came back',                     { shows: returned, submission: { ...secondSwap, mechanism: 'replacement' }, record: { operation: 'rollback' } },                   '',                   '',                        'restore-failed'],
    ['the last update of steps came back',       { shows: returned, submission: secondSwap, record: { operation: 'shift-traffic', stepping: stepping() } },              '',                   '',                        'retire-failed'],
    ['its bake saw no request',                  { shows: arrived, now: nine + minutes(28), submission: { minimumRequests: 1 } }, '',            '',                        'unproven-traffic'],
  ]);
});

const ready: Partial<Release> = { phase: 'preparing', witnessed: {} };
const lost = new AnswerLost('sagemaker:UpdateEndpoint', new Error('socket hang up'));
const quota = refusal("The account-level service limit 'ml.m5.large' is 4 Instances", 'ResourceLimitExceeded');

describe('an update that is ready to be submitted', () => {
  // biome-ignore format: a table
  tellsUpdate('submit', [
    // given                               record and AWS                                                             sent                         written                                                     concluded
    ['the old serves',                     { record: ready },                                                         `update to ${newConfig}`,    'submitting submittedAt modifiedAt promised, supervising',           ''],
    ['the old serves, a reason shows',     { record: ready, shows: { failureReason: ping } },                         `update to ${newConfig}`,    'submitting submittedAt modifiedAt staleFailureReason promised, supervising', ''],
    ['no endpoint is there',               { record: ready, shows: 'none' },                                          '',                          '',                                                         'changed-by-others'],
    ['another configuration serves',       { record: ready, shows: { config: theirs } },                              '',                          '',                                                         'changed-by-others'],
    ['ours serves already',                { record: ready, shows: arrived },                                         '',                          'supervising submittedAt',                                  ''],
    ['ours is under way already',          { record: ready, shows: ours },                                            '',                          'supervising submittedAt',                                  ''],
    ['another’s update is under way',      { record: ready, shows: { ...ours, pending: theirs } },                    '',                          '',                                                         ''],
    ['the endpoint moves, the lease ends', { record: { ...ready, lease: short }, shows: { status: 'SystemUpdating' } }, '',                        'lease',                                                    ''],
    ['the endpoint moves, it is rejected', { record: ready, shows: { status: 'SystemUpdating' }, registry: rejected }, '',                         '',                                                         'not-approved'],
    ['a person stops it',                  { record: { ...ready, commands: [abort] } },                               '',                          '',                                                         'aborted-by-hand'],
    ['a rejection stops it',               { record: { ...ready, commands: [{ ...abort, reason: 'approval-withdrawn' }] } }, '',                     '',                                                         'not-approved'],
    ['it is rejected',                     { record: ready, registry: rejected },                                     '',                          '',                                                         'not-approved'],
    ['an alarm is red',                    { record: ready, alarms: { [ownAlarm]: 'ALARM', team: 'OK' } },            '',                          '',                                                         'alarm-not-ready'],
    ['the answer is lost',                 { record: ready, refuses: lost },                                          '',                          'submitting submittedAt modifiedAt promised, unansweredAt',          ''],
    ['the endpoint just began to move',    { record: ready, refuses: busy },                                          '',                          'submitting submittedAt modifiedAt promised, preparing -submittedAt -modifiedAt -promised', ''],
    ['there is no room for it',            { record: ready, refuses: quota },                                         '',                          'submitting submittedAt modifiedAt promised, preparing -submittedAt -modifiedAt -promised', 'quota-exceeded'],
    ['only what is around it changes',     { record: ready, submission: unchanged },                           '',                          '',                                                         'delivered'],
    ['it is the first',                    { ...plain, record: { ...ready, baseline: undefined as never }, shows: 'none', submission: created },
                                                                                                                      `create with ${newConfig}`,  'submitting submittedAt promised, supervising',                      ''],
  ]);
});

const announced: Partial<Release> = { phase: 'submitting' };

describe('an update whose answer was lost', () => {
  // biome-ignore format: a table
  tellsUpdate('confirm', [
    // given                             record and AWS                                                                 sent  written                               concluded
    ['the new serves',                   { record: announced, shows: arrived },                                         '',   'supervising',                        ''],
    ['ours is under way',                { record: announced, shows: ours },                                            '',   'supervising',                        ''],
    ['the old serves, changed since',    { record: announced, shows: returned },                                        '',   'supervising',                        ''],
    ['nothing moved within a minute',    { record: announced, now: nine + seconds(59) },                                '',   '',                                   ''],
    ['nothing moved for a minute',       { record: announced, now: nine + seconds(60) },                                '',   'preparing -submittedAt -modifiedAt', ''],
    ['there is no endpoint',             { record: announced, shows: 'none' },                                          '',   'preparing -submittedAt -modifiedAt', ''],
  ]);
});

type Walk = Parameters<typeof walking>[0];
const dark: Walk['stepping'] = { state: { is: 'dark' }, moves: [] };
const raising: Walk['stepping'] = { state: { is: 'raising', index: 0, from: 0 }, moves: [{ from: nine, share: 0.1 }] };
const paused: Walk['stepping'] = { state: { is: 'paused', index: 0, since: nine + 30_000 } };
const back: Walk['stepping'] = { state: { is: 'returning', why: 'convicted', because: 'worse' } };
const full: Walk['stepping'] = {
  state: { is: 'baking', index: 2, since: nine + minutes(1) },
  moves: [{ from: nine, until: nine + minutes(1), share: 1 }],
};
const alone: Walk['did'] = (fleet) => (fleet.endsWith('-next') ? clean(fleet) : undefined);

describe('a rollout by steps', () => {
  // biome-ignore format: a table
  const rows: readonly Row<Walk>[] = [
    // given                                  record and AWS                                                              sent                written                        concluded
    ['proven at 10 % after its bake',         {},                                                                         '0.5',              'raising 1',                   ''],
    ['worse at 10 %',                         { did: failing },                                                           '0',                'returning',                   ''],
    ['not yet baked',                         { now: nine + minutes(5) },                                                 '',                 'baking 0',                    ''],
    ['paused',                                { stepping: paused },                                                       '',                 'paused 0',                    ''],
    ['up without traffic',                    { stepping: dark, far: { share: 0 } },                                      '0.1',              'raising 0',                   ''],
    ['up with another image',                 { stepping: dark, far: { share: 0, image: image('e') } },                   '0',                'returning',                   ''],
    ['up with traffic of others’ making',     { stepping: dark, far: { share: 0.4 } },                                    '0',                'dark',                        ''],
    ['up, smaller than what serves',          { stepping: dark, far: { share: 0, counts: [6, 4] } },                      '6 instances',      'dark',                        ''],
    ['raised, and it shows',                  { stepping: raising, far: { share: 0.1 } },                                 '',                 'baking 0',                    ''],
    ['raised, and it does not show',          { stepping: raising, far: { share: 0 } },                                   '0.1',              'raising 0',                   ''],
    ['raised, and it moves',                  { stepping: raising, far: { share: 0, status: 'Updating' } },               '',                 'raising 0',                   ''],
    ['others move the weights',               { far: { share: 0.3 } },                                                    '0.1',              'raising 0',                   ''],
    ['what serves has grown',                 { far: { counts: [6, 4] } },                                                '6 instances',      'raising 1, raising 1',        ''],
    ['a person stops it',                     { commands: [manualCommand('abort')] },                                              '0',                'returning',                   ''],
    ['a person pauses it',                    { commands: [manualCommand('pause')] },                                              '',                 'paused 0',                    ''],
    ['a person is in a hurry',                { commands: [manualCommand('promote-now')] },                                        '1',                'raising 2',                   ''],
    ['it is rejected',                        { registry: rejected },                                                     '0',                'command, returning',          ''],
    ['going back, not there yet',             { stepping: back },                                                         '0',                'returning',                   ''],
    ['going back, and there',                 { stepping: back, far: { share: 0 } },                                      '',                 'returned',                    'convicted'],
    ['proven at all of the traffic',          { stepping: full, far: { share: 1 }, did: alone },                          newConfig,          'retiring 2, submitting submittedAt modifiedAt promised, supervising', ''],
    ['all of the traffic, no requests',       { stepping: full, far: { share: 1 }, did: () => undefined },                '',                 'baking 2',                    ''],
    ['another’s update is under way',         { far: { pending: theirs } },                                               '',                 '',                            'changed-by-others'],
    ['another configuration serves',          { far: { config: oldConfig } },                                             '',                 '',                            'changed-by-others'],
  ];

  test.each(rows)('%s', async (_given, given, sent, wrote, concluded) => {
    const one = walking(given);
    const first = one.release();
    await one.look();
    expect([one.sent.join(', '), written(one.saved, first), conclusionOf(one.release())]).toEqual([
      sent,
      wrote,
      concluded,
    ]);
  });
});

test('the last look at the launch of the first instances is left to the next turn', async () => {
  const launching = updating({ shows: { ...ours, launching: true } });
  expect((await launching.supervise()).launchingAt).toBe(nine + minutes(10));
  const launched = updating({ shows: ours });
  expect((await launched.supervise()).launchingAt).toBeUndefined();
});

test('the order to stop is a point for each of the coming sixty minutes, so that it holds when no run repeats it', async () => {
  const one = updating({ shows: ours, record: { commands: [abort] } });
  await one.supervise();
  expect(one.points).toEqual(Array.from({ length: 60 }, (_, minute) => nine + minutes(10 + minute)));
});

test('the lease is renewed while steps are walked, though nothing else is written', async () => {
  const one = walking({ stepping: paused });
  await one.look();
  const { length } = one.saved;
  await one.look({}, seconds(30));
  expect(one.saved).toHaveLength(length);
  // The doubles keep the lease of the beginning: ten minutes from the first look.
  await one.look({}, minutes(7));
  expect(one.saved.length).toBeGreaterThan(length);
});
