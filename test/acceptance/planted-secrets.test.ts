import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { hours, minutes, seconds } from '../../src/clock.ts';
import { actionTypeId, actionTypeOf } from '../../src/hosts/codepipeline/action-types.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { createDriver, type Driver } from '../../src/rehearsal/driver.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asJsonl, goldenRows, regressionText } from '../support/golden-set.ts';
import { operationNames } from '../support/operation-rows.ts';
import { pipelineOf } from '../support/pipeline.ts';
import { awsTexts, secrets } from '../support/planted-secrets.ts';
import { type Channels, type StepOptions, type Steps, stepsOf } from '../support/secret-paths.ts';
import { assumedIn, leaks, learned, recordsOf } from '../support/secret-scan.ts';
import { withoutRedaction } from '../support/unredacted.ts';

type Texts = Readonly<Record<string, string>>;

/** Everything that was let out, by path; what else is secret is known when the processes have run. */
const paths = new Map<string, Channels[]>();

const good = ['instance: { type: ml.m5.large, count: 4 }', `environment: { DB: "${secrets['manifest: a variable']}" }`];
const wrong: Texts = {
  'a variable in a text': `environment: "DB=${secrets['manifest: a variable in a text']}"`,
  'a variable in a list': `environment: [{ name: DB, value: "${secrets['manifest: a variable in a list']}" }]`,
  'a variable too deep': `environment: { DB: { value: "${secrets['manifest: a variable too deep']}" } }`,
  'a variable all in its key': `environment: { "DB ${secrets['manifest: a variable all in its key']}": x }`,
  'an alias': `environment: { DB: *${secrets['manifest: an alias']} }`,
  'a tag': `environment: { DB: !${secrets['manifest: a tag']} x }`,
  'a KMS key that is none': `kms-key: "${secrets['manifest: a KMS key that is none']}"`,
  'an unknown key': `"DB=${secrets['manifest: an unknown key']}": x`,
};

describe('planted secrets', () => {
  let account: TestAccount;
  let driver: Driver;
  let folder: string;
  let steps: Steps;
  let wire: string;
  /** The process's own credentials, whose token belongs to them: no other one is accepted. */
  let session: Texts;

  const record = (path: string, ...channels: readonly Channels[]): void =>
    void paths.set(path, [...(paths.get(path) ?? []), ...channels]);
  const write = (endpoint: readonly string[]): void =>
    writeFileSync(
      join(folder, 'delivery.yml'),
      manifestText({ rollout: rollouts.unguarded, unwatched: true, endpoint }),
    );
  const deploy = (version: string, options?: StepOptions): Promise<Channels> =>
    steps.step('deploy-endpoint', { environment: rehearsedTeam.environment, version }, options);
  const refusals: { readonly code: string; readonly from: number }[] = [];
  const refuseNext = (service: string, operation: string, [code, message]: readonly [string, string]): void => {
    refusals.push({ code, from: account.simulator.requests.length });
    account.simulator.faults.add({ service, operation, times: 1, kind: 'error', code, message });
  };
  const registration = (version: '1.0.0' | '1.1.0' | '1.2.0', more: Texts = {}): Texts => {
    const key = `training/iris-${version}/model.tar.gz`;
    account.simulator.objects.put(rehearsedTeam.bucket, key, irisFixture(version).artifact);
    writeFileSync(join(folder, 'evaluation.json'), irisFixture(version).evaluation);
    return {
      environment: rehearsedTeam.environment,
      version,
      image: rehearsedTeam.image,
      artifact: `s3://${rehearsedTeam.bucket}/${key}`,
      evaluation: 'evaluation.json',
      'content-types': 'text/csv',
      'response-types': 'text/csv',
      'container-environment': `DB2=${secrets['input: a variable']}`,
      metadata: `owner=${secrets['input: metadata']}`,
      description: `better recall; token=${secrets['registry: a description']}`,
      ...more,
    };
  };
  const review = (status: 'Approved' | 'Rejected', packageVersion: number): Promise<unknown> =>
    account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${rehearsedTeam.region}:${rehearsedTeam.account}:model-package/${rehearsedTeam.model}/${packageVersion}`,
      ModelApprovalStatus: status,
      ApprovalDescription: `looked at it with ${secrets['registry: an approval note']}`,
      CustomerMetadataProperties: { 'other-tool': secrets['registry: metadata of another tool'] },
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    wire = join(folder, 'wire.jsonl');
    account = await openAccount({ wireFile: wire, settings: { roleMaxSessionMs: hours(12) } });
    driver = createDriver({
      simulator: account.simulator,
      actions: 'actions',
      workspace: folder,
      temp: join(folder, 'runner'),
    });
    const { Credentials } = (await account.simulator.call('sts', 'AssumeRole', {
      RoleArn: `arn:aws:iam::${rehearsedTeam.account}:role/model-serving`,
      RoleSessionName: 'process',
      DurationSeconds: 43_200,
    })) as { readonly Credentials: Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string> };
    session = {
      AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
      AWS_SESSION_TOKEN: Credentials.SessionToken,
    };
    steps = stepsOf({
      driver,
      simulator: account.simulator,
      workspace: folder,
      env: {
        ...session,
        GITHUB_TOKEN: secrets['environment of the process: GITHUB_TOKEN'],
        ACTIONS_RUNTIME_TOKEN: secrets['environment of the process: runtime token'],
        HTTPS_PROXY: `http://ops:${secrets['proxy: its password']}@proxy.example:3128`,
        NODE_NO_WARNINGS: '1',
      },
    });
    write(good);
  });
  afterAll(async () => {
    driver.close();
    await account.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('register-model succeeds', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0'] as const) {
      const channels = await steps.step('register-model', registration(version));
      expect(channels['outputs']).toContain('registered');
      record('register-model succeeds', channels);
    }
  });

  it('register-model refuses its inputs', async () => {
    for (const [name, more] of Object.entries<Texts>({
      'a line without =': { 'container-environment': secrets['input: a line without ='] },
      'a line with = at its end': { 'container-environment': `${secrets['input: a line with = at its end']}\n=` },
      metadata: { metadata: `owner=${secrets['input: metadata that does not fit']}` },
    })) {
      const channels = await steps.step('register-model', registration('1.0.0', more));
      expect([name, channels['outputs']]).toEqual([name, expect.stringContaining('invalid-input')]);
      record('register-model refuses its inputs', channels);
    }
    const inputs = registration('1.0.0');
    writeFileSync(join(folder, 'evaluation.json'), `${secrets['a file: rows that are not JSON']}, 5.1, 3.5`);
    record('register-model refuses its inputs', await steps.step('register-model', inputs));
  });

  it('register-model is refused by AWS', async () => {
    for (const text of Object.values(awsTexts)) {
      refuseNext('sagemaker', 'CreateModelPackage', text);
      const channels = await steps.step('register-model', registration('1.0.0', { version: '2.0.0' }));
      expect(channels['outputs']).toContain('failed');
      record('register-model is refused by AWS', channels);
    }
    const { 'input: a variable': variable, 'input: metadata': owner } = secrets;
    refuseNext('sagemaker', 'CreateModelPackage', [
      'ValidationException',
      `Neither ${variable} nor ${owner} is allowed`,
    ]);
    const quoted = await steps.step('register-model', registration('1.0.0', { version: '2.0.0' }));
    expect(quoted['log']).toContain('Neither *** nor *** is allowed');
    record('register-model is refused by AWS', quoted);
  });

  it('approve-gate passes, waits and rejects', async () => {
    const gate = (version: string) =>
      steps.step('approve-gate', { environment: rehearsedTeam.environment, version, timeout: '1m' });
    record('approve-gate waits', await gate('1.0.0'));
    await review('Approved', 1);
    await review('Approved', 2);
    await review('Rejected', 3);
    const passed = await gate('1.0.0');
    expect(passed['outputs']).toContain('approved');
    record('approve-gate passes', passed);
    record('approve-gate rejects', await gate('1.2.0'));
  });

  it('deploy-endpoint refuses the manifest', async () => {
    for (const [shape, line] of Object.entries(wrong)) {
      write(['instance: { type: ml.m5.large, count: 4 }', line]);
      const channels = await deploy('1.0.0');
      expect([shape, channels['outputs']]).toEqual([shape, expect.stringContaining('invalid-manifest')]);
      record('deploy-endpoint refuses the manifest', channels);
    }
    write(good);
  });

  it('deploy-endpoint cannot begin: an endpoint URL with a password', async () => {
    const url = `https://ops:${secrets['endpoint URL: its password']}@sts.example`;
    record('deploy-endpoint cannot begin', await deploy('1.0.0', { env: { AWS_ENDPOINT_URL_STS: url } }));
  });

  it('deploy-endpoint is given no role', async () => {
    for (const text of Object.values(awsTexts)) {
      refuseNext('sts', 'AssumeRoleWithWebIdentity', text);
      record('deploy-endpoint is given no role', await deploy('1.0.0'));
    }
  });

  it('deploy-endpoint is refused by AWS, and then succeeds', async () => {
    for (const text of Object.values(awsTexts)) {
      refuseNext('sagemaker', 'CreateModel', text);
      record('deploy-endpoint is refused by AWS', await deploy('1.0.0'));
    }
    for (const operation of ['GetObject', 'PutObject'])
      for (const text of Object.values(awsTexts).slice(0, 4)) {
        refuseNext('s3', operation, text);
        record('deploy-endpoint is refused by S3', await deploy('1.0.0'));
      }
    const channels = await deploy('1.0.0');
    expect(channels['outputs']).toMatch(/delivered|already/);
    record('deploy-endpoint succeeds', channels);
  });

  it('deploy-endpoint plans to change the variable, and to remove it', async () => {
    for (const line of ['environment: { DB: other }', 'tags: { team: garden }']) {
      write(['instance: { type: ml.m5.large, count: 4 }', line]);
      const channels = await steps.step('deploy-endpoint', {
        environment: rehearsedTeam.environment,
        version: '1.0.0',
        'dry-run': 'true',
      });
      expect(channels['log']).toContain('environment DB: *** → ');
      record('deploy-endpoint plans to change the variable', channels);
    }
    write(good);
  });

  it('deploy-endpoint is killed, and its post step finishes', async () => {
    const during: StepOptions['during'] = async (child) => {
      await driver.until(driver.now() + seconds(90));
      child.kill('SIGKILL');
    };
    record('deploy-endpoint is killed', await deploy('1.1.0', { during }));
    record('deploy-endpoint is run again', await deploy('1.1.0'));
  });

  it('rollback is refused by AWS, is cancelled, and succeeds', async () => {
    const back = (options?: StepOptions) =>
      steps.step(
        'rollback',
        { environment: rehearsedTeam.environment, to: '1.0.0', because: 'wrong species' },
        options,
      );
    for (const text of Object.values(awsTexts)) {
      refuseNext('sagemaker', 'UpdateEndpoint', text);
      record('rollback is refused by AWS', await back());
    }
    const cancelled = await back({
      during: async (child) => {
        await driver.until(driver.now() + seconds(45));
        child.kill('SIGINT');
      },
    });
    record('rollback is cancelled', cancelled);
    record('rollback succeeds', await back());
  });

  it('regression-test is refused by AWS, cannot make a request, fails, and passes', async () => {
    const test = (version: string, more: Texts = {}) =>
      steps.step('regression-test', { environment: rehearsedTeam.environment, version, ...more });
    const rows = goldenRows.map((row) => ({ ...row, customer: secrets['golden set: a column'] }));
    const give = (given: readonly object[]): void => {
      writeFileSync(join(folder, 'golden.jsonl'), asJsonl(given));
      write(good);
      appendFileSync(join(folder, 'delivery.yml'), regressionText({ dataset: 'golden.jsonl' }));
    };
    give([...rows, { id: 'odd', label: 'setosa', customer: secrets['golden set: a column that the request lacks'] }]);
    const odd = await test('1.1.0');
    expect(odd['outputs']).toContain('invalid-input');
    record('regression-test cannot make a request', odd);
    give(rows);
    for (const text of Object.values(awsTexts)) {
      refuseNext('sagemaker', 'CreateModel', text);
      record('regression-test is refused by AWS', await test('1.1.0'));
    }
    refuseNext('sagemaker-runtime', 'InvokeEndpoint', awsTexts['environment'] ?? ['', '']);
    record('regression-test is refused by an endpoint', await test('1.1.0'));
    const files = { junit: 'regression.xml', html: 'regression.html' };
    for (const [version, ends] of [
      ['1.2.0', 'regression-failed'],
      ['1.1.0', 'regression-passed'],
    ] as const) {
      const channels = await test(version, files);
      expect(channels['outputs']).toContain(ends);
      const written = Object.values(files).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
      for (const [name, content] of written)
        expect([name, content]).toEqual([name, expect.stringContaining('regression-test')]);
      record(`regression-test ends ${ends}`, { ...channels, ...Object.fromEntries(written) });
    }
    write(good);
  });

  it('a job worker succeeds, is refused by AWS, and refuses the manifest', async () => {
    const call = (name: string, input: object) => account.simulator.call('codepipeline', name, input);
    await call('CreateCustomActionType', actionTypeOf(deployEndpoint));
    const worker = driver.launch('job worker', resolve('codebuild/job-worker/dist/index.cjs'), {
      MODEL_DELIVERY_OPERATIONS: 'deploy-endpoint',
      MODEL_DELIVERY_JOBS_AT_ONCE: '1',
      ...session,
    });
    const run = async (
      path: string,
      name: string,
      configuration: Texts,
      endpoint: readonly string[],
      end: 'Succeeded' | 'Failed' = 'Failed',
    ): Promise<void> => {
      const manifest = manifestText({ rollout: rollouts.unguarded, unwatched: true, endpoint });
      account.simulator.objects.put(rehearsedTeam.bucket, `${name}.zip`, zipOf({ 'delivery.yml': manifest }));
      const from = account.simulator.requests.length;
      await call('CreatePipeline', {
        pipeline: pipelineOf(
          { name },
          { name: 'Work', actionTypeId: actionTypeId(deployEndpoint.name), configuration },
        ),
      });
      for (let look = 0; look < 60; look++) {
        await driver.until(driver.now() + seconds(30));
        const { actionExecutionDetails } = await call('ListActionExecutions', { pipelineName: name });
        const [action] = actionExecutionDetails as readonly { readonly status: string }[];
        if (action !== undefined && action.status !== 'InProgress') break;
      }
      const reported = account.simulator.requests
        .slice(from)
        .filter(({ service, operation }) => service === 'codepipeline' && operation.startsWith('PutJob'));
      expect(reported.length).toBeGreaterThan(0);
      const { actionExecutionDetails } = await call('ListActionExecutions', { pipelineName: name });
      // What went in is the pipeline's own, what came out is the worker's.
      const out = (actionExecutionDetails as readonly { readonly output: unknown }[]).map(({ output }) => output);
      expect([(actionExecutionDetails as readonly { status: string }[])[0]?.status, out]).toEqual([
        end,
        expect.anything(),
      ]);
      record(path, { 'job results': JSON.stringify(reported), 'action executions': JSON.stringify(out) });
    };
    // A person took 1.1.0 back: to deliver it again must be asked for.
    const configuration = { environment: rehearsedTeam.environment, version: '1.1.0', retry: 'true' };
    await run('job worker succeeds', 'pipeline-good', configuration, good, 'Succeeded');
    for (const [i, text] of Object.values(awsTexts).entries()) {
      refuseNext('sagemaker', 'DescribeEndpoint', text);
      await run('job worker is refused by AWS', `pipeline-aws-${i}`, { ...configuration, version: '1.0.0' }, good);
    }
    for (const [i, line] of Object.values(wrong).entries())
      await run('job worker refuses the manifest', `pipeline-wrong-${i}`, configuration, [good[0] ?? '', line]);
    await run(
      'job worker refuses its inputs',
      'pipeline-inputs',
      { ...configuration, timeout: `DB=${secrets['input: a line without =']}` },
      good,
    );
    worker.kill('SIGTERM');
    await worker.ended();
    record('job worker succeeds', { log: worker.log.map(({ text }) => text).join('\n') });
  });

  it('the command line plans, delivers, refuses, shows and judges', async () => {
    const files = ['report.xml', 'report.html', 'outputs.env'];
    const telling = ['--junit', 'report.xml', '--html', 'report.html', '--exported-variables', 'outputs.env'];
    const at = ['--environment', rehearsedTeam.environment];
    record('command line plans', await steps.command(['plan', ...at, '--version', '1.0.0', '--json'], []));
    refuseNext('sagemaker', 'DescribeEndpoint', awsTexts['canonical'] ?? ['', '']);
    record(
      'command line is refused by AWS',
      await steps.command(['deploy-endpoint', ...at, '--version', '1.0.0', ...telling], files),
    );
    record(
      'command line delivers',
      await steps.command(['deploy-endpoint', ...at, '--version', '1.0.0', '--json', ...telling], files),
    );
    record('command line shows', await steps.command(['history', ...at], []));
    record('command line shows', await steps.command(['history', ...at, '--json'], []));
    record('command line shows', await steps.command(['status', ...at], []));
    record('command line shows', await steps.command(['status', ...at, '--json'], []));
    for (const line of Object.values(wrong).slice(0, 4)) {
      write([good[0] ?? '', line]);
      record('command line refuses the manifest', await steps.command(['lint'], []));
    }
    write(good);
    record(
      'command line refuses its arguments',
      await steps.command(['plan', `DB=${secrets['input: a line without =']}`], []),
    );
    writeFileSync(join(folder, 'policy.yml'), 'convict: { worse-than: 1.2x, false-rollback: 0.01 }\n');
    writeFileSync(
      join(folder, 'buckets.jsonl'),
      `{"t":0,"arm":"${secrets['a file: buckets that are none']}","n":1,"err":0}\n`,
    );
    record(
      'command line refuses its files',
      await steps.command(['judge', '--policy', 'policy.yml', '--from', 'buckets.jsonl'], []),
    );
  });

  it('shift-traffic has no candidate, is refused by AWS, and is out of time', async () => {
    const shift = () =>
      steps.step('shift-traffic', { environment: rehearsedTeam.environment, version: '1.1.0', timeout: '20m' });
    writeFileSync(join(folder, 'delivery.yml'), manifestText({ rollout: rollouts.steps, endpoint: good }));
    const none = await shift();
    expect(none['outputs']).toContain('no-candidate');
    record('shift-traffic has no candidate', none);
    const { endpoint, requestsPerSecond } = rehearsedTeam;
    const traffic = account.simulator.traffic({ endpoint, requestsPerSecond, seed: 7 });
    await driver.until(driver.now() + minutes(20));
    const dark = await steps.step('deploy-endpoint', {
      environment: rehearsedTeam.environment,
      version: '1.1.0',
      retry: 'true',
    });
    expect(dark['outputs']).toContain('candidate-dark');
    for (const text of Object.values(awsTexts)) {
      refuseNext('sagemaker', 'DescribeEndpoint', text);
      record('shift-traffic is refused by AWS', await shift());
    }
    const late = await shift();
    expect(late['outputs']).toContain('deadline-passed');
    record('shift-traffic is out of time', late);
    traffic.stop();
    write(good);
  });

  it('are found nowhere', async () => {
    // The paths begin with the name of their operation.
    const unplanted = operationNames.filter((name) => ![...paths.keys()].some((path) => path.startsWith(`${name} `)));
    expect(unplanted).toEqual([]);
    for (const [i, { code, from }] of refusals.entries()) {
      const met = account.simulator.requests.slice(from, refusals[i + 1]?.from).some(({ error }) => error === code);
      expect([i, code, met]).toEqual([i, code, true]);
    }
    const kept = await recordsOf(account);
    expect(kept).toContain('"schemaVersion"');
    for (const path of paths.keys()) record(path, { 'record and journals': kept });
    const all = {
      ...secrets,
      'environment of the process: secret key': session['AWS_SECRET_ACCESS_KEY'] ?? '',
      'environment of the process: session token': session['AWS_SESSION_TOKEN'] ?? '',
      ...learned(wire, steps.masked),
    };
    const found = [...paths].flatMap(([path, runs]) => leaks(runs, all).map((leak) => `${path}: ${leak}`));
    const runs = [...paths.values()].reduce((sum, list) => sum + list.length, 0);
    const [places, ways] = [new Set(Object.keys(all).map((name) => name.replace(/ \(\d+\)$/, ''))).size, paths.size];
    process.stdout.write(
      `planted secrets: ${places} places × ${ways} paths = ${places * ways}, ${Object.keys(all).length} secrets in ${runs} runs; found ${found.length}\n`,
    );
    expect(found).toEqual([]);
    expect(places).toBeGreaterThanOrEqual(25);
    expect(ways).toBeGreaterThanOrEqual(20);
  });

  it('were hidden from the runner before anything else was said with them', () => {
    const { secretKeys, tokens } = assumedIn(wire);
    expect(tokens.length).toBeGreaterThan(10);
    for (const secret of [...secretKeys.github, ...tokens]) expect(steps.masked).toContain(secret);
  });

  it('are found when nothing takes them out', async () => {
    const script = await withoutRedaction(folder);
    const seen: Channels[] = [];
    for (const text of Object.values(awsTexts)) {
      refuseNext('sagemaker', 'DescribeEndpoint', text);
      seen.push(await deploy('1.1.0', { script }));
    }
    for (const line of Object.values(wrong)) {
      write([good[0] ?? '', line]);
      seen.push(await deploy('1.1.0', { script }));
    }
    const places = new Set(leaks(seen, secrets).map((leak) => leak.split(' in ')[0]));
    expect([...places]).toEqual(
      expect.arrayContaining([
        'AWS quotes: the canonical request',
        'AWS quotes: the Authorization header',
        'AWS quotes: a presigned address',
        'AWS quotes: a web identity token',
        'manifest: a variable',
        'manifest: a KMS key that is none',
        'manifest: an unknown key',
      ]),
    );
  });
});
