import * as z from 'zod/mini';
import { isSameName } from '../same-name.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { aliasFaults, aliasRolloutOf, hookFaults, lambdaAlias } from './alias-schema.ts';
import { policyFaults } from './approval-policy.ts';
import { approvalSchema } from './approval-schema.ts';
import { endpoint } from './endpoint-schema.ts';
import type { CodeDeployEnvironment, Environment, Manifest } from './manifest.ts';
import { notify, notifyFaults } from './notify-schema.ts';
import { approvalFaults } from './one-approval.ts';
import { orderFaults } from './order.ts';
import { registry } from './registry-schema.ts';
import { regressionSchema } from './regression-schema.ts';
import { risks } from './risk.ts';
import { rollout } from './rollout-schema.ts';
import { ecsService } from './service-schema.ts';
import { smokeSchema } from './smoke-schema.ts';
import * as v from './values.ts';
import { versionsSchema } from './versions-schema.ts';

/**
 * `delivery.yml`, declared once: the accepted values, their parsed form (`manifest.ts`), and the schema for editors
 * (`delivery.schema.json`). Every title and description below is for the author of the file.
 */
const about = z.describe;

/** The targets that CodeDeploy moves: their keys in an environment, and their words. */
const byCodeDeploy = {
  'lambda-alias': { key: 'lambda', what: 'the alias of a Lambda function', short: 'an alias' },
  'ecs-service': { key: 'service', what: 'a service of ECS', short: 'a service' },
} as const;

const environment = z.pipe(
  v
    .mapping({
      account: z.optional(
        v
          .accountId()
          .check(about('Twelve digits in quotes; checked against the credentials before anything is written.')),
      ),
      region: z.optional(v.region().check(about('AWS region; default: the one of the run.'))),
      role: z.optional(v.role().check(about('Role that is assumed and refreshed; its name or ARN.'))),
      'rollback-role': z.optional(
        v
          .role()
          .check(
            about(
              'Role that `rollback` assumes instead, its name or ARN: a rollback needs no permission to create a model. Default: `role`.',
            ),
          ),
      ),
      'approver-role': z.optional(
        v
          .role()
          .check(
            about(
              'Role that `approve-gate` assumes instead when its mode decides, its name or ARN: where only it may approve, no deployment approves its own version. With `check` and `wait` it keeps `role`. Default: `role`.',
            ),
          ),
      ),
      releases: z.optional(
        v
          .s3Folder()
          .check(
            about(
              'Where release records and pinned artifacts live; default: `model-delivery-<account>-<region>`, which `model-delivery create-bucket` creates.',
            ),
          ),
      ),
      'bucket-owners': z.optional(
        v
          .bucketOwners()
          .check(about('Owners of buckets in other accounts, by bucket: every call to S3 names the expected owner.')),
      ),
      registry: z.optional(registry()),
      approval: z.optional(approvalSchema()),
      notify: z.optional(notify(0)),
      risk: z.optional(
        v
          .choice('a risk', risks)
          .check(
            about(
              '`high` as for all environments. `normal`: a delivery requires nothing more here, even if the manifest or the model card has a high risk; for an environment without users. An approval counts for all environments of the registry: it requires what the highest of their risks requires.',
            ),
          ),
      ),
      target: z.optional(
        v
          .choice('a target', ['endpoint', 'lambda-alias', 'ecs-service'])
          .check(
            about(
              'The kind of thing that serves. `lambda-alias`: the alias of a Lambda function, whose traffic CodeDeploy moves; with `lambda` in place of `endpoint`. `ecs-service`: a service of ECS behind a load balancer, likewise, with `service`. Default: `endpoint`, a SageMaker endpoint.',
            ),
          ),
      ),
      endpoint: z.optional(endpoint),
      lambda: z.optional(lambdaAlias),
      service: z.optional(ecsService),
      rollout,
      stage: z.optional(
        v
          .resourceName('a stage of the registry')
          .check(
            about(
              'Stage of this environment in the model registry, e.g. `Production`: deliveries and rollbacks write it, with a status, to `ModelLifeCycle` of the model package. It needs the policy `life-cycle`. Default: nothing is written.',
            ),
          ),
      ),
      after: z.optional(
        v
          .environmentName()
          .check(
            about(
              'Name of the environment that comes before this one, e.g. `staging`: `deploy-endpoint` refuses a version whose content has not served well there. It needs the policy `after`. Default: a version may be delivered here first.',
            ),
          ),
      ),
      'on-rejection': z.optional(
        v
          .choice('a choice', ['take-back', 'finish'])
          .check(
            about(
              'The effect of a rejection in the registry while traffic moves. Default `take-back`: the traffic goes back; `finish`: the rollout goes on. A version that is rejected before any traffic moved is never deployed.',
            ),
          ),
      ),
    })
    .check(
      z.meta({
        description: 'One place of delivery for the model.',
        // For editors; the next check has words.
        anyOf: [{ required: ['endpoint'] }, { required: ['target', 'lambda'] }, { required: ['target', 'service'] }],
      }),
      (checked) => {
        if (checked.issues.length > 0) return;
        const { target = 'endpoint', endpoint, rollout, risk, ...given } = checked.value;
        const refuse = (message: string, ...path: readonly string[]): void =>
          void checked.issues.push({ code: 'custom', input: checked.value, path: [...path], message });
        const { account } = given;
        // IAM passes no role of another account to a service.
        if (account !== undefined && !v.isRoleOf(account, endpoint?.executionRole))
          refuse(`belongs to another account than the environment, ${account}`, 'endpoint', 'execution-role');
        for (const [one, { key }] of Object.entries(byCodeDeploy)) {
          if (one === target && given[key] === undefined) refuse('is missing; expected keys and values', key);
          if (one !== target && given[key] !== undefined) refuse(`needs \`target: ${one}\` beside it`, key);
        }
        if (target === 'endpoint') {
          if (endpoint === undefined) refuse('is missing; expected keys and values', 'endpoint');
          return;
        }
        const { what, short } = byCodeDeploy[target];
        if (endpoint !== undefined) refuse(`is a SageMaker endpoint, and the target is ${what}: remove it`, 'endpoint');
        if (risk === 'high') refuse(`high requires \`strategy: steps\`, which ${what} does not have`, 'risk');
        for (const { key, message } of aliasFaults(rollout, short)) refuse(message, 'rollout', key);
      },
    ),
  z.transform(
    ({
      'rollback-role': rollbackRole,
      'approver-role': approverRole,
      'bucket-owners': bucketOwners,
      'on-rejection': onRejection,
      target,
      lambda,
      service,
      endpoint,
      rollout,
      ...raw
    }): Environment | CodeDeployEnvironment => {
      const delivery = { ...raw, rollbackRole, approverRole, bucketOwners, onRejection };
      if (target === 'lambda-alias' && lambda !== undefined)
        return withoutUndefined({ ...delivery, lambda, rollout: aliasRolloutOf(rollout) });
      if (target === 'ecs-service' && service !== undefined)
        return withoutUndefined({ ...delivery, service, rollout: aliasRolloutOf(rollout) });
      // The check above refuses an environment without its endpoint.
      if (endpoint === undefined) return z.NEVER;
      return withoutUndefined({ ...delivery, endpoint, rollout });
    },
  ),
);

const isByCodeDeploy = (one: Environment | CodeDeployEnvironment): one is CodeDeployEnvironment => !('endpoint' in one);

export const manifestSchema = z.pipe(
  v
    .mapping({
      version: z.literal(1, { error: 'a version of this format; expected 1' }).check(about('Version of this format.')),
      model: v
        .resourceName('a model name')
        .check(about('Model package group; also the `<model>` of `<model>_v<version>`.')),
      registry: z.optional(registry()),
      approval: z.optional(approvalSchema()),
      notify: z.optional(notify()),
      risk: z.optional(
        v
          .choice('a risk', risks)
          .check(
            about(
              '`high`: two people have to approve each version, and a delivery needs a passing regression test and `strategy: steps`. A model card with the risk rating High has the same effect; `normal` does not lower it. Default: the card decides.',
            ),
          ),
      ),
      regression: z.optional(regressionSchema),
      smoke: z.optional(smokeSchema),
      versions: z.optional(versionsSchema),
      environments: v.environments(environment).check(about('Where the model is delivered, by name.')),
    })
    .check((checked) => {
      // A part with a problem of its own is as it was written, and has no meaning yet.
      if (checked.issues.length > 0) return;
      const { model, registry: forAll, approval, risk, regression, smoke, environments } = checked.value;
      for (const [name, one] of Object.entries(environments)) {
        if (!isByCodeDeploy(one)) continue;
        // A gate that one of the environments silently lacks would be no gate.
        const without = {
          smoke,
          regression: 'lambda' in one ? undefined : regression,
          'risk: high': risk === 'high' && one.risk !== 'normal' ? risk : undefined,
        };
        for (const [key, given] of Object.entries(without))
          if (given !== undefined)
            checked.issues.push({
              code: 'custom',
              input: checked.value,
              path: ['environments', name, 'target'],
              message: `${'lambda' in one ? 'lambda-alias' : 'ecs-service'} cannot keep \`${key}\`, which is about SageMaker endpoints: deliver there by a manifest without it`,
            });
        if (regression === undefined || !('lambda' in one)) continue;
        if (one.lambda.hooks?.beforeAllowTraffic === undefined)
          checked.issues.push({
            code: 'custom',
            input: checked.value,
            path: ['environments', name, 'lambda'],
            message:
              'needs `hooks: { before-allow-traffic: CodeDeployHook_… }`, since the manifest has `regression`: that function tests a version before its traffic (docs/codedeploy.md)',
          });
        for (const { key, message } of hookFaults(regression))
          checked.issues.push({
            code: 'custom',
            input: checked.value,
            path: ['regression', key],
            message: `${message}; environment ${name} is the alias of a Lambda function`,
          });
      }
      const tested = regression?.asking.candidate;
      if (tested?.is === 'environment' && !Object.keys(environments).some((name) => name !== tested.environment))
        checked.issues.push({
          code: 'custom',
          input: checked.value,
          path: ['regression', 'candidate', 'environment'],
          message: `${tested.environment} is the only environment: a version would be tested where it serves already; use temporary`,
        });
      for (const [name, one] of Object.entries(environments)) {
        const reviewers = one.approval?.reviewers ?? approval?.reviewers;
        const { of = [] } = reviewers ?? {};
        if ((one.risk ?? risk) === 'high' && of.length === 1 && of[0]?.is === 'person')
          checked.issues.push({
            code: 'custom',
            input: checked.value,
            path: [...(one.approval?.reviewers ? ['environments', name] : []), 'approval', 'reviewers', 'of'],
            message: `has one person, and with \`risk: high\` two different people have to approve in ${name}`,
          });
      }
      for (const [path, spec] of [
        [['registry'], forAll] as const,
        ...Object.entries(environments).map(
          ([name, one]) => [['environments', name, 'registry'], one.registry] as const,
        ),
      ])
        if (spec?.group !== undefined && !isSameName(spec.group, model))
          checked.issues.push({
            code: 'custom',
            input: checked.value,
            path: [...path],
            message: `names the group ${spec.group}, and \`model\` is ${model}: they must be the same`,
          });
      for (const fault of [
        ...approvalFaults(checked.value),
        ...policyFaults(checked.value),
        ...orderFaults(environments),
        ...notifyFaults(checked.value),
      ])
        checked.issues.push({ code: 'custom', input: checked.value, ...fault });
    }),
  z.transform(({ registry: forAll, approval, notify: sinks, environments, ...raw }): Manifest => {
    const whole = Object.entries(environments).map(
      ([name, one]) =>
        [
          name,
          withoutUndefined({
            ...one,
            registry: one.registry ?? forAll,
            // An empty list silences the environment.
            notify: one.notify?.length === 0 ? undefined : (one.notify ?? sinks),
            approval: approval || one.approval ? { ...approval, ...one.approval } : undefined,
          }) as Environment | CodeDeployEnvironment,
        ] as const,
    );
    const deployed = whole.flatMap(([name, one]) => (isByCodeDeploy(one) ? [[name, one] as const] : []));
    return withoutUndefined({
      ...raw,
      environments: Object.fromEntries(
        whole.flatMap(([name, one]) => (isByCodeDeploy(one) ? [] : [[name, one] as const])),
      ),
      byCodeDeploy: deployed.length === 0 ? undefined : Object.fromEntries(deployed),
    });
  }),
);
