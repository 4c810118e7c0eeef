/**
 * Runs the tests of other people's AWS mocks against the simulator, and compares it with the answers that they recorded from AWS. Nothing
 * of theirs is part of this repository: the suites are fetched at run time, at fixed versions, into .cache/foreign.
 *
 *   npm run verify:foreign
 *   npm run verify:foreign -- --localstack <folder>   a working copy or a bare clone of localstack/localstack (or FOREIGN_LOCALSTACK)
 *   npm run verify:foreign -- --only localstack:s3,moto     jobs, or all jobs of a suite
 *
 * Every difference needs its reason in tools/foreign-suites/reasons.json; a reason without a difference is named. Of the answers recorded
 * from AWS at least 95 % must be the same. A suite that cannot be had here is named; without any, nothing was compared and that fails.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { WireEntry } from '../simulator/request-log.ts';
import { startSimulator } from '../simulator/simulator.ts';

const here = resolve(import.meta.dirname, 'foreign-suites');
const cache = resolve(import.meta.dirname, '../.cache/foreign');
const localstack = {
  url: 'https://github.com/localstack/localstack',
  commit: '8b9a79f05846835cf4dff63ab7eefdde9df83783',
};
const wantedShare = 0.95;
/** The account that both suites take for granted. */
const accountId = '123456789012';
const region = 'us-east-1';

type Suite = 'localstack' | 'moto';
interface Job {
  readonly suite: Suite;
  readonly service: string;
  readonly paths: readonly string[];
  /** Tests of alarms wait for them. */
  readonly waits: boolean;
}
const jobs: readonly Job[] = [
  {
    suite: 'localstack',
    service: 's3',
    paths: ['test_s3.py', 'test_s3_api.py', 'test_s3_list_operations.py', 'test_s3_preconditions.py'].map(
      (file) => `tests/aws/services/s3/${file}`,
    ),
    waits: false,
  },
  { suite: 'localstack', service: 'sts', paths: ['tests/aws/services/sts'], waits: false },
  { suite: 'localstack', service: 'cloudwatch', paths: ['tests/aws/services/cloudwatch'], waits: true },
  ...['s3', 'cloudwatch', 'sts', 'sagemaker', 'sagemakerruntime', 'ecr', 'codepipeline', 'codedeploy'].map(
    (service): Job => ({ suite: 'moto', service, paths: [`tests/test_${service}`], waits: false }),
  ),
  { suite: 'moto', service: 'applicationautoscaling', paths: ['tests/test_applicationautoscaling'], waits: false },
];

/** One line of the plugin. */
interface Result {
  readonly test?: string;
  readonly row?: string;
  readonly difference?: string | null;
  readonly missing?: boolean;
  readonly outcome?: 'passed' | 'failed' | 'skipped';
  readonly verified?: boolean;
  readonly unserved?: readonly string[];
  readonly text?: string;
}
type Verdict = 'agree' | 'differ' | 'not served';
interface Row {
  /** `moto:tests/test_s3/test_s3.py::test_name`, and of a recorded answer ` :: <its name>`. */
  readonly id: string;
  readonly verdict: Verdict;
  /** Known of AWS: recorded, or the suite says that its test passes there. */
  readonly recorded: boolean;
  readonly text: string;
}

/** A reason holds for the rows whose id begins with `rows`; `*` stands for any text. */
interface Reason {
  readonly rows: readonly string[];
  readonly reason: string;
}
const reasons: readonly Reason[] = JSON.parse(readFileSync(resolve(here, 'reasons.json'), 'utf8'));
const patterns = reasons.flatMap(({ rows, reason }) =>
  rows.map((pattern) => ({
    pattern,
    reason,
    matches: new RegExp(`^${pattern.split('*').map(escaped).join('.*')}`, 's'),
  })),
);
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const run = (command: string, args: readonly string[], cwd = cache): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });

const attempt = <T>(action: () => T): T | undefined => {
  try {
    return action();
  } catch {
    return undefined;
  }
};

/** The newest Python of this machine. */
const findPython = (): { readonly command: string; readonly minor: number } | undefined => {
  const home = process.env['HOME'] ?? '';
  const candidates = [
    process.env['FOREIGN_PYTHON'] ?? [],
    ['python3.14', 'python3.13', 'python3'],
    globSync(`${home}/.pyenv/versions/3.1[34]*/bin/python3`),
  ].flat();
  const found = candidates.flatMap((command) => {
    const version = attempt(() => run(command, ['-c', 'import sys; print(*sys.version_info[:2])']));
    const [major, minor] = (version ?? '').split(' ').map(Number);
    return major === 3 && minor !== undefined ? { command, minor } : [];
  });
  return found.sort((a, b) => b.minor - a.minor)[0];
};

/** Makes something once, and again when its version changes. */
const once = (folder: string, version: string, make: () => void): void => {
  const stamp = resolve(cache, folder, 'stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return;
  rmSync(resolve(cache, folder), { recursive: true, force: true });
  mkdirSync(resolve(cache, folder), { recursive: true });
  make();
  writeFileSync(stamp, version);
};

const installPackages = (python: string, withLocalstack: boolean): string => {
  const files = ['requirements.txt', 'requirements-localstack.txt'].map((file) => resolve(here, file));
  const [base = '', more = ''] = files.map((file) => readFileSync(file, 'utf8'));
  const install = (wanted: readonly string[]): void => {
    run('venv/bin/pip', ['install', '--quiet', ...wanted.flatMap((file) => ['-r', file])]);
  };
  once('venv', [python, base].join('\n'), () => {
    run(python, ['-m', 'venv', 'venv']);
    install(files.slice(0, 1));
  });
  if (withLocalstack) once('venv/localstack', more, () => install(files));
  return resolve(cache, 'venv/bin/python');
};

const fetchMoto = (): string => {
  const source = resolve(here, 'moto-source.txt');
  once('moto', readFileSync(source, 'utf8'), () => {
    const pip = ['download', '--quiet', '--no-deps', '--no-binary', ':all:', '--require-hashes'];
    run('venv/bin/pip', [...pip, '-r', source, '--dest', 'moto']);
    const [archive = ''] = globSync('moto/*.tar.gz', { cwd: cache });
    run('tar', ['xzf', archive, '-C', 'moto', '--strip-components=1']);
  });
  return resolve(cache, 'moto');
};

/** @param given a folder of the caller's */
const fetchLocalstack = (given: string | undefined): string => {
  if (given !== undefined && existsSync(resolve(given, 'tests/aws'))) return resolve(given);
  once('localstack', `${given ?? localstack.url} ${localstack.commit}`, () => {
    const repository = given === undefined ? resolve(cache, 'localstack/repository') : resolve(given);
    if (given === undefined) {
      run('git', ['init', '--quiet', '--bare', repository]);
      run('git', ['-C', repository, 'fetch', '--quiet', '--depth', '1', localstack.url, localstack.commit]);
    }
    const archive = resolve(cache, 'localstack/tests.tar');
    run('git', ['-C', repository, 'archive', '--output', archive, localstack.commit, 'tests']);
    run('tar', ['xf', archive, '-C', resolve(cache, 'localstack')]);
  });
  return resolve(cache, 'localstack');
};

const notServed = /not simulated|NotImplemented|NotSimulated|UnknownOperationException|InvalidAction/;

/** What S3 requests carry that the simulator does not look at: customers' keys, locks, access control lists, forms of browsers. */
const beyond = ({ request: { headers } }: WireEntry): boolean =>
  headers['content-type']?.startsWith('multipart/form-data') === true ||
  Object.keys(headers).some((name) =>
    /^x-amz-(.*-customer-|.*object-lock|bypass-governance|acl$|grant-|mp-object-size)/.test(name),
  );

/** Also of an answer to HEAD, which has no body. */
const refusalOf = (entry: WireEntry): string | undefined => {
  if (beyond(entry)) return 'headers without an effect';
  const { status, headers, body } = entry.answer;
  const text = headers['x-simulator-refusal'] ?? body.toString('latin1').slice(0, 1000);
  return status >= 400 && notServed.test(text) ? (/not simulated: [^"<]*/.exec(text)?.[0] ?? 'unknown') : undefined;
};

/** The simulator, and a port by which the plugin gets a new one and the calls that it did not serve. */
const startControl = async () => {
  let wire: WireEntry[] = [];
  const start = (port: number) =>
    startSimulator({
      port,
      accountId,
      region,
      wallSpeed: 1,
      startAt: Date.now(),
      // What was put is read at once: a datum counts after the instant of its delay, so that none is not enough.
      settings: { metricDelayMs: -1, alarmSettleMs: 500 },
      wire: (entry) => wire.push(entry),
    });
  let simulator = await start(0);
  const port = Number(new URL(simulator.url).port);
  const server = createServer(async (request, response) => {
    if (request.url === '/fresh') {
      await simulator.close();
      simulator = await start(port);
      wire = [];
    }
    const unserved = wire.flatMap((entry) => {
      const refusal = refusalOf(entry);
      return refusal === undefined ? [] : `${entry.service}:${entry.operation} ${refusal}`;
    });
    if (request.url === '/take') wire = [];
    response.end(JSON.stringify({ unserved }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    environment: () => simulator.environment(),
    close: async () => {
      server.close();
      await simulator.close();
    },
  };
};
type Control = Awaited<ReturnType<typeof startControl>>;

const play = async (job: Job, folder: string, python: string, control: Control): Promise<readonly Row[]> => {
  const out = resolve(cache, `${job.suite}-${job.service}.jsonl`);
  rmSync(out, { force: true });
  writeFileSync(out, '');
  const args = ['-m', 'pytest', '-p', 'plugin', '-q', '--tb=short', '--color=no', '-p', 'no:cacheprovider'];
  const child = spawn(python, [...args, '--continue-on-collection-errors', ...job.paths], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ...control.environment(),
      PYTHONPATH: here,
      PYTHONDONTWRITEBYTECODE: '1',
      FOREIGN_OUT: out,
      FOREIGN_CONTROL: control.url,
      FOREIGN_SUITE: job.suite,
      FOREIGN_WAIT: job.waits ? '1' : '0',
      ...(job.suite === 'localstack'
        ? { TEST_TARGET: 'AWS_CLOUD', TEST_AWS_ACCOUNT_ID: accountId, TEST_AWS_REGION_NAME: region }
        : {}),
    },
  });
  await new Promise((done) => child.on('close', done));
  const lines = readFileSync(out, 'utf8').split('\n').filter(Boolean);
  return rowsOf(
    job,
    lines.map((line) => JSON.parse(line) as Result),
  );
};

/** A call to a service that is not there at all, or past the simulator to AWS itself. */
const elsewhere =
  /no AWS call this simulator knows|\(NotSimulated\)|amazonaws\.com|\(500\) when calling the ListBuckets/;

const rowsOf = ({ suite }: Job, results: readonly Result[]): readonly Row[] => {
  const tests = new Map(results.flatMap((result) => (result.outcome === undefined ? [] : [[result.test, result]])));
  const isServed = ({ unserved = [], text = '' }: Result): boolean => unserved.length === 0 && !elsewhere.test(text);
  const compared = results.filter(({ row }) => row !== undefined);
  const withRows = new Set(compared.map(({ test }) => test));
  const answers = compared.map(({ test = '', row = '', difference, missing }): Row => {
    const agree = missing !== true && (difference ?? null) === null;
    const of = tests.get(test) ?? {};
    const text = missing === true ? `not reached: ${of.text?.split('\n').at(-1)}` : (difference ?? '');
    const verdict = agree ? 'agree' : isServed(of) ? 'differ' : 'not served';
    return { id: `${suite}:${test} :: ${row}`, verdict, recorded: true, text };
  });
  const whole = [...tests.values()].flatMap((result): readonly Row[] => {
    const { test = '', outcome, verified = false, text = '' } = result;
    if (withRows.has(test) || outcome === 'skipped') return [];
    const verdict = outcome === 'passed' ? 'agree' : isServed(result) ? 'differ' : 'not served';
    return [{ id: `${suite}:${test}`, verdict, recorded: verified, text: text.split('\n').at(-1) ?? '' }];
  });
  return [...answers, ...whole];
};

const { values: options } = parseArgs({
  options: { localstack: { type: 'string' }, only: { type: 'string' }, show: { type: 'boolean', default: false } },
});
const names = ({ suite, service }: Job): readonly string[] => [suite, `${suite}:${service}`];
const only = options.only?.split(',');
const unknown = only?.find((name) => !jobs.some((job) => names(job).includes(name)));
if (unknown !== undefined) {
  console.error(`--only ${unknown} is no job; there are ${[...new Set(jobs.flatMap(names))].join(', ')}`);
  process.exit(2);
}
const chosen = jobs.filter((job) => only === undefined || names(job).some((name) => only.includes(name)));

mkdirSync(cache, { recursive: true });
const python = findPython();
const missing: string[] = [];
const folders = new Map<Suite, string>();
let interpreter = '';
const wanted = new Set(chosen.map(({ suite }) => suite));
const offer = (suite: Suite, otherwise: string, fetch: () => string): void => {
  if (!wanted.has(suite)) return;
  const folder = attempt(fetch);
  if (folder === undefined) missing.push(`${suite}: ${otherwise}`);
  else folders.set(suite, folder);
};
if (python === undefined || python.minor < 10) missing.push('both suites: there is no Python 3.10 or newer');
else {
  const given = options.localstack ?? process.env['FOREIGN_LOCALSTACK'];
  if (python.minor >= 13)
    offer(
      'localstack',
      given === undefined
        ? `${localstack.url} cannot be reached; --localstack names a copy of it`
        : `${given} has neither tests/aws nor the commit ${localstack.commit}`,
      () => fetchLocalstack(given),
    );
  else if (wanted.has('localstack')) missing.push('localstack: there is no Python 3.13');
  const installed = attempt(() => installPackages(python.command, folders.has('localstack')));
  if (installed === undefined) {
    folders.clear();
    missing.push('both suites: their packages cannot be installed from PyPI');
  } else {
    interpreter = installed;
    offer('moto', 'its source cannot be downloaded from PyPI', fetchMoto);
  }
}

const control = await startControl();
const played: { readonly job: Job; readonly rows: readonly Row[] }[] = [];
for (const job of chosen) {
  const folder = folders.get(job.suite);
  if (folder === undefined) continue;
  const started = performance.now();
  const rows = await play(job, folder, interpreter, control);
  played.push({ job, rows });
  console.log(
    `${job.suite}:${job.service}: ${rows.length} rows in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
}
await control.close();

const used = new Set<string>();
const differing = played
  .flatMap(({ rows }) => rows)
  .filter(({ verdict }) => verdict === 'differ')
  .map((row) => {
    // The name of a test may begin with that of another: the longest counts.
    const [found] = patterns
      .filter(({ matches }) => matches.test(row.id))
      .sort((a, b) => b.pattern.length - a.pattern.length);
    if (found !== undefined) used.add(found.pattern);
    return { ...row, reason: found?.reason };
  });
const count = (rows: readonly Row[], verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length;
const share = (rows: readonly Row[]): number =>
  count(rows, 'agree') / Math.max(1, count(rows, 'agree') + count(rows, 'differ'));

const table = played.flatMap(({ job, rows }) =>
  (
    [
      ['AWS', rows.filter(({ recorded }) => recorded)],
      ['mock', rows.filter(({ recorded }) => !recorded)],
    ] as const
  ).flatMap(([source, part]) => {
    if (part.length === 0) return [];
    const [agree, differ] = [count(part, 'agree'), count(part, 'differ')];
    return {
      suite: job.suite,
      service: job.service,
      'known from': source,
      served: agree + differ,
      agree,
      differ,
      '%': Number((100 * share(part)).toFixed(1)),
      'not served': count(part, 'not served'),
    };
  }),
);
console.table(table);
for (const { id, text, reason } of differing) {
  console.log(`${id}\n    ${reason ?? 'NO REASON'}`);
  if (options.show || reason === undefined) console.log(`    ${text.slice(0, 600).replaceAll('\n', '\n    ')}`);
}

const recorded = played.flatMap(({ rows }) => rows).filter((row) => row.recorded);
const problems = [
  ...(played.length === 0 ? ['no suite could be had, and nothing was compared'] : []),
  ...(recorded.length > 0 && share(recorded) < wantedShare
    ? [`${(100 * share(recorded)).toFixed(1)} % of the answers of AWS are the same; ${100 * wantedShare} % must be`]
    : []),
  ...(differing.some(({ reason }) => reason === undefined) ? ['there are differences without a reason'] : []),
];
if (recorded.length > 0)
  console.log(
    `${count(recorded, 'agree')} of ${count(recorded, 'agree') + count(recorded, 'differ')} answers known from AWS are the same (${(100 * share(recorded)).toFixed(1)} %).`,
  );
const unused = patterns.filter(({ pattern }) => !used.has(pattern));
for (const { pattern } of unused)
  if (played.some(({ job }) => job.paths.some((path) => pattern.startsWith(`${job.suite}:${path}`))))
    console.log(`no difference any more: ${pattern}`);
for (const what of missing) console.log(`not available: ${what}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
