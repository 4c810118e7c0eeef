import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import {
  inputVariables,
  parseFileCommands,
  readActionFile,
  startNode,
  stepFiles,
} from '../../src/rehearsal/process.ts';
import { actionsFolder } from '../../src/rehearsal/stage.ts';

// What the bundle prints on a runner, before any call of AWS's, when the workflow itself is not set up yet.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'first-day-'));
  mkdirSync(join(folder, '.git'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const step = async (variables: Readonly<Record<string, string>> = {}) => {
  const action = readActionFile(join(actionsFolder(), 'deploy-endpoint'));
  const files = stepFiles(join(folder, 'runner'));
  const lines: string[] = [];
  const { closed } = startNode(join(action.folder, action.main), {
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
      RUNNER_TEMP: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
      ...inputVariables(action, { environment: 'production', version: '1.0.0' }),
      ...files.variables,
      ...variables,
    },
    cwd: folder,
    line: (text) => lines.push(text),
  });
  await closed;
  const errors = lines.filter((line) => line.startsWith('::error'));
  return { errors, outputs: parseFileCommands(files.read('GITHUB_OUTPUT')) };
};

const withManifest = (change: (text: string) => string = (text) => text): void =>
  writeFileSync(join(folder, 'delivery.yml'), change(manifestText()));

test('a job without the permission for an identity token is told which permission it lacks', async () => {
  withManifest();
  const { errors, outputs } = await step();
  expect(errors).toEqual([
    expect.stringMatching(
      /^::error title=failed\/credentials-unavailable::role model-deployer could not be taken: the job has no identity token; add `permissions: id-token: write` \(a reusable workflow's caller too; runners like act have none: give keys\)%0AFollow the message\./,
    ),
  ]);
  expect(outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'credentials-unavailable' });
});

test('an environment without a role is told that as well', async () => {
  withManifest((text) => text.replace('    role: model-deployer\n', ''));
  const { errors } = await step();
  expect(errors).toEqual([
    expect.stringContaining('the job has no AWS credentials, and the environment in the manifest has no role'),
  ]);
});

test('GitHub’s identity service that does not answer is no missing permission', async () => {
  withManifest();
  const { errors } = await step({
    ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:9/token?x=1',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
  });
  expect(errors).toEqual([
    expect.stringMatching(/failed\/endpoint-unreachable::.*role model-deployer .* did not answer/),
  ]);
});

test('a manifest that is not there for lack of a checkout', async () => {
  rmSync(join(folder, '.git'), { recursive: true });
  const { errors } = await step();
  expect(errors).toEqual([
    expect.stringMatching(
      /failed\/invalid-input::manifest: cannot read "delivery\.yml": there is no such file in .* \(ENOENT\); no repository is checked out there: run actions\/checkout before this step%0A/,
    ),
  ]);
});

test('a manifest under another name in a repository that is checked out', async () => {
  const { errors } = await step();
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/there is no such file in \S+ \(ENOENT\)%0A/);
});
