import { afterEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { type ReasonCode, reason } from '../../src/reason-codes.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { accuracy, withPolicy } from '../support/approval-policy.ts';
import { withRegression } from '../support/golden-set.ts';
import { type FaceName, type Host, type HostReport, hosts } from '../support/hosts.ts';
import { rowsOf } from '../support/operation-rows.ts';

type Inputs = Readonly<Record<string, string>>;

interface Row {
  readonly name: string;
  readonly ends: `${string}/${ReasonCode}`;
  /** Sets the stage; gives what the host is asked besides manifest and environment. */
  readonly stage: (account: TestAccount) => Promise<Inputs>;
}

const otherImage = team.image.replace(/:1$/, ':other');

/** A candidate without traffic, beside the version that serves. */
const dark = async (account: TestAccount, version: '1.1.0' | '1.4.0'): Promise<Inputs> => {
  await account.inProduction('1.0.0');
  // The few requests of this account take long to prove a latency by.
  account.writeManifest(() => manifestText({ rollout: `${rollouts.steps}, max-step: 6h` }));
  await account.prepare(version);
  await account.run(deployEndpoint, { version });
  return { version };
};

/** A version to be tested against the forest that serves. */
const tested = async (account: TestAccount, version: '1.0.0' | '1.2.0', rules?: readonly string[]): Promise<Inputs> => {
  await account.inProduction('1.1.0');
  await account.prepare(version);
  withRegression(account, rules === undefined ? {} : { rules });
  return { version };
};

const byPolicy = async (account: TestAccount, rule: string): Promise<Inputs> => {
  await account.register('1.0.0');
  withPolicy(account, [rule]);
  return { version: '1.0.0', mode: 'policy' };
};

const rows = rowsOf<Row>({
  'register-model': [
    {
      name: 'a new version is registered',
      ends: 'succeeded/registered',
      stage: async (account) => account.registration('1.0.0'),
    },
    {
      name: 'the same version again',
      ends: 'succeeded/already-registered',
      stage: async (account) => {
        await account.run(registerModel, account.registration('1.0.0'));
        return account.registration('1.0.0');
      },
    },
    {
      name: 'the same version with another image',
      ends: 'failed/version-taken',
      stage: async (account) => {
        await account.run(registerModel, account.registration('1.0.0'));
        account.simulator.images.tag(otherImage, `sha256:${'07'.repeat(32)}`);
        return { ...account.registration('1.0.0'), image: otherImage };
      },
    },
  ],
  'approve-gate': [
    {
      name: 'an approved version passes the gate',
      ends: 'succeeded/approved',
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
    },
    {
      name: 'a version that nobody approves within the time there is',
      ends: 'pending/approval-pending',
      stage: async (account) => {
        await account.run(registerModel, account.registration('1.0.0'));
        return { version: '1.0.0', timeout: '5m' };
      },
    },
    {
      name: 'a version that a policy approves',
      ends: 'succeeded/approved',
      stage: (account) => byPolicy(account, `{ metric: ${accuracy}, at-least: 0.9 }`),
    },
    {
      name: 'a version that a policy rejects',
      ends: 'rejected/approval-rejected',
      stage: (account) => byPolicy(account, `{ metric: ${accuracy}, at-least: 0.91 }`),
    },
    {
      name: 'a version that a policy cannot decide about',
      ends: 'inconclusive/policy-inconclusive',
      stage: (account) => byPolicy(account, '{ metric: f1, at-least: 0.9 }'),
    },
    {
      name: 'a rejected version',
      ends: 'rejected/approval-rejected',
      stage: async (account) => {
        await account.prepare('1.0.0');
        await account.simulator.call('sagemaker', 'UpdateModelPackage', {
          ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`,
          ModelApprovalStatus: 'Rejected',
        });
        return { version: '1.0.0' };
      },
    },
  ],
  'regression-test': [
    {
      name: 'a version that is as good as the one that serves',
      ends: 'succeeded/regression-passed',
      stage: (account) => tested(account, '1.0.0'),
    },
    {
      name: 'a version that never answers one of the classes',
      ends: 'rejected/regression-failed',
      stage: (account) => tested(account, '1.2.0'),
    },
    {
      name: 'a margin that the golden set is too small for',
      ends: 'inconclusive/regression-inconclusive',
      stage: (account) => tested(account, '1.0.0', ['{ metric: accuracy, non-inferior: 0.001 }']),
    },
    {
      name: 'a manifest without a golden set',
      ends: 'failed/invalid-input',
      stage: async (account) => {
        await account.inProduction('1.1.0');
        return { version: '1.1.0' };
      },
    },
  ],
  'deploy-endpoint': [
    {
      name: 'the first deployment',
      ends: 'succeeded/delivered',
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
    },
    {
      name: 'a good version by canary',
      ends: 'succeeded/delivered',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.prepare('1.1.0');
        return { version: '1.1.0' };
      },
    },
    {
      name: 'the version that serves',
      ends: 'succeeded/already-delivered',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        return { version: '1.0.0' };
      },
    },
    {
      name: 'a version with 5 % errors by canary',
      ends: 'rolled-back/alarm',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.prepare('1.4.0');
        return { version: '1.4.0' };
      },
    },
    {
      name: 'a version that nobody approved',
      ends: 'rejected/not-approved',
      stage: async (account) => {
        await account.run(registerModel, account.registration('1.0.0'));
        return { version: '1.0.0' };
      },
    },
    {
      name: 'a version that nobody registered',
      ends: 'failed/unknown-version',
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '9.9.9' };
      },
    },
    {
      name: 'a manifest with a key that does not exist',
      ends: 'failed/invalid-manifest',
      stage: async (account) => {
        account.writeManifest((text) => text.replace('minimum-requests', 'minimum-request'));
        return { version: '1.0.0' };
      },
    },
    {
      name: 'a dry run',
      ends: 'succeeded/planned',
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0', 'dry-run': 'true' };
      },
    },
  ],
  'shift-traffic': [
    {
      name: 'a good version by steps',
      ends: 'succeeded/delivered',
      stage: (account) => dark(account, '1.1.0'),
    },
    {
      name: 'a version with 5 % errors by steps',
      ends: 'rolled-back/convicted',
      stage: (account) => dark(account, '1.4.0'),
    },
    {
      name: 'a version that has no candidate',
      ends: 'failed/no-candidate',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.prepare('1.1.0');
        account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
        return { version: '1.1.0' };
      },
    },
  ],
  rollback: [
    {
      name: 'a rollback to the last good version',
      ends: 'succeeded/restored',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.inProduction('1.1.0');
        return {};
      },
    },
    {
      name: 'a rollback while a candidate waits without traffic',
      ends: 'succeeded/candidate-withdrawn',
      stage: async (account) => {
        await dark(account, '1.1.0');
        return {};
      },
    },
    {
      name: 'a rollback from a version that was rejected',
      ends: 'succeeded/restored',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.inProduction('1.1.0');
        await account.simulator.call('sagemaker', 'UpdateModelPackage', {
          ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`,
          ModelApprovalStatus: 'Rejected',
        });
        return { 'only-rejected': 'true', rejected: 'iris_v1.1.0' };
      },
    },
    {
      name: 'a rollback from a version that is not rejected',
      ends: 'succeeded/not-rejected',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        return { 'only-rejected': 'true', rejected: '1.0.0' };
      },
    },
    {
      name: 'a rollback where nothing served before',
      ends: 'failed/nothing-to-roll-back-to',
      stage: async (account) => {
        await account.inProduction('1.0.0');
        return {};
      },
    },
  ],
});

interface Seen extends HostReport {
  /** In order; without those of the record and its journal, which are written as often as turns are taken. */
  readonly mutations: readonly string[];
}

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

const playOn = async (host: Host, row: (typeof rows)[number]): Promise<Seen> => {
  const account = await openAccount();
  try {
    const inputs = await row.stage(account);
    const watched = account.watch();
    const reported = await host(account, row.operation, {
      manifest: account.manifest,
      environment: team.environment,
      ...inputs,
    });
    const mutations = watched()
      .filter(({ mutation, service, principal }) => mutation && service !== 'codepipeline' && !isDriver(principal))
      .filter(({ resource }) => !/\/(record\.json|journal\.jsonl)$/.test(resource))
      // The index of ended tests has the time in its names, and hosts poll at times of their own.
      .map(
        ({ service, operation, resource }) =>
          `${service}:${operation} ${resource.replace(/\/ended\/\d{13}-/, '/ended/<time>-')}`,
      );
    return { ...reported, mutations };
  } finally {
    await account.close();
  }
};
const isDriver = (principal: string): boolean => principal.endsWith(':root');

/** DESIGN §2: what each host makes of an outcome. */
const endsOf = (ends: Row['ends']): Readonly<Record<FaceName, number | string>> => {
  const [outcome, code] = ends.split('/') as [string, ReasonCode];
  const all = (step: number, exit: number, action: string) => ({
    'github-actions': step,
    'command-line': exit,
    codebuild: exit,
    codepipeline: action,
    'lambda-invoke': action,
  });
  if (outcome === 'succeeded') return all(0, 0, 'Succeeded');
  if (outcome === 'pending') return all(1, 3, 'JobFailed');
  return reason(code).badInput ? all(1, 2, 'ConfigurationError') : all(1, 1, 'JobFailed');
};

/** Each host waits by a clock of its own, and names its session. */
const timeless = (outputs: Inputs): Inputs =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      value.replace(/^\d{4}-\d\d-\d\dT[\d:]+Z$/, 'a time').replace(/^(model-deployer\/).+$/, '$1a session'),
    ]),
  );

const hostNames = Object.keys(hosts) as readonly FaceName[];

describe('one scenario, every host: the same outcome, reason and mutations', () => {
  test.each(rows)('$operation.name, $name: $ends', async (row) => {
    const seen = new Map<FaceName, Seen>();
    for (const name of hostNames) seen.set(name, await playOn(hosts[name], row));

    const [first] = seen.values();
    const ends = Object.fromEntries([...seen].map(([name, { end }]) => [name, end]));
    expect(ends).toEqual(endsOf(row.ends));
    for (const [name, { outcome, reason: code, mutations, outputs }] of seen) {
      expect({ name, says: `${outcome}/${code}`, mutations }).toEqual({
        name,
        says: row.ends,
        mutations: first?.mutations,
      });
      if (outputs !== undefined)
        expect({ name, outputs: timeless(outputs) }).toEqual({
          name,
          outputs: first?.outputs && timeless(first.outputs),
        });
    }
  });
});
