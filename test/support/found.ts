import type { Found } from '../../src/adopt/found.ts';
import type { DescribeModelOutput } from '../../src/aws/sagemaker.ts';
import { kindOfConfiguration } from '../../src/endpoint/kind.ts';
import { settingsOf } from '../../src/endpoint/settings.ts';

type Members = Readonly<Record<string, unknown>>;

/** An endpoint as `find` returns it, with these members of AWS's answers. */
export const foundWith = (
  {
    variant = { InstanceType: 'ml.m5.large', InitialInstanceCount: 4 },
    config = {},
    model = {},
    container = {},
  }: {
    readonly variant?: Members;
    readonly config?: Members;
    readonly model?: Members;
    readonly container?: Members;
  } = {},
  more: Partial<Found> = {},
): Found => {
  const described = {
    config: {
      EndpointConfigName: 'by-hand',
      ...config,
      ProductionVariants: [{ VariantName: 'main', ModelName: 'by-hand', ...variant }],
    },
    model: {
      ModelName: 'by-hand',
      ExecutionRoleArn: 'arn:aws:iam::111122223333:role/churn-serving',
      ...model,
      PrimaryContainer: { Image: 'churn:1', ModelDataUrl: 's3://ml-training/model.tar.gz', ...container },
    },
  } as unknown as { readonly config: NonNullable<Found['look']['config']>; readonly model: DescribeModelOutput };
  const models = new Map([['by-hand', described.model]]);
  const count = Number(variant['InitialInstanceCount'] ?? 0);
  return {
    endpoint: 'churn',
    look: {
      live: {
        status: 'InService',
        endpointConfig: 'by-hand',
        createdAt: 0,
        modifiedAt: 0,
        shadowed: false,
        variants: [{ name: 'main', weight: 1, desiredWeight: 1, current: count, desired: count, imageDigests: [] }],
      },
      config: described.config,
      models,
      packaged: new Map(),
      notes: [],
    },
    kind: kindOfConfiguration({ config: described.config, models, packaged: new Map() }),
    variant: 'main',
    settings: settingsOf(described.config, described.model, 'main'),
    tags: new Map(),
    scaling: undefined,
    alarms: [],
    composites: [],
    package: undefined,
    rate: 0,
    record: undefined,
    releases: undefined,
    ...more,
  };
};

export const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' } as const;
