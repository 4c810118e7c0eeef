import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { duration, type Instant, iso, minutes } from '../../clock.ts';
import { openRehearsalClock } from '../../hosts/rehearsal-clock.ts';
import { oneLine } from '../../plain-text.ts';
import { packageStateChange } from '../../registry/package-event.ts';
import { recordKey, releasesOf } from '../../release/location.ts';
import type { ReleaseRecord } from '../../release/record.ts';
import { redacted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Out } from '../performance.ts';
import { openTemporaryFolder, removeTemporaryFolder } from '../temporary-folder.ts';
import { type PlayedJob, type PlayedStep, runAct } from './act.ts';
import { type Event, payloadOf, triggerOf } from './event.ts';
import { faults } from './fault.ts';
import { type LocalAws, openLocalAws, type Place } from './local-aws.ts';
import { playable } from './plain.ts';
import { type Copy, copyRepository, rewrite } from './repository.ts';
import type { WorkflowRehearsal } from './request.ts';
import { createStandIns, type StandIns } from './stand-ins.ts';
import { copySuite } from './suite.ts';

/** An event and all that it started. */
export interface PlayedEvent {
  readonly event: string;
  readonly branch: string;
  readonly commit: string;
  readonly ended: 'green' | 'red';
  /** Virtual time. */
  readonly seconds: number;
  readonly jobs: readonly PlayedJob[];
  readonly steps: readonly (PlayedStep & { readonly job: string })[];
  readonly serving: readonly Serving[];
}

/** What an environment serves, by its release record and by SageMaker. */
export interface Serving {
  readonly environment: string;
  readonly endpoint: string;
  readonly version?: string;
  readonly status?: string;
}

export interface WorkflowVerdict {
  readonly events: readonly PlayedEvent[];
  readonly leftOut: readonly string[];
  /** A sentence about each version that served. */
  readonly served: readonly string[];
  readonly problems: readonly string[];
}

/** Plays the user's workflow under act, for one event after the other, against one local AWS. */
export const rehearseWorkflow = async (rehearsal: WorkflowRehearsal, out: Out): Promise<WorkflowVerdict> => {
  const home = openTemporaryFolder();
  try {
    return await playEvents(rehearsal, await openWorkflowStage(rehearsal, out, home), out);
  } finally {
    removeTemporaryFolder(home);
  }
};

const playEvents = async (rehearsal: WorkflowRehearsal, stage: WorkflowStage, out: Out): Promise<WorkflowVerdict> => {
  const { wanted, manifest } = rehearsal;
  const events: PlayedEvent[] = [];
  out.say(assumptions(rehearsal));
  try {
    for (const [index, event] of wanted.events.entries()) {
      if (index > 0) await stage.meanwhile();
      events.push(await stage.play(event, index));
    }
    return {
      events,
      leftOut: manifest.leftOut,
      served: stage.standIns.served(),
      problems: problemsOf(events, wanted.expectRed),
    };
  } finally {
    stage.record();
    await stage.close();
  }
};

/** Only the last event may be expected to end red: those before it bring what it needs. */
const problemsOf = (events: readonly PlayedEvent[], expectRed: boolean): readonly string[] =>
  events.flatMap(({ event, ended }, index) => {
    const expected = expectRed && index === events.length - 1 ? 'red' : 'green';
    return ended === expected ? [] : [`${event} ended ${ended}`];
  });

interface WorkflowStage {
  readonly standIns: StandIns;
  play(event: Event, index: number): Promise<PlayedEvent>;
  /** The time between two events. */
  meanwhile(): Promise<void>;
  record(): void;
  close(): Promise<void>;
}

const openWorkflowStage = async (rehearsal: WorkflowRehearsal, out: Out, home: string): Promise<WorkflowStage> => {
  const { wanted, repository, workflow, references, named, manifest } = rehearsal;
  const copy = copyRepository(repository, join(home, basename(repository.root)));
  prepare(copy, rehearsal);
  const repositories = new Map<string, string>();
  for (const [index, suite] of references.homes.entries()) {
    const folder = join(home, `suite-${index}`);
    copySuite(folder, suite);
    repositories.set(suite, folder);
  }
  for (const uses of references.others) {
    const folder = wanted.maps.get(uses.replace(/@.*$/, ''));
    if (folder !== undefined) repositories.set(uses, resolve(folder));
  }
  const standIns = createStandIns(wanted);
  const aws = await openLocalAws(manifest.manifest, named, { standIn: standIns.serve });
  const { simulator } = aws;
  const participant = simulator.register('workflow');
  // GitHub's runners have no keys of AWS either.
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...environment } = simulator.environment(participant);
  const asked = new Set<string>();
  const pushes = wanted.events.flatMap(({ is }, index) => (is === 'push' ? [index] : []));

  return {
    standIns,
    play: async (event, index) => {
      const folder = join(out.folder, `${index + 1}-${event.written.replace(/[^\w.-]+/g, '-')}`);
      mkdirSync(folder, { recursive: true });
      if (index === (pushes.at(-1) ?? 0)) standIns.candidates();
      if (event.is === 'push' && event.branch !== undefined)
        copy.git('switch', '--quiet', '--force-create', event.branch);
      if (event.is === 'push' && index > (pushes[0] ?? 0))
        copy.git('commit', '--quiet', '--allow-empty', '--message', `fix: rehearsed change ${pushes.indexOf(index)}`);
      if (event.is === 'tag') copy.git('tag', '--force', event.tag);
      const before = copy.git('branch', '--show-current');
      // A pull request comes from another branch than the one it goes to.
      if (event.is === 'pull_request' && before === repository.main)
        copy.git('switch', '--quiet', '--force-create', 'rehearsed-change');
      const commit = copy.git('rev-parse', 'HEAD');
      const branch = copy.git('branch', '--show-current');
      // As a checkout has it.
      if (branch !== '') copy.git('update-ref', `refs/remotes/origin/${branch}`, 'HEAD');
      if (event.is !== 'tag') await aws.trained(commit);
      if (index === wanted.events.length - 1)
        for (const name of wanted.faults) faults[name].strike(simulator, aws.environments);
      const head = { repository: repository.name, branch, main: repository.main, commit };
      const decision = event.is === 'repository_dispatch' ? await decisionOf(aws, rehearsal) : undefined;
      const began = simulator.clock.now();
      const telling = createTelling(out, began);
      out.say(`\n${event.written}: ${branch === '' ? '' : `${branch} at `}${commit.slice(0, 7)}`);
      const green = await runAct(
        {
          folder: copy.folder,
          workflow,
          event: triggerOf(event),
          payload: payloadOf(event, { ...head, ...withoutUndefined({ decision }) }),
          repositories,
          environment: {
            ...environment,
            ACTIONS_ID_TOKEN_REQUEST_URL: `${simulator.url}/github/oidc-token?participant=${participant.id}`,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rehearsal',
            GITHUB_REPOSITORY: repository.name,
            // act knows no type for the ref of a pull request; GitHub docs, "Contexts": `branch` or `tag`.
            GITHUB_REF_TYPE: event.is === 'tag' ? 'tag' : 'branch',
            GITHUB_RUN_ID: String(1000 + index),
          },
          runners: named.runners,
          home,
          log: join(folder, 'act.log'),
          summaries: join(folder, 'summaries.md'),
          now: simulator.clock.now,
        },
        telling,
      );
      if (before !== branch) copy.git('switch', '--quiet', before);
      if (wanted.approve) await approvePending(aws, rehearsal);
      const serving = await servingOf(aws);
      const ended = green ? 'green' : 'red';
      const passed = simulator.clock.now() - began;
      out.say(`  ${ended} after ${duration(passed)}; ${serving.map(servingLine).join(', ')}`);
      const { jobs, steps } = telling;
      return { event: event.written, branch, commit, ended, seconds: passed / 1000, jobs, steps, serving };
    },
    meanwhile: async () => {
      for (const { account, region, environment, name } of aws.environments) {
        const { endpoint } = environment;
        const [serves] = (await servingOf(aws)).filter((one) => one.environment === name);
        // An endpoint with a queue takes no requests in real time.
        if (serves?.status === undefined || endpoint.async !== undefined || asked.has(name)) continue;
        asked.add(name);
        const { requestsPerSecond } = wanted;
        simulator
          .account(account, region)
          .traffic({ endpoint: endpoint.name, model: standIns.requests(), requestsPerSecond, seed: 20_260_105 });
      }
      const clock = await openRehearsalClock(participant.url);
      await clock.sleepUntil(clock.now() + minutes(20));
    },
    record: () =>
      writeFileSync(
        join(out.folder, 'requests.jsonl'),
        simulator.requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
      ),
    close: () => simulator.close(),
  };
};

/** Makes the copy playable, as one commit, together with the user's changes that are not committed. */
const prepare = (copy: Copy, { repository, manifest, manifestPath }: WorkflowRehearsal): void => {
  for (const path of repository.files.keys())
    if (path.startsWith('.github/workflows/')) rewrite(copy, path, (text) => playable(text));
  const { text } = manifest;
  if (text !== undefined) rewrite(copy, manifestPath, () => text);
  copy.git('add', '--all');
  if (copy.git('status', '--porcelain') !== '') copy.git('commit', '--quiet', '--message', 'fix: the working tree');
};

const assumptions = ({ wanted, repository, workflow, manifest, references, named }: WorkflowRehearsal): string => {
  const { candidate, own } = wanted;
  const mapped = (uses: string): boolean => wanted.maps.has(uses.replace(/@.*$/, ''));
  // act has its own.
  const fetched = references.others.filter((uses) => !uses.startsWith('actions/checkout@') && !mapped(uses));
  const unknown = named.images.filter((image) => /\$\{\{(?!\s*github\.sha\s*\}\})/.test(image));
  return [
    `${workflow} of ${repository.name}, with ${references.homes.join(', ')} from this package`,
    `  ${own ? 'your models serve' : 'a stand-in serves in place of your model'}; the versions of the last push are ${candidate?.is ?? 'as those before'}; ${wanted.requestsPerSecond} requests a second between the events`,
    ...manifest.leftOut.map((sentence) => `  left out: ${sentence}`),
    ...(fetched.length === 0 ? [] : [`  fetched from GitHub by act: ${fetched.join(', ')}`]),
    ...unknown.map((image) => `  not in the local AWS, because its tag is known only to the workflow: ${image}`),
    ...wanted.faults.map((name) => `  during the last event: ${faults[name].does}`),
  ].join('\n');
};

const marks: Readonly<Record<string, string>> = { success: '✓', skipped: '–' };

/** Prints each step as it ends, below its job. */
const createTelling = (out: Out, began: Instant) => {
  const jobs: PlayedJob[] = [];
  const steps: (PlayedStep & { readonly job: string })[] = [];
  let current = '';
  const under = (job: string): void => {
    if (job !== current) out.say(`  ${shown(job)}`);
    current = job;
  };
  return {
    jobs,
    steps,
    step: (job: string, step: PlayedStep): void => {
      steps.push({ job, ...step });
      under(job);
      const { name, result, at, outcome, reasonCode } = step;
      const end = outcome === undefined ? '' : `: ${outcome}/${reasonCode ?? ''}`;
      out.say(`    ${marks[result] ?? '✗'} ${duration(at - began).padStart(7)}  ${shown(`${name}${end}`)}`);
      out.now?.(`${duration(at - began)} of virtual time · ${shown(job)} · the step behind ${shown(name)}`);
    },
    job: (job: PlayedJob): void => {
      jobs.push(job);
      const told = steps.some((step) => step.job === job.name && marks[step.result] === undefined);
      if (job.result === 'success' || told) return;
      out.say(`  ${shown(job.name)}: ${job.result}`);
      current = '';
    },
  };
};

/** Names in a workflow are of others. */
const shown = (text: string): string => redacted(oneLine(text)).slice(0, 160);

const servingOf = ({ simulator, environments }: LocalAws): Promise<readonly Serving[]> =>
  Promise.all(
    environments.map(async ({ name, account, region, environment }: Place) => {
      const EndpointName = environment.endpoint.name;
      const status = await simulator
        .account(account, region)
        .call('sagemaker', 'DescribeEndpoint', { EndpointName })
        .then(
          ({ EndpointStatus }) => String(EndpointStatus),
          () => undefined,
        );
      const location = releasesOf(environment, { partition: 'aws', region, id: account });
      const record = simulator.objects.get(location.bucket, recordKey(location, EndpointName))?.body.toString();
      const { history = [] } = JSON.parse(record ?? '{}') as Partial<ReleaseRecord>;
      const version = history.find(({ until }) => until === undefined)?.version;
      return { environment: name, endpoint: EndpointName, ...withoutUndefined({ status, version }) };
    }),
  );

const servingLine = ({ environment, endpoint, version, status }: Serving): string =>
  status === undefined
    ? `nothing serves in ${environment}`
    : `${environment} serves ${version ?? 'no version'} (${endpoint}, ${status})`;

type Package = Readonly<Record<'ModelPackageArn' | 'ModelApprovalStatus', string>>;

/** The versions in all registries, newest first. */
const packagesOf = async ({ simulator, registries }: LocalAws, { manifest }: WorkflowRehearsal) => {
  const found = await Promise.all(
    registries.map(async ({ account, region }) => {
      const answer = await simulator
        .account(account, region)
        .call('sagemaker', 'ListModelPackages', {
          ModelPackageGroupName: manifest.manifest.model,
          SortOrder: 'Descending',
        })
        .catch(() => ({ ModelPackageSummaryList: [] }));
      return (answer['ModelPackageSummaryList'] as readonly Package[]).map((one) => ({ ...one, account, region }));
    }),
  );
  return found.flat();
};

/** A reviewer decides in the registry. */
const approvePending = async (aws: LocalAws, rehearsal: WorkflowRehearsal): Promise<void> => {
  for (const { account, region, ModelPackageArn, ModelApprovalStatus } of await packagesOf(aws, rehearsal))
    if (ModelApprovalStatus === 'PendingManualApproval')
      await aws.simulator
        .account(account, region)
        .call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
};

/** The event about the newest decided version, as the rule of `codebuild/templates/approvals.json` passes it on. */
const decisionOf = async (aws: LocalAws, rehearsal: WorkflowRehearsal): Promise<object | undefined> => {
  const decided = (await packagesOf(aws, rehearsal)).find(({ ModelApprovalStatus: status }) =>
    /^(Approved|Rejected)$/.test(status),
  );
  if (decided === undefined) return undefined;
  const { account, region, ModelPackageArn, ModelApprovalStatus } = decided;
  const [, ModelPackageGroupName = '', number = ''] = ModelPackageArn.split('/');
  const detail = {
    ModelPackageGroupName,
    ModelPackageVersion: Number(number),
    ModelPackageArn,
    ModelApprovalStatus,
    UpdatedModelPackageFields: ['ModelApprovalStatus'],
  };
  return {
    event: {
      version: '0',
      id: `00000000-0000-0000-0000-${number.padStart(12, '0')}`,
      'detail-type': packageStateChange,
      source: 'aws.sagemaker',
      account,
      time: iso(aws.simulator.clock.now()),
      region,
      resources: [ModelPackageArn],
      detail,
    },
  };
};

/** @returns the closing words */
export const closing = ({ served, problems }: WorkflowVerdict, folder: string): string =>
  [
    '',
    ...served.map((sentence) => `served: ${sentence}`),
    problems.length === 0 ? 'All events ended as expected.' : `NOT as expected: ${problems.join('; ')}.`,
    `See ${folder}/ for the job summaries, the log of act, and every request.`,
  ].join('\n');
