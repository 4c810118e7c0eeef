import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { flowNames, type Setup } from '../../src/init/setup.ts';
import { setupFor, unusual, writtenFor } from '../support/init.ts';
import { type Job, readWorkflow } from '../support/workflow-file.ts';

const rows: readonly (readonly [title: string, setup: Setup])[] = flowNames.flatMap((flow) => [
  [`${flow}, the usual names`, setupFor(flow)] as const,
  [`${flow}, other names`, unusual(flow)] as const,
]);
const workflowsOf = (setup: Setup) => writtenFor(setup).filter(({ path }) => path.startsWith('.github/'));
const calleeIn = ({ uses = '' }: Job): string => `.github/workflows/${basename(uses.replace(/@.*/, ''))}`;

/** A verifier of tools/install-verifiers.sh; undefined on a machine without it. */
const verifier = (name: string): string | undefined =>
  [resolve('.cache/verifiers/bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find(existsSync);

describe.each(rows)('the workflows that init writes for %s', (_title, setup) => {
  it('are read by GitHub’s parser, and call workflows with inputs and secrets that these declare', async () => {
    const workflows = workflowsOf(setup);
    expect(workflows).toHaveLength(3);
    for (const { path, content } of workflows) {
      const workflow = await readWorkflow(path, content);
      const calls = Object.values(workflow.jobs).filter(({ uses }) => uses !== undefined);
      expect(calls).toHaveLength(1);
      for (const job of calls) {
        const callee = await readWorkflow(calleeIn(job));
        const { inputs = {}, secrets = {} } = callee.on.workflow_call ?? {};
        expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(job.with ?? {})));
        expect(Object.keys(secrets)).toEqual(expect.arrayContaining(Object.keys(job.secrets ?? {})));
        for (const [name, value] of Object.entries(job.with ?? {}))
          expect([name, typeof value]).toEqual([name, inputs[name]?.type]);
      }
    }
  });

  it('deliver to the environments of the manifest', async () => {
    const { dev, staging, production, flow } = setup;
    const given = async (name: string) => {
      const found = workflowsOf(setup).find(({ path }) => path.endsWith(`/${name}.yml`));
      const { jobs } = await readWorkflow(name, found?.content);
      const [job] = Object.values(jobs).filter(({ uses }) => uses !== undefined);
      const callee = await readWorkflow(calleeIn(job as Job));
      const defaults = Object.entries(callee.on.workflow_call?.inputs ?? {}).map(([input, { default: value }]) => [
        input,
        value,
      ]);
      return { ...Object.fromEntries(defaults), ...job?.with };
    };
    const all = [...(dev ? [dev.name] : []), staging.name, production.name];
    expect(await given(flow)).toMatchObject({
      main: setup.branches.main,
      dev: dev?.name ?? '',
      staging: staging.name,
      production: production.name,
      ...(flow === 'gitflow' && { develop: setup.branches.develop }),
    });
    const event = await given('on-model-event');
    expect([event['environment'], JSON.parse(event['take-back'])]).toEqual([production.name, all]);
    expect(JSON.parse((await given('watchdog'))['environments'])).toEqual(all);
  });

  it.each([
    ['actionlint', []],
    ['zizmor', ['--offline', '--quiet', '--pedantic', '--color=never', '.']],
  ])('leave %s nothing to report, called by a commit', (name, args) => {
    const program = verifier(name);
    if (program === undefined) return;
    const folder = mkdtempSync(join(tmpdir(), 'init-lint-'));
    try {
      mkdirSync(join(folder, '.git'));
      const source = { repository: 'acme/model-delivery', ref: '0'.repeat(40) };
      for (const { path, content } of writtenFor({ ...setup, source })) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
      expect([stdout, status, stderr]).toEqual([
        expect.stringMatching(/^(No findings to report.*)?\s*$/),
        0,
        expect.anything(),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
