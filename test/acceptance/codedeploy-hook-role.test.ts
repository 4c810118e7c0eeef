import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { demandsOf } from '../../simulator/iam/demands.ts';
import { defaultRoles } from '../../simulator/simulator.ts';
import { minutes } from '../../src/clock.ts';
import type { Env } from '../../src/env.ts';
import { answerHook } from '../../src/hosts/codedeploy/hook.ts';
import type { Statement } from '../../src/permissions.ts';
import { propertiesOf, resourcesOf } from '../../src/rehearsal/cloudformation.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount } from '../support/account.ts';
import { type AliasAccount, withAlias } from '../support/alias.ts';
import { putGoldenSet } from '../support/golden-set.ts';
import { hookedManifest } from '../support/hooked.ts';

// The role of the template is enough for the hook, and each of its statements is for something that the hook does.

const role = 'CodeDeployHook_iris';
const arn = `arn:aws:iam::${team.account}:role/${role}`;
const template = resourcesOf('codedeploy-hook', {
  ...{ CodeBucket: 'code', CodeKey: 'hook.zip', HookName: role, Function: 'iris', Alias: 'live', Model: team.model },
  ReleasesBucket: `model-delivery-${team.account}-${team.region}`,
  TrainingBucket: team.bucket,
});
const policies = propertiesOf(template, 'Role').Policies ?? [];
/** The published one; the other one is for the log and the key of the function itself. */
const statements = (policies[0]?.PolicyDocument.Statement ?? []) as readonly Statement[];

let account: AliasAccount;
const saved = { ...process.env };
beforeEach(async () => {
  account = await withAlias(await openAccount({ roles: [...defaultRoles, role] }));
  putGoldenSet(account);
  await account.ready('1.0.0');
  expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
  account.writeManifest(() => hookedManifest('{ before-allow-traffic: CodeDeployHook_iris }'));
});
afterEach(async () => {
  process.env = { ...saved };
  await account.close();
});

/** The credentials of the function. */
const takeRole = async (): Promise<Env> => {
  const { Credentials } = await account.simulator.call('sts', 'AssumeRole', {
    RoleArn: arn,
    RoleSessionName: 'function',
  });
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials as Readonly<Record<string, string>>;
  const keys = {
    AWS_ACCESS_KEY_ID: AccessKeyId,
    AWS_SECRET_ACCESS_KEY: SecretAccessKey,
    AWS_SESSION_TOKEN: SessionToken,
  };
  Object.assign(process.env, keys);
  return keys;
};

const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text);

test('the role of the template has what the hook was seen to call, no more and no less', async () => {
  for (const { PolicyDocument } of policies) account.simulator.attachPolicy(arn, PolicyDocument);
  const events: object[] = [];
  account.simulator.functions.define(role, async (event) => void events.push(event));
  await account.ready('1.1.0');
  expect((await account.deploy('1.1.0', { wait: 'false' }, { runId: '2' }))?.result.outcome).toBe('pending');
  await account.pass(10_000);

  const keys = await takeRole();
  const seen = account.watch();
  const said: string[] = [];
  const hook = (event: object | undefined) =>
    answerHook(
      event,
      { awsRequestId: `r-${events.length}`, getRemainingTimeInMillis: () => minutes(15) },
      {
        ...account.simulator.environment(),
        ...keys,
        MODEL_DELIVERY_ENVIRONMENT: team.environment,
        MODEL_DELIVERY_MANIFEST: account.manifest,
        AWS_LAMBDA_FUNCTION_NAME: role,
      },
      { clock: account.simulator.driver, say: (line) => void said.push(line) },
    );
  // The first invocation gets no further than the beginning, and hands over.
  const stuck = { service: 'lambda', operation: 'GetFunction', kind: 'throttle', after: 6 } as const;
  account.simulator.faults.add({ ...stuck, times: 250 });
  for (let next = 0; next < events.length; next++) {
    await hook(events[next]);
    // Lambda invokes the function with an event a moment later.
    await account.pass(1_000);
  }
  expect(said.join('\n')).toContain('hands over to the next invocation');
  expect(said.at(-1)).toMatch(/Succeeded: succeeded\/regression-passed/);
  expect(said.filter((line) => line.includes('warning'))).toEqual([]);

  const own = seen().filter(({ principal }) => principal.includes(`:assumed-role/${role}/`));
  expect(own.filter(({ error }) => error?.startsWith('AccessDenied'))).toEqual([]);
  const kernel = { arn: (service: string, of: string) => `arn:aws:${service}:${team.region}:${team.account}:${of}` };
  const demanded = own.flatMap(({ service, operation, input }) =>
    demandsOf(kernel, { service, operation, input: input as Readonly<Record<string, unknown>> }),
  );
  const unused = statements.flatMap(({ Sid, Action, Resource }) =>
    [Action]
      .flat()
      .flatMap((action) =>
        [Resource]
          .flat()
          .flatMap((resource) =>
            demanded.some((one) => one.action === action && matches(resource, one.resource))
              ? []
              : [`${Sid} ${action} ${resource}`],
          ),
      ),
  );
  expect(unused).toEqual([]);
  const allowed = new Set(statements.flatMap(({ Action }) => Action));
  const others = [...new Set(demanded.map(({ action }) => action))].filter((action) => !allowed.has(action));
  // It needs no permission (AWS: GetCallerIdentity).
  expect(others).toEqual(['sts:GetCallerIdentity']);
});
