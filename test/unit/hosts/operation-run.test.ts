import { describe, expect, it } from '@jest/globals';
import { finishRun, type Host, startRun } from '../../../src/hosts/operation-run.ts';
import { Refusal } from '../../../src/operation.ts';
import { registerModel } from '../../../src/operations/register-model.ts';
import type { Report } from '../../../src/report/result.ts';
import type { OpenSession } from '../../../src/session/session.ts';
import { countingOperation, type FakeEndpoint } from '../../support/fake-operation.ts';
import { fakeSession } from '../../support/fake-world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const scene = (change: Partial<Host> = {}) => {
  const fakeEndpoint: FakeEndpoint = { count: 0, mutations: [] };
  const reported: string[] = [];
  const tokens: string[] = [];
  const clock = virtualClock();
  const host: Host = {
    env: {},
    run: { host: 'command-line', holder: 'test', url: 'https://example.com/run/1' },
    written: (name) => ({ subject: 'sheep' })[name],
    signal: new AbortController().signal,
    observer: {
      inputs: (requested) => reported.push(`asked ${Object.keys(requested).join(' ')}`),
      started: (lines) => reported.push(...lines),
      plan: (plan) => reported.push(`plan ${plan.title}`),
      progress: ({ because }) => reported.push(because),
      keep: (token) => tokens.push(token),
      printed: () => {},
      defect: (stack) => reported.push(`defect ${stack.split('\n')[0]}`),
    },
    seams: { clock, openSession: fakeSession() },
    ...change,
  };
  return {
    host,
    fakeEndpoint,
    reported,
    tokens,
    clock,
    start: () => startRun(countingOperation(fakeEndpoint), host),
  };
};

describe('a delivery', () => {
  it('tells what it does in order, and keeps a token after every turn', async () => {
    const { start, reported, tokens } = scene();
    const report = await start().ended;
    expect(reported).toEqual([
      'asked subject pace loud dry-run wait timeout',
      'works in account 111122223333, region eu-west-1',
      'plan count to three',
      'planned to count sheep',
      'waits until 2026-01-05T14:30:00Z (UTC)',
      'counted 1 sheep',
      'counted 2 sheep',
      'counted 3 sheep',
    ]);
    expect(tokens.map((token) => JSON.parse(token).seen)).toEqual([0, 1, 2, 3]);
    expect(report).toMatchObject({
      inputs: { subject: 'sheep', pace: 'slow' },
      url: 'https://example.com/run/1',
      result: { outcome: 'succeeded', startedAt: '2026-01-05T09:00:00Z', endedAt: '2026-01-05T09:03:00Z' },
    });
    expect(report.timeline).toHaveLength(4);
  });

  it('names no account in a remark, which a comment at GitHub shows', async () => {
    const { host, fakeEndpoint } = scene();
    const remark = 'no notification went to SNS: grant sns:Publish on arn:aws:sns:eu-west-1:999988887777:deliveries';
    const remarking = {
      ...countingOperation(fakeEndpoint),
      advance: async () =>
        ({
          is: 'done',
          outcome: 'succeeded',
          reason: 'delivered',
          outputs: {},
          because: 'counted',
          remarks: [remark],
        }) as const,
    };
    const masked = 'no notification went to SNS: grant sns:Publish on deliveries';
    expect(await startRun(remarking, host).ended).toMatchObject({ remarks: [masked], result: { remarks: [masked] } });
    expect(await startRun(remarking, { ...host, verbatim: true }).ended).toMatchObject({ remarks: [remark] });
  });

  it('names no account in its timeline, which a summary shows, and has it whole on a person’s own terminal', async () => {
    const { host, fakeEndpoint, reported } = scene();
    const because = 'waits for arn:aws:sns:eu-west-1:111122223333:deliveries in 111122223333';
    const waiting = {
      ...countingOperation(fakeEndpoint),
      advance: async () =>
        fakeEndpoint.count++ % 2 === 0
          ? ({ is: 'waiting', memory: { v: 1, seen: 0 }, notBefore: 0, percent: 1, because } as const)
          : ({ is: 'done', outcome: 'succeeded', reason: 'delivered', outputs: {}, because: 'counted' } as const),
    };
    const { timeline } = await startRun(waiting, host).ended;
    expect(timeline.map((entry) => entry.because)).toEqual(['waits for deliveries in <account>']);
    expect(reported).toContain(because);
    const own = await startRun(waiting, { ...host, verbatim: true }).ended;
    expect(own.timeline.map((entry) => entry.because)).toEqual([because]);
  });

  it('gives its limit only when it waits', async () => {
    const { host, reported, fakeEndpoint } = scene();
    const atOnce = {
      ...countingOperation(fakeEndpoint),
      advance: async () =>
        ({ is: 'done', outcome: 'succeeded', reason: 'delivered', outputs: {}, because: 'done' }) as const,
    };
    await startRun(atOnce, host).ended;
    expect(reported.filter((line) => line.startsWith('waits until'))).toEqual([]);
    expect(reported).toContain('works in account 111122223333, region eu-west-1');
  });

  it('shows the facts for people when they come or change, and has the last ones at its end', async () => {
    const { host, fakeEndpoint } = scene();
    const shown: [string, string, unknown][] = [];
    const counting = countingOperation(fakeEndpoint);
    const facts = (of: number) => ({ is: 'smoke-test', of, answered: 0, unexpected: 0, wrong: [] }) as const;
    let turn = 0;
    const asking: typeof counting = {
      ...counting,
      advance: async (...given) => {
        const progress = await counting.advance(...given);
        turn += 1;
        if (progress.is === 'done' || turn === 1) return progress;
        return { ...progress, findings: facts(turn === 4 ? 2 : 1) };
      },
    };
    const observer = {
      ...host.observer,
      shows: ({ result }: Report) => shown.push([result.outcome, result.because, result.findings]),
    };
    const { result } = await startRun(asking, { ...host, observer }).ended;
    expect(shown).toEqual([
      ['pending', 'counted 1 sheep', facts(1)],
      ['pending', 'counted 3 sheep', facts(2)],
    ]);
    expect(result).toMatchObject({ outcome: 'succeeded', findings: facts(2) });
  });

  it('repeats no value of what may be a secret', async () => {
    const requested: string[] = [];
    const { host } = scene({
      written: (name) => ({ 'container-environment': 'API_TOKEN=hunter2=\nMODE=fast', metadata: 'key=hunter2' })[name],
    });
    const observer = {
      ...host.observer,
      requested: (inputs: Readonly<Record<string, string>>) => requested.push(...Object.values(inputs)),
    };
    const report = await startRun(registerModel, { ...host, observer }).ended;
    expect(report.inputs).toMatchObject({ 'container-environment': 'API_TOKEN=…\nMODE=…', metadata: 'key=…' });
    expect(`${requested.join()}${JSON.stringify(report)}`).not.toContain('hunter2');
  });

  it('assumes another role than the manifest’s when it is told to', async () => {
    const roles: (string | undefined)[] = [];
    const openSession: OpenSession = (request) => {
      roles.push(request.target.role);
      return fakeSession()(request);
    };
    await scene({ seams: { clock: virtualClock(), openSession } }).start().ended;
    await scene({ seams: { clock: virtualClock(), openSession }, role: 'model-planner' }).start().ended;
    expect(roles).toEqual([undefined, 'model-planner']);
  });

  it('keeps to the timeout it was given', async () => {
    const { start, fakeEndpoint } = scene({ written: (name) => ({ subject: 'sheep', timeout: '90s' })[name] });
    expect((await start().ended).result).toMatchObject({ outcome: 'timed-out', endedAt: '2026-01-05T09:01:30Z' });
    expect(fakeEndpoint.mutations.at(-1)).toBe('stop: timed-out');
  });

  it('writes nothing with credentials that do not last', async () => {
    const refuseShortCredentials = async () => {
      throw new Refusal('credentials-too-short', 'they end at noon');
    };
    const openSession = fakeSession({ refuseShortCredentials });
    const { start, fakeEndpoint } = scene({ seams: { clock: virtualClock(), openSession } });
    expect((await start().ended).result).toMatchObject({
      reason: 'credentials-too-short',
      plan: { title: 'count to three' },
    });
    expect(fakeEndpoint.mutations).toEqual([]);
  });

  it('does not mind them in a dry run', async () => {
    const openSession = fakeSession({
      refuseShortCredentials: async () => {
        throw new Refusal('credentials-too-short', 'they end at noon');
      },
    });
    const written: Host['written'] = (name) => ({ subject: 'sheep', 'dry-run': 'true' })[name];
    const { start } = scene({ written, seams: { clock: virtualClock(), openSession } });
    expect((await start().ended).result).toMatchObject({ reason: 'planned', dryRun: true });
  });

  it('is cancelled, not failed, when its session breaks because it was cancelled', async () => {
    const cancel = new AbortController();
    const openSession = async () => {
      cancel.abort();
      throw new Error('socket hang up');
    };
    const { start } = scene({ signal: cancel.signal, seams: { clock: virtualClock(), openSession } });
    expect((await start().ended).result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled' });
  });

  it('can say at any time what it knows', async () => {
    const { start } = scene();
    const delivery = start();
    expect(delivery.interrupted('the power failed')).toMatchObject({
      unsettled: true,
      result: { outcome: 'cancelled', because: 'the power failed', 'schema-version': 1 },
    });
    await delivery.ended;
  });

  it('refuses a virtual clock that would meet the real AWS', async () => {
    const env = { MODEL_DELIVERY_CLOCK: 'http://127.0.0.1:1/clock/participants/p1' };
    const { start } = scene({ env, seams: { openSession: fakeSession() } });
    expect((await start().ended).result).toMatchObject({
      reason: 'invalid-input',
      because: expect.stringContaining('AWS_ENDPOINT_URL'),
    });
  });
});

describe('a run that needs no account', () => {
  const noAccount: OpenSession = () => Promise.reject(new Error('a session was opened'));
  const offline = (note: string | undefined, end: 'start' | 'finish' = 'start', more: Record<string, string> = {}) => {
    const written: Record<string, string | undefined> = { subject: 'sheep', note, ...more };
    const { host, fakeEndpoint } = scene({ written: (name) => written[name] });
    const operation: ReturnType<typeof countingOperation> = {
      ...countingOperation(fakeEndpoint),
      offline: ({ note }) =>
        note === undefined
          ? undefined
          : async ({ clock }) => ({
              ...{ is: 'done', outcome: 'succeeded', reason: 'predictions-passed', outputs: {} },
              because: `at ${clock.now()}`,
            }),
    };
    const at = { ...host, seams: { ...host.seams, openSession: noAccount } };
    return (end === 'start' ? startRun(operation, at) : finishRun(operation, at, undefined)).ended;
  };

  it('opens no session, and ends by the clock of the run', async () => {
    expect((await offline('here')).result).toMatchObject({
      reason: 'predictions-passed',
      because: expect.stringMatching(/^at \d+$/),
    });
    expect((await offline(undefined)).result.because).toContain('a session was opened');
  });

  it('refuses a token, for there is nothing to resume', async () => {
    const { result } = await offline('here', 'start', { 'resume-token': '{"v":1}' });
    expect(result).toMatchObject({ reason: 'invalid-input', because: expect.stringMatching(/^resume-token: /) });
  });

  it('is only reported by a post step, which has nothing to settle', async () => {
    const report = await offline('here', 'finish');
    expect(report.result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled' });
    expect(report.unsettled).toBeUndefined();
  });
});
