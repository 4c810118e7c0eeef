import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedRequest, Simulator } from '../../simulator/contracts.ts';
import { type IrisVersion, irisFixture } from '../../simulator/fixtures/fixtures.ts';
import type { FakeGitHub } from '../../simulator/github/server.ts';
import { type SimulatorOptions, startSimulator } from '../../simulator/simulator.ts';
import { type Clock, minutes } from '../../src/clock.ts';
import type { Env } from '../../src/env.ts';
import { openGitHub } from '../../src/github/open-github.ts';
import { launch } from '../../src/hosts/launch.ts';
import { startRun } from '../../src/hosts/operation-run.ts';
import { runFrom } from '../../src/hosts/run.ts';
import type { Memory, Operation } from '../../src/operation.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { manifestText, rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import { runnerEnvironment } from '../../src/rehearsal/process.ts';
import { recordKey, releasesOf } from '../../src/release/location.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import type { Report } from '../../src/report/result.ts';
import { repositoryOf } from '../../src/session/repository.ts';
import { openSession } from '../../src/session/session.ts';
import { type Death, mortal } from './death.ts';

type Inputs = Readonly<Record<string, string>>;

/** One run of one operation by one workflow run. */
export interface Attempt {
  /** The workflow run; a re-run keeps it. */
  readonly runId?: string;
  readonly death?: Death;
  /** Receives the names of the run's AWS calls. */
  readonly requested?: string[];
  /** Called when AWS has answered a call of the run. */
  readonly answered?: (name: string, input: unknown) => void;
  readonly signal?: AbortSignal;
  /** The run has a token for this GitHub. */
  readonly github?: Pick<FakeGitHub, 'environment' | 'token'>;
  /** Further variables of the run: its event. */
  readonly environment?: Env;
}

/**
 * The rehearsed team's account without processes: every run goes through the host's own code in this process, on the
 * simulator's clock. For tests that need so many runs that processes would take minutes.
 */
export interface TestAccount {
  readonly simulator: Simulator;
  readonly environment: Env;
  /** Whether the endpoint exists. */
  hasEndpoint(): boolean;
  /** Path of the team's delivery.yml. */
  readonly manifest: string;
  /** Changes the text of the manifest; without a change it is the rehearsal's. */
  writeManifest(change?: (text: string) => string): void;
  /** @returns undefined when the run died */
  run<I, M extends Memory, O>(
    operation: Operation<I, M, O>,
    inputs: Inputs,
    attempt?: Attempt,
  ): Promise<Report | undefined>;
  /** Inputs of register-model for this version, with its artifact uploaded. */
  registration(version: IrisVersion): Inputs;
  register(version: IrisVersion): Promise<void>;
  /** Registers and approves a version. */
  prepare(version: IrisVersion): Promise<void>;
  approve(): Promise<void>;
  /** Delivers `version`, and lets its usual traffic become known. */
  inProduction(version: IrisVersion): Promise<void>;
  /** Ends all calls of the endpoint. */
  stopTraffic(): void;
  pass(milliseconds: number): Promise<void>;
  record(): ReleaseRecord | undefined;
  /** A writer of the bucket replaces the record with this. */
  forge(record: ReleaseRecord | string): void;
  /** Starts to collect requests. */
  watch(): () => readonly LoggedRequest[];
  close(): Promise<void>;
}

/** @param options `publishes`: the containers publish counts of their answers, under their version */
export const openAccount = async ({
  publishes = false,
  ...options
}: SimulatorOptions & { readonly publishes?: boolean } = {}): Promise<TestAccount> => {
  const simulator = await startSimulator(options);
  const workspace = mkdtempSync(join(tmpdir(), 'account-'));
  mkdirSync(join(workspace, 'runner'));
  simulator.images.tag(rehearsedTeam.image, rehearsedTeam.imageDigest);
  // The SDK's default credential chain reads the process's environment, not the run's.
  Object.assign(process.env, simulator.environment());
  const path = join(workspace, 'delivery.yml');
  const writeManifest: TestAccount['writeManifest'] = (change = (text) => text) =>
    writeFileSync(path, change(manifestText()));
  writeManifest();
  let traffic: { stop(): void } | undefined;

  const environmentOf = (runId: string): Env => ({
    ...runnerEnvironment(
      { runId, attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' },
      workspace,
      join(workspace, 'runner'),
    ),
    ...simulator.environment(),
  });

  const run: TestAccount['run'] = async (
    operation,
    inputs,
    { runId = '1', death, requested, answered, signal, github, environment } = {},
  ) => {
    const env = { ...environmentOf(runId), ...github?.environment(), ...environment };
    const repository = repositoryOf(env, github?.token);
    const given: Inputs = { manifest: path, environment: rehearsedTeam.environment, ...inputs };
    const fate = mortal(death ?? { atCall: 0, received: false }, requested, answered);
    const { ended } = startRun(operation, {
      env,
      run: runFrom(env, 'github-actions'),
      written: (name) => given[name],
      signal: signal ?? new AbortController().signal,
      observer: silent,
      launch,
      ...(repository && { github: (clock: Clock) => openGitHub(repository, clock) }),
      seams: {
        clock: simulator.driver,
        openSession: async (request) => {
          const session = await openSession(request);
          return { ...session, worldFor: (turn) => fate.worldOf(session.worldFor(turn)) };
        },
      },
    });
    return Promise.race([ended, fate.died]);
  };

  const registration: TestAccount['registration'] = (version) => {
    const fixture = irisFixture(version);
    const key = `training/iris-${version}/model.tar.gz`;
    simulator.objects.put(rehearsedTeam.bucket, key, fixture.artifact);
    const evaluation = join(workspace, 'evaluation.json');
    writeFileSync(evaluation, fixture.evaluation);
    return {
      version,
      image: rehearsedTeam.image,
      artifact: `s3://${rehearsedTeam.bucket}/${key}`,
      evaluation,
      'content-types': 'text/csv',
      'response-types': 'text/csv',
      ...(publishes ? { 'container-environment': `METRICS_NAMESPACE=Acme/Garden\nMODEL_VERSION=${version}` } : {}),
    };
  };

  const approve = async (): Promise<void> => {
    const { ModelPackageSummaryList } = await simulator.call('sagemaker', 'ListModelPackages', {
      ModelPackageGroupName: rehearsedTeam.model,
      ModelApprovalStatus: 'PendingManualApproval',
    });
    for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[])
      await simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
  };

  const register = async (version: IrisVersion): Promise<void> =>
    expectOutcome(await run(registerModel, registration(version)), 'registered');

  const prepare = async (version: IrisVersion): Promise<void> => {
    await register(version);
    await approve();
  };

  const pass = (milliseconds: number): Promise<void> =>
    simulator.driver.sleepUntil(simulator.clock.now() + milliseconds);

  return {
    simulator,
    environment: environmentOf('1'),
    hasEndpoint: () => simulator.hosting.variant(rehearsedTeam.endpoint, rehearsedTeam.variant) !== undefined,
    manifest: path,
    writeManifest,
    run,
    registration,
    register,
    approve,
    prepare,
    inProduction: async (version) => {
      await prepare(version);
      expectOutcome(await run(deployEndpoint, { version }), 'delivered');
      if (traffic) return;
      const { endpoint } = rehearsedTeam;
      traffic = simulator.traffic({ endpoint, requestsPerSecond: rehearsedTeam.requestsPerSecond, seed: 20_260_105 });
      await pass(minutes(20));
    },
    stopTraffic: () => traffic?.stop(),
    pass,
    forge: (record) =>
      simulator.objects.put(
        records.bucket,
        recordKey(records, rehearsedTeam.endpoint),
        Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
      ),
    record: () => {
      const found = simulator.objects.get(records.bucket, recordKey(records, rehearsedTeam.endpoint));
      return found && (JSON.parse(found.body.toString()) as ReleaseRecord);
    },
    watch: () => {
      const from = simulator.requests.length;
      return () => simulator.requests.slice(from);
    },
    close: async () => {
      traffic?.stop();
      await simulator.close();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
};

/** The place of the rehearsed team's records: the default. */
const records = releasesOf({}, { partition: 'aws', region: rehearsedTeam.region, id: rehearsedTeam.account });

const silent = {
  inputs: () => {},
  started: () => {},
  plan: () => {},
  progress: () => {},
  keep: () => {},
  printed: () => {},
  defect: () => {},
};

const expectOutcome = (report: Report | undefined, reason: string): void => {
  if (report?.result.reason !== reason)
    throw new Error(`the stage could not be set: ${report?.result.reason}: ${report?.result.because}`);
};
