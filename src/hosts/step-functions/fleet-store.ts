import { type AwsClients, createAwsClients } from '../../aws/clients.ts';
import { base } from '../../aws/credentials.ts';
import { classify } from '../../aws/errors.ts';
import { ObjectTooLarge } from '../../aws/object-too-large.ts';
import type { Clock } from '../../clock.ts';
import { sha256 } from '../../digest.ts';
import type { Env } from '../../env.ts';
import { yamlLimits } from '../../manifest/yaml.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { connectionFrom } from '../../session/session.ts';
import type { EndpointEnd, Roll } from './fleet-event.ts';

/** The bucket with a fleet's file, its manifest and its reports, by the function's own credentials. */
export interface FleetStore {
  /** @throws {InputError} when there is no such object */
  text(uri: string): Promise<{ readonly text: string; readonly sha256: string }>;
  bytes(uri: string, mostBytes: number): Promise<Buffer>;
  /** Notes that an endpoint of this wave did not get the version. A repetition changes nothing. */
  noteFailure(roll: Roll, wave: number, failure: Failure): Promise<void>;
  /** The endpoints of a wave that are noted, `most` of them at the most. */
  failuresIn(roll: Roll, wave: number, most: number): Promise<number>;
  report(roll: Roll): Promise<FleetReport | undefined>;
  writeReport(roll: Roll, report: FleetReport): Promise<void>;
}

export interface Failure extends Pick<EndpointEnd, 'endpoint' | 'outcome' | 'reason'> {
  readonly account: string;
  readonly region: string;
  readonly because: string;
}

/** `report.json` of an execution. */
export interface FleetReport {
  readonly 'schema-version': 1;
  readonly version: string;
  readonly waves: readonly {
    readonly name: string;
    readonly began: string;
    readonly ended: string;
    /** That SageMaker answered for an endpoint, on the average of those that got the version; the next wave is paced by it. */
    readonly 'requests-per-endpoint'?: number;
    readonly endpoints: readonly ReportedEndpoint[];
    /** Of the endpoints that were taken back after the line stopped. */
    readonly 'rolled-back'?: readonly ReportedEndpoint[];
  }[];
  readonly outcome: 'rolling' | 'succeeded' | 'stopped';
  readonly because: string;
}
export interface ReportedEndpoint {
  readonly account: string;
  readonly region: string;
  readonly endpoint: string;
  readonly outcome: string;
  readonly reason: string;
}

const pattern = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+[^/])$/;

/** @throws {InputError} for what is no location of an object */
export const objectAt = (uri: string): { readonly Bucket: string; readonly Key: string } => {
  const [, Bucket, Key] = pattern.exec(uri) ?? [];
  if (Bucket === undefined || Key === undefined)
    throw new InputError(
      `fleet: ${quoted(uri)} is not the location of a file; expected e.g. s3://churn-fleet/fleet.yml`,
    );
  return { Bucket, Key };
};

/** `path` in the folder of the object at `uri`. */
export const beside = (uri: string, path: string): string => `${uri.slice(0, uri.lastIndexOf('/') + 1)}${path}`;

/** `arn:aws:states:eu-west-1:111122223333:execution:churn-fleet:1-4-0` → its parts. */
export const executionOf = (
  arn: string,
): { readonly account: string; readonly machine: string; readonly name: string } => {
  const [, , service, , account = '', kind, machine = '', name = ''] = arn.split(':');
  if (service !== 'states' || kind !== 'execution' || !/^\d{12}$/.test(account) || name === '')
    throw new InputError(`execution: ${quoted(arn)} is not the ARN of an execution of Step Functions`);
  return { account, machine, name };
};

/** Where the notes and the report of an execution lie: `fleet.yml.rolls/<execution>/`. */
export const folderOf = ({ fleet, execution }: Pick<Roll, 'fleet' | 'execution'>): string =>
  `${fleet}.rolls/${executionOf(execution).name}/`;

/** The buckets of fleets, by clients that one process of the function keeps. @returns a store; `execution`: its account owns the bucket */
export const fleetStores = (env: Env, clock: Clock): ((execution: string, signal: AbortSignal) => FleetStore) => {
  const connection = connectionFrom(env);
  const owners = new Map<string, AwsClients>();
  return (execution, signal) => {
    const { account } = executionOf(execution);
    const clients =
      owners.get(account) ??
      createAwsClients({
        ...connection,
        credentials: base({ ...connection, clock }),
        clock,
        bucketOwner: () => account,
      });
    owners.set(account, clients);
    return storeWith(clients.withSignal(signal));
  };
};

const storeWith = ({ reads, writes }: Pick<AwsClients, 'reads' | 'writes'>): FleetStore => {
  const get = async (uri: string, mostBytes: number): Promise<string> => {
    try {
      return (await reads.s3.getObject(objectAt(uri), mostBytes)).text;
    } catch (error) {
      if (classify(error) === 'not-found') throw new InputError(`there is no object ${uri}`);
      if (error instanceof ObjectTooLarge) throw new InputError(`${uri} is ${error.message}`);
      throw error;
    }
  };
  const put = async (uri: string, value: unknown): Promise<void> => {
    await writes.s3.putObject({ ...objectAt(uri), Body: JSON.stringify(value), ContentType: 'application/json' });
  };
  const failed = (roll: Roll, wave: number): string => `${folderOf(roll)}failed/${wave}/`;
  return {
    text: async (uri) => {
      const text = await get(uri, 4 * yamlLimits.characters);
      return { text, sha256: sha256(text) };
    },
    bytes: async (uri, mostBytes) => Buffer.from(await get(uri, mostBytes)),
    noteFailure: (roll, wave, failure) =>
      put(`${failed(roll, wave)}${failure.account}.${failure.region}.${failure.endpoint}.json`, failure),
    failuresIn: async (roll, wave, most) => {
      const { Bucket, Key: Prefix } = objectAt(`${failed(roll, wave)}x`);
      const { KeyCount = 0 } = await reads.s3.listObjectsV2({ Bucket, Prefix: Prefix.slice(0, -1), MaxKeys: most });
      return KeyCount;
    },
    report: async (roll) => {
      try {
        return JSON.parse((await reads.s3.getObject(objectAt(`${folderOf(roll)}report.json`), mostReportBytes)).text);
      } catch (error) {
        if (classify(error) === 'not-found') return undefined;
        throw error;
      }
    },
    writeReport: (roll, report) => put(`${folderOf(roll)}report.json`, report),
  };
};

/** Ten thousand endpoints need three. */
const mostReportBytes = 16 * 1024 * 1024;
