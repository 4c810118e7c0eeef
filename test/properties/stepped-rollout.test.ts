import { describe, expect, test } from '@jest/globals';
import type { StepCommand } from '../../src/rollout/command.ts';
import type { Event, StepVerdict } from '../../src/rollout/event.ts';
import { initial, isTerminal, type State } from '../../src/rollout/state.ts';
import { type SteppedPlan, step } from '../../src/rollout/step.ts';
import { fc } from '../support/properties.ts';

const plan: SteppedPlan = { steps: [0.05, 0.5, 1], bakeSeconds: 2, maxStepSeconds: 4, minimumRequests: 10 };
const shares = [0, ...plan.steps];
const verdict = (decision: StepVerdict['decision'], newest: number, stepRequests = 10): StepVerdict => ({
  decision,
  newest,
  stepRequests,
  because: decision,
  ...(decision === 'rollback' ? { why: 'convicted' as const } : {}),
});

/** Everything that can happen at one instant. */
const eventsAt = (at: number): readonly Event[] => [
  ...shares.flatMap((share): Event[] => [
    { is: 'observed', at, share, moving: false },
    { is: 'observed', at, share, moving: true },
    { is: 'observed', at, share, moving: false, stale: true },
  ]),
  ...(['continue', 'hold', 'rollback', 'promote'] as const).flatMap((decision): Event[] => [
    { is: 'judged', at, verdict: verdict(decision, at) },
    { is: 'judged', at, verdict: verdict(decision, 0) },
    { is: 'judged', at, verdict: verdict(decision, at, 9) },
  ]),
  { is: 'alarmed', at, because: 'an alarm went off' },
  { is: 'checked', at, passed: true, because: 'passed' },
  { is: 'checked', at, passed: false, because: 'failed' },
  ...(['pause', 'resume', 'promote-now', 'abort'] as const).map(
    (command): Event => ({ is: 'commanded', at, command, by: 'mina', why: 'because' }),
  ),
  { is: 'retired', at },
];

/** Seconds: a bake at every step, and then some. */
const depth = 7;

/** Every state that any sequence of events reaches within `depth` instants. */
const walk = (): {
  readonly states: readonly State[];
  readonly moves: readonly [State, Event, State, readonly StepCommand[]][];
} => {
  const seen = new Map<string, State>([[JSON.stringify(initial), initial]]);
  const moves: [State, Event, State, readonly StepCommand[]][] = [];
  let frontier: readonly State[] = [initial];
  for (let instant = 1; instant <= depth; instant += 1) {
    const next: State[] = [];
    for (const state of frontier)
      for (const event of eventsAt(instant * 1000)) {
        const [after, commands] = step(plan, state, event);
        moves.push([state, event, after, commands]);
        const key = JSON.stringify(after);
        if (!seen.has(key)) {
          seen.set(key, after);
          next.push(after);
        }
      }
    frontier = [...frontier, ...next];
  }
  return { states: [...seen.values()], moves };
};

/** Walked within each test: what runs while the file loads is no test's, and a mutant that breaks it there would count for nothing. */
describe('every reachable state of a stepped rollout', () => {
  test('is reached: the walk covers every kind of state', () => {
    const { states, moves } = walk();
    expect(new Set(states.map(({ is }) => is))).toEqual(
      new Set(['dark', 'raising', 'baking', 'paused', 'returning', 'retiring', 'promoted', 'returned']),
    );
    expect(moves.length).toBeGreaterThan(5_000);
  });

  test('a conviction is heard wherever the candidate has traffic', () => {
    const { states } = walk();
    for (const state of states) {
      if (!['raising', 'baking', 'paused', 'retiring'].includes(state.is)) continue;
      const [after, commands] = step(plan, state, { is: 'judged', at: 99_000, verdict: verdict('rollback', 99_000) });
      expect(after.is).toBe('returning');
      expect(commands).toMatchObject([{ do: 'shift', share: 0 }]);
    }
  });

  test('an alarm is heard wherever the candidate has traffic, and moves nothing where it has none', () => {
    const { states } = walk();
    for (const state of states) {
      const [after, commands] = step(plan, state, { is: 'alarmed', at: 99_000, because: 'red' });
      if (['raising', 'baking', 'paused', 'retiring'].includes(state.is)) {
        expect(after).toEqual({ is: 'returning', why: 'alarm', because: 'red' });
        expect(commands).toMatchObject([{ do: 'shift', share: 0 }]);
      } else expect([after, commands]).toEqual([state, []]);
    }
  });

  test('abort is legal in every live state and leads back', () => {
    const { states } = walk();
    for (const state of states) {
      const [after] = step(plan, state, { is: 'commanded', at: 99_000, command: 'abort', by: 'mina', why: 'now' });
      if (isTerminal(state)) expect(after).toBe(state);
      else expect(after.is).toBe('returning');
    }
  });

  test('a pause is obeyed whenever it is said: no share rises until somebody says more', () => {
    const { states } = walk();
    for (const state of states) {
      if (!['dark', 'raising', 'baking', 'paused'].includes(state.is)) continue;
      let [held] = step(plan, state, { is: 'commanded', at: 99_000, command: 'pause', by: 'mina', why: 'lunch' });
      const wanted = held.is === 'raising' ? plan.steps[held.index] : undefined;
      if (wanted !== undefined) [held] = step(plan, held, { is: 'observed', at: 99_000, share: wanted, moving: false });
      expect(['dark', 'paused']).toContain(held.is);
      for (const event of eventsAt(99_000)) {
        if (event.is === 'commanded') continue;
        const [, commands] = step(plan, held, event);
        for (const command of commands)
          if (command.do === 'shift' && held.is === 'paused')
            expect(command.share).toBeLessThanOrEqual(plan.steps[held.index] ?? 0);
          else expect(command).toMatchObject({ do: 'shift', share: 0 });
      }
      // Somebody else moved the weights: they are put right, and held again.
      if (held.is !== 'paused') continue;
      const [righting] = step(plan, held, { is: 'observed', at: 99_000, share: 0.2, moving: false });
      const share = plan.steps[held.index] ?? 0;
      expect(step(plan, righting, { is: 'observed', at: 99_000, share, moving: false })[0].is).toBe('paused');
    }
  });

  test('after resume the walk goes on', () => {
    const { states } = walk();
    for (const state of states) {
      if (!['dark', 'raising', 'paused'].includes(state.is)) continue;
      const [going] = step(plan, state, { is: 'commanded', at: 99_000, command: 'resume', by: 'mina', why: 'fed' });
      if (going.is === 'dark')
        expect(step(plan, going, { is: 'checked', at: 99_000, passed: true, because: '' })[0].is).toBe('raising');
      if (going.is !== 'raising') continue;
      const share = plan.steps[going.index] ?? 0;
      expect(step(plan, going, { is: 'observed', at: 99_000, share, moving: false })[0].is).toBe('baking');
    }
  });

  test('going back is one observation away from its end', () => {
    const { states } = walk();
    for (const state of states.filter(({ is }) => is === 'returning')) {
      expect(step(plan, state, { is: 'observed', at: 99_000, share: 0, moving: false })[0].is).toBe('returned');
      expect(step(plan, state, { is: 'observed', at: 99_000, share: 0.05, moving: false })[1]).toMatchObject([
        { do: 'shift', share: 0 },
      ]);
    }
  });

  test('terminal states are entered by observation only', () => {
    const { moves } = walk();
    for (const [before, event, after] of moves) {
      if (!isTerminal(after) || isTerminal(before)) continue;
      if (after.is === 'promoted') expect([before.is, event.is]).toEqual(['retiring', 'retired']);
      else {
        expect(event).toMatchObject({ is: 'observed', share: 0, moving: false });
        // A read from before the last command shows what was, not what is.
        expect(event).not.toHaveProperty('stale');
      }
    }
  });

  test('the first raise needs the dark checks, whoever is in a hurry', () => {
    const { moves } = walk();
    for (const [before, event, after, commands] of moves) {
      if (before.is !== 'dark' || after.is === 'returning') continue;
      if (after.is === 'raising') expect(event).toMatchObject({ is: 'checked', passed: true });
      else for (const command of commands) expect(command).toMatchObject({ do: 'shift', share: 0 });
      if (after.is === 'raising') expect(after.index).toBe(before.hurry ? plan.steps.length - 1 : 0);
    }
    expect(moves.some(([before, , after]) => before.is === 'dark' && before.hurry && after.is === 'raising')).toBe(
      true,
    );
  });

  test('the candidate is published only after a bake at full share on as many requests as every bake needs', () => {
    const { moves } = walk();
    const published = moves.filter(([before, , after]) => after.is === 'retiring' && before.is !== 'retiring');
    expect(published.length).toBeGreaterThan(0);
    for (const [before, event] of published) {
      expect(before).toMatchObject({ is: 'baking', index: plan.steps.length - 1 });
      if (event.is !== 'judged' || before.is !== 'baking') throw new Error('published by something else');
      expect(event.at).toBeGreaterThanOrEqual(before.since + 2000);
      expect(event.verdict.newest).toBeGreaterThan(before.since);
      expect(event.verdict.stepRequests).toBeGreaterThanOrEqual(plan.minimumRequests);
      expect(['continue', 'promote']).toContain(event.verdict.decision);
    }
  });

  test('no step is stayed on for ever', () => {
    const { states } = walk();
    for (const state of states) {
      if (state.is !== 'baking') continue;
      const at = state.since + plan.maxStepSeconds * 1000;
      for (const decision of ['continue', 'hold'] as const) {
        const starving = { is: 'judged', at, verdict: verdict(decision, at, 0) } as const;
        expect(step(plan, state, starving)[0].is).toBe('returning');
      }
    }
  });

  test('no step beyond the first without proof of health newer than the last raise, or a person', () => {
    const { moves } = walk();
    for (const [before, event, after, commands] of moves) {
      if (after.is !== 'raising' || after.index === 0) continue;
      if (before.is === 'raising' && before.index === after.index) continue;
      if ((before.is === 'baking' || before.is === 'paused') && before.index === after.index) continue;
      if (before.is === 'dark' && before.hurry) continue;
      expect(commands).toHaveLength(1);
      if (event.is === 'commanded') expect(event.command).toBe('promote-now');
      else {
        expect(before.is).toBe('baking');
        expect(event.is === 'judged' && event.verdict.decision).toBe('promote');
        if (event.is === 'judged' && before.is === 'baking') expect(event.verdict.newest).toBeGreaterThan(before.since);
      }
    }
  });

  test('the same event twice changes nothing more', () => {
    const { moves } = walk();
    const changed = moves.filter(([, event, after]) => {
      const [again] = step(plan, after, event);
      // A pause may be resumed and a raise be observed by one and the same event only once.
      return JSON.stringify(step(plan, again, event)[0]) !== JSON.stringify(again);
    });
    expect(changed).toEqual([]);
  });

  test('what is over stays over', () => {
    const { states } = walk();
    for (const state of states.filter(isTerminal))
      for (const event of eventsAt(99_000)) expect(step(plan, state, event)).toEqual([state, []]);
  });
});

describe('any sequence of events', () => {
  const event = fc.integer({ min: 1, max: 30 }).chain((second) => fc.constantFrom(...eventsAt(second * 1000)));

  test('never commands more than one thing at a time, and never a share above one', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = initial;
        for (const next of events) {
          const [after, commands] = step(plan, state, next);
          expect(commands.length).toBeLessThanOrEqual(1);
          for (const command of commands) if (command.do === 'shift') expect(shares).toContain(command.share);
          state = after;
        }
      }),
    );
  });

  test('once traffic goes back it never comes again', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = initial;
        let back = false;
        for (const next of events) {
          const [after, commands] = step(plan, state, next);
          if (back) for (const command of commands) expect(command).toMatchObject({ do: 'shift', share: 0 });
          back ||= after.is === 'returning' || after.is === 'returned';
          state = after;
        }
      }),
    );
  });
});
