import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../src/clock.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import type { TestAccount } from './account.ts';

export const byHand = 'made-by-hand';

/** An endpoint that others made before this suite came, with members of their own in variant, config and model. */
export const madeByHand = async (
  { simulator, pass }: TestAccount,
  {
    variant = {},
    config = {},
    model = {},
    container = {},
  }: { readonly variant?: object; readonly config?: object; readonly model?: object; readonly container?: object },
): Promise<void> => {
  const key = 'by-hand/model.tar.gz';
  simulator.objects.put(team.bucket, key, irisFixture('1.0.0').artifact);
  await simulator.call('sagemaker', 'CreateModel', {
    ModelName: byHand,
    PrimaryContainer: { Image: team.image, ModelDataUrl: `s3://${team.bucket}/${key}`, ...container },
    ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
    ...model,
  });
  await simulator.call('sagemaker', 'CreateEndpointConfig', {
    EndpointConfigName: byHand,
    ProductionVariants: [
      {
        VariantName: 'main',
        ModelName: byHand,
        ...('ServerlessConfig' in variant ? {} : { InstanceType: 'ml.m5.large', InitialInstanceCount: 4 }),
        ...variant,
      },
    ],
    ...config,
  });
  await simulator.call('sagemaker', 'CreateEndpoint', { EndpointName: team.endpoint, EndpointConfigName: byHand });
  await pass(minutes(20));
};

/** `failed/protection-lost`. */
export const endOf = (report: Report | undefined): string => `${report?.result.outcome}/${report?.result.reason}`;

/** Every line of a plan about settings. */
export const linesOf = (report: Report | undefined): readonly string[] =>
  (report?.result.plan?.changes ?? []).flatMap(({ details }) => details);

/** The config that serves, its only variant, and that variant's model. */
export const described = async ({ simulator }: TestAccount) => {
  const call = (operation: string, input: object): Promise<Readonly<Record<string, unknown>>> =>
    simulator.call('sagemaker', operation, input);
  const { EndpointConfigName } = await call('DescribeEndpoint', { EndpointName: team.endpoint });
  const config = await call('DescribeEndpointConfig', { EndpointConfigName: String(EndpointConfigName) });
  const [variant = {}] = config['ProductionVariants'] as readonly Readonly<Record<string, unknown>>[];
  return { config, variant, model: await call('DescribeModel', { ModelName: String(variant['ModelName']) }) };
};
