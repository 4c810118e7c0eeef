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
  /** Seconds of virtual time of each job that ran an operation, by its id: from the begin of the first to the end of the last. */
  readonly seconds: Readonly<Record<string, number>>;
}
export type With = Readonly<Record<string, string | boolean>>;

/** A call of one of the reusable workflows, by the event that starts the caller. */
export interface Call {
  /** `deliver`: the name of its file. */
  readonly workflow: string;
  readonly with: With;
  /** Default: a push to main. */
  readonly event?: { readonly name: string; readonly payload: object };
  /** `false`: the commit that is checked out runs, with nothing new. */
  readonly commits?: boolean;
}

/** A repository in which act runs the reusable workflows, against a local AWS of its own. */
export interface ActWorkspace {
  readonly folder: string;
  readonly simulator: Simulator;
  write(file: string, content: string | Buffer): void;
  git(...args: readonly string[]): string;
  /** Commits everything, and runs a workflow that makes this call and afterwards records its outputs. */
  call(title: string, call: Call): Promise<Reported>;
  /** Inputs of a registration, with the artifact of this version uploaded. */
  registration(version: IrisVersion): With;
  /** Adds the actions of these policies, and no others, to a role. */
  permit(role: string, ...policies: readonly PublishedName[]): void;
  approve(packageVersion?: number): Promise<void>;
  traffic(): void;
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
}

const root = resolve(import.meta.dirname, '..');

/**
 * Time is virtual: one participant of the simulator's clock goes to act. The steps of these workflows run one after another, so the running
 * process is the participant, and time stands still between two steps.
 */
export const openActWorkspace = async (manifest: string): Promise<ActWorkspace> => {
  const home = mkdtempSync(join(tmpdir(), 'act-'));
  const folder = join(home, 'churn');
  const reportFile = join(home, 'report.json');
  const eventFile = join(home, 'event.json');
  copyPlain(folder);
  const write = (file: string, content: string | Buffer): void => writeFileSync(join(folder, file), content);
  write('delivery.yml', manifest);
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  git('init', '--initial-branch=main');
  git('config', 'user.name', 'mina');
  git('config', 'user.email', 'mina@example.com');
  // The call is that of the event, and not the content of a commit.
  writeFileSync(join(folder, '.git/info/exclude'), '.github/workflows/caller.yml\n');

  // Without a driver: only the one participant can hold the time, so a slow machine changes nothing.
  const simulator = await startSimulator({ wallSpeed: 1, roles: [...defaultRoles, tester] });
  simulator.images.tag(rehearsedTeam.image, rehearsedTeam.imageDigest);
  const participant = simulator.register('workflow');
  const environment = {
    ...simulator.environment(participant),
    ACTIONS_ID_TOKEN_REQUEST_URL: `${simulator.url}/github/oidc-token?participant=${participant.id}`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rehearsal',
  };

  const runAct = async (event: string): Promise<readonly Line[]> => {
    const flags = [
      [event, '--json'],
      ['--workflows', '.github/workflows/caller.yml'],
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
      env: { PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter), HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [act.stdout, act.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    await new Promise((end, fail) => {
      act.once('error', fail);
      act.once('close', end);
    });
    return log.split('\n').map((line) => (line.startsWith('{') ? (JSON.parse(line) as Line) : { msg: line }));
  };

  return {
    folder,
    simulator,
    write,
    git,
    call: async (title, { workflow, with: given, event = { name: 'push', payload: {} }, commits = true }) => {
      write('.github/workflows/caller.yml', callerText(event.name, workflow, given, reportFile));
      writeFileSync(eventFile, JSON.stringify(event.payload));
      if (commits) {
        git('add', '.');
        git('commit', '--allow-empty', '-qm', title);
      }
      // As a checkout has it.
      git('update-ref', 'refs/remotes/origin/main', 'refs/heads/main');
      rmSync(reportFile, { force: true });
      const lines = await runAct(event.name);
      if (process.argv.includes('--verbose'))
        console.log(lines.map(({ job, msg }) => `${job ?? ''} | ${msg}`).join('\n'));
      const last = lastWords(lines);
      const seconds = secondsOfJobs(lines);
      return existsSync(reportFile)
        ? { ended: 'green', last, seconds, ...JSON.parse(readFileSync(reportFile, 'utf8')) }
        : { ended: 'red', last, seconds, ...last };
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
    approve: async (packageVersion) => {
      const { ModelPackageSummaryList } = await simulator.call('sagemaker', 'ListModelPackages', {
        ModelPackageGroupName: rehearsedTeam.model,
      });
      for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[])
        if (packageVersion === undefined || ModelPackageArn.endsWith(`/${packageVersion}`))
          await simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
    },
    traffic: () => {
      simulator.traffic({
        endpoint: rehearsedTeam.endpoint,
        requestsPerSecond: rehearsedTeam.requestsPerSecond,
        seed: 20_260_105,
      });
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

/** act ends at the first failed job and starts no reporting job: then the end comes from the failed job's last step. */
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
