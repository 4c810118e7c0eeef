/**
 * Follows docs/getting-started.md, as it stands there, against `model-delivery simulator`: with the AWS CLI it makes what the page and the
 * files of `init` say. Then the steps of the first release run with the roles that were made, each with GitHub's identity token of its job.
 *
 *   node tools/getting-started.ts       needs `aws` (tools/install-verifiers.sh), the built command line and the bundles
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  inputVariables,
  parseFileCommands,
  readActionFile,
  runnerEnvironment,
  startNode,
  stepFiles,
} from '../src/rehearsal/process.ts';
import { blocksBelow, openWalk, readPage, root } from './walk.ts';

const page = readPage('getting-started.md');
const [[start = ''] = []] = blocksBelow(page, '# From nothing');
const { folder, env, expect, run, end } = await openWalk(start);
/** There is no GitHub here, so its blocks are left out. */
const play = (text: string, heading: string): void => {
  for (const lines of blocksBelow(text, heading)) if (!/^(gh|git push) /.test(lines[0] ?? '')) run(lines.join('\n'));
};

play(page, '## 1.');
run('git init --quiet --initial-branch=main && git remote add origin git@github.com:acme/churn.git');
play(page, '## 2.');
const written = readFileSync(join(folder, 'delivery/README.md'), 'utf8');
for (const heading of ['## 2.', '## 3.']) play(written, heading);
const [attached = '', policy = ''] = [...(blocksBelow(page, '## 4.')[0] ?? [])].map(run);
expect('the deployer has the policies of its folder', /churn-deployer-deploy-endpoint-changes/.test(attached));
expect('the bucket has a policy', /Statement/.test(policy));

const subject = (context: string): string => encodeURIComponent(`repo:acme/churn:${context}`);
const tokenUrl = (context: string): string =>
  `${env['AWS_ENDPOINT_URL']}/github/oidc-token?subject=${subject(context)}`;
const assumes = async (role: string, context: string): Promise<boolean> => {
  const answer = await fetch(`${tokenUrl(context)}&audience=sts.amazonaws.com`);
  const { value } = (await answer.json()) as { readonly value: string };
  const form = new URLSearchParams({
    ...{ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleSessionName: 'job', WebIdentityToken: value },
    RoleArn: `arn:aws:iam::111122223333:role/${role}`,
  });
  return (await fetch(env['AWS_ENDPOINT_URL'] ?? '', { method: 'POST', body: form })).ok;
};
expect('the deployer is assumed by jobs of production', await assumes('churn-deployer', 'environment:production'));
for (const context of ['environment:staging', 'ref:refs/heads/main', 'pull_request'])
  expect(`the deployer is not assumed by jobs of ${context}`, !(await assumes('churn-deployer', context)));

// The training that the page takes for granted.
run(
  `aws ecr put-image --repository-name churn-serving --image-tag 1 --image-manifest '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}'`,
);
run('echo 1 > VERSION && tar -czf model.tar.gz VERSION && aws s3 cp model.tar.gz s3://ml-training/churn/model.tar.gz');
writeFileSync(join(folder, 'training-job.txt'), 'churn-1\n');

/** One step of a job of the workflow that `init` wrote. */
const step = async (name: string, context: string, inputs: Readonly<Record<string, string>>): Promise<string> => {
  const action = readActionFile(join(root, 'actions', name));
  const files = stepFiles(join(folder, `step-${name}-${inputs['environment']}`));
  const job = { runId: '1', attempt: 1, job: name, actor: 'mina', commit: 'c0ffee' };
  const lines: string[] = [];
  // An action holds the time, as in a rehearsal.
  const clocks = `${env['AWS_ENDPOINT_URL']}/clock/participants`;
  const registered = await fetch(clocks, { method: 'POST', body: JSON.stringify({ name }) });
  const { url: MODEL_DELIVERY_CLOCK } = (await registered.json()) as { readonly url: string };
  const { closed } = startNode(join(action.folder, action.main), {
    cwd: folder,
    environment: {
      ...runnerEnvironment(job, folder, folder),
      GITHUB_REPOSITORY: 'acme/churn',
      ...files.variables,
      ...inputVariables(action, inputs),
      ...Object.fromEntries(['AWS_ENDPOINT_URL', 'AWS_REGION'].map((variable) => [variable, env[variable] ?? ''])),
      MODEL_DELIVERY_CLOCK,
      ACTIONS_ID_TOKEN_REQUEST_URL: tokenUrl(context),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the job',
    },
    line: (text) => lines.push(text),
  });
  const { code } = await closed;
  await fetch(MODEL_DELIVERY_CLOCK, { method: 'DELETE' });
  if (code !== 0) process.stdout.write(`${lines.join('\n')}\n`);
  const { outcome, 'reason-code': reason } = parseFileCommands(files.read('GITHUB_OUTPUT'));
  return `${outcome}/${reason}`;
};
const version = '1.0.0';
const registered = await step('register-model', 'ref:refs/heads/main', {
  ...{ environment: 'staging', version, role: 'churn-planner', 'approval-status': 'Approved' },
  image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn-serving:1',
  artifact: 's3://ml-training/churn/model.tar.gz',
  ...{ 'content-types': 'text/csv', 'response-types': 'text/csv' },
});
expect(`the push registers 1.0.0: ${registered}`, registered === 'succeeded/registered');
for (const environment of ['staging', 'production']) {
  const delivered = await step('deploy-endpoint', `environment:${environment}`, { environment, version });
  expect(`it is delivered to ${environment}: ${delivered}`, delivered === 'succeeded/delivered');
}
const [lines = []] = blocksBelow(page, '## What to do next');
const status = run(lines.join('\n'));
expect('a person sees it serve', (status.match(/1\.0\.0 serves 100 %/g) ?? []).length === 2);
await end();
