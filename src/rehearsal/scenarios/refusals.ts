import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import { complain, complaints, watchComplaints } from './complaints.ts';
import {
  carriedOut,
  deliver,
  delivered,
  inProduction,
  leavesNothingHalfDone,
  prepared,
  type Scenario,
} from './scenario.ts';

export const capacityRefused: Scenario = {
  name: 'capacity-refused',
  about:
    'SageMaker finds no instances for the new fleet: the old one continues to serve, and the version is not blamed.',
  expected: { outcome: 'rolled-back', reasonCode: 'capacity-rolled-back' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.simulator.harm.failCapacity(1);
    const release = await deliver(stage, 'No instances for the new fleet', '1.1.0');
    await leavesNothingHalfDone(stage, require);
    const again = await stage.begin('The same version an hour later', '1.1.0');
    await again.run('deploy-endpoint', { 'dry-run': 'true' });
    const ending = await again.end();
    require(ending.reason === 'planned', `the same version may be tried again: ${ending.reason}`);
    return release;
  },
};

export const quotaExceeded: Scenario = {
  name: 'quota-exceeded',
  about:
    'The account may run seven instances and two fleets are eight: the plan announced it, and nothing is left half done.',
  expected: { outcome: 'failed', reasonCode: 'quota-exceeded' },
  settings: { endpointInstanceQuota: 7 },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await deliver(stage, 'A second fleet that the quota does not allow', '1.1.0');
    const plan = release.ending?.result?.plan;
    require(plan?.peakInstances['ml.m5.large'] === 8, 'the plan counts both fleets');
    require(plan?.notes.some((note) => note.includes('8 × ml.m5.large')) === true, 'the plan names the quota it needs');
    require(release.ending?.because.includes("'ml.m5.large for endpoint usage'") === true, 'AWS is quoted');
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const throttled: Scenario = {
  name: 'throttled',
  about: 'AWS throttles reads and writes for minutes: the delivery takes longer and ends the same.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    await prepared(stage, '1.1.0');
    const { faults } = stage.simulator;
    faults.add({ kind: 'throttle', service: 'sagemaker', operation: 'CreateModel', times: 3 });
    faults.add({ kind: 'throttle', service: 'sagemaker', operation: 'UpdateEndpoint', times: 12 });
    faults.add({ kind: 'throttle', service: 'sagemaker', operation: 'DescribeEndpoint', times: 30, after: 4 });
    faults.add({ kind: 'throttle', service: 'cloudwatch', operation: 'DescribeAlarms', times: 12, after: 3 });
    faults.add({ kind: 'throttle', service: 'cloudwatch', operation: 'PutMetricAlarm', times: 2 });
    const release = await stage.begin('AWS throttles', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require(carriedOut(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is carried out once');
    return release;
  },
};

export const systemUpdating: Scenario = {
  name: 'system-updating',
  about: 'AWS maintains the endpoint when the delivery begins: the delivery waits for the end of the maintenance.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('A delivery into AWS maintenance', '1.1.0');
    await release.prepare();
    const maintained = stage.driver.now() + minutes(12);
    require(stage.simulator.harm.systemUpdate(
      rehearsedTeam.endpoint,
      minutes(12),
    ), 'the endpoint is under maintenance');
    await release.run('deploy-endpoint');
    await release.end();
    const submitted = release.ending?.requests.filter(({ operation }) => operation === 'UpdateEndpoint') ?? [];
    require(submitted.length === 1 && (submitted[0]?.at ?? 0) >= maintained, 'the update is sent once, afterwards');
    return release;
  },
};

export const configDeletedUnderUs: Scenario = {
  name: 'config-deleted-under-us',
  about:
    'An engineer deletes the serving configuration just before the update: SageMaker refuses the update and names the configuration.',
  expected: { outcome: 'failed', reasonCode: 'config-missing' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('The serving configuration is deleted', '1.1.0');
    await release.prepare();
    const EndpointConfigName = release.before?.endpointConfig ?? '';
    stage.simulator.faults.add({
      kind: 'call',
      service: 'sagemaker',
      operation: 'UpdateEndpoint',
      times: 1,
      action: async () => {
        await stage.simulator.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName });
      },
    });
    await release.run('deploy-endpoint');
    await release.end();
    require(release.ending?.because.includes(EndpointConfigName) === true, 'the missing configuration is named');
    await leavesNothingHalfDone(stage, require);
    const again = await stage.begin('An engineer tries again', '1.1.0');
    await again.run('deploy-endpoint');
    const ending = await again.end();
    require(ending.reason === 'config-missing', `the next plan finds it: ${ending.reason}`);
    require(ending.requests.every(({ mutation }) => !mutation), 'and writes nothing');
    return release;
  },
};

export const eventualConsistency: Scenario = {
  name: 'eventual-consistency',
  about:
    'New resources cannot be read yet, and DescribeEndpoint shows an update too late: the delivery waits for both.',
  expected: delivered,
  settings: { configVisibleAfterMs: 20_000, staleDescribeMs: 90_000 },
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.simulator.faults.add({
      kind: 'error',
      service: 'sagemaker',
      operation: 'UpdateEndpoint',
      times: 2,
      code: 'ValidationException',
      message: 'Could not find endpoint configuration "arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/new".',
    });
    const release = await deliver(stage, 'Reads lag behind writes', '1.1.0');
    require(carriedOut(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is carried out once');
    require(carriedOut(release, 'CreateEndpointConfig') === 1, 'the configuration is made once');
    return release;
  },
};

export const alarmAlreadyRed: Scenario = {
  name: 'alarm-already-red',
  about: 'An alarm that the manifest names is in ALARM before the update: nothing is written.',
  expected: { outcome: 'failed', reasonCode: 'alarm-not-ready' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ namedAlarms: [complaints] });
    await prepared(stage, '1.1.0');
    await complain(stage, minutes(4));
    const release = await stage.begin('A delivery while an alarm is in ALARM', '1.1.0');
    await release.run('deploy-endpoint');
    const ending = await release.end();
    require(ending.requests.every(({ mutation }) => !mutation), 'nothing is written');
    require(ending.because.includes(complaints), 'the alarm is named');
    return release;
  },
};

export const inf1: Scenario = {
  name: 'inf1-falls-back-silently',
  about: 'On ml.inf1 SageMaker would silently leave the canary out: the delivery is refused.',
  expected: { outcome: 'failed', reasonCode: 'infeasible-rollout' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ endpoint: ['instance: { type: ml.inf1.xlarge, count: 4 }'] });
    await prepared(stage, '1.1.0');
    const release = await stage.begin('A canary on Inf1', '1.1.0');
    await release.run('deploy-endpoint');
    const ending = await release.end();
    require(ending.requests.every(({ mutation }) => !mutation), 'nothing is written');
    return release;
  },
};
