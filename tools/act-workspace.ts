import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Simulator } from '../simulator/contracts.ts';
import { type IrisVersion, irisFixture } from '../simulator/fixtures/fixtures.ts';
import { defaultRoles, startSimulator } from '../simulator/simulator.ts';
import { openRehearsalClock } from '../src/hosts/rehearsal-clock.ts';
import { type PublishedName, policyFor } from '../src/permissions.ts';
import { rehearsedTeam } from '../src/rehearsal/manifest.ts';
import type { Result } from '../src/report/result.ts';
import { place } from '../test/support/policy-place.ts';
import { copyPlain } from './plain-workflows.ts';

export interface Reported {
  readonly ended: 'green' | 'red';
  readonly outcome?: string;
  readonly 'reason-code'?: string;
  readonly 'serving-version'?: string;
  /** The outputs of the last job of an operation: act passes none of a called workflow that another called one calls. */
  readonly last: Readonly<Record<string, string>>;
  /** The job summaries, in the order of the steps. */
  readonly summary: string;
  /** What the steps printed. */
  readonly log: string;
  /** Seconds of virtual time of each job that ran an operation, by its id: from the begin of the first to the end of the last. */
  readonly seconds: Readonly<Record<string, number>>;
}
/** The event that starts a workflow. */
export interface Event {
  readonly name: string;
  readonly payload: object;
}
export type With = Readonly<Record<string, string | boolean>>;

/** A call of one of the reusable workflows, by the event that starts the caller. */
export interface Call {
  /** `deliver`: the name of its file. */
  readonly workflow: string;
  readonly with: With;
  /** Default: a push to main. */
  readonly event?: Event;
}

/** A repository in which act runs the reusable workflows, against a local AWS of its own. */
export interface ActWorkspace {
  readonly folder: string;
  readonly simulator: Simulator;
  write(file: string, content: string | Buffer): void;
  git(...args: readonly string[]): string;
  /** Runs a program of the repository, as its people do on a laptop. */
  laptop(program: string, ...args: readonly string[]): string;
  /** Commits everything. */
  commit(title: string): void;
  /** Runs a workflow of the repository, by its name in `.github/workflows` of the copy. */
  run(workflow: string, event: Event): Promise<Reported>;
  /** Commits everything, and runs a workflow that makes this call and afterwards records its outputs. */
  call(title: string, call: Call): Promise<Reported>;
  /** Inputs of a registration, with the artifact of this version uploaded. */
  registration(version: IrisVersion): With;
  /** Adds the actions of these policies, and no others, to a role. */
  permit(role: string, ...policies: readonly PublishedName[]): void;
  approve(): Promise<void>;
  /** Requests to an endpoint, from now on. */
  traffic(at: { readonly endpoint: string; readonly account: string; readonly model: 'iris' | 'segments' }): void;
  pass(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

export const planner = 'model-registrar';
export const tester = 'model-tester';

/** One line of act's log. */
interface Line {
  readonly msg: string;
  readonly job?: string;
  readonly jobID?: string;
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly content?: string;
}

const root = resolve(import.meta.dirname, '..');
const standIns = join(root, 'tools/act-actions');

/** Other people's actions are played by those of tools/act-actions, at whatever commit a workflow names. */
const mapped = (workflow: string): readonly string[] =>
  [...workflow.matchAll(/uses: ([\w-]+\/([\w-]+)@[0-9a-f]{40})/g)].flatMap(([, uses = '', name = '']) =>
    // act has its own actions/checkout: it copies the folder.
    name === 'checkout' ? [] : ['--local-repository', `${uses}=${join(standIns, name)}`],
  );

export interface WorkspaceOptions {
  readonly manifest?: string;
  /** Roles beside the simulator's usual ones. */
  readonly roles?: readonly string[];
}

/**
 * Time is virtual: one participant of the simulator's clock goes to act. The steps of these workflows run one after another, so the running
 * process is the participant, and time stands still between two steps.
 */
export const openActWorkspace = async ({ manifest, roles = [] }: WorkspaceOptions): Promise<ActWorkspace> => {
  const home = mkdtempSync(join(tmpdir(), 'act-'));
  const folder = join(home, 'churn');
  const reportFile = join(home, 'report.json');
  const eventFile = join(home, 'event.json');
  copyPlain(folder);
  const write = (file: string, content: string | Buffer): void => writeFileSync(join(folder, file), content);
  if (manifest !== undefined) write('delivery.yml', manifest);
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  git('init', '--initial-branch=main');
  git('config', 'user.name', 'mina');
  git('config', 'user.email', 'mina@example.com');
  // The call is that of the event, and not the content of a commit.
  writeFileSync(join(folder, '.git/info/exclude'), '.github/workflows/caller.yml\n');

  // Without a driver: only the one participant can hold the time, so a slow machine changes nothing.
  const simulator = await startSimulator({ wallSpeed: 1, roles: [...defaultRoles, ...roles] });
  simulator.images.tag(rehearsedTeam.image, rehearsedTeam.imageDigest);
  const participant = simulator.register('workflow');
  const environment = {
    ...simulator.environment(participant),
    ACTIONS_ID_TOKEN_REQUEST_URL: `${simulator.url}/github/oidc-token?participant=${participant.id}`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rehearsal',
  };

  const run = async (workflow: string, event: Event): Promise<Reported> => {
    writeFileSync(eventFile, JSON.stringify(event.payload));
    // As a checkout has it.
    git('update-ref', 'refs/remotes/origin/main', 'refs/heads/main');
    const file = `.github/workflows/${workflow}.yml`;
    const flags = [
      [event.name, '--json'],
      ['--workflows', file],
      mapped(readFileSync(join(folder, file), 'utf8')),
      ['--eventpath', eventFile],
      ['--platform', 'ubuntu-latest=-self-hosted'],
      ['--container-daemon-socket', '-'],
      ['--action-cache-path', join(home, 'cache')],
      ['--no-cache-server'],
      ...Object.entries(environment).map(([name, value]) => ['--env', `${name}=${value}`]),
    ].flat();
    const act = spawn('act', flags, {
      cwd: folder,
      // Node 24 for the actions, and none of the caller's own AWS settings.
      env: {
        PATH: [join(standIns, 'bin'), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
        HOME: home,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [act.stdout, act.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    const code = await new Promise((end, fail) => {
      act.once('error', fail);
      act.once('close', end);
    });
    const lines = log.split('\n').map((line) => (line.startsWith('{') ? (JSON.parse(line) as Line) : { msg: line }));
    const text = lines.map(({ job, msg }) => `${job ?? ''} | ${msg}`).join('\n');
    if (process.argv.includes('--verbose')) console.log(text);
    const last = lastWords(lines);
    return {
      ended: code === 0 ? 'green' : 'red',
      last,
      ...last,
      seconds: secondsOfJobs(lines),
      summary: lines.map(({ command, content = '' }) => (command === 'summary' ? content : '')).join(''),
      log: text,
    };
  };
  const commit = (title: string): void => {
    git('add', '.');
    git('commit', '--allow-empty', '-qm', title);
  };

  return {
    folder,
    simulator,
    write,
    git,
    laptop: (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' }),
    commit,
    run,
    call: async (title, { workflow, with: given, event = { name: 'push', payload: {} } }) => {
      write('.github/workflows/caller.yml', callerText(event.name, workflow, given, reportFile));
      commit(title);
      rmSync(reportFile, { force: true });
      const found = await run('caller', event);
      // act ends at the first failed job and starts no reporting job: then the end comes from the failed job's last step.
      return existsSync(reportFile) ? { ...found, ...JSON.parse(readFileSync(reportFile, 'utf8')) } : found;
    },
    registration: (version) => {
      const fixture = irisFixture(version);
      const key = `training/iris-${version}/model.tar.gz`;
      simulator.objects.put(rehearsedTeam.bucket, key, fixture.artifact);
      write('evaluation.json', fixture.evaluation);
      return {
        image: rehearsedTeam.image,
        artifact: `s3://${rehearsedTeam.bucket}/${key}`,
        evaluation: 'evaluation.json',
        'content-types': 'text/csv',
        'response-types': 'text/csv',
      };
    },
    // The published policies: each job needs no more than the permissions in docs/workflows.md.
    permit: (role, ...policies) => {
      for (const policy of policies)
        simulator.permit(
          role,
          policyFor(policy, place).Statement.flatMap(({ Action }) => Action),
        );
    },
    approve: async () => {
      const { ModelPackageSummaryList } = await simulator.call('sagemaker', 'ListModelPackages', {
        ModelPackageGroupName: rehearsedTeam.model,
      });
      for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[])
        await simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
    },
    traffic: ({ account, ...to }) => {
      const { requestsPerSecond } = rehearsedTeam;
      simulator.account(account).traffic({ ...to, requestsPerSecond, seed: 20_260_105 });
    },
    pass: async (milliseconds) => {
      const clock = await openRehearsalClock(participant.url);
      await clock.sleepUntil(clock.now() + milliseconds);
    },
    close: async () => {
      await simulator.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
};

/** A repository that calls a workflow, and afterwards records the workflow's outputs. */
const callerText = (event: string, workflow: string, given: With, reportFile: string): string => `\
on: ${event}
jobs:
  call:
    uses: ./.github/workflows/${workflow}.yml
    with: ${JSON.stringify(given)}
  tell:
    if: always()
    needs: call
    runs-on: ubuntu-latest
    steps:
      - run: printf '%s' "$OUTPUTS" > "$REPORT"
        env:
          REPORT: ${reportFile}
          OUTPUTS: \${{ toJSON(needs.call.outputs) }}
`;

const lastWords = (lines: readonly Line[]): Record<string, string> => {
  const job = lines.findLast(({ command }) => command === 'set-output')?.jobID;
  const outputs = lines.filter(({ command, jobID }) => command === 'set-output' && jobID === job);
  return Object.fromEntries(outputs.map(({ name = '', arg = '' }) => [name, arg]));
};

/** Time stands still between two steps, so the results of the operations tell how long their job took. */
const secondsOfJobs = (lines: readonly Line[]): Record<string, number> => {
  const results = lines.flatMap(({ command, name, jobID = '', arg = '' }) =>
    command === 'set-output' && name === 'result' ? [{ jobID, ...(JSON.parse(arg) as Result) }] : [],
  );
  return Object.fromEntries(
    [...new Set(results.map(({ jobID }) => jobID))].map((job) => {
      const own = results.filter(({ jobID }) => jobID === job);
      const begun = Math.min(...own.map(({ startedAt }) => Date.parse(startedAt)));
      const ended = Math.max(...own.map(({ endedAt }) => Date.parse(endedAt)));
      return [job, (ended - begun) / 1000];
    }),
  );
};

/** Prints a line for each end, and counts those that differ. */
export const expectations = () => {
  let failures = 0;
  return {
    expect: (title: string, found: string, expected: string): void => {
      if (found !== expected) failures += 1;
      console.log(
        `${found === expected ? '✓' : '✗'} ${title}: ${found}${found === expected ? '' : `, expected ${expected}`}`,
      );
    },
    failures: (): number => failures,
  };
};
