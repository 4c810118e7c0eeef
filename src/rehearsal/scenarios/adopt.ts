import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sameAs } from '../../endpoint/desired.ts';
import { rehearsedTeam } from '../manifest.ts';
import { scalingByHand, trackingInvocations } from '../scaling-by-hand.ts';
import { approve, type Stage } from '../stage.ts';
import { runPipeline } from './packages.ts';
import { delivered, isEnd, prepared, type Scenario } from './scenario.ts';
import { madeAtTheConsole, servingConfig } from './settings.ts';

const { endpoint, bucket, account, region, model } = rehearsedTeam;

const config = {
  KmsKeyId: 'alias/iris',
  CrossRegionTrafficConfig: { MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5 },
  DataCaptureConfig: {
    EnableCapture: true,
    InitialSamplingPercentage: 30,
    DestinationS3Uri: `s3://${bucket}/captured`,
    CaptureOptions: [{ CaptureMode: 'Input' }],
  },
};

/** The command line: as sources, or compiled beside this file. */
const commandLine = (): string => {
  const [sources = '', compiled = ''] = ['../../main.ts', '../../main.js'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return existsSync(sources) ? sources : compiled;
};

/** A person at a terminal: the output of the command. */
const adopt = async ({ driver, workspace }: Stage): Promise<string> => {
  const args = ['adopt', '--endpoint', endpoint, '--output', join(workspace, 'delivery.yml'), '--force'];
  const adopting = driver.launch('adopt', commandLine(), { PATH: process.env['PATH'] ?? '', HOME: workspace }, args);
  await adopting.ended();
  return adopting.log.map(({ text }) => text).join('\n');
};

export const adoptThenDeliver: Scenario = {
  name: 'adopt-then-deliver',
  about:
    'An endpoint that a person made of a pipeline’s package is adopted: its manifest has an empty plan, its package is taken over, and the next version is delivered without any loss.',
  expected: delivered,
  play: async (stage, require) => {
    const { simulator, workspace } = stage;
    await runPipeline(stage, '1.0.0');
    const ModelPackageName = `arn:aws:sagemaker:${region}:${account}:model-package/${model}/1`;
    await madeAtTheConsole(stage, config, {
      PrimaryContainer: { ModelPackageName },
      EnableNetworkIsolation: true,
      VpcConfig: { Subnets: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
    });
    const scaling = scalingByHand(simulator, 'main');
    await scaling('RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 8 });
    const evening = { PolicyName: 'evening-load', ...trackingInvocations(650) };
    await scaling('PutScalingPolicy', evening);
    await stage.startTraffic(3);
    const before = await servingConfig(stage);

    const said = await adopt(stage);
    require(said.includes('the plan of this manifest is empty'), `the plan is empty: ${said}`);
    const text = readFileSync(join(workspace, 'delivery.yml'), 'utf8');
    require(text.includes(`model: ${model}\n`) &&
      text.includes('invocations-per-instance: 650'), `group and scaling are found: ${text}`);

    const taken = await stage.begin('The package that serves is taken over', '1.0.0');
    await taken.run('register-model', { from: '1' });
    await approve(simulator, taken.did);
    await taken.end();
    await prepared(stage, '1.1.0');
    const release = await stage.begin('The next version, by the adopted manifest', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require(isEnd(release, delivered), `it is delivered: ${release.ending?.because}`);

    const after = await servingConfig(stage);
    const [was, now] = [before, after].map(({ ProductionVariants }) => {
      const [{ ModelName: _model, ...variant } = { ModelName: '' }] = ProductionVariants as { ModelName: string }[];
      return variant;
    });
    require(sameAs(config, after) && sameAs(was, now), `the config has lost nothing: ${JSON.stringify(after)}`);
    const [variant] = after['ProductionVariants'] as readonly { readonly ModelName: string }[];
    const { VpcConfig, EnableNetworkIsolation } = await simulator.call('sagemaker', 'DescribeModel', {
      ModelName: variant?.ModelName ?? '',
    });
    require(VpcConfig !== undefined && EnableNetworkIsolation === true, 'the model has lost nothing');
    const policies = await scaling('DescribeScalingPolicies', {});
    const [policy, ...others] = policies['ScalingPolicies'] as readonly object[];
    require(others.length === 0 && sameAs(evening, policy), `nor has the scaling: ${JSON.stringify(policies)}`);
    return release;
  },
};
