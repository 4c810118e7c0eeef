import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runStep } from '../../../support/run-action.ts';

const script = 'test/support/fake-action.ts';
const inputs = { subject: 'sheep' };
const annotations = (log: string): string[] => log.match(/^::(error|warning|notice)\b.*$/gm) ?? [];

describe('the GitHub host', () => {
  it('tells a success by outputs, summary, log and exit code', async () => {
    const step = await runStep(script, inputs);
    expect(step.code).toBe(0);
    expect(step.outputs).toMatchObject({
      counted: '3',
      'last-subject': 'endpoint/churn',
      outcome: 'succeeded',
      'reason-code': 'delivered',
    });
    expect(JSON.parse(step.outputs['result'] ?? '')).toEqual({
      'schema-version': 1,
      operation: 'deploy-endpoint',
      outcome: 'succeeded',
      reason: 'delivered',
      because: 'counted sheep',
      outputs: { counted: '3', 'last-subject': 'endpoint/churn' },
      plan: expect.objectContaining({ title: 'count to three' }),
      dryRun: false,
      startedAt: '2026-01-05T09:00:00Z',
      endedAt: '2026-01-05T09:03:00Z',
    });
    expect(step.summary).toContain('## ✅ deploy-endpoint: succeeded');
    expect(step.summary).toContain('| 2026-01-05T09:02:00Z | 90 % | counted 3 sheep |');
    expect(step.log).toContain('waits until 2026-01-05T14:30:00Z (UTC)');
    expect(step.log).toMatch(
      /::group::Inputs\nsubject: sheep\n[\s\S]*?::endgroup::\n[\s\S]*::group::Plan\ncount to three/,
    );
    expect(annotations(step.log)).toEqual([]);
    expect(step.state).toMatchObject({ reported: 'yes' });
  });

  it('says of a dry run whether it would change anything, and fails for it only when asked to', async () => {
    const planned = await runStep(script, { ...inputs, 'dry-run': 'true' });
    expect(planned).toMatchObject({ code: 0, outputs: { 'reason-code': 'planned', 'would-change': 'true' } });
    const checked = await runStep(script, { ...inputs, 'dry-run': 'true', 'on-change': 'fail' });
    expect(checked).toMatchObject({ code: 1, outputs: { outcome: 'succeeded', 'would-change': 'true' } });
    const real = await runStep(script, { ...inputs, 'on-change': 'fail' });
    expect(real.code).toBe(0);
    expect(real.outputs).not.toHaveProperty('would-change');
  });

  it('writes a test report and a page where the step names files, also after a failure', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reports-'));
    const [junit = '', html = '', tally = ''] = ['report.xml', 'report.html', 'tally'].map((name) =>
      join(folder, name),
    );
    const good = await runStep(script, { ...inputs, junit, html, tally });
    expect(good.code).toBe(0);
    expect(readFileSync(junit, 'utf8')).toContain('<testcase classname="model-delivery" name="deploy-endpoint" time=');
    expect(readFileSync(html, 'utf8')).toContain('counted 3 sheep');
    expect(readFileSync(tally, 'utf8')).toBe('3\n');
    const bad = await runStep(script, { ...inputs, junit, html }, { env: { FAKE_BEHAVIOUR: 'defect' } });
    expect(bad.code).toBe(1);
    expect(readFileSync(junit, 'utf8')).toContain('<failure type="failed/internal-error"');
    expect(readFileSync(html, 'utf8')).toContain('<h1>deploy-endpoint: failed</h1>');
    rmSync(folder, { recursive: true });
  });

  it('only warns of a file that cannot be written', async () => {
    const step = await runStep(script, { ...inputs, junit: '/missing/report.xml' });
    expect(step.code).toBe(0);
    expect(annotations(step.log)).toEqual([
      expect.stringMatching(/^::warning::\/missing\/report.xml could not be written: ENOENT/),
    ]);
  });

  it('says when a delivery by this manifest needs a regression test', async () => {
    const given = { manifest: resolve('examples/regression-test.yml'), environment: 'production' };
    const gate = await runStep('actions/approve-gate/main.ts', { ...given, version: '1.0.0' });
    expect(gate.outputs).toMatchObject({ 'regression-test': 'before-deploy', outcome: 'failed' });
    const back = await runStep('actions/rollback/main.ts', given);
    expect(back.outputs).toMatchObject({ outcome: 'failed' });
    expect(back.outputs).not.toHaveProperty('regression-test');
    expect((await runStep(script, inputs)).outputs).not.toHaveProperty('regression-test');
  });

  it('does nothing in the post step of a run that has reported', async () => {
    const step = await runStep(script, inputs, { state: { started: 'yes', reported: 'yes' } });
    expect(step).toMatchObject({ code: 0, log: '', summary: '', outputs: {} });
  });

  it('fails a step with one annotation that says why and what to do', async () => {
    const step = await runStep(script, inputs, { env: { FAKE_BEHAVIOUR: 'defect', RUNNER_DEBUG: '1' } });
    expect(step.code).toBe(1);
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'internal-error' });
    expect(annotations(step.log)).toEqual([
      '::error title=failed/internal-error::x is not a function%0AReport it with the log; run again: the release resumes where it is.',
    ]);
    expect(step.log).toContain('::debug::TypeError: x is not a function%0A    at ');
    expect(step.summary).toContain('## ❌ deploy-endpoint: failed');
  });

  it('refuses an input that it does not have, and does nothing', async () => {
    const step = await runStep(script, { ...inputs, dryrun: 'true', 'on-pendign': 'continue' });
    expect(step.code).toBe(1);
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'invalid-input' });
    expect(step.outputs).not.toHaveProperty('counted');
    expect(annotations(step.log)).toEqual([
      expect.stringContaining(
        'dryrun is not an input; did you mean dry-run?%0Aon-pendign is not an input; did you mean on-pending?',
      ),
    ]);
    expect(step.summary).toContain('dryrun is not an input; did you mean dry-run?');
  });

  it.each([
    ['a runner that gives the inputs of a composite to its steps', { ACT: 'true' }],
    ['an action that another action started', { GITHUB_ACTION_REPOSITORY: 'other/retry', GITHUB_ACTION_REF: 'v1' }],
  ])('warns where the user may not have written it: %s', async (_, env) => {
    const step = await runStep(script, { ...inputs, time_out: '5', attempts: '3' }, { env });
    expect(step).toMatchObject({ code: 0, outputs: { 'reason-code': 'delivered' } });
    const [warning, ...more] = annotations(step.log);
    expect(warning).toMatch(
      /^::warning::attempts is not an input; the inputs are subject, .*%0Atime_out is not an input; did you mean timeout\?%0AIgnored, because/,
    );
    expect(more).toEqual([]);
  });

  it('refuses nothing in a post step: it finishes what was begun', async () => {
    const step = await runStep(script, { ...inputs, dryrun: 'true' }, { state: { started: 'yes' } });
    expect(step.log).toContain('ABORT cancelled');
    expect(step.outputs).not.toMatchObject({ 'reason-code': 'invalid-input' });
  });

  it.each([
    [{ subject: 'Sheep 1' }, 'subject: "Sheep 1" is not allowed; expected lower-case letters'],
    [{}, 'subject is required: What is counted.'],
    [{ ...inputs, pace: 'medium' }, 'pace: "medium" is not a choice; expected one of slow, fast'],
    [{ ...inputs, loud: 'yes' }, 'loud: "yes" is not a boolean; expected true or false'],
    [{ ...inputs, timeout: '1d' }, 'timeout: "1d" is not a duration; expected e.g. 30s, 10m or 2h'],
    [{ ...inputs, 'on-pending': 'maybe' }, 'on-pending: "maybe" is not a choice; expected one of fail, continue'],
    [
      { ...inputs, 'resume-token': 'x' },
      'resume-token: not a token that this version wrote; leave it out: the run finds the release record without it',
    ],
  ])('refuses %j before anything happens', async (given, message) => {
    const step = await runStep(script, given);
    expect(step.code).toBe(1);
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'invalid-input' });
    expect(JSON.parse(step.outputs['result'] ?? '')).toMatchObject({ because: message });
    expect(step.summary).toContain('`invalid-input`');
  });

  it('plans and stops in a dry run', async () => {
    const step = await runStep(script, { ...inputs, 'dry-run': 'true' });
    expect(step.code).toBe(0);
    expect(step.outputs).toMatchObject({ outcome: 'succeeded', 'reason-code': 'planned' });
    expect(step.summary).toContain('deploy-endpoint (dry run): succeeded');
  });

  it('ends without waiting, red unless told to continue, and goes on from the token', async () => {
    const first = await runStep(script, { ...inputs, wait: 'false' });
    expect(first.code).toBe(1);
    expect(first.outputs).toMatchObject({
      outcome: 'pending',
      'reason-code': 'in-progress',
      'resume-token': '{"v":1,"seen":1}',
    });
    const second = await runStep(script, {
      ...inputs,
      wait: 'false',
      'on-pending': 'continue',
      'resume-token': first.outputs['resume-token'] ?? '',
    });
    expect(second.code).toBe(0);
    expect(second.log).not.toContain('::group::Plan');
  });

  it('answers SIGINT in a wait: settles the release, reports, exits', async () => {
    const step = await runStep(script, inputs, {
      env: { FAKE_BEHAVIOUR: 'sleeps' },
      onSleeping: (child) => child.kill('SIGINT'),
    });
    expect(step).toMatchObject({ code: 1, signal: null });
    expect(step.log).toContain('ABORT cancelled {"v":1,"seen":1}');
    expect(step.outputs).toMatchObject({ outcome: 'cancelled', 'reason-code': 'cancelled', counted: '1' });
    expect(step.summary).toContain('## 🛑 deploy-endpoint: cancelled');
    expect(step.state).toMatchObject({ reported: 'yes' });
  });

  it('reports what it knows at SIGTERM, and leaves the rest to the post step', async () => {
    const main = await runStep(script, inputs, {
      env: { FAKE_BEHAVIOUR: 'stuck' },
      onSleeping: (child) => {
        child.kill('SIGINT');
        child.kill('SIGTERM');
      },
    });
    expect(main).toMatchObject({ code: 1, signal: null });
    expect(main.outputs).toMatchObject({ outcome: 'cancelled' });
    expect(main.summary).toContain('still working');
    expect(main.state).toEqual({ started: 'yes', token: '{"v":1,"seen":0}' });

    const post = await runStep(script, inputs, { state: main.state });
    expect(post.log).toContain('ABORT cancelled {"v":1,"seen":0}');
    expect(post.summary).toContain('## 🛑 deploy-endpoint: cancelled');
  });

  it('leaves true outputs and the post step its work when it is killed', async () => {
    const main = await runStep(script, inputs, {
      env: { FAKE_BEHAVIOUR: 'sleeps' },
      onSleeping: (child) => child.kill('SIGKILL'),
    });
    expect(main).toMatchObject({ signal: 'SIGKILL', summary: '' });
    expect(main.outputs).toMatchObject({ outcome: 'cancelled', 'reason-code': 'cancelled' });
    expect(JSON.parse(main.outputs['result'] ?? '')).toMatchObject({ outcome: 'cancelled', 'schema-version': 1 });
    const post = await runStep(script, inputs, { state: main.state });
    expect(post.log).toContain('ABORT cancelled {"v":1,"seen":1}');
    expect(post.summary).toContain('stopped at');
    expect(post.summary).toContain('> The main step was stopped before it could finish');
    expect(post.code).toBe(0);
  });

  it('turns a summary that cannot be written into a warning', async () => {
    const step = await runStep(script, inputs, { withoutSummary: true });
    expect(step.code).toBe(0);
    expect(annotations(step.log)).toEqual([expect.stringContaining('the job summary could not be written')]);
  });

  it('delivers although nothing can be written for the runner, says so once for each, and is red for its outputs', async () => {
    const gone = { GITHUB_OUTPUT: '/gone/output', GITHUB_STATE: '/gone/state', GITHUB_STEP_SUMMARY: '/gone/summary' };
    const step = await runStep(script, inputs, { env: gone });
    expect(step.code).toBe(1);
    expect(step.log).toContain('counted 3 sheep');
    expect(annotations(step.log)).toHaveLength(3);
  });

  it.each([
    ['that the runner did not name', '', 'GITHUB_OUTPUT is not set'],
    ['that is gone', '/gone/output', 'Missing file at path: /gone/output'],
    ['on a full disk', '/dev/full', 'ENOSPC'],
    ['that is a folder', '/', 'EISDIR'],
  ])('is red when its outputs cannot be written to a file %s, with one message', async (_where, file, why) => {
    for (const behaviour of [{}, { wait: 'false', 'on-pending': 'continue' }]) {
      const step = await runStep(script, { ...inputs, ...behaviour }, { env: { GITHUB_OUTPUT: file } });
      expect(step.code).toBe(1);
      const [reported, ...more] = annotations(step.log);
      expect(more).toEqual([]);
      expect(reported).toMatch(/^::error title=outputs not written::the outputs could not be written/);
      expect(reported).toContain(why);
      expect(reported).toMatch(/The delivery itself ended (succeeded\/delivered|pending\/in-progress)\./);
      expect(step.log).not.toContain('::set-output');
    }
  });
});
