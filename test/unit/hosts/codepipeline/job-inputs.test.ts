import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSimulator } from '../../../../simulator/simulator.ts';
import type { JobData } from '../../../../src/aws/codepipeline.ts';
import type { DeclaredOperation } from '../../../../src/hosts/codepipeline/action-types.ts';
import { artifactFiles } from '../../../../src/hosts/codepipeline/artifacts.ts';
import { readJobInputs } from '../../../../src/hosts/codepipeline/job-inputs.ts';
import { rollbackInputs } from '../../../../src/operations/rollback-inputs.ts';
import { zipOf } from '../../../../src/rehearsal/zip.ts';
import { file, flag, optional, text } from '../../../../src/schema.ts';

type Simulator = Awaited<ReturnType<typeof startSimulator>>;
let simulator: Simulator;
let artifactCredentials: JobData['artifactCredentials'];
beforeEach(async () => {
  simulator = await startSimulator();
  const role = { RoleArn: 'arn:aws:iam::111122223333:role/model-deployer', RoleSessionName: 'job' };
  const { Credentials } = (await simulator.call('sts', 'AssumeRole', role)) as {
    readonly Credentials: Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string>;
  };
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = Credentials;
  artifactCredentials = { accessKeyId, secretAccessKey, sessionToken };
});
afterEach(() => simulator.close());

const shout = (content: string): string => content.toUpperCase();
const operation = {
  name: 'deploy-endpoint',
  inputs: {
    list: file({ description: 'A list.', default: 'list.txt', parse: shout }),
    more: optional(file({ description: 'Another one.', parse: shout })),
    who: text({ description: 'Who.' }),
    loud: flag({ description: 'Loudly.', default: false }),
    lines: optional(text({ description: 'Lines.' })),
    left: { ...optional(text({ description: 'Left.' })), refusesEmpty: 'leave it out' },
  },
} satisfies DeclaredOperation;

/** A job whose artifacts lie in the simulator's S3. */
const jobOf = (
  configuration: Readonly<Record<string, string>>,
  artifacts: Readonly<Record<string, Buffer>> = { Source: zipOf({ 'list.txt': 'sheep', 'deep/er.txt': 'goats' }) },
  owner = '111122223333',
) => {
  for (const [name, archive] of Object.entries(artifacts)) simulator.objects.put('ml-artifacts', name, archive);
  const env = simulator.environment();
  const data: JobData = {
    actionConfiguration: { configuration: { who: 'mina', ...configuration } },
    inputArtifacts: Object.keys(artifacts).map((name) => ({
      name,
      location: { type: 'S3', s3Location: { bucketName: 'ml-artifacts', objectKey: name } },
    })),
    pipelineContext: { pipelineArn: `arn:aws:codepipeline:eu-west-1:${owner}:deliver` },
    artifactCredentials,
  };
  return [data, artifactFiles(data, { env, clock: simulator.driver, signal: new AbortController().signal })] as const;
};
const read = async (...given: Parameters<typeof jobOf>) => readJobInputs(operation, ...jobOf(...given));
const refusal = async (...given: Parameters<typeof read>): Promise<string> =>
  read(...given).then(
    () => 'not refused',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe('the inputs of a job', () => {
  it('refuses an empty text where it would be another request', async () => {
    expect(await refusal({ left: '' })).toBe('InputError: left: is empty; leave it out');
    expect((await read({})).inputs.left).toBeUndefined();
  });

  it('refuses an empty version to go back to', async () => {
    const rollback = { name: 'rollback', inputs: { to: rollbackInputs.to } } satisfies DeclaredOperation;
    const [data, files] = jobOf({ to: '', who: '' });
    const { who: _other, ...configuration } = data.actionConfiguration?.configuration ?? {};
    await expect(readJobInputs(rollback, { ...data, actionConfiguration: { configuration } }, files)).rejects.toThrow(
      'to: is empty; a variable without a value? Leave it out to go back to the last version that served well',
    );
  });

  it('come from its configuration, its further inputs, and its artifacts', async () => {
    const { inputs, common } = await read({
      more: 'Source::deep/er.txt',
      timeout: '2h',
      'further-inputs': '{loud: true, lines: [one, 2]}',
    });
    expect(inputs).toEqual({ list: 'SHEEP', more: 'GOATS', who: 'mina', loud: true, lines: 'one\n2' });
    expect(common).toMatchObject({ 'dry-run': false, timeout: 7200 });
  });

  it('come from a store of the pipeline’s account and of no other', async () => {
    expect(await refusal({}, undefined, '999988887777')).toMatch(/^AccessDenied: Access Denied$/);
  });

  it('may lie in any artifact; without a name it is the first', async () => {
    const two = { First: zipOf({ 'list.txt': 'first' }), Second: zipOf({ 'list.txt': 'second' }) };
    expect((await read({}, two)).inputs.list).toBe('FIRST');
    expect((await read({ list: 'Second::./list.txt' }, two)).inputs.list).toBe('SECOND');
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['a file that is not there', { list: 'lost.txt' }, /^InputError: list: artifact Source has no file "lost\.txt"$/],
    [
      'an artifact that is not there',
      { list: 'Lost::list.txt' },
      /^InputError: list: the action has no input artifact Lost/,
    ],
    [
      'a misspelt further input',
      { 'further-inputs': '{lout: true}' },
      /^InputError: further-inputs: lout is not an input; did you mean loud\?$/,
    ],
    [
      'a configuration key that is no input, as an action type of another version may have',
      { loudd: 'true' },
      /^InputError: loudd is not an input; did you mean loud\?$/,
    ],
    ['an input given twice', { loud: 'true', 'further-inputs': '{loud: false}' }, /^InputError: loud is given twice/],
    [
      'further inputs that are no map',
      { 'further-inputs': 'loud' },
      /^InputError: further-inputs: not a map; expected/,
    ],
    [
      'further inputs that are no YAML',
      { 'further-inputs': '{loud: ' },
      /^InputError: further-inputs: .*; expected YAML such as/,
    ],
    [
      'a further input that is a map',
      { 'further-inputs': '{lines: {a: b}}' },
      /^InputError: further-inputs: lines is not a text/,
    ],
    [
      'two wrong inputs at once',
      { loud: 'maybe', list: 'lost.txt' },
      /list: artifact[\s\S]*loud: "maybe" is not a boolean/,
    ],
  ])('refuse %s', async (_, configuration, expected) => {
    expect(await refusal(configuration)).toMatch(expected);
  });

  it('refuse artifacts that are no archives, too large, or none', async () => {
    expect(await refusal({}, { Source: Buffer.from('a model, not an archive') })).toMatch(
      /list: artifact Source cannot be read: it is not a zip archive/,
    );
    expect(await refusal({}, { Source: Buffer.alloc(65 * 1024 * 1024) })).toMatch(
      /artifact Source is larger than 64 MB/,
    );
    expect(await refusal({}, {})).toMatch(/list: the action has no input artifact, so "list\.txt" cannot be read/);
  });

  it('do not hide what AWS refuses', async () => {
    simulator.faults.add({
      service: 's3',
      operation: 'GetObject',
      times: 1,
      kind: 'error',
      code: 'AccessDenied',
      message: 'Access Denied',
    });
    expect(await refusal({})).toMatch(/^AccessDenied: /);
  });
});
