import { describe, expect, test } from '@jest/globals';
import { AnswerLost, retrying, Throttled, unrepeated } from '../../../src/aws/retry.ts';
import { seconds } from '../../../src/clock.ts';
import { rejection } from '../../support/aws.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const named = (name: string, more: object = {}): Error => Object.assign(new Error(name), { name, ...more });
const throttle = () => named('ThrottlingException');

/** Fails with each error in turn, then answers. */
const failing = (...errors: readonly Error[]) => {
  const left = [...errors];
  const seen = { calls: 0 };
  const attempt = async (): Promise<string> => {
    seen.calls += 1;
    const error = left.shift();
    if (error) throw error;
    return 'answer';
  };
  return { attempt, seen };
};

describe('retrying', () => {
  test('waits on the clock and gives the answer', async () => {
    const clock = virtualClock(0);
    const { attempt, seen } = failing(throttle(), named('InternalFailure'));
    expect(await retrying({ clock })('sagemaker:DescribeEndpoint', attempt)).toBe('answer');
    expect(seen.calls).toBe(3);
    expect(clock.now()).toBeGreaterThan(0);
    expect(clock.now()).toBeLessThan(seconds(10));
  });

  test('waits the same every time without a random source, and within the bounds of one', async () => {
    const waits = async (random?: () => number): Promise<number> => {
      const clock = virtualClock(0);
      await retrying({ clock, ...(random ? { random } : {}) })('s3:GetObject', failing(throttle(), throttle()).attempt);
      return clock.now();
    };
    expect(await waits()).toBe(await waits());
    expect(await waits(() => 0)).toBe(0);
    expect(await waits(() => 0.999_999)).toBe(400 + 800);
  });

  test('spends at most ten seconds of thirty, shared by all calls, then asks for another turn', async () => {
    const clock = virtualClock(0);
    const retry = retrying({ clock });
    const always = async (): Promise<never> => {
      throw throttle();
    };
    const first = await rejection(retry('sagemaker:DescribeEndpoint', always));
    expect(first).toBeInstanceOf(Throttled);
    expect(clock.now()).toBeLessThanOrEqual(seconds(10));
    const second = await rejection(retry('sagemaker:DescribeModel', always));
    expect(clock.now()).toBeLessThanOrEqual(seconds(10));
    expect((second as Throttled).notBefore).toBeGreaterThanOrEqual(seconds(30));
    expect(second.message).toContain('sagemaker:DescribeModel');

    await clock.sleepUntil((second as Throttled).notBefore);
    expect(await retry('sagemaker:DescribeEndpoint', failing(throttle()).attempt)).toBe('answer');
  });

  test('calls that wait side by side spend the time once', async () => {
    let now = 0;
    const sleepers: { readonly until: number; wake(): void }[] = [];
    const clock = {
      now: () => now,
      sleepUntil: (until: number) => new Promise<void>((wake) => void sleepers.push({ until, wake })),
    };
    const retry = retrying({ clock, random: () => 0.999 });
    const calls = Array.from({ length: 30 }, () =>
      retry('sagemaker-runtime:InvokeEndpoint', failing(throttle(), throttle()).attempt),
    );
    // Time moves when every call sleeps or has ended.
    for (let turn = 0; turn < 60; turn++) {
      for (let tick = 0; tick < 20; tick++) await undefined;
      sleepers.sort((a, b) => a.until - b.until);
      const first = sleepers.shift();
      now = Math.max(now, first?.until ?? now);
      first?.wake();
    }
    expect(await Promise.all(calls)).toHaveLength(30);
    expect(clock.now()).toBeLessThan(seconds(10));
    // The same one after the other is more than a turn may wait.
    const alone = retrying({ clock: virtualClock(0), random: () => 0.999 });
    const each = async (): Promise<void> => {
      for (let call = 0; call < 30; call++)
        await alone('sagemaker:DescribeModel', failing(throttle(), throttle()).attempt);
    };
    expect(await rejection(each())).toBeInstanceOf(Throttled);
  });

  test.each(['ValidationException', 'AccessDenied', 'ResourceLimitExceeded'])('%s is not sent again', async (name) => {
    const { attempt, seen } = failing(named(name));
    const error = await rejection(retrying({ clock: virtualClock() })('sagemaker:CreateModel', attempt));
    expect(error.name).toBe(name);
    expect(error).toMatchObject({ call: 'sagemaker:CreateModel' });
    expect(seen.calls).toBe(1);
  });

  test('an attempt that took longer than the patience is not followed by another', async () => {
    const clock = virtualClock(0);
    const { attempt, seen } = failing(named('TimeoutError'));
    const slow = async (): Promise<string> => {
      await clock.sleepUntil(clock.now() + seconds(30));
      return attempt();
    };
    expect(await rejection(retrying({ clock })('s3:GetObject', slow))).toBeInstanceOf(Throttled);
    expect(seen.calls).toBe(1);
  });

  test.each(['sagemaker:UpdateEndpoint', 'sagemaker:CreateEndpoint'])(
    '%s whose answer was lost is not sent again',
    async (call) => {
      const { attempt, seen } = failing(named('TimeoutError', { code: 'ECONNRESET' }));
      const error = await rejection(retrying({ clock: virtualClock() })(call, attempt));
      expect(error).toBeInstanceOf(AnswerLost);
      expect(seen.calls).toBe(1);
    },
  );

  test('UpdateEndpoint that never left, or was throttled, is sent again', async () => {
    const { attempt, seen } = failing(named('Error', { code: 'ECONNREFUSED' }), throttle());
    expect(await retrying({ clock: virtualClock() })('sagemaker:UpdateEndpoint', attempt)).toBe('answer');
    expect(seen.calls).toBe(3);
  });

  test('a create whose answer was lost is sent again, and says what is there', async () => {
    const exists = named('ValidationException', { message: 'Cannot create already existing model "arn".' });
    const { attempt } = failing(named('TimeoutError', { code: 'ECONNRESET' }), exists);
    expect(await rejection(retrying({ clock: virtualClock() })('sagemaker:CreateModel', attempt))).toBe(exists);
  });

  test('expired credentials are fetched afresh, once', async () => {
    let forgotten = 0;
    const retry = retrying({ clock: virtualClock(), forgetCredentials: () => forgotten++ });
    expect(await retry('s3:GetObject', failing(named('ExpiredToken')).attempt)).toBe('answer');
    expect(forgotten).toBe(1);
    const error = await rejection(retry('s3:GetObject', failing(named('ExpiredToken'), named('ExpiredToken')).attempt));
    expect(error.name).toBe('ExpiredToken');
  });

  test('the signal ends a wait, and no call is sent after it', async () => {
    const clock = virtualClock(0);
    const ending = new AbortController();
    clock.at(1, () => ending.abort());
    const { attempt, seen } = failing(throttle(), throttle());
    const error = await rejection(retrying({ clock })('s3:PutObject', attempt, ending.signal));
    expect(error.name).toBe('AbortError');
    expect(seen.calls).toBe(1);
  });

  test('the signal cuts a read off; a write is let finish', async () => {
    const retry = retrying({ clock: virtualClock() });
    const ending = new AbortController();
    const slow = Promise.withResolvers<string>();
    const read = retry('sagemaker:DescribeEndpoint', () => slow.promise, ending.signal);
    const write = retry('sagemaker:UpdateEndpoint', () => slow.promise, ending.signal);
    ending.abort();
    expect((await rejection(read)).name).toBe('AbortError');
    slow.resolve('answer');
    expect(await write).toBe('answer');
  });
});

describe('a call that is not repeated', () => {
  test.each(['ThrottlingException', 'InternalFailure', 'ModelError'])('ends with its first %s', async (name) => {
    const { attempt, seen } = failing(named(name));
    const error = await rejection(unrepeated(() => {})('sagemaker:InvokeEndpoint', attempt));
    expect([error.name, seen.calls]).toEqual([name, 1]);
  });

  test('is sent again once with renewed credentials, and once in the right time', async () => {
    let forgotten = 0;
    const once = unrepeated(() => {
      forgotten++;
    });
    const skewed = named('RequestTimeTooSkewed');
    const expired = named('ExpiredTokenException');
    const { attempt, seen } = failing(expired, skewed);
    expect(await once('sagemaker:InvokeEndpoint', attempt)).toBe('answer');
    expect([forgotten, seen.calls]).toEqual([1, 3]);
    await expect(once('sagemaker:InvokeEndpoint', failing(expired, expired).attempt)).rejects.toThrow(/Expired/);
  });

  test('is cut off at once when the run ends, and not begun afterwards', async () => {
    const controller = new AbortController();
    const endless = () => new Promise<never>(() => {});
    const cut = rejection(unrepeated(() => {})('sagemaker:InvokeEndpoint', endless, controller.signal));
    controller.abort();
    expect((await cut).name).toBe('AbortError');
    const { attempt, seen } = failing();
    expect((await rejection(unrepeated(() => {})('a:B', attempt, controller.signal))).name).toBe('AbortError');
    expect(seen.calls).toBe(0);
  });
});
