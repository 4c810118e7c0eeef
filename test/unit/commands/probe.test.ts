import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Settings, Simulator } from '../../../simulator/contracts.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { startSimulator } from '../../../simulator/simulator.ts';
import { probe } from '../../../src/commands/probe.ts';
import { confirm } from '../../../src/hosts/confirm.ts';
import { intervalOf } from '../../../src/probe/questions/alarms.ts';
import { questions } from '../../../src/probe/questions/all.ts';
import { masked, type Recording } from '../../../src/probe/recording.ts';
import { refusalOf } from '../../../src/probe/refusal.ts';
import { probeSimulator, simulatedGiven } from '../../../src/rehearsal/probe-simulator.ts';
import { runCommand } from '../../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'probe-'));
const file = (name: string): string => join(folder, name);
const { role, image, modelData, bucket } = simulatedGiven;
const own = ['--role', role, '--image', image, '--model-data', modelData, '--bucket', bucket];

describe('a wrong command line', () => {
  test.each([
    [['--only', 'unaproved'], 'only: "unaproved" is not a question; did you mean unapproved?'],
    [['--only', 'x'], 'only: "x" is not a question; --list names them'],
    [['--simulator', '--only', 'versioning', '--out', 'nowhere/x.json'], 'out: "nowhere/x.json" cannot be written'],
    [['--list', '--policy'], '--list and --policy exclude each other'],
    [['--policy'], 'give --role, --bucket'],
    [[], 'give --role, --image, --model-data, --bucket'],
    [['--hourly-price', 'cheap'], 'hourly-price: "cheap" is not a price'],
    [['--replay', 'package.json'], 'package.json: is not a recording'],
  ])('%j', async (args, words) => {
    const { code, err } = await runCommand(probe, args);
    expect(err.join('\n')).toContain(words);
    expect(code).toBe(2);
  });
});

describe('what asks nobody', () => {
  test('--list has every question with its time and cost', async () => {
    const { code, out } = await runCommand(probe, ['--list', '--hourly-price', '0.1']);
    expect(code).toBe(0);
    for (const { id, asks } of questions) expect(out.join('\n')).toContain(`${id.padEnd(22)} ${asks}`);
    expect(out.join('\n')).toContain(
      'at most 45m and 0.8 instance-hours, 0.08 at 0.1 an hour; decides unapprovedRefusedAt',
    );
  });

  test('--policy allows changes of its own names only', async () => {
    const { code, out } = await runCommand(probe, ['--policy', '--role', role, '--bucket', bucket]);
    expect(code).toBe(0);
    const { Statement } = JSON.parse(out.join('')) as {
      readonly Statement: readonly { readonly Action: readonly string[]; readonly Resource: string }[];
    };
    for (const { Action, Resource } of Statement) {
      // A job's result has no resource; it is for a job that was acknowledged with its nonce.
      const changes = Action.filter((action) =>
        /:(Create|Delete|Update|Put(?!JobSuccessResult)|Set|Stop|Add)/.test(action),
      );
      if (changes.length > 0) expect(Resource).toMatch(/mdprobe-\*$|\/model-delivery-probe\/\*$/);
    }
  });
});

describe('the policy', () => {
  const sids = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { out } = await runCommand(probe, ['--policy', '--role', role, '--bucket', bucket, ...args]);
    return (JSON.parse(out.join('')) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
  };
  test('passes the role of models where a question makes one, and that of pipelines where one makes those', async () => {
    const pipelines = ['--pipeline-role', simulatedGiven.pipelineRole ?? ''];
    const passing = async (only: string) =>
      (await sids('--only', only, ...pipelines)).filter((sid) => /AsTheirRole$/.test(sid));
    expect(await passing('jobs')).toEqual(['RunPipelinesAsTheirRole']);
    expect(await passing('weights')).toEqual(['RunModelsAsTheirRole']);
    expect(await passing('action-type')).toEqual([]);
  });
});

describe('consent', () => {
  const terminal = { out: () => {}, err: () => {} };
  const answering = (text: string) => {
    const input = new PassThrough();
    input.end(text);
    return confirm('Begin?', terminal, Object.assign(input, { isTTY: true }));
  };
  test.each([
    ['yes\n', true],
    [' Yes \nno\n', true],
    ['y\n', false],
    ['\n', false],
    ['', false],
  ])('%j: %s', async (text, agreed) => expect(await answering(text)).toBe(agreed));

  test('is not waited for where nobody is', async () => {
    await expect(confirm('Begin?', terminal, new PassThrough())).rejects.toThrow('agree beforehand with --yes');
  });
});

describe('an account', () => {
  let open: Simulator | undefined;
  afterEach(() => open?.close());
  const opened = async (settings: Partial<Settings> = {}) => {
    const simulator = await startSimulator({ settings });
    open = simulator;
    Object.assign(process.env, simulator.environment());
    simulator.images.tag(image, `sha256:${'5e'.repeat(32)}`);
    simulator.objects.put(bucket, 'probe/model.tar.gz', irisFixture('1.1.0').artifact);
    const lines: string[] = [];
    const ending = new AbortController();
    const terminal = { out: (text: string) => void lines.push(text), err: (text: string) => void lines.push(text) };
    const host = () => ({
      env: simulator.environment(),
      terminal,
      seams: { clock: simulator.driver },
      cancellation: { signal: ending.signal, outOfTime: new Promise<void>(() => {}) },
    });
    const run = (...args: readonly string[]) => probe.run(args, host, terminal);
    return { simulator, lines, ending, run };
  };
  const names = async ({ simulator }: Awaited<ReturnType<typeof opened>>): Promise<string> =>
    JSON.stringify([
      await simulator.call('sagemaker', 'ListEndpoints', {}),
      await simulator.call('sagemaker', 'ListEndpointConfigs', {}),
      await simulator.call('sagemaker', 'ListModels', {}),
      await simulator.call('sagemaker', 'ListModelPackageGroups', {}),
      await simulator.call('cloudwatch', 'DescribeAlarms', {}),
      simulator.objects.under(bucket, 'model-delivery-probe/').map(({ key }) => key),
    ]);

  test('is asked, and the recording replayed', async () => {
    const account = await opened();
    const out = file('asked.json');
    expect(await account.run(...own, '--only', 'same-config,versioning', '--yes', '--out', out)).toBe(0);
    expect(account.lines.join('\n')).toContain('2 question(s) to the account ending in 3333, eu-west-1: at most');
    expect(account.lines).toContain('as the default  sameConfigUpdate: redeploys (same-config)');
    expect(await names(account)).not.toContain('mdprobe');
    const again = await account.run(...own, '--only', 'versioning', '--yes', '--out', out);
    expect([again, account.lines.at(-1)]).toEqual([2, expect.stringContaining('exists; name another file')]);
    const { code, out: replayed } = await runCommand(probe, ['--replay', out], { env: {} });
    expect([code, replayed.at(-1)]).toEqual([0, 'A simulator with these settings answers the same.']);
  });

  test('that is not the one of the role is asked nothing', async () => {
    const account = await opened();
    const other = own.map((text) => text.replace('111122223333', '444455556666'));
    expect(await account.run(...other, '--yes', '--out', file('other.json'))).toBe(2);
    expect(account.lines.join('\n')).toContain('is not in the account ending in 3333');
    expect(account.simulator.requests.map(({ operation }) => operation)).toEqual(['GetCallerIdentity']);
  });

  test('without consent is asked nothing', async () => {
    const account = await opened();
    expect(await account.run(...own, '--out', file('consent.json'))).toBe(2);
    expect(account.lines.join('\n')).toContain('--yes');
    expect(account.simulator.requests.filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('has nothing left of a probe that Ctrl-C ended in the middle of a creation', async () => {
    const account = await opened();
    const { simulator, ending } = account;
    simulator.faults.add({
      service: 'sagemaker',
      operation: 'DescribeEndpoint',
      after: 3,
      times: 1,
      kind: 'call',
      action: () => ending.abort(),
    });
    const out = file('interrupted.json');
    expect(await account.run(...own, '--only', 'same-config,versioning', '--yes', '--out', out)).toBe(1);
    expect(await names(account)).not.toContain('mdprobe');
    const { asked } = JSON.parse(readFileSync(out, 'utf8')) as Recording;
    expect(asked.map(({ id, undecided }) => [id, undecided])).toEqual([
      ['versioning', undefined],
      ['same-config', 'interrupted'],
    ]);
  });

  test('has nothing left of a creation that was on its way when Ctrl-C came', async () => {
    const account = await opened({ unapprovedRefusedAt: 'CreateEndpoint' });
    const { simulator, ending } = account;
    simulator.faults.add({
      operation: 'CreateModel',
      times: 1,
      kind: 'call',
      action: async () => {
        ending.abort();
        // Longer on its way than a removal takes.
        for (let round = 0; round < 60; round++) await (await fetch(simulator.url)).text();
      },
    });
    expect(await account.run(...own, '--only', 'unapproved', '--yes', '--out', file('on-its-way.json'))).toBe(1);
    expect(simulator.requests.map(({ operation }) => operation)).toContain('CreateModel');
    expect(await names(account)).not.toContain('mdprobe');
  });

  test('that Ctrl-C kept from a question ends with 1, also when the question before was answered', async () => {
    const account = await opened();
    const { simulator, ending } = account;
    simulator.faults.add({ operation: 'PutObject', times: 1, kind: 'call', action: () => ending.abort() });
    const out = file('kept-from.json');
    expect(await account.run(...own, '--only', 'versioning,versions', '--yes', '--out', out)).toBe(1);
    expect(account.lines.at(-1)).toBe('probe: interrupted');
    expect(await names(account)).not.toContain('mdprobe');
  });

  test('is in the file after every question, and on the terminal when the file is somebody else’s by then', async () => {
    const account = await opened();
    const { simulator } = account;
    const out = file('kept.json');
    const seen: string[] = [];
    simulator.faults.add({
      operation: 'CreateModelPackageGroup',
      times: 1,
      kind: 'call',
      action: () => void seen.push(readFileSync(out, 'utf8')),
    });
    expect(await account.run(...own, '--only', 'versioning,versions', '--yes', '--out', out)).toBe(0);
    expect(seen.map((text) => (JSON.parse(text) as Recording).asked.map(({ id }) => id))).toEqual([['versioning']]);
    const other = file('other-run.json');
    simulator.faults.add({
      operation: 'PutObject',
      times: 1,
      kind: 'call',
      action: () => writeFileSync(other, 'theirs'),
    });
    expect(await account.run(...own, '--only', 'versioning', '--yes', '--out', other)).toBe(1);
    expect(readFileSync(other, 'utf8')).toBe('theirs');
    expect(account.lines.join('\n')).toMatch(/"id": "versioning".*probe: the recording stands above and not in /s);
  });

  test('is cleaned of the leftovers of a probe whose credentials ended', async () => {
    const account = await opened();
    const { simulator } = account;
    // Twice each: new credentials are fetched once.
    for (const operation of ['DescribeEndpoint', 'ListTransformJobs'])
      simulator.faults.add({
        operation,
        after: operation === 'DescribeEndpoint' ? 3 : 0,
        times: 2,
        kind: 'expired-token',
      });
    expect(await account.run(...own, '--only', 'same-config', '--yes', '--out', file('expired.json'))).toBe(1);
    expect(account.lines.join('\n')).toContain('run `probe --clean` with working credentials');
    expect(await names(account)).toContain('mdprobe');
    expect(await account.run('--clean', '--yes', '--bucket', bucket)).toBe(0);
    expect(await names(account)).not.toContain('mdprobe');
  });

  test('is not cleaned before anybody has agreed', async () => {
    const account = await opened();
    const { simulator } = account;
    const made = { ExecutionRoleArn: role, PrimaryContainer: { Image: image, ModelDataUrl: modelData } };
    const Tags = [{ Key: 'model-delivery-probe', Value: '0123abcd' }];
    await simulator.call('sagemaker', 'CreateModel', { ModelName: 'mdprobe-0123abcd-a', ...made, Tags });
    expect(await account.run('--clean', '--bucket', bucket)).toBe(2);
    expect(account.lines.join('\n')).toContain('nobody can be asked here: agree beforehand with --yes');
    expect(await names(account)).toContain('mdprobe-0123abcd-a');
  });

  test('is rid of the rest when AWS refuses one removal, and the command says so', async () => {
    const account = await opened();
    const { simulator } = account;
    const made = { ExecutionRoleArn: role, PrimaryContainer: { Image: image, ModelDataUrl: modelData } };
    for (const ModelName of ['mdprobe-0123abcd-a', 'mdprobe-0123abcd-b'])
      await simulator.call('sagemaker', 'CreateModel', {
        ...{ ModelName, ...made },
        Tags: [{ Key: 'model-delivery-probe', Value: '0123abcd' }],
      });
    simulator.objects.put(bucket, 'model-delivery-probe/0123abcd/input', Buffer.from('x'));
    simulator.faults.add({
      operation: 'DeleteModel',
      times: 1,
      kind: 'error',
      code: 'AccessDeniedException',
      message: 'not authorized to perform: sagemaker:DeleteModel',
      status: 400,
    });
    expect(await account.run('--clean', '--yes', '--bucket', bucket)).not.toBe(0);
    expect(account.lines.join('\n')).toContain('not removed: sagemaker:DeleteModel was denied');
    expect((await names(account)).match(/"mdprobe-0123abcd-[ab]"/g)).toHaveLength(1);
    expect(await names(account)).not.toContain('model-delivery-probe/');
    expect(await account.run('--clean', '--yes', '--bucket', bucket)).toBe(0);
    expect(await names(account)).not.toContain('mdprobe');
  });

  test('is cleaned of everything, however long its lists are, and of nothing beside them', async () => {
    const account = await opened();
    const { simulator } = account;
    const alarm = { MetricName: 'x', Namespace: 'y', Period: 60, EvaluationPeriods: 1, Threshold: 1, Statistic: 'Sum' };
    const putAlarm = (AlarmName: string, AlarmDescription: string) =>
      simulator.call('cloudwatch', 'PutMetricAlarm', {
        ...{ ...alarm, AlarmName, AlarmDescription },
        ComparisonOperator: 'GreaterThanThreshold',
      });
    for (let index = 0; index < 101; index++) await putAlarm(`mdprobe-0123abcc-${index}`, 'by hand');
    await putAlarm('mdprobe-0123abcd-last', 'Made by model-delivery-probe 0123abcd; may be deleted.');
    for (let index = 0; index < 1001; index++)
      simulator.objects.put(bucket, `model-delivery-probe/0123abcd/${index}`, Buffer.from('x'));
    for (const key of ['model-delivery-probe/README', 'model-delivery-probe/notes/0123abcd/x'])
      simulator.objects.put(bucket, key, Buffer.from('theirs'));
    expect(await account.run('--clean', '--yes', '--bucket', bucket)).toBe(0);
    expect(account.lines.at(-1)).toContain('removed 1002 object(s)');
    expect(simulator.objects.under(bucket, 'model-delivery-probe/').map(({ key }) => key)).toEqual([
      'model-delivery-probe/README',
      'model-delivery-probe/notes/0123abcd/x',
    ]);
    expect(await names(account)).not.toContain('mdprobe-0123abcd');
  });

  test('waits for its own endpoints only, also for one whose removal has begun', async () => {
    const account = await opened();
    const { simulator } = account;
    const ModelName = 'theirs';
    const made = { ExecutionRoleArn: role, PrimaryContainer: { Image: image, ModelDataUrl: modelData } };
    await simulator.call('sagemaker', 'CreateModel', { ModelName, ...made });
    await simulator.call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'theirs',
      ProductionVariants: [
        { VariantName: 'v', ModelName, InstanceType: 'ml.m5.large', InitialInstanceCount: 1, InitialVariantWeight: 1 },
      ],
    });
    const Tags = [{ Key: 'model-delivery-probe', Value: '0123abcd' }];
    for (const [EndpointName, more] of [
      ['mdprobe-0123abcd-theirs', {}],
      ['mdprobe-0123abcd-ours', { Tags }],
    ] as const)
      await simulator.call('sagemaker', 'CreateEndpoint', { EndpointName, EndpointConfigName: 'theirs', ...more });
    await simulator.driver.sleepUntil(simulator.driver.now() + 3_600_000);
    await simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: 'mdprobe-0123abcd-ours' });
    const began = simulator.driver.now();
    expect(await account.run('--clean', '--yes')).toBe(0);
    expect(simulator.driver.now() - began).toBeLessThan(1_800_000);
    expect(await names(account)).toContain('mdprobe-0123abcd-theirs');
    expect(await names(account)).not.toContain('mdprobe-0123abcd-ours');
  });

  test('whose permissions do not reach decides nothing by its refusals', async () => {
    const account = await opened();
    account.simulator.faults.add({
      operation: 'UpdateEndpoint',
      times: 1,
      kind: 'error',
      code: 'AccessDeniedException',
      message: 'User: x is not authorized to perform: sagemaker:UpdateEndpoint',
      status: 400,
    });
    expect(await account.run(...own, '--only', 'same-config', '--yes', '--out', file('denied.json'))).toBe(0);
    expect(account.lines.join('\n')).toContain('not decided     same-config');
    expect(account.lines.join('\n')).not.toContain('sameConfigUpdate');
    expect(await names(account)).not.toContain('mdprobe');
  });

  test('keeps what has only the name of a probe', async () => {
    const account = await opened();
    const { simulator } = account;
    const made = { ExecutionRoleArn: role, PrimaryContainer: { Image: image, ModelDataUrl: modelData } };
    const tagged = (value: string) => ({ Tags: [{ Key: 'model-delivery-probe', Value: value }] });
    const models: Readonly<Record<string, object>> = {
      'mdprobe-0123abcd-untagged': {},
      'mdprobe-0123abcd-of-another-run': tagged('ffffffff'),
      'our-mdprobe-0123abcd-model': tagged('0123abcd'),
      'mdprobe-model': tagged('0123abcd'),
      'mdprobe-0123abcd-leftover': tagged('0123abcd'),
    };
    for (const [ModelName, more] of Object.entries(models))
      await simulator.call('sagemaker', 'CreateModel', { ModelName, ...made, ...more });
    const alarm = { MetricName: 'x', Namespace: 'y', Period: 60, EvaluationPeriods: 1, Threshold: 1, Statistic: 'Sum' };
    for (const [AlarmName, AlarmDescription] of [
      ['mdprobe-0123abcd-theirs', 'by hand'],
      ['mdprobe-0123abcd-ours', 'Made by model-delivery-probe 0123abcd; may be deleted.'],
    ])
      await simulator.call('cloudwatch', 'PutMetricAlarm', {
        ...{ ...alarm, AlarmName, AlarmDescription },
        ComparisonOperator: 'GreaterThanThreshold',
      });
    simulator.objects.put(bucket, 'model-delivery-probe/0123abcd/input', Buffer.from('x'));
    expect(await account.run('--clean', '--yes', '--bucket', bucket)).toBe(0);
    const left = await names(account);
    for (const name of [...Object.keys(models).slice(0, 4), 'mdprobe-0123abcd-theirs'])
      expect(left).toContain(`"${name}"`);
    for (const name of ['leftover', 'ours', 'model-delivery-probe/0123abcd']) expect(left).not.toContain(`${name}"`);
    expect(account.lines.at(-1)).toBe('removed 3 object(s) of probes in the account ending in 3333, eu-west-1');
  });
});

describe('a simulator', () => {
  test('is asked without an account', async () => {
    const { code, out } = await runCommand(probe, ['--simulator', '--only', 'versioning,versions'], { env: {} });
    expect(code).toBe(0);
    expect(out).toEqual([
      'as the default  s3Versioning: false (versioning)',
      'recorded        versions: {"pendingRefused":null,"versionAfterDeletion":2}',
    ]);
  });
});

describe('the interval of looks at alarms', () => {
  const seen = (alarmAt: number, look: number) => ({ alarmAt, from: look - 1000, to: look });
  test('is the one by which every rollback came at a look', () => {
    const found = intervalOf([seen(7000, 10_000), seen(31_000, 40_000)]);
    expect(found?.from).toBeLessThanOrEqual(10_000);
    expect(found?.to).toBeGreaterThanOrEqual(10_000);
    expect(found?.to).toBeLessThan(12_000);
  });
  test('is not decided where no interval explains both', () => {
    expect(intervalOf([seen(7000, 60_000), seen(31_000, 35_000)])).toBeUndefined();
  });
});

describe('a recording', () => {
  const { signal } = new AbortController();
  const one = questions.filter(({ id }) => id === 'approval-status');

  test('that differs from the defaults names the setting, and a simulator with it answers the same', async () => {
    const { recording } = await probeSimulator({
      questions: one,
      settings: { defaultApprovalStatus: 'Approved' },
      signal,
      say: () => {},
    });
    const path = file('differs.json');
    writeFileSync(path, JSON.stringify(recording));
    const { code, out } = await runCommand(probe, ['--replay', path], { env: {} });
    expect(out[0]).toBe(
      'DIFFERS         defaultApprovalStatus: Approved; the default is "PendingManualApproval" (approval-status)',
    );
    expect([code, out.at(-1)]).toEqual([0, 'A simulator with these settings answers the same.']);
  });

  test('names nothing of the account', () => {
    const said =
      'User: arn:aws:sts::111122223333:assumed-role/admin/mina is not authorized on arn:aws:sagemaker:eu-west-1:111122223333:model/mdprobe-5a5a5a5a-x, s3://ml-artifacts/probe/model.tar.gz, s3://ml-artifacts/x';
    const plain =
      'User: <identity> is not authorized on arn:aws:sagemaker:eu-west-1:<account>:model/mdprobe-<run>-x, <model-data>, s3://<bucket>/x';
    expect(masked({ [said]: [said] }, simulatedGiven, '5a5a5a5a')).toEqual({ [plain]: [plain] });
  });

  test('names no repository of the image, and quotes no model', () => {
    const resolved = `${image.replace(/:[^:]+$/, '')}@sha256:${'5e'.repeat(32)}`;
    expect(masked(resolved, simulatedGiven, '5a5a5a5a')).toBe('<image>@<digest>');
    const said = Object.assign(new Error('Received server error (500) from primary with message "their words"'), {
      name: 'ModelError',
      $metadata: { httpStatusCode: 424 },
    });
    expect(refusalOf(said)).toEqual({ code: 'ModelError', message: '', status: 424 });
  });

  test('with an observation of another kind is a wrong input', async () => {
    const path = file('strange.json');
    const asked = [{ id: 'transform', exchanges: [], seen: { names: null } }];
    writeFileSync(path, JSON.stringify({ version: 1, asked }));
    const { code, err } = await runCommand(probe, ['--replay', path], { env: {} });
    expect([code, err.join('')]).toEqual([2, expect.stringContaining('replay: an observation in the recording')]);
  });

  test('with a refusal that the simulator does not make ends with 1', async () => {
    const { recording } = await probeSimulator({ questions: one, signal, say: () => {} });
    const refused = {
      at: 0,
      call: 'sagemaker:DescribeModelPackage',
      input: {},
      refused: { code: 'Gone', message: '' },
    };
    const asked = recording.asked.map((answer) => ({ ...answer, exchanges: [...answer.exchanges, refused] }));
    const path = file('refused.json');
    writeFileSync(path, JSON.stringify({ ...recording, asked }));
    const { code, out } = await runCommand(probe, ['--replay', path], { env: {} });
    expect(code).toBe(1);
    expect(out.at(-1)).toContain('refusals were sagemaker:DescribeModelPackage Gone, and are none');
  });
});
