import type { Objects, Simulator } from '../../simulator/contracts.ts';
import { createRandom } from '../../simulator/random.ts';
import { type Json, type Machine, readDefinition } from '../../simulator/services/stepfunctions/definition.ts';
import { type Execution, type ExecutionEnd, playExecution } from '../../simulator/services/stepfunctions/play.ts';
import { runThreads, type Thread, type Time } from '../../simulator/services/stepfunctions/threads.ts';
import type { FleetReport } from '../hosts/step-functions/fleet-store.ts';
import { propertiesOf, type Resources, resourcesOf } from './cloudformation.ts';
import { rehearsedTeam } from './manifest.ts';

const bucket = 'fleet-files';
const machine = 'iris-fleet';
const folder = 'fleets';
export const workerArn = `arn:aws:lambda:${rehearsedTeam.region}:${rehearsedTeam.account}:function:delivery-worker`;
export const fleetResources = (): Resources =>
  resourcesOf('fleet', { Name: machine, WorkerArn: workerArn, FleetBucket: bucket });

/** The definition in the committed template, as CloudFormation hands it to Step Functions. */
const committedDefinition = (): Machine => {
  const { Definition, DefinitionSubstitutions } = propertiesOf(fleetResources(), 'Fleet');
  const text = JSON.stringify(Definition).replace(
    /\$\{(\w+)\}/g,
    (written, name: string) => DefinitionSubstitutions[name] ?? written,
  );
  return readDefinition(JSON.parse(text));
};

/** An execution that has ended. */
export interface Rolled {
  readonly end: ExecutionEnd;
  readonly report: FleetReport | undefined;
}

export interface RollOptions {
  /** Default: 1.1.0. */
  readonly version?: string;
  /** Whether somebody has stopped the execution. */
  readonly isStopped?: () => boolean;
  /** In place of the usual one. */
  readonly input?: Json;
}

/** The files of a fleet, and the state machine of the committed template over them. */
export interface Fleet {
  /** Writes `fleet.yml`, and the manifest beside it. */
  write(fleet: string, manifest: string): void;
  /** One execution, from its beginning to its end. */
  roll(name: string, options?: RollOptions): Promise<Rolled>;
  /** A file that the execution wrote, by its path in the execution's folder. */
  written(execution: string, path: string): string | undefined;
}

/** @param invoke the function behind every turn: its payload, and the child execution that waits for the answer */
export const openFleet = (
  { objects }: { readonly objects: Pick<Objects, 'get' | 'put'> },
  time: Time,
  invoke: (payload: Json, thread: Thread) => Promise<Json>,
): Fleet => {
  const definition = committedDefinition();
  const put = (name: string, text: string): void => objects.put(bucket, `${folder}/${name}`, Buffer.from(text));
  const written: Fleet['written'] = (execution, path) =>
    objects.get(bucket, `${folder}/fleet.yml.rolls/${execution}/${path}`)?.body.toString();
  const invoked: Execution['invoke'] = (functionArn, payload, thread) => {
    if (functionArn !== workerArn) throw new Error(`the state machine invokes ${functionArn}`);
    return invoke(payload, thread);
  };
  return {
    write: (fleet, manifest) => {
      put('fleet.yml', fleet);
      put('delivery.yml', manifest);
    },
    roll: async (name, { version = '1.1.0', isStopped, input } = {}) => {
      const { region, account } = rehearsedTeam;
      const end = await runThreads(time, (main) =>
        playExecution(
          {
            arn: `arn:aws:states:${region}:${account}:execution:${machine}:${name}`,
            definition,
            input: input ?? { fleet: `s3://${bucket}/${folder}/fleet.yml`, version },
            now: time.now,
            random: createRandom(1, 'retries'),
            ...(isStopped === undefined ? {} : { isStopped }),
            invoke: invoked,
          },
          main,
        ),
      );
      const report = written(name, 'report.json');
      return { end, report: report === undefined ? undefined : JSON.parse(report) };
    },
    written,
  };
};

/** Endpoints of other names on the configuration that the team's own endpoint serves. Time has to pass until they serve. */
export const addEndpoints = async ({ call }: Pick<Simulator, 'call'>, names: readonly string[]): Promise<void> => {
  const { EndpointConfigName } = await call('sagemaker', 'DescribeEndpoint', { EndpointName: rehearsedTeam.endpoint });
  for (const EndpointName of names) await call('sagemaker', 'CreateEndpoint', { EndpointName, EndpointConfigName });
};

/** `fleet.yml` with the team's own place. @param waves and further sections: YAML */
export const fleetText = (endpoints: readonly string[], waves: string, more = ''): string => `\
version: 1
environment: ${rehearsedTeam.environment}
places:
  - account: "${rehearsedTeam.account}"
    region: ${rehearsedTeam.region}
    max-concurrent: 1
    requests-per-second: 100
    endpoints: [${endpoints.join(', ')}]
waves: [${waves}]
${more}`;
