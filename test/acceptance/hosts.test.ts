import { afterEach, describe, expect, test } from '@jest/globals';
import type { AnyOperation } from '../../src/hosts/codepipeline/job-turn.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { type ReasonCode, reason } from '../../src/reason-codes.ts';
import { house as team } from '../../src/rehearsal/manifest.ts';
import { type Host, hosts, type Told } from '../support/hosts.ts';
import { type House, openHouse } from '../support/house.ts';

type Inputs = Readonly<Record<string, string>>;

interface Row {
  readonly name: string;
  readonly operation: AnyOperation;
  readonly ends: `${string}/${ReasonCode}`;
  /** Sets the stage; gives what the host is asked besides manifest and environment. */
  readonly stage: (house: House) => Promise<Inputs>;
}

const otherImage = team.image.replace(/:1$/, ':other');

const rows: readonly Row[] = [
  {
    name: 'a new version is registered',
    operation: registerModel,
    ends: 'succeeded/registered',
    stage: async (house) => house.registration('1.0.0'),
  },
  {
    name: 'the same version again',
    operation: registerModel,
    ends: 'succeeded/already-registered',
    stage: async (house) => {
      await house.run(registerModel, house.registration('1.0.0'));
      return house.registration('1.0.0');
    },
  },
  {
    name: 'the same version with another image',
    operation: registerModel,
    ends: 'failed/version-taken',
    stage: async (house) => {
      await house.run(registerModel, house.registration('1.0.0'));
      house.simulator.images.tag(otherImage, `sha256:${'07'.repeat(32)}`);
      return { ...house.registration('1.0.0'), image: otherImage };
    },
  },
  {
    name: 'an approved version passes the gate',
    operation: approveGate,
    ends: 'succeeded/approved',
    stage: async (house) => {
      await house.prepare('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'a version that nobody approves within the time there is',
    operation: approveGate,
    ends: 'pending/approval-pending',
    stage: async (house) => {
      await house.run(registerModel, house.registration('1.0.0'));
      return { version: '1.0.0', timeout: '5m' };
    },
  },
  {
    name: 'a rejected version',
    operation: approveGate,
    ends: 'rejected/approval-rejected',
    stage: async (house) => {
      await house.prepare('1.0.0');
      await house.simulator.call('sagemaker', 'UpdateModelPackage', {
        ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`,
        ModelApprovalStatus: 'Rejected',
      });
      return { version: '1.0.0' };
    },
  },
  {
    name: 'the first deployment',
    operation: deployEndpoint,
    ends: 'succeeded/delivered',
    stage: async (house) => {
      await house.prepare('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'a good version by canary',
    operation: deployEndpoint,
    ends: 'succeeded/delivered',
    stage: async (house) => {
      await house.inProduction('1.0.0');
      await house.prepare('1.1.0');
      return { version: '1.1.0' };
    },
  },
  {
    name: 'the version that serves',
    operation: deployEndpoint,
    ends: 'succeeded/already-delivered',
    stage: async (house) => {
      await house.inProduction('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'a version with 5 % errors by canary',
    operation: deployEndpoint,
    ends: 'rolled-back/alarm',
    stage: async (house) => {
      await house.inProduction('1.0.0');
      await house.prepare('1.4.0');
      return { version: '1.4.0' };
    },
  },
  {
    name: 'a version that nobody approved',
    operation: deployEndpoint,
    ends: 'rejected/not-approved',
    stage: async (house) => {
      await house.run(registerModel, house.registration('1.0.0'));
      return { version: '1.0.0' };
    },
  },
  {
    name: 'a version that nobody registered',
    operation: deployEndpoint,
    ends: 'failed/unknown-version',
    stage: async (house) => {
      await house.prepare('1.0.0');
      return { version: '9.9.9' };
    },
  },
  {
    name: 'a manifest with a key that does not exist',
    operation: deployEndpoint,
    ends: 'failed/invalid-manifest',
    stage: async (house) => {
      house.writeManifest((text) => text.replace('minimum-requests', 'minimum-request'));
      return { version: '1.0.0' };
    },
  },
  {
    name: 'a dry run',
    operation: deployEndpoint,
    ends: 'succeeded/planned',
    stage: async (house) => {
      await house.prepare('1.0.0');
      return { version: '1.0.0', 'dry-run': 'true' };
    },
  },
  {
    name: 'a rollback to the last good version',
    operation: rollback,
    ends: 'succeeded/restored',
    stage: async (house) => {
      await house.inProduction('1.0.0');
      await house.inProduction('1.1.0');
      return {};
    },
  },
  {
    name: 'a rollback where nothing served before',
    operation: rollback,
    ends: 'failed/nothing-to-roll-back-to',
    stage: async (house) => {
      await house.inProduction('1.0.0');
      return {};
    },
  },
];

interface Seen extends Told {
  /** In order; without those of the record and its journal, which are written as often as turns are taken. */
  readonly mutations: readonly string[];
}

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

const playOn = async (host: Host, row: Row): Promise<Seen> => {
  const house = await openHouse();
  try {
    const inputs = await row.stage(house);
    const watched = house.watch();
    const told = await host(house, row.operation, {
      manifest: house.manifest,
      environment: team.environment,
      ...inputs,
    });
    const mutations = watched()
      .filter(({ mutation, service, principal }) => mutation && service !== 'codepipeline' && !isDriver(principal))
      .filter(({ resource }) => !/\/(record\.json|journal\.jsonl)$/.test(resource))
      .map(({ service, operation, resource }) => `${service}:${operation} ${resource}`);
    return { ...told, mutations };
  } finally {
    await house.close();
  }
};
const isDriver = (principal: string): boolean => principal.endsWith(':root');

/** DESIGN §2: what each host makes of an outcome. */
const endsOf = (ends: Row['ends']): Readonly<Record<keyof typeof hosts, number | string>> => {
  const [outcome, code] = ends.split('/') as [string, ReasonCode];
  if (outcome === 'succeeded') return { 'GitHub Actions': 0, 'the command line': 0, CodePipeline: 'Succeeded' };
  if (outcome === 'pending') return { 'GitHub Actions': 1, 'the command line': 3, CodePipeline: 'JobFailed' };
  return reason(code).badInput
    ? { 'GitHub Actions': 1, 'the command line': 2, CodePipeline: 'ConfigurationError' }
    : { 'GitHub Actions': 1, 'the command line': 1, CodePipeline: 'JobFailed' };
};

describe('one scenario, three hosts: the same outcome, reason and mutations', () => {
  test.each(rows)(
    '$name: $ends',
    async (row) => {
      const github = await playOn(hosts['GitHub Actions'], row);
      const line = await playOn(hosts['the command line'], row);
      const pipeline = await playOn(hosts.CodePipeline, row);

      const said = ({ outcome, reason: code }: Told) => `${outcome}/${code}`;
      expect([github, line, pipeline].map(said)).toEqual([row.ends, row.ends, row.ends]);
      const { 'GitHub Actions': step, 'the command line': exit, CodePipeline: action } = endsOf(row.ends);
      expect([github.end, line.end, pipeline.end]).toEqual([step, exit, action]);
      expect(line.mutations).toEqual(github.mutations);
      expect(pipeline.mutations).toEqual(github.mutations);
      expect(line.outputs).toEqual(github.outputs);
      if (pipeline.outputs !== undefined) expect(pipeline.outputs).toEqual(github.outputs);
    },
    60_000,
  );
});
