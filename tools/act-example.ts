import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ReleaseRecord } from '../src/release/record.ts';
import { type ActWorkspace, type Event, openActWorkspace, type Reported } from './act-workspace.ts';

/** A part of a manifest of examples/. */
interface Manifest {
  readonly model: string;
  readonly registry?: { readonly account: string };
  readonly environments: Readonly<Record<string, Environment>>;
}
interface Environment {
  readonly account: string;
  readonly region: string;
  readonly endpoint: { readonly name: string; readonly 'execution-role': string };
}

/** One of the repositories in examples/, copied as a user copies it: its own manifest, data, training script and workflows. */
export interface Example {
  readonly workspace: ActWorkspace;
  readonly manifest: Manifest;
  /** Account of the registry, the artifacts and the image. */
  readonly registry: string;
  readonly image: string;
  /** Trains with this depth on the laptop, so that evaluation and predictions are those of the model, and commits. */
  develop(title: string, depth: number): void;
  /** Replaces a text of a file, which must be there. */
  edit(file: string, before: string, after: string): void;
  /** Runs the example's `release.yml` for a push of the branch that is checked out, or of a tag `<model>_v<version>` there. */
  push(tag?: string): Promise<Reported>;
  /** Decides about a version in the registry. */
  decide(version: string, status: Status): Promise<void>;
  /** Runs the example's `on-model-event.yml` on `main` with the event that SageMaker sends about a decision. */
  decided(version: string, status: Status): Promise<Reported>;
  /** `1.0.1-rc.1 on staging, 1.0.1 in production`, by the release records. */
  serving(): string;
  /** What an environment's endpoint serves, by SageMaker alone. */
  served(environment: string): Promise<Served>;
  /** ARN of the package that has this version. */
  packageOf(version: string): Promise<string>;
}
export interface Served {
  readonly modelPackage: string;
  readonly artifact: Buffer;
}
type Answer = Readonly<Record<string, unknown>>;
export type Status = 'Approved' | 'Rejected';

const examples = resolve(import.meta.dirname, '../examples');

export const openExample = async (name: 'github-flow' | 'gitflow', roles: readonly string[]): Promise<Example> => {
  const workspace = await openActWorkspace({ roles });
  const { folder, git, simulator } = workspace;
  const left = /\.github|model\.tar\.gz|__pycache__/;
  cpSync(join(examples, name), folder, { recursive: true, filter: (path) => !left.test(path.slice(examples.length)) });
  const manifest = parse(readFileSync(join(folder, 'delivery.yml'), 'utf8')) as Manifest;
  const { model, environments } = manifest;
  const { account: own = '' } = environments['production'] ?? {};
  const registry = manifest.registry?.account ?? own;
  const workflow = (file: string): string => `examples-${name}-${file}`;
  const release = readFileSync(join(folder, `.github/workflows/${workflow('release')}.yml`), 'utf8');
  const image = /image: (\S+)/.exec(release)?.[1] ?? '';
  const ask = (account: string, operation: string, input: object): Promise<Answer> =>
    simulator.account(account).call('sagemaker', operation, input);
  const described = (ModelPackageName: string): Promise<Answer> =>
    ask(registry, 'DescribeModelPackage', { ModelPackageName });
  const packageOf = async (version: string): Promise<string> => {
    const { ModelPackageSummaryList } = await ask(registry, 'ListModelPackages', { ModelPackageGroupName: model });
    for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[]) {
      const { CustomerMetadataProperties = {} } = await described(ModelPackageArn);
      if ((CustomerMetadataProperties as { semver?: string }).semver === version) return ModelPackageArn;
    }
    throw new Error(`no package has the version ${version}`);
  };

  return {
    workspace,
    manifest,
    registry,
    image,
    develop: (title, depth) => {
      writeFileSync(join(folder, 'params.json'), `{ "max-depth": ${depth} }\n`);
      workspace.laptop('python3', 'train.py');
      workspace.commit(title);
    },
    edit: (file, before, after) => {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
      writeFileSync(join(folder, file), text.replace(before, after));
    },
    push: (tag) => {
      const ref = tag === undefined ? `refs/heads/${git('branch', '--show-current')}` : `refs/tags/${model}_v${tag}`;
      return workspace.run(workflow('release'), { name: 'push', payload: { ref } });
    },
    decide: async (version, status) => {
      const input = { ModelPackageArn: await packageOf(version), ModelApprovalStatus: status };
      await ask(registry, 'UpdateModelPackage', input);
    },
    decided: async (version, status) => {
      git('switch', '--quiet', 'main');
      return workspace.run(workflow('on-model-event'), decision(await packageOf(version), status));
    },
    packageOf,
    served: async (environment) => {
      const { account = '', endpoint } = environments[environment] ?? {};
      const { EndpointConfigName } = await ask(account, 'DescribeEndpoint', { EndpointName: endpoint?.name });
      const { ProductionVariants } = await ask(account, 'DescribeEndpointConfig', { EndpointConfigName });
      const [{ ModelName } = {}] = ProductionVariants as { ModelName?: string }[];
      const { PrimaryContainer, Containers = [PrimaryContainer] } = await ask(account, 'DescribeModel', { ModelName });
      const [{ ModelPackageName = '' } = {}] = Containers as { ModelPackageName?: string }[];
      const { InferenceSpecification } = await described(ModelPackageName);
      const [, bucket = '', key = ''] = /s3:\/\/([^/]+)\/([^"]+)/.exec(JSON.stringify(InferenceSpecification)) ?? [];
      return { modelPackage: ModelPackageName, artifact: simulator.objects.get(bucket, key)?.body ?? Buffer.of() };
    },
    serving: () =>
      Object.entries(environments)
        .map(([environment, { account, region: where, endpoint }]) => {
          const found = simulator.objects.get(`model-delivery-${account}-${where}`, `${endpoint.name}/record.json`);
          const { history = [] } = (found ? JSON.parse(found.body.toString()) : {}) as Partial<ReleaseRecord>;
          const version = history.find(({ until }) => until === undefined)?.version ?? 'nothing';
          return `${version} ${environment === 'production' ? 'in' : 'on'} ${environment}`;
        })
        .join(', '),
  };
};

/** The event of SageMaker about a package, as the rule of `codebuild/templates/approvals.json` passes it on. */
export const decision = (arn: string, status: Status): Event => {
  const [, , , region = '', account = '', resource = ''] = arn.split(':');
  const [, group = '', version = ''] = resource.split('/');
  const detail = {
    ModelPackageGroupName: group,
    ModelPackageVersion: Number(version),
    ModelPackageArn: arn,
    ModelApprovalStatus: status,
    UpdatedModelPackageFields: ['ModelApprovalStatus'],
  };
  const event = {
    version: '0',
    id: `00000000-0000-0000-0000-${version.padStart(12, '0')}`,
    'detail-type': 'SageMaker Model Package State Change',
    source: 'aws.sagemaker',
    account,
    time: '2026-01-05T09:00:00Z',
    region,
    resources: [arn],
    detail,
  };
  return {
    name: 'repository_dispatch',
    payload: { action: `model-${status.toLowerCase()}`, client_payload: { event } },
  };
};
