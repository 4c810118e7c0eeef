import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { approveGateInputs } from '../../src/operations/approve-gate.ts';
import { declarationOf, type Job, readWorkflow, type Step, type Workflow } from '../support/workflow-file.ts';

const reusable = ['deliver', 'github-flow', 'gitflow', 'on-model-event', 'watchdog'].map(
  (name) => `.github/workflows/${name}.yml`,
);
const ofThisRepository = ['ci', 'release', 'withdraw-release'].map((name) => `.github/workflows/${name}.yml`);
const own = [...reusable, ...ofThisRepository];
/** Complete repositories. */
const repositories = ['examples/github-flow', 'examples/gitflow'];
const examples = [
  ...['github-flow', 'gitflow', 'on-model-event', 'watchdog', 'rollback'].map((name) => `examples/${name}.yml`),
  ...repositories.flatMap((folder) =>
    ['release', 'on-model-event', 'watchdog'].map((name) => `${folder}/.github/workflows/${name}.yml`),
  ),
];
/** A workflow with a job of its own, instead of a call of `deliver.yml`. */
const byComment = 'examples/approve-by-comment.yml';
const ownGate = 'OWNER/model-delivery/actions/approve-gate@v1';
/** `$/.github/workflows/deliver.yml` of a reusable workflow, `OWNER/model-delivery/.github/workflows/deliver.yml@v1` of a user's. */
const calledPath = (uses: string): string | undefined =>
  /^(?:\$|OWNER\/model-delivery)\/(\.github\/workflows\/[\w-]+\.yml)(?:@v1)?$/.exec(uses)?.[1];

const text = (path: string): string => readFileSync(path, 'utf8');
const jobsOf = (workflow: Workflow) => Object.entries(workflow.jobs);

/** Every `context.name.outputs.key` in the texts of a part of a workflow. */
const references = (part: unknown, context: string): readonly (readonly [string, string])[] =>
  [...JSON.stringify(part).matchAll(new RegExp(`\\b${context}\\.([\\w-]+)\\.outputs\\.([\\w-]+)`, 'g'))].map(
    ([, name = '', key = '']) => [name, key] as const,
  );

const callees = new Map<string, Workflow>();
beforeAll(async () => {
  for (const path of reusable) callees.set(path, await readWorkflow(path));
});
const calleeOf = ({ uses = '' }: Job): Workflow | undefined => callees.get(calledPath(uses) ?? '');

describe.each([...own, ...examples, byComment])('%s', (path) => {
  let workflow: Workflow;
  beforeAll(async () => {
    workflow = await readWorkflow(path);
  });

  it('grants nothing by itself, and each job the least, with a reason', () => {
    expect(workflow.permissions).toEqual({});
    for (const [, { permissions, environment }] of jobsOf(workflow)) {
      expect(permissions).toBeDefined();
      for (const [scope, level] of Object.entries(permissions ?? {}))
        expect({
          'id-token': 'write',
          contents: 'read',
          ...(path === byComment && { 'pull-requests': 'read', actions: 'read' }),
          // The comment with a plan, and the pull request back to develop.
          ...(/\/(github-flow|gitflow|release)\.yml$/.test(path) && { 'pull-requests': 'write' }),
          // CodeQL's findings.
          ...(/^\.github\/workflows\/(ci|release)\.yml$/.test(path) && { 'security-events': 'write' }),
          // A job in the environment `release` publishes, signs, and moves the floating tag.
          ...(environment === 'release' && { contents: 'write', attestations: 'write' }),
          // The one job that publishes the site.
          ...(path === '.github/workflows/release.yml' &&
            typeof environment === 'object' &&
            environment.name === 'github-pages' && { pages: 'write' }),
        }).toHaveProperty(scope, level);
    }
    for (const line of text(path).split('\n'))
      if (/^ {6}(contents|id-token|pull-requests|actions|security-events|attestations|pages): /.test(line))
        expect(line).toMatch(/ # \S/);
  });

  it('pins other people’s actions by commit, with the version beside it', () => {
    for (const line of text(path).split('\n')) {
      const uses = /\buses: (\S+)(.*)/.exec(line);
      if (!uses || calledPath(uses[1] ?? '') || uses[1]?.startsWith('$/') || uses[1] === ownGate) continue;
      expect(uses[1]).toMatch(/@[0-9a-f]{40}$/);
      expect(uses[2]).toMatch(/ # v\d/);
    }
  });

  it('ends every job of its own', () => {
    for (const [, job] of jobsOf(workflow)) expect(job.uses ?? job['timeout-minutes']).toBeDefined();
  });

  it('refers only to jobs it needs and to outputs that exist', () => {
    const outputsOf = (name: string, job: Job | undefined): readonly string[] =>
      job?.uses === undefined
        ? Object.keys(job?.outputs ?? { [name]: '' })
        : Object.keys(calleeOf(job)?.on.workflow_call?.outputs ?? {});
    for (const [, job] of jobsOf(workflow))
      for (const [name, key] of references(job, 'needs')) {
        expect([job.needs].flat()).toContain(name);
        expect(outputsOf(name, workflow.jobs[name])).toContain(key);
      }
  });
});

describe.each(reusable)('the reusable workflow %s', (path) => {
  const workflow = (): Workflow => callees.get(path) as Workflow;
  const steps = () => jobsOf(workflow()).flatMap(([, job]) => job.steps.map((step) => ({ job, step })));
  const ours = () => steps().filter(({ step }) => step.uses?.startsWith('$/'));

  it('uses the actions of the commit it runs at, with inputs that they declare', () => {
    expect(ours().length).toBeGreaterThan(0);
    for (const { step } of ours()) {
      const { inputs } = declarationOf(step.uses ?? '');
      const given = Object.keys(step.with ?? {});
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(given));
      const needed = Object.entries(inputs).filter(([, input]) => input.required);
      expect(given).toEqual(expect.arrayContaining(needed.map(([name]) => name)));
    }
  });

  it('refers only to outputs that its actions and the called workflow declare, of steps in the same job', () => {
    for (const [, job] of jobsOf(workflow()))
      for (const [id, key] of references(job, 'steps')) {
        const step = job.steps.find((one) => one.id === id);
        expect({ id, uses: step?.uses }).toEqual({ id, uses: expect.stringMatching(/^\$\//) });
        expect(Object.keys(declarationOf(step?.uses ?? '').outputs)).toContain(key);
      }
    for (const [name, key] of references(workflow().on, 'jobs')) {
      const job = workflow().jobs[name];
      expect(Object.keys((job && calleeOf(job)?.on.workflow_call?.outputs) ?? job?.outputs ?? {})).toContain(key);
    }
  });

  it('uses every input it takes, and takes every input it uses', () => {
    const used = [...text(path).matchAll(/\binputs\.([\w-]+)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(Object.keys(workflow().on.workflow_call?.inputs ?? {}).sort());
  });

  it('describes each input, and each output', () => {
    const { inputs = {}, outputs = {}, secrets = {} } = workflow().on.workflow_call ?? {};
    for (const one of Object.values({ ...inputs, ...outputs, ...secrets }))
      expect(one).toMatchObject({ description: expect.stringMatching(/^[A-Z`].*\.$/) });
  });

  it('passes names and versions between jobs, never an ARN and never a whole result', () => {
    for (const [, { outputs = {} }] of jobsOf(workflow()))
      for (const [name, value] of Object.entries(outputs)) {
        expect(name).not.toMatch(/\barn\b/);
        expect(value).not.toMatch(/\barn\b|outputs\.result\b/);
      }
  });

  it('cancels no job that may write', () => {
    for (const [id, { concurrency }] of jobsOf(workflow()))
      if (concurrency && id !== 'check') expect(concurrency).toMatchObject({ 'cancel-in-progress': false });
    const check = workflow().jobs['check'];
    for (const { uses, with: given } of check?.steps ?? [])
      if (uses?.startsWith('$/')) expect(given).toMatchObject({ 'dry-run': true });
  });

  it('publishes nothing that its permissions do not allow', () => {
    for (const { job, step } of ours()) {
      const { publish } = step.with ?? {};
      expect(publish).toBe(job.permissions?.['pull-requests'] === 'write' ? 'comment' : 'none');
    }
  });

  it('takes the webhooks of a manifest, and gives them to each step that may notify, and to no other', () => {
    const names = ['SLACK_WEBHOOK_URL', 'TEAMS_WEBHOOK_URL'];
    const webhooks = Object.fromEntries(names.map((name) => [name, `\${{ secrets.${name} }}`]));
    const declared = workflow().on.workflow_call?.secrets ?? {};
    for (const name of names) expect(declared[name]).toMatchObject({ required: false });
    // A dry run sends nothing, nor does a test of files; a gate tells only in the mode `wait`.
    const tells = ({ uses = '', with: given = {} }: Step): boolean =>
      (/\/(deploy-endpoint|shift-traffic|rollback)$/.test(uses) && given['dry-run'] !== true) ||
      (/\/regression-test$/.test(uses) && !('predictions' in given)) ||
      (/\/approve-gate$/.test(uses) && given['mode'] === 'wait');
    for (const { step } of steps()) {
      if (tells(step)) expect(step.env).toEqual(webhooks);
      else expect(JSON.stringify(step)).not.toContain('_WEBHOOK_URL');
    }
    const calls = jobsOf(workflow()).filter(([, { uses }]) => uses !== undefined);
    for (const [, { secrets }] of calls) expect(secrets).toEqual(webhooks);
    expect(calls.length + ours().filter(({ step }) => tells(step)).length).toBeGreaterThan(0);
  });

  it('shows in each GitHub environment the page of the endpoint', () => {
    for (const [, { environment, steps: own }] of jobsOf(workflow())) {
      if (environment === undefined) continue;
      const { url = '' } = typeof environment === 'string' ? {} : environment;
      const [, id] = /^\$\{\{ steps\.([\w-]+)\.outputs\.endpoint-url \}\}$/.exec(url) ?? [];
      expect(own.find((step) => step.id === id)?.uses).toMatch(/\/(deploy-endpoint|rollback)$/);
    }
  });

  it('interpolates nothing into a shell, inherits no secrets, and checks out without a token', () => {
    for (const { step } of steps()) {
      expect(step.run ?? '').not.toContain('${{');
      if (step.uses?.startsWith('actions/checkout')) expect(step.with).toMatchObject({ 'persist-credentials': false });
    }
    expect(text(path)).not.toMatch(/secrets: inherit/);
  });
});

describe('deliver.yml', () => {
  it('lets deployments to one endpoint wait for each other, and never cancels one', () => {
    for (const [id, { environment, concurrency }] of jobsOf(callees.get('.github/workflows/deliver.yml') as Workflow)) {
      // Reviewers decide after the plan and the test.
      const isReviewed = !['plan', 'test'].includes(id);
      expect({ id, environment: environment !== undefined }).toEqual({ id, environment: isReviewed });
      if (id === 'plan') continue;
      expect(concurrency).toMatchObject({ queue: 'max', 'cancel-in-progress': false });
      expect(concurrency?.group).toContain('needs.plan.outputs.endpoint-key');
    }
  });
});

describe(byComment, () => {
  const stepsOf = async () => (await readWorkflow(byComment)).jobs['decide']?.steps ?? [];

  it('checks out the default branch, and keeps no token', async () => {
    const [checkout] = await stepsOf();
    expect(checkout?.with).toEqual({ 'persist-credentials': false });
  });

  it('puts nothing of the comment into a script, and gives the gate inputs that it has', async () => {
    const steps = await stepsOf();
    for (const step of steps) expect(step.run ?? '').not.toContain('${{');
    const gate = steps.find(({ uses }) => uses === ownGate);
    expect(Object.keys(approveGateInputs)).toEqual(
      expect.arrayContaining(Object.keys(gate?.with ?? {}).filter((name) => !/^(publish|on-pending)$/.test(name))),
    );
    expect(gate?.with).toMatchObject({ mode: 'comment' });
  });

  it('drops no decision that waits for another one', async () => {
    // GitHub keeps one waiting run of a group and cancels it for a newer one, also for a run whose only job is skipped (docs.github.com, "Control the
    // concurrency of workflows and jobs": `queue`).
    const { concurrency, jobs } = await readWorkflow(byComment);
    expect(concurrency).toBeUndefined();
    expect(jobs['decide']?.concurrency).toMatchObject({ queue: 'max', 'cancel-in-progress': false });
  });

  it('starts for every comment that may have a command', async () => {
    const condition = (await readWorkflow(byComment)).jobs['decide']?.if ?? '';
    expect(condition).toContain("contains(github.event.comment.body, '/approve')");
    expect(condition).toContain("contains(github.event.comment.body, '/reject')");
  });

  /** The step that finds the version, with a `gh` that prints the bodies of the token's own comments. */
  const findVersion = async (comment: string, shown: readonly string[]) => {
    const step = (await stepsOf()).find(({ run }) => run !== undefined);
    const folder = mkdtempSync(join(tmpdir(), 'comment-'));
    try {
      const output = join(folder, 'output');
      writeFileSync(output, '');
      writeFileSync(join(folder, 'shown'), shown.join('\n'));
      writeFileSync(join(folder, 'gh'), '#!/bin/sh\ncat "$(dirname "$0")/shown"\n', { mode: 0o755 });
      const { status, stdout } = spawnSync('bash', ['-eo', 'pipefail', '-c', step?.run ?? ''], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: `${folder}:${process.env['PATH']}`,
          COMMENT: comment,
          MODEL: 'churn',
          THREAD: 'repos/acme/churn/issues/7/comments',
          GITHUB_OUTPUT: output,
        },
      });
      expect(readdirSync(folder).sort()).toEqual(['gh', 'output', 'shown']);
      return { status, stdout, output: readFileSync(output, 'utf8') };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const stamp = (tag: string, at: string): string =>
    `<!-- model-delivery evidence ${tag} 0123456789ab 2026-01-${at} -->`;
  const evidence = [
    '<!-- model-delivery: churn -->\r',
    stamp('churn_v1.5.0', '06T10:00:00Z'),
    stamp('churn_v1.3.0', '05T10:00:00Z'),
  ];

  const packageArn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/3';

  it.each([
    ['/approve churn_v1.4.0', 'churn_v1.4.0'],
    ['Fine.\r\n/approve churn_v1.4.0-rc.1 \r\n', 'churn_v1.4.0-rc.1'],
    ['/APPROVE churn_v1.4.0', 'churn_v1.4.0'],
    ['/approve 1.4.0', '1.4.0'],
    ['/approve v1.4.0', '1.4.0'],
    ['/reject churn_v1.4.0 one species\n', 'churn_v1.4.0'],
    ['**/reject** churn_v1.4.0: one species\n', 'churn_v1.4.0'],
    ['/approve churn_v1.4.0$(touch planted)', 'churn_v1.4.0'],
    ['/approve churn_v1.4.0\nversion=churn_v9.9.9', 'churn_v1.4.0'],
    ['/approve', 'churn_v1.5.0'],
    ['/Reject', 'churn_v1.5.0'],
    ['/reject: one species is mislabelled', 'churn_v1.5.0'],
    ['- /reject 0.9.0 was better', 'churn_v1.5.0'],
    ['> /approve churn_v1.4.0\n\n/reject no', 'churn_v1.5.0'],
    ['_/reject_ one species', 'churn_v1.5.0'],
    ['__/reject__ churn_v1.3.0 one species', 'churn_v1.3.0'],
    ['/reject 1.3.0', '1.3.0'],
    ['- **/reject** v1.3.0.', '1.3.0'],
    ['-> /reject churn_v1.3.0: one species', 'churn_v1.3.0'],
    ['/reject churn/3', 'churn/3'],
    ['/reject churn/3: one species', 'churn/3'],
    ['/approve `churn/3`', 'churn/3'],
    ['/reject package-3 one species', 'package-3'],
    [`/reject ${packageArn}: one species`, packageArn],
    ['> /reject churn/3\n\n/reject no', 'churn_v1.5.0'],
    ['/reject fraud/3: one species', 'churn_v1.5.0'],
    ['/reject 3/4 of the rows', 'churn_v1.5.0'],
    ['/reject package-3x', 'churn_v1.5.0'],
    ['/approve churn_v1\n`touch planted`\n$(touch planted)', 'churn_v1.5.0'],
  ])('finds for %j the version %j, and runs nothing', async (comment, version) => {
    const found = await findVersion(comment, evidence);
    expect(found).toMatchObject({ status: 0, output: `version=${version}\n` });
  });

  it.each(['see docs/approve.md', 'it was /approved', 'see /approve/it'])('runs no gate for %j', async (comment) =>
    expect(await findVersion(comment, evidence)).toMatchObject({ status: 0, output: '' }),
  );

  it.each(['/approve', '/reject bad'])(
    'fails for %j where no evidence is shown, and names the way out',
    async (comment) => {
      const found = await findVersion(comment, [stamp('fraud_v1.0.0', '05T10:00:00Z')]);
      expect(found).toMatchObject({ status: 1, output: '' });
      expect(found.stdout).toContain('Write /approve churn_v1.4.0, or /reject churn_v1.4.0 and the reason');
    },
  );
});

describe.each([...reusable, ...examples])('the calls in %s', (path) => {
  it('have the inputs, the secrets and the permissions that the called workflow takes', async () => {
    const calls = jobsOf(await readWorkflow(path)).filter(([, { uses }]) => uses !== undefined);
    if (examples.includes(path)) expect(calls.length).toBeGreaterThan(0);
    for (const [, job] of calls) {
      const called = calleeOf(job);
      expect({ uses: job.uses, found: called !== undefined }).toEqual({ uses: job.uses, found: true });
      const { inputs = {} } = called?.on.workflow_call ?? {};
      const given = Object.keys(job.with ?? {});
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(given));
      for (const [name, { required }] of Object.entries(inputs)) if (required) expect(given).toContain(name);
      // A called workflow can only be granted what its caller has.
      for (const [, inner] of jobsOf(called as Workflow))
        expect(job.permissions).toMatchObject(inner.permissions ?? {});
    }
  });
});
