import { describe, expect, test } from '@jest/globals';
import type { StepCommand } from '../../../src/rollout/command.ts';
import type { Event, ManualCommandName, StepVerdict } from '../../../src/rollout/event.ts';
import { initial, isTerminal, type State } from '../../../src/rollout/state.ts';
import { type SteppedPlan, step } from '../../../src/rollout/step.ts';

// One event each: a state and what is seen or said → the next state and what is commanded, to the word.

const plan: SteppedPlan = { steps: [0.05, 0.5, 1], bakeSeconds: 60, maxStepSeconds: 600, minimumRequests: 100 };
const at = 1_000_000;
const since = at - 60_000;
const long = at - 600_000;

const seen = (share: number, more: { readonly moving?: boolean; readonly stale?: true } = {}): Event => ({
  is: 'observed',
  at,
  share,
  moving: false,
  ...more,
});
const judged = (decision: StepVerdict['decision'], more: Partial<StepVerdict> = {}): Event => ({
  is: 'judged',
  at,
  verdict: { decision, newest: at, stepRequests: 100, because: 'as judged', ...more },
});
const manual = (command: ManualCommandName): Event => ({ is: 'commanded', at, command, by: 'mina', why: 'lunch' });
const checked = (passed: boolean): Event => ({ is: 'checked', at, passed, because: 'as checked' });
const alarmed: Event = { is: 'alarmed', at, because: 'red' };
const retired: Event = { is: 'retired', at };

const dark: State = { is: 'dark' };
const raising = (index: number, from = 0): State => ({ is: 'raising', index, from });
const held = (index: number, from = 0): State => ({ is: 'raising', index, from, held: true });
const baking = (index: number, from = since): State => ({ is: 'baking', index, since: from });
const paused = (index: number, from = since): State => ({ is: 'paused', index, since: from });
const returning: State = { is: 'returning', why: 'convicted', because: 'worse' };
const retiring: State = { is: 'retiring', index: 2 };
const promoted: State = { is: 'promoted' };
const returned: State = { is: 'returned', why: 'convicted', because: 'worse' };

const back = (why: Extract<State, { is: 'returning' }>['why'], because: string): State => ({
  is: 'returning',
  why,
  because,
});
const shift = (share: number, because: string): StepCommand => ({ do: 'shift', share, because });
const retire: StepCommand = { do: 'retire', because: 'the candidate has all traffic and its bake is over' };
const still = 'the candidate has all traffic and is not yet under the canonical name';
const starved = 'the candidate got 99 of the 100 requests its last bake needs within the longest stay on a step';
const unproven = 'health was not proven within the longest stay on a step: as judged';
const word = (command: ManualCommandName): string => `${command} by mina: lunch`;

type Row = readonly [given: string, before: State, event: Event, after: State, command?: StepCommand];

// biome-ignore format: a table
const rows: readonly Row[] = [
  // given                                          before                     event                                         after                                        command
  ['dark, checked',                                 dark,                      checked(true),                                raising(0),                                  shift(0.05, 'as checked')],
  ['dark, checked, held',                           { is: 'dark', held: true },  checked(true),                              { is: 'dark', held: true }],
  ['dark, checked, in a hurry',                     { is: 'dark', hurry: true }, checked(true),                              raising(2),                                  shift(1, 'as checked')],
  ['dark, not as it should be',                     dark,                      checked(false),                               back('dark-checks-failed', 'as checked'),    shift(0, 'as checked')],
  ['dark, held, not as it should be',               { is: 'dark', held: true },  checked(false),                             back('dark-checks-failed', 'as checked'),    shift(0, 'as checked')],
  ['dark, without traffic',                         dark,                      seen(0),                                      dark],
  ['dark, a rounding from none',                    dark,                      seen(0.001),                                  dark],
  ['dark, with traffic',                            dark,                      seen(0.05),                                   dark,                                        shift(0, 'the candidate has 5 % of the traffic, not 0 %')],
  ['dark, with traffic, moving',                    dark,                      seen(0.05, { moving: true }),                 dark],
  ['dark, judged',                                  dark,                      judged('rollback'),                           dark],
  ['dark, alarmed',                                 dark,                      alarmed,                                      dark],
  ['dark, paused',                                  dark,                      manual('pause'),                                { is: 'dark', held: true }],
  ['dark, paused in a hurry',                       { is: 'dark', hurry: true }, manual('pause'),                              { is: 'dark', held: true }],
  ['dark, resumed',                                 { is: 'dark', held: true },  manual('resume'),                             dark],
  ['dark, hurried',                                 { is: 'dark', held: true },  manual('promote-now'),                        { is: 'dark', hurry: true }],
  ['dark, aborted',                                 dark,                      manual('abort'),                                back('aborted-by-hand', word('abort')),      shift(0, word('abort'))],
  ['dark, retired',                                 dark,                      retired,                                      dark],

  ['raising, arrived',                              raising(0),                seen(0.05),                                   baking(0, at)],
  ['raising, arrived within a rounding',            raising(1),                seen(0.4995),                                 baking(1, at)],
  ['raising, held, arrived',                        held(0),                   seen(0.05),                                   paused(0, at)],
  ['raising, arrived by an old look',               raising(0),                seen(0.05, { stale: true }),                  raising(0)],
  ['raising, not arrived',                          raising(1, 0.05),          seen(0.05),                                   raising(1, 0.05),                            shift(0.5, 'the candidate has 5 % of the traffic, not 50 %')],
  ['raising, moving',                               raising(1, 0.05),          seen(0.05, { moving: true }),                 raising(1, 0.05)],
  ['raising, checked',                              raising(0),                checked(false),                               raising(0)],
  ['raising, proven',                               raising(0),                judged('promote'),                            raising(0)],
  ['raising, convicted',                            raising(0),                judged('rollback', { why: 'safety-net' }),    back('safety-net', 'as judged'),             shift(0, 'as judged')],
  ['raising, alarmed',                              raising(0),                alarmed,                                      back('alarm', 'red'),                        shift(0, 'red')],
  ['raising, paused',                               raising(0),                manual('pause'),                                held(0)],
  ['raising, resumed',                              held(0),                   manual('resume'),                               raising(0)],
  ['raising, hurried',                              raising(1, 0.05),          manual('promote-now'),                          raising(2, 0.05),                            shift(1, word('promote-now'))],
  ['raising, aborted',                              raising(1),                manual('abort'),                                back('aborted-by-hand', word('abort')),      shift(0, word('abort'))],

  ['baking, as it was',                             baking(0),                 seen(0.05),                                   baking(0)],
  ['baking, moved by others',                       baking(0),                 seen(0.0521),                                 raising(0, 0.0521),                          shift(0.05, 'the candidate has 5.21 % of the traffic, not 5 %')],
  ['baking, proven after its bake',                 baking(0),                 judged('promote'),                            raising(1, 0.05),                            shift(0.5, 'as judged')],
  ['baking, proven a millisecond too early',        baking(0, since + 1),      judged('promote'),                            baking(0, since + 1)],
  ['baking, proven by old minutes',                 baking(0),                 judged('promote', { newest: since }),         baking(0)],
  ['baking, proven by a minute since',              baking(0),                 judged('promote', { newest: since + 1 }),     raising(1, 0.05),                            shift(0.5, 'as judged')],
  ['baking, not proven',                            baking(1),                 judged('continue'),                           baking(1)],
  ['baking, held',                                  baking(1),                 judged('hold'),                               baking(1)],
  ['baking for too long',                           baking(1, long),           judged('continue'),                           back('unproven-health', unproven),           shift(0, unproven)],
  ['baking for a millisecond less',                 baking(1, long + 1),       judged('continue'),                           baking(1, long + 1)],
  ['baking for too long, proven at last',           baking(1, long),           judged('promote'),                            raising(2, 0.5),                             shift(1, 'as judged')],
  ['baking, convicted',                             baking(1),                 judged('rollback'),                           back('convicted', 'as judged'),              shift(0, 'as judged')],
  ['baking, alarmed',                               baking(2),                 alarmed,                                      back('alarm', 'red'),                        shift(0, 'red')],
  ['baking, paused',                                baking(0),                 manual('pause'),                                paused(0)],
  ['baking, resumed',                               baking(0),                 manual('resume'),                               baking(0)],
  ['baking, hurried',                               baking(0),                 manual('promote-now'),                          raising(2, 0.05),                            shift(1, word('promote-now'))],
  ['baking, aborted',                               baking(0),                 manual('abort'),                                back('aborted-by-hand', word('abort')),      shift(0, word('abort'))],
  ['baking, checked',                               baking(0),                 checked(false),                               baking(0)],
  ['baking, retired',                               baking(2),                 retired,                                      baking(2)],

  ['the last bake is over',                         baking(2),                 judged('continue'),                           retiring,                                    retire],
  ['the last bake is over, proven',                 baking(2),                 judged('promote'),                            retiring,                                    retire],
  ['the last bake is over, the judge says hold',    baking(2),                 judged('hold'),                               baking(2)],
  ['the last bake is not over',                     baking(2, since + 1),      judged('promote'),                            baking(2, since + 1)],
  ['the last bake by old minutes',                  baking(2),                 judged('continue', { newest: since }),        baking(2)],
  ['the last bake on too few requests',             baking(2),                 judged('continue', { stepRequests: 99 }),     baking(2)],
  ['the last bake on too few for too long',         baking(2, long),           judged('continue', { stepRequests: 99 }),     back('insufficient-traffic', starved),       shift(0, starved)],
  ['the last bake for too long, held',              baking(2, long),           judged('hold'),                               back('unproven-health', unproven),           shift(0, unproven)],
  ['the last bake for too long, by old minutes',    baking(2, long),           judged('hold', { newest: long, stepRequests: 99 }), back('unproven-health', unproven),     shift(0, unproven)],
  ['the last bake on too few, not for too long',    baking(2, long + 1),       judged('continue', { stepRequests: 99 }),     baking(2, long + 1)],

  ['paused, as it was',                             paused(1),                 seen(0.5),                                    paused(1)],
  ['paused, moved by others',                       paused(1),                 seen(0.2),                                    held(1, 0.2),                                shift(0.5, 'the candidate has 20 % of the traffic, not 50 %')],
  ['paused, proven',                                paused(0),                 judged('promote'),                            paused(0)],
  ['paused, convicted',                             paused(0),                 judged('rollback', { why: 'metrics-blind' }), back('metrics-blind', 'as judged'),          shift(0, 'as judged')],
  ['paused for too long',                           paused(0, long),           judged('continue'),                           paused(0, long)],
  ['paused again',                                  paused(0),                 manual('pause'),                                paused(0)],
  ['paused, resumed: its bake begins anew',         paused(0),                 manual('resume'),                               baking(0, at)],
  ['paused, hurried',                               paused(1),                 manual('promote-now'),                          raising(2, 0.5),                             shift(1, word('promote-now'))],
  ['paused, aborted',                               paused(1),                 manual('abort'),                                back('aborted-by-hand', word('abort')),      shift(0, word('abort'))],

  ['retiring, looked at',                           retiring,                  seen(1),                                      retiring,                                    { do: 'retire', because: still }],
  ['retiring, moving',                              retiring,                  seen(1, { moving: true }),                    retiring],
  ['retiring, judged',                              retiring,                  judged('promote'),                            retiring],
  ['retiring, convicted',                           retiring,                  judged('rollback'),                           back('convicted', 'as judged'),              shift(0, 'as judged')],
  ['retiring, alarmed',                             retiring,                  alarmed,                                      back('alarm', 'red'),                        shift(0, 'red')],
  ['retiring, paused',                              retiring,                  manual('pause'),                                retiring],
  ['retiring, hurried',                             retiring,                  manual('promote-now'),                          retiring],
  ['retiring, aborted',                             retiring,                  manual('abort'),                                back('aborted-by-hand', word('abort')),      shift(0, word('abort'))],
  ['retired',                                       retiring,                  retired,                                      promoted],

  ['going back, not there',                         returning,                 seen(0.05),                                   returning,                                   shift(0, 'worse')],
  ['going back, there',                             returning,                 seen(0),                                      returned],
  ['going back, there by an old look',              returning,                 seen(0, { stale: true }),                     returning],
  ['going back, moving',                            returning,                 seen(0, { moving: true }),                    returning],
  ['going back, judged',                            returning,                 judged('rollback', { because: 'x' }),         returning],
  ['going back, alarmed',                           returning,                 alarmed,                                      returning],
  ['going back, aborted',                           returning,                 manual('abort'),                                returning],
  ['going back, hurried',                           returning,                 manual('promote-now'),                          returning],
  ['going back, retired',                           returning,                 retired,                                      returning],
  ['promoted, alarmed',                             promoted,                  alarmed,                                      promoted],
  ['returned, hurried',                             returned,                  manual('promote-now'),                          returned],
];

describe('a stepped rollout', () => {
  test.each(
    rows.map(([given, before, event, after, ...commands]) => [given, before, event, [after, commands]] as const),
  )('%s', (_given, before, event, expected) => {
    expect(step(plan, before, event)).toEqual(expected);
  });

  test('begins dark, and is over when the candidate is promoted or back', () => {
    expect(initial).toEqual(dark);
    expect(rows.map(([, before]) => before).filter(isTerminal)).toEqual([promoted, returned]);
  });
});
