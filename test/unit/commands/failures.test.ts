import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { commands } from '../../../src/commands/all.ts';
import type { Command } from '../../../src/commands/command.ts';
import { loaded } from '../../../src/commands/loaded.ts';
import { url } from '../../support/aws.ts';
import { runCommand } from '../../support/run-command.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

type Name = keyof typeof commands;

const names = Object.keys(commands) as readonly Name[];
const all = await loaded(commands);
const command = (name: Name): Command => all[name];

const place = ['--manifest', 'examples/canary.yml', '--environment', 'production'];
const policy = join(mkdtempSync(join(tmpdir(), 'failures-')), 'judge.yml');
writeFileSync(
  policy,
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\n',
);
const version = [...place, '--version', '1.4.0'];

/** Arguments with which a command asks AWS something; undefined for a command that never does. */
const asksAws: Readonly<Record<Name, readonly string[] | undefined>> = {
  adopt: ['--endpoint', 'churn'],
  init: ['--flow', 'gitflow', '--endpoint', 'churn', '--repository', 'acme/churn', '--main', 'main'],
  'register-model': [...version, '--image', 'churn:1', '--artifact', 's3://ml-training/churn/model.tar.gz'],
  'approve-gate': version,
  'regression-test': version,
  'deploy-endpoint': version,
  'shift-traffic': version,
  rollback: place,
  plan: version,
  lint: version,
  'next-version': place,
  history: place,
  status: place,
  'create-bucket': [...place, '--writers', 'model-deployer'],
  'action-types': ['list'],
  judge: undefined,
  'golden-set': [
    '--capture',
    's3://ml-capture/churn/',
    '--ground-truth',
    's3://ml-labels/churn/',
    '--output',
    `${policy}.jsonl`,
  ],
  predict: undefined,
  compare: undefined,
  backtest: [...place, '--policy', policy, '--from', '2026-01-05T09:00:00Z', '--to', '2026-01-05T17:00:00Z'],
  rehearse: undefined,
  simulator: undefined,
  probe: ['--clean'],
  completion: undefined,
};

// Nock changes `http`, which the next test file of this process uses too.
afterAll(() => nock.restore());

describe('a command that AWS refuses', () => {
  const before = { ...process.env };
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  beforeEach(() => {
    // The SDK's default credential chain reads the process.
    Object.assign(process.env, env);
    const type = (value: string) => ({ 'content-type': value });
    // STS speaks XML, CodePipeline JSON.
    nock(url)
      .persist()
      .post('/', /^Action=/)
      .reply(
        403,
        '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
        type('text/xml'),
      );
    nock(url)
      .persist()
      .post('/')
      .reply(400, '{"__type":"AccessDeniedException","message":"no"}', type('application/x-amz-json-1.1'));
  });
  afterEach(() => {
    nock.cleanAll();
    process.env = { ...before };
  });

  test.each(names.filter((name) => asksAws[name] !== undefined))('%s says why, and what to do', async (name) => {
    const { code, out, err } = await runCommand(command(name), asksAws[name] ?? [], {
      env,
      seams: { clock: virtualClock() },
    });
    expect({ name, code }).toEqual({ name, code: 1 });
    expect([...out, ...err].join('\n')).toMatch(/: failed\/[a-z-]+\n[\s\S]*\n {2}what to do: /);
  });
});

test.each(names)('%s refuses an option that it does not have, by its name', async (name) => {
  const { words } = command(name);
  const { code, out, err } = await runCommand(command(name), [...(words?.split('|').slice(0, 1) ?? []), '--no-such'], {
    env: {},
  });
  expect({ name, code, out }).toEqual({ name, code: 2, out: [] });
  expect(err.join('\n')).toMatch(new RegExp(`^${name}: [\\s\\S]*--no-such is not an option`));
});

test('adopt, which has no manifest yet, names its own option for a region', async () => {
  const { code, err } = await runCommand(command('adopt'), asksAws['adopt'] ?? [], { env: {} });
  expect([code, err.join('\n')]).toEqual([
    2,
    expect.stringContaining('region: is missing; give --region, or set AWS_REGION'),
  ]);
});
