import { describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import { waitingLine } from '../../../src/hosts/command-line/waiting-line.ts';
import { hasLiveLine, liveLine } from '../../../src/hosts/live-line.ts';
import { keepSecret } from '../../../src/secrets.ts';
import { fakeScreen } from '../../support/fake-screen.ts';

/** A clock whose alarms ring when the test moves its time. */
const handClock = () => {
  let now = 0;
  let alarms: { readonly at: number; readonly ring: () => void }[] = [];
  return {
    now: () => now,
    alarm: (at: number, ring: () => void) => {
      const alarm = { at, ring };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((one) => one !== alarm);
      };
    },
    pass: (ms: number): void => {
      for (const end = now + ms; now < end; ) {
        const next = alarms.toSorted((a, b) => a.at - b.at).find(({ at }) => at <= end);
        now = next?.at ?? end;
        alarms = alarms.filter((one) => one !== next);
        next?.ring();
      }
    },
    get waiting() {
      return alarms.length;
    },
  };
};

const open = (columns = 40) => {
  const screen = fakeScreen(columns);
  const clock = handClock();
  const line = liveLine(screen.stream, clock);
  const log = (text: string): void => line.around(() => screen.write(`${text}\n`));
  return { screen, clock, line, log };
};

describe('the live line', () => {
  it('stays below all other lines, and leaves nothing behind', () => {
    const { screen, line, log, clock } = open();
    log('begun');
    line.show('deploy', () => 'baking');
    expect(screen.rows()).toEqual(['begun', 'baking']);
    log('candidate to 25 %');
    expect(screen.rows()).toEqual(['begun', 'candidate to 25 %', 'baking']);
    line.show('deploy', undefined);
    log('ended');
    expect(screen.rows()).toEqual(['begun', 'candidate to 25 %', 'ended']);
    expect(clock.waiting).toBe(0);
  });

  it('is read again each second, in place', () => {
    const { screen, line, clock } = open();
    line.show('deploy', () => `${10 - clock.now() / 1000}s left`);
    expect(screen.rows()).toEqual(['10s left']);
    clock.pass(seconds(3));
    expect(screen.rows()).toEqual(['7s left']);
    expect(clock.waiting).toBe(1);
  });

  it.each([
    ['abcdefghij', 11, 'abcdefghij'],
    ['abcdefghij', 10, 'abcdefgh…'],
    ['模型模型模型', 10, '模型模型…'],
    ['x', 1, ''],
    // A terminal moves a tab to its next stop, by up to eight columns.
    ['a\tb', 11, 'a b'],
  ])('fits %s in %d columns', (text, columns, shown) => {
    const { screen, line } = open(columns);
    line.show('deploy', () => text);
    expect(screen.rows().join('')).toBe(shown);
  });

  it('is whole again when the terminal becomes wider, and leaves no piece of it when it becomes narrower', () => {
    const { screen, line, log } = open(30);
    log('begun');
    line.show('deploy', () => 'x'.repeat(25));
    screen.resize(10);
    expect(screen.rows()).toEqual(['begun', `${'x'.repeat(8)}…`]);
    screen.resize(40);
    expect(screen.rows()).toEqual(['begun', 'x'.repeat(25)]);
  });

  it('is gone once it is closed, whatever comes then', () => {
    const { screen, line, log, clock } = open();
    line.show('deploy', () => 'baking');
    line.close();
    expect(screen.rows()).toEqual([]);
    log('failed');
    expect(screen.rows()).toEqual(['failed']);
    line.show('deploy', () => 'baking');
    clock.pass(minutes(1));
    expect(screen.rows()).toEqual(['failed']);
    expect(clock.waiting).toBe(0);
  });

  it('has a part for each owner', () => {
    const { screen, line } = open();
    line.show('staging', () => 'one');
    line.show('production', () => 'two');
    expect(screen.rows()).toEqual(['one | two']);
    line.show('staging', undefined);
    expect(screen.rows()).toEqual(['two']);
  });

  it('is one line of plain text without secrets, whatever its text has', () => {
    keepSecret('secret-of-the-live-line');
    const { screen, line } = open(100);
    line.show('deploy', () => '::add-mask::x\nsecret-of-the-live-line\u001b[2J');
    expect(screen.rows()).toEqual(['\\::add-mask::x\\n***\\u001b[2J']);
  });

  it('takes a terminal without a size for a usual one', () => {
    const { screen, line } = open(0);
    let written = '';
    Object.assign(screen.stream, { write: (text: string) => (written += text) });
    line.show('deploy', () => 'x'.repeat(100));
    expect(written).toBe(`${'x'.repeat(78)}…`);
  });

  it.each([
    [true, {}, true],
    [true, { CI: 'false' }, true],
    [true, { TERM: 'xterm' }, true],
    [false, {}, false],
    [true, { CI: 'true' }, false],
    [true, { CI: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('is for people who watch: terminal %s, %j', (isTTY, env, expected) => {
    expect(hasLiveLine({ isTTY }, env)).toBe(expected);
  });
});

describe('where a run is now', () => {
  const now = Date.parse('2026-01-05T09:00:00Z');
  const turn = { percent: 33.4, because: '2 of 4 instances of the candidate' };
  const deadline = now + minutes(90);

  it('is phase, share, time left and verdict, the most important first', () => {
    const course = {
      phase: 'baking, step 2 of 4',
      share: 0.25,
      endsAt: now + minutes(4),
      latestAt: now + minutes(24),
      verdict: 'continue: evidence 1.2 of 100',
      shares: [],
    };
    expect(waitingLine({ ...turn, course }, now, deadline)).toBe(
      ' 33 % · baking, step 2 of 4 · candidate 25 % · 4m left · at most 24m · continue: evidence 1.2 of 100',
    );
    expect(waitingLine({ ...turn, course }, now + minutes(10), deadline)).toBe(
      ' 33 % · baking, step 2 of 4 · candidate 25 % · at most 14m · continue: evidence 1.2 of 100',
    );
  });

  it('is the reason of the wait and the end of the run, where there is no release', () => {
    expect(waitingLine({ percent: 0, because: 'churn_v1.4.0 waits for approval' }, now, deadline)).toBe(
      '  0 % · at most 1h 30m · churn_v1.4.0 waits for approval',
    );
  });
});
