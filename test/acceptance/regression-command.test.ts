import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { addTest, findingsOf } from '../../src/rehearsal/scenarios/tested.ts';
import { openStage, type Stage } from '../../src/rehearsal/stage.ts';
import { openAccount } from '../support/account.ts';
import { regress, regressionText, temporaries, testRecords, withRegression } from '../support/golden-set.ts';
import { hosts } from '../support/hosts.ts';

const sdk = createRequire(import.meta.url).resolve('@aws-sdk/client-sagemaker-runtime');
const s3 = createRequire(import.meta.url).resolve('@aws-sdk/client-s3');

/** A team's test program: it asks the candidate as any client does, and writes what it found. */
const program = (body: string): string => `
import { writeFileSync } from 'node:fs';
import runtime from ${JSON.stringify(sdk)};
const { env } = process;
const ask = async (EndpointName) => {
  const client = new runtime.SageMakerRuntimeClient({});
  const answer = await client.send(new runtime.InvokeEndpointCommand({ EndpointName, Body: '5.1,3.5,1.4,0.2', ContentType: 'text/csv', Accept: 'text/csv' }));
  return Buffer.from(answer.Body).toString().trim();
};
const report = (...cases) => writeFileSync('results.xml', '<testsuite>' + cases.join('') + '</testsuite>');
${body}
`;

describe('the bundle with a test program of the team', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
  });
  afterEach(() => stage.close());

  const node = process.execPath;
  const rules = 'task: multiclass-classification\nrules: [{ metric: accuracy, floor: 0.8 }]\n';

  const tested = async (body: string, keys = 'junit: results.xml, timeout: 1m') => {
    writeFileSync(join(stage.workspace, 'test-model.mjs'), program(body));
    addTest(stage, rules, [`command: { run: [${node}, test-model.mjs, two words], ${keys} }`], {});
    const release = await stage.begin('first', '1.0.0');
    await release.prepare();
    const step = await release.run('regression-test');
    return { step, release, log: step.log.map(({ text }) => text) };
  };

  const leftovers = async (): Promise<number> => {
    const { Endpoints } = await stage.simulator.call('sagemaker', 'ListEndpoints', {});
    return (Endpoints as readonly unknown[]).length;
  };

  test('asks the temporary endpoint in its name, passes, and its cases are those of the verdict', async () => {
    const { step, log } = await tested(`
      console.log(process.argv.slice(2).join('|'), process.cwd());
      console.log('answer', await ask(env.MODEL_DELIVERY_ENDPOINT));
      console.log('::error::planted');
      console.log('##[group]planted');
      console.log(JSON.stringify([env.MODEL_DELIVERY_VERSION, env.MODEL_DELIVERY_ENVIRONMENT, env.MODEL_DELIVERY_REGION, env.AWS_REGION, env.MODEL_DELIVERY_VARIANT ?? null]));
      console.log('kept', Object.keys(env).filter((name) => /^(INPUT_|ACTIONS_|GITHUB_OUTPUT|GITHUB_STATE|GITHUB_STEP_SUMMARY|MODEL_DELIVERY_CLOCK)/.test(name)).join());
      report('<testcase classname="shape" name="one class"/>', '<testcase name="later"><skipped message="slow"/></testcase>');
    `);
    expect([step.outputs['outcome'], step.outputs['reason-code'], step.exit.code]).toEqual([
      'succeeded',
      'regression-passed',
      0,
    ]);
    expect(findingsOf(step)?.checks).toEqual([
      {
        name: 'command',
        level: 'fail',
        verdict: 'pass',
        because: 'the program ended with 0, 1 case passed, 1 skipped',
        cases: [
          { name: 'later', verdict: 'inconclusive', because: 'skipped: slow' },
          { name: 'shape: one class', verdict: 'pass' },
        ],
        table: expect.anything(),
      },
    ]);
    const printed = log.filter((line) => line.startsWith('  | '));
    expect(printed).toEqual([
      expect.stringMatching(/^ {2}\| \$ .*test-model\.mjs 'two words'$/),
      `  | two words ${stage.workspace}`,
      expect.stringMatching(/^ {2}\| answer setosa/),
      '  | ::error::planted',
      '  | ##\\[group]planted',
      `  | ["1.0.0","production","${team.region}","${team.region}",null]`,
      '  | kept ',
    ]);
    expect(await leftovers()).toBe(0);
  });

  test('fails by its exit code, with its last line, and nothing temporary is left', async () => {
    const { step } = await tested(`
      report('<testcase name="good"/>', '<testcase name="bad"><failure message="setosa is no virginica">row 17</failure></testcase>');
      console.log('1 failed, 1 passed');
      process.exitCode = 1;
    `);
    expect([step.outputs['outcome'], step.outputs['reason-code'], step.exit.code]).toEqual([
      'rejected',
      'regression-failed',
      1,
    ]);
    expect(step.summary).toContain('command');
    expect(JSON.parse(step.outputs['result'] ?? '').because).toBe(
      'command: 1 of 2 cases failed; the program ended with 1: 1 failed, 1 passed',
    );
    expect(step.outputs['result']).not.toContain('row 17');
    expect(await leftovers()).toBe(0);
  });

  test('has credentials for requests to the candidate alone', async () => {
    const { step, log } = await tested(
      `
      import s3 from ${JSON.stringify(s3)};
      const failed = async (what, action) => console.log(what, await action.then(() => 'done', (error) => error.name));
      console.log('candidate', await ask(env.MODEL_DELIVERY_ENDPOINT));
      await failed('another endpoint', ask('iris'));
      const Bucket = '${team.bucket}';
      const client = new s3.S3Client({ forcePathStyle: true });
      await failed('write', client.send(new s3.PutObjectCommand({ Bucket, Key: 'iris/regression/forged', Body: 'x' })));
      await failed('read', client.send(new s3.ListObjectsV2Command({ Bucket })));
    `,
      'timeout: 1m',
    );
    expect(log.filter((line) => line.startsWith('  | ')).slice(1)).toEqual([
      expect.stringMatching(/^ {2}\| candidate setosa/),
      '  | another endpoint AccessDeniedException',
      '  | write AccessDenied',
      '  | read AccessDenied',
    ]);
    expect(step.outputs['reason-code']).toBe('regression-passed');
  });

  test('a program that is not there is the mistake of the manifest, by its key', async () => {
    addTest(stage, rules, ['command: { run: [no-such-program] }'], {});
    const release = await stage.begin('first', '1.0.0');
    await release.prepare();
    const { outputs } = await release.run('regression-test');
    expect([outputs['outcome'], outputs['reason-code']]).toEqual(['failed', 'invalid-input']);
    expect(JSON.parse(outputs['result'] ?? '').because).toMatch(
      /^regression\.command\.run: there is no program "no-such-program" on this machine \(ENOENT\): install it/,
    );
    expect(await leftovers()).toBe(0);
  });

  test('a cancelled job ends it, and the next run tests again', async () => {
    // The runner's signal arrives while it runs.
    const { step, release } = await tested(`
      writeFileSync('started', String(process.pid));
      process.kill(process.ppid, 'SIGINT');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600000);
    `);
    expect(step.outputs['outcome']).toBe('cancelled');
    const pid = Number(readFileSync(join(stage.workspace, 'started'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    writeFileSync(join(stage.workspace, 'test-model.mjs'), program(`report('<testcase name="a"/>')`));
    expect((await release.run('regression-test')).outputs['reason-code']).toBe('regression-passed');
    expect(await leftovers()).toBe(0);
  });
});

describe('a test program in other hosts', () => {
  const keys = ['command: { run: [node, --version] }'];
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  test('the command line runs it', async () => {
    const account = await openAccount();
    try {
      await account.inProduction('1.1.0');
      await account.prepare('1.0.0');
      withRegression(account, { keys });
      const report = await hosts['command-line'](account, regressionTest, {
        manifest: account.manifest,
        environment: team.environment,
        version: '1.0.0',
      });
      expect(report).toMatchObject({ outcome: 'succeeded', reason: 'regression-passed', end: 0 });
    } finally {
      await account.close();
    }
  });

  test('an action of CodePipeline refuses it in its plan, before anything is made', async () => {
    const account = await openAccount();
    try {
      await account.inProduction('1.1.0');
      await account.prepare('1.0.0');
      withRegression(account, { keys });
      const seen = account.watch();
      const report = await hosts.codepipeline(account, regressionTest, {
        manifest: account.manifest,
        environment: team.environment,
        version: '1.0.0',
      });
      expect(report).toMatchObject({ outcome: 'failed', reason: 'invalid-input', end: 'ConfigurationError' });
      expect(
        seen().filter(({ mutation, service }) => mutation && service !== 'codepipeline' && service !== 's3'),
      ).toEqual([]);
      expect(await temporaries(account)).toEqual([]);
      expect(testRecords(account)).toEqual([]);
    } finally {
      await account.close();
    }
  });

  test('a dry run says that it would run, and runs nothing; another program is another subject', async () => {
    const account = await openAccount();
    try {
      await account.inProduction('1.1.0');
      await account.prepare('1.0.0');
      withRegression(account, { keys: ['command: { run: [node, -e, "process.exit(3)"], timeout: 90s }'] });
      const planned = await regress(account, '1.0.0', { 'dry-run': 'true' });
      expect(planned?.result.reason).toBe('planned');
      expect(planned?.result.plan?.notes).toContain(
        "then runs on this machine, for 1m 30s at most: node -e 'process.exit(3)'",
      );
      expect((await regress(account, '1.0.0'))?.result).toMatchObject({
        reason: 'regression-failed',
        because: 'command: the program ended with 3',
      });
      account.writeManifest(
        (text) => `${text}${regressionText({ keys: ['command: { run: [node, --version], level: warn }'] })}`,
      );
      expect((await regress(account, '1.0.0'))?.result).toMatchObject({
        reason: 'regression-passed',
        outputs: { attempt: '1' },
      });
      expect(testRecords(account)).toHaveLength(2);
    } finally {
      await account.close();
    }
  });
});
