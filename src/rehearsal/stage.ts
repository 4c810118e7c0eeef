import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoggedRequest, Settings, Simulator } from '../../simulator/contracts.ts';
import { type AnyVersion, anyFixture, type FixtureModel } from '../../simulator/fixtures/fixtures.ts';
import { type FakeGitHub, type FakeGitHubOptions, startGitHub } from '../../simulator/github/server.ts';
import { defaultRoles, startSimulator } from '../../simulator/simulator.ts';
import { minutes } from '../clock.ts';
import type { OperationName } from '../operation.ts';
import type { Outcome } from '../outcome.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { ResultJson } from '../report/result-json.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { createDriver, type Driver, type Moment, type Running, type StepResult } from './driver.ts';
import { imageOf, type ManifestOptions, manifestText, rehearsedTeam, rolloutText } from './manifest.ts';
import type { Job } from './process.ts';
import { readServing, type Serving, type Versions } from './serving.ts';
import { openTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

/** The CI's number of the first release's run; each release has the next. */
export const firstRun = 9_000_000_001;

/** Each run has a commit of its own. */
export const commitOf = (run: number | string): string => String(run).padStart(40, '0');

/** A local AWS, a checked-out repository, and a team that presses the buttons. */
export interface Stage {
  readonly simulator: Simulator;
  readonly driver: Driver;
  /** The repository at GitHub, on the clock of the simulated AWS; absent where no scenario needs one. */
  readonly github?: FakeGitHub;
  /** The team's model. */
  readonly model: FixtureModel;
  /** Every release that was begun, in order. */
  readonly releases: readonly ReportedRelease[];
  /** Name of the endpoint that the manifest delivers to. */
  readonly endpoint: string;
  /** The checked-out repository. */
  readonly workspace: string;
  /** The manifest's rollout. */
  readonly rollout: string;
  writeManifest(options: ManifestOptions): void;
  /** A release that was not a workflow run. */
  tell(release: ReportedRelease): void;
  /**
   * A workflow run of its own.
   * @param label the team's name for the version, if it differs from the fixture's
   */
  begin(title: string, version: AnyVersion, label?: string): Promise<RehearsedRelease>;
  /**
   * Background requests from now on, and enough of them that the endpoint's usual traffic is known.
   * @param mistakes share of them that the model refuses with a 4xx
   */
  startTraffic(requestsPerSecond?: number, mistakes?: number): Promise<void>;
  /** Ends the requests. */
  stopTraffic(): void;
  close(): Promise<void>;
}

/** A release for the verdict and the report, whatever ran it. */
export interface ReportedRelease {
  readonly title: string;
  readonly version: string;
  /** The team's name for the version. */
  readonly label: string;
  readonly began: Moment;
  /** The rollout in `delivery.yml`. */
  readonly rollout: string;
  /** The endpoint at the beginning. */
  readonly before: Serving | undefined;
  readonly steps: readonly StepResult[];
  readonly deeds: readonly Deed[];
  /** Set when it has ended. */
  readonly ending: ReleaseEnd | undefined;
}

/** One workflow run: register → approve → gate → deploy, or parts of it. */
export interface RehearsedRelease<Version extends string = AnyVersion> extends ReportedRelease {
  readonly version: Version;
  /** @param environment of the job at GitHub */
  start(action: OperationName, inputs?: Readonly<Record<string, string>>, environment?: string): Running;
  finish(running: Running): Promise<StepResult>;
  cancel(running: Running): Promise<StepResult>;
  run(action: OperationName, inputs?: Readonly<Record<string, string>>, environment?: string): Promise<StepResult>;
  /** Register the version. @param inputs of register-model, beside the usual ones */
  register(inputs?: Readonly<Record<string, string>>): Promise<StepResult>;
  /** Register the version, have a person approve it, pass the gate. @param inputs as in `register` */
  prepare(inputs?: Readonly<Record<string, string>>): Promise<void>;
  /** A person presses "re-run": the same run id, the next attempt. */
  rerun(): void;
  /** A person's action by hand; `marked` gives it a number in the charts. */
  did(what: string, detail: string, marked?: boolean): void;
  end(): Promise<ReleaseEnd>;
}

export interface Deed {
  readonly moment: Moment;
  readonly what: string;
  readonly detail: string;
  readonly marked: boolean;
}

/** How a release ended, and the endpoint then. */
export interface ReleaseEnd {
  readonly moment: Moment;
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly because: string;
  readonly result: ResultJson | undefined;
  readonly after: Serving | undefined;
  readonly candidateConfig: string | undefined;
  /** The requests of the run's processes to AWS. */
  readonly requests: readonly LoggedRequest[];
}

export const openStage = async ({
  settings = {},
  roles = [],
  model = rehearsedTeam.model,
  environment = {},
  github: atGitHub,
  onlyProcesses = false,
}: {
  /** See `Scenario`. */
  readonly onlyProcesses?: boolean;
  /** Each step has a token for this GitHub. */
  readonly github?: FakeGitHubOptions;
  readonly settings?: Partial<Settings>;
  readonly roles?: readonly string[];
  /** Further variables of every step: an event, another GitHub. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly model?: FixtureModel;
} = {}): Promise<Stage> => {
  const simulator = await startSimulator({ settings, roles: [...defaultRoles, ...roles] });
  const github = atGitHub && (await startGitHub({ now: () => simulator.clock.now(), ...atGitHub }));
  const folder = openTemporaryFolder();
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  const driver = createDriver({
    simulator,
    actions: actionsFolder(),
    workspace,
    temp: join(folder, 'runner'),
    environment: { ...github?.environment(), ...environment },
    onlyProcesses,
  });
  const releases: ReportedRelease[] = [];
  let traffic: { stop(): void } | undefined;

  simulator.images.tag(imageOf(model), rehearsedTeam.imageDigest);
  let rollout = '';
  let endpoint: string = model;
  const writeManifest = (options: ManifestOptions): void => {
    rollout = rolloutText(options);
    endpoint = options.name ?? model;
    writeFileSync(join(workspace, 'delivery.yml'), manifestText({ model, ...options }));
  };
  writeManifest({});

  const token = github && { 'github-token': github.token };
  return {
    simulator,
    driver,
    ...(github && { github }),
    model,
    releases,
    workspace,
    tell: (release) => void releases.push(release),
    get endpoint() {
      return endpoint;
    },
    get rollout() {
      return rollout;
    },
    writeManifest,
    begin: async (title, version, label) => {
      const release = await beginRelease(
        {
          simulator,
          driver,
          model,
          environment: rehearsedTeam.environment,
          workspace,
          rollout,
          endpoint,
          runId: String(firstRun + releases.length),
          inputs: token ?? {},
          content: contentOf(model, version),
        },
        title,
        version,
        label,
      );
      releases.push(release);
      return release;
    },
    startTraffic: async (requestsPerSecond = rehearsedTeam.requestsPerSecond, mistakes = 0) => {
      if (model === 'sentiment') throw new Error('the simulator knows no callers of sentiment');
      traffic = simulator.traffic({
        endpoint,
        model,
        requestsPerSecond,
        seed: 20_260_105,
        ...(mistakes > 0 ? { mistakes } : {}),
      });
      await driver.until(driver.now() + minutes(20));
    },
    stopTraffic: () => traffic?.stop(),
    close: async () => {
      traffic?.stop();
      driver.close();
      await simulator.close();
      removeTemporaryFolder(folder);
      await github?.close();
    },
  };
};

/** The sources lie two folders below the repository's root, the compiled files three. */
export const actionsFolder = (): string => {
  const folders = ['../../actions', '../../../actions'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = folders.find((folder) => existsSync(join(folder, 'deploy-endpoint/action.yml')));
  if (found === undefined) throw new Error(`no actions in ${folders.join(' or ')}`);
  return found;
};

/** A version's artifact and the inputs with which it is registered. */
export interface Content {
  readonly bucket: string;
  readonly key: string;
  readonly artifact: Buffer;
  readonly evaluation?: Buffer;
  readonly inputs: Readonly<Record<string, string>>;
}

const contentOf = (model: FixtureModel, version: AnyVersion): Content => ({
  bucket: rehearsedTeam.bucket,
  key: `training/${model}-${version}/model.tar.gz`,
  ...anyFixture(model, version),
  inputs: { image: imageOf(model), ...contentTypes[model] },
});

export interface Place {
  readonly simulator: Simulator;
  readonly driver: Driver;
  /** Name of the model package group. */
  readonly model: string;
  /** In the manifest. */
  readonly environment: string;
  readonly workspace: string;
  readonly rollout: string;
  readonly endpoint: string;
  readonly runId: string;
  /** Of every step. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly content: Content;
  /** Default: the simulator's own models. */
  readonly versions?: Versions;
}

/** @param label the team's name for the version, if it differs */
export const beginRelease = async <Version extends string>(
  place: Place,
  title: string,
  version: Version,
  label: string = version,
): Promise<RehearsedRelease<Version>> => {
  const { simulator, driver, model } = place;
  const steps: StepResult[] = [];
  const deeds: Deed[] = [];
  let attempt = 1;
  let ending: ReleaseEnd | undefined;

  const job = (environment: string | undefined): Job => ({
    ...withoutUndefined({ environment }),
    runId: place.runId,
    attempt,
    job: 'deliver',
    actor: 'mina',
    commit: commitOf(place.runId),
  });
  const ended = (result: StepResult): StepResult => {
    steps.push(result);
    return result;
  };
  const start: RehearsedRelease['start'] = (action, inputs = {}, environment = undefined) =>
    driver.start({
      action,
      // A rollback finds its target by itself.
      inputs: {
        environment: place.environment,
        ...(action === 'rollback' ? {} : { version: label }),
        ...place.inputs,
        ...inputs,
      },
      job: job(environment),
    });
  const finish: RehearsedRelease['finish'] = async (running) => ended(await driver.finish(running));
  const run: RehearsedRelease['run'] = (action, inputs, environment) => finish(start(action, inputs, environment));
  const did: RehearsedRelease['did'] = (what, detail, marked = true) =>
    void deeds.push({ moment: driver.moment(), what, detail, marked });

  const register: RehearsedRelease['register'] = (inputs = {}) => {
    const { bucket, key, artifact, evaluation, inputs: usual } = place.content;
    simulator.objects.put(bucket, key, artifact);
    if (evaluation !== undefined) writeFileSync(join(place.workspace, 'evaluation.json'), evaluation);
    return run('register-model', {
      artifact: `s3://${bucket}/${key}`,
      ...(evaluation && { evaluation: 'evaluation.json' }),
      ...usual,
      ...inputs,
    });
  };

  return {
    title,
    version,
    label,
    began: driver.moment(),
    rollout: place.rollout,
    before: await readServing(simulator, place.endpoint, place.versions),
    steps,
    deeds,
    get ending() {
      return ending;
    },
    start,
    finish,
    cancel: async (running) => ended(await driver.cancel(running)),
    run,
    register,
    prepare: async (inputs) => {
      await register(inputs);
      await approve(simulator, did, model);
      await run('approve-gate');
    },
    rerun: () => {
      attempt += 1;
      did('presses re-run', `attempt ${attempt} of the same workflow run`);
    },
    did,
    end: async () => {
      ending = await endOf(place, steps);
      return ending;
    },
  };
};

const contentTypes: Readonly<Record<FixtureModel, Readonly<Record<string, string>>>> = {
  iris: { 'content-types': 'text/csv', 'response-types': 'text/csv' },
  segments: { 'content-types': 'text/csv', 'response-types': 'application/json' },
  sentiment: { 'content-types': 'text/plain', 'response-types': 'application/json' },
};

/** A reviewer's action in SageMaker Studio. */
export const approve = async (
  simulator: Simulator,
  did: RehearsedRelease['did'],
  model: string = rehearsedTeam.model,
): Promise<void> => {
  const listed = await simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: model,
    ModelApprovalStatus: 'PendingManualApproval',
  });
  for (const { ModelPackageArn, ModelPackageVersion } of listed['ModelPackageSummaryList'] as Record<
    string,
    unknown
  >[]) {
    await simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn,
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'looked at the evaluation',
    });
    did('approves', `package ${model}/${ModelPackageVersion} in the registry`, false);
  }
};

export const endOf = async (
  { simulator, driver, endpoint, versions }: Pick<Place, 'simulator' | 'driver' | 'endpoint' | 'versions'>,
  steps: readonly StepResult[],
): Promise<ReleaseEnd> => {
  const last = steps.at(-1);
  const participants = new Set(steps.flatMap((step) => step.participants));
  const text = last?.outputs['result'];
  const result = text === undefined ? undefined : (JSON.parse(text) as ResultJson);
  const after = await readServing(simulator, endpoint, versions);
  return {
    moment: driver.moment(),
    // A step without an outcome is a defect of the action, and must be visible as one.
    outcome: (last?.outputs['outcome'] ?? 'failed') as Outcome,
    reason: (last?.outputs['reason-code'] ?? 'internal-error') as ReasonCode,
    because: result?.because ?? '',
    result,
    after,
    candidateConfig: result?.outputs['endpoint-config'] ?? after?.pending,
    requests: simulator.requests.filter(
      ({ participant }) => participant !== undefined && participants.has(participant),
    ),
  };
};
