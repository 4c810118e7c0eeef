import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../../simulator/contracts.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { minutes, seconds } from '../../../src/clock.ts';
import { createDriver, type Driver, type WorkflowStep } from '../../../src/rehearsal/driver.ts';

/** An action that sleeps for INPUT_MINUTES of virtual time, and says in its outputs and in its post step what it saw. */
const action = `
const { appendFileSync } = require('node:fs');
const { request } = require('node:http');
const set = (file, name, value) => appendFileSync(process.env[file], name + '=' + value + '\\n');
const clock = (method, path, body, signal) => new Promise((resolve, reject) => {
  const call = request(process.env.MODEL_DELIVERY_CLOCK + path, { method, agent: false, signal }, (answer) => {
    let text = '';
    answer.on('data', (chunk) => { text += chunk; }).on('end', () => resolve(JSON.parse(text).now));
  });
  call.on('error', reject);
  call.end(body && JSON.stringify(body));
});
const main = async () => {
  if (process.env.STATE_started && process.env.STATE_reported && process.env.INPUT_QUIET) return;
  if (process.env.STATE_started) {
    appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'post saw ' + process.env.STATE_started + '; ');
    return;
  }
  console.log('compiled code: ' + require('node:module').getCompileCacheDir());
  const stop = new AbortController();
  process.on('SIGINT', () => stop.abort());
  const start = await clock('GET', '');
  set('GITHUB_STATE', 'started', 'minute 0');
  const until = start + Number(process.env.INPUT_MINUTES) * 60000;
  const woken = await clock('POST', '/sleep', { until }, stop.signal).catch(() => undefined);
  if (stop.signal.aborted && process.env.INPUT_STUBBORN === 'true') await clock('POST', '/sleep', { until });
  const now = woken ?? await clock('GET', '');
  set('GITHUB_OUTPUT', 'slept-seconds', (now - start) / 1000);
  if (process.env.INPUT_REPORTS) set('GITHUB_STATE', 'reported', 'yes');
  appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'main slept; ');
  process.exit(woken === undefined ? 1 : 0);
};
main();
`;

const job = { runId: '1', attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' };
const sleepy = (long: number, more: Readonly<Record<string, string>> = {}): WorkflowStep => ({
  action: 'sleepy',
  inputs: { minutes: String(long), ...more },
  job,
});

describe('the driver', () => {
  let simulator: Simulator;
  let driver: Driver;
  let start: number;

  beforeEach(async () => {
    simulator = await startSimulator();
    const folder = mkdtempSync(join(tmpdir(), 'driver-'));
    mkdirSync(join(folder, 'actions/sleepy/dist'), { recursive: true });
    mkdirSync(join(folder, 'workspace'));
    writeFileSync(
      join(folder, 'actions/sleepy/action.yml'),
      'inputs: { minutes: {}, stubborn: {}, quiet: {}, reports: {} }\nruns: { main: dist/index.cjs, post: dist/index.cjs }\n',
    );
    writeFileSync(join(folder, 'actions/sleepy/dist/index.cjs'), action);
    driver = createDriver({
      simulator,
      actions: join(folder, 'actions'),
      workspace: join(folder, 'workspace'),
      temp: join(folder, 'runner'),
    });
    start = driver.now();
  });
  afterEach(() => simulator.close());

  it('lets time pass exactly while a step sleeps, and runs the post step with the state it saved', async () => {
    const result = await driver.finish(driver.start(sleepy(90)));
    expect(result.exit).toEqual({ code: 0, signal: undefined });
    expect(result.outputs).toEqual({ 'slept-seconds': '5400' });
    expect(result.summary).toBe('main slept; post saw minute 0; ');
    expect(result.ended.at - result.started.at).toBe(minutes(90));
    expect(result.participants).toHaveLength(2);
  });

  it('leaves out the post step of a main step that has reported, once such a one was seen to do nothing', async () => {
    const participantsOf = async (inputs: Readonly<Record<string, string>>): Promise<number> =>
      (await driver.finish(driver.start(sleepy(1, inputs)))).participants.length;
    const ended = { reports: 'yes', quiet: 'yes' };
    // One that speaks proves nothing about the next.
    expect(await participantsOf({ reports: 'yes' })).toBe(2);
    expect(await participantsOf(ended)).toBe(2);
    expect(await participantsOf(ended)).toBe(1);
    // A main step that has not reported left work.
    expect(await participantsOf({})).toBe(2);
  });

  it('has Node keep the compiled code of the actions', async () => {
    const { log } = await driver.finish(driver.start(sleepy(1)));
    expect(log.map(({ text }) => text).join()).toContain(`compiled code: ${join(tmpdir(), 'node-compile-cache')}`);
  });

  it('cancels with SIGINT at an exact instant', async () => {
    const running = driver.start(sleepy(90));
    await driver.until(start + minutes(7.5));
    const result = await driver.cancel(running);
    expect(result.exit.code).toBe(1);
    expect(result.outputs).toEqual({ 'slept-seconds': '450' });
    expect(result.summary).toContain('post saw');
    expect(driver.now()).toBe(start + minutes(7.5));
  });

  it('goes on to SIGTERM as the runner does, when SIGINT does not end the process', async () => {
    const running = driver.start(sleepy(90, { stubborn: 'true' }));
    await driver.until(start + minutes(1));
    const result = await driver.cancel(running);
    expect(result.exit.signal).toBe('SIGTERM');
    expect(driver.now()).toBe(start + minutes(1) + seconds(7.5));
  });

  it('destroys a step without its post step', async () => {
    const running = driver.start(sleepy(90));
    await driver.until(start + minutes(7));
    driver.destroy(running);
    const result = await driver.finish(running);
    expect(result.exit.signal).toBe('SIGKILL');
    expect(result.outputs).toEqual({});
    expect(result.summary).toBe('');
    expect(driver.now()).toBe(start + minutes(7));
  });

  describe('with its steps in one process', () => {
    beforeEach(() => {
      driver.processes = false;
    });

    it('lets time pass as for a process, and starts no post step that has nothing left to do', async () => {
      const result = await driver.finish(driver.start(sleepy(90, { reports: 'yes' })));
      expect(result.exit).toEqual({ code: 0, signal: undefined });
      expect(result.outputs).toEqual({ 'slept-seconds': '5400' });
      expect(result.summary).toBe('main slept; ');
      expect(result.ended.at - result.started.at).toBe(minutes(90));
      expect(result.participants).toHaveLength(1);
    });

    it('runs two steps side by side, each to its own instant', async () => {
      const long = driver.start(sleepy(30, { reports: 'yes' }));
      await driver.until(start + minutes(1));
      const short = await driver.finish(driver.start(sleepy(10, { reports: 'yes' })));
      expect(short.ended.at).toBe(start + minutes(11));
      expect((await driver.finish(long)).outputs).toEqual({ 'slept-seconds': '1800' });
    });

    it('refuses a signal, which only a process can get', async () => {
      const running = driver.start(sleepy(90));
      await driver.until(start + minutes(1));
      expect(() => driver.destroy(running)).toThrow('sleepy gets SIGKILL and is no process');
      driver.processes = true;
      const process = driver.start(sleepy(90));
      await driver.until(start + minutes(2));
      driver.destroy(process);
      expect((await driver.finish(process)).exit.signal).toBe('SIGKILL');
      driver.close();
    });
  });

  it('runs two steps side by side, each to its own instant', async () => {
    const long = driver.start(sleepy(30));
    await driver.until(start + minutes(1));
    const short = await driver.finish(driver.start(sleepy(10)));
    expect(short.ended.at).toBe(start + minutes(11));
    expect((await driver.finish(long)).outputs).toEqual({ 'slept-seconds': '1800' });
  });
});
