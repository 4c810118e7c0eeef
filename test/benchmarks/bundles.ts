/**
 * How fast and how big each action's bundle is: bytes, milliseconds from starting the process to its first AWS request, and peak
 * memory by then, beside bare `node` (which starts and ends) and any other action's bundle.
 *
 *   npm run bench:bundles [-- --runs 15] [--actions <folder>] [other/dist/index.js … --input name=value …]
 *
 * Every round runs everything once, one after another, in an order that rotates; ratios are taken within a round, so that whatever
 * else the machine does weighs on both sides. Medians over the rounds; beside them the least, which on a busy machine is nearer to
 * what the code itself takes.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '../..');
/** What AWS's own deployment actions take, as a multiple of bare node. */
const mostTimesNode = 4.5;

interface Subject {
  readonly name: string;
  readonly bundle?: string;
  readonly environment: Readonly<Record<string, string>>;
}
interface Run {
  readonly milliseconds: number;
  readonly peakMegabytes: number;
}

const manifest = `\
version: 1
model: churn
environments:
  production:
    region: eu-west-1
    endpoint:
      name: churn
      execution-role: churn-serving
      instance: { type: ml.m5.large, count: 2 }
    rollout: { strategy: canary, size: 1 instance, bake: 5m, final-bake: 5m, minimum-requests: 100, alarms: { errors: 1% } }
`;

const inputs = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );

/** As the runner gives them: required inputs and every default of action.yml, none of which changes the way to the first request. */
const inputsOf = (operation: string, folder: string): Readonly<Record<string, string>> => ({
  manifest: join(folder, 'delivery.yml'),
  environment: 'production',
  ...(operation === 'rollback' ? {} : { version: '1.0.0' }),
  ...(operation === 'register-model'
    ? {
        image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1',
        artifact: 's3://ml-training/churn/model.tar.gz',
        evaluation: join(folder, 'evaluation.json'),
      }
    : {}),
});

/** Answers nothing: a request's arrival is all that counts. */
const stub = createServer();
await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`;

/** The highest resident set so far; NaN where there is no /proc. */
const peakOf = (pid: number | undefined): number => {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return Number.NaN;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(status, 'utf8'))?.[1]) / 1024;
};

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
mkdirSync(join(folder, 'temp'));
writeFileSync(join(folder, 'delivery.yml'), manifest);
writeFileSync(join(folder, 'evaluation.json'), '{"binary_classification_metrics":{"auc":{"value":0.9}}}');
writeFileSync(join(folder, 'nothing.cjs'), `process.stdout.write(String(process.resourceUsage().maxRSS / 1024))`);
for (const name of ['output', 'state', 'summary']) writeFileSync(join(folder, name), '');

const common = {
  AWS_ENDPOINT_URL: url,
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  GITHUB_ACTIONS: 'true',
  GITHUB_OUTPUT: join(folder, 'output'),
  GITHUB_STATE: join(folder, 'state'),
  GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  GITHUB_REPOSITORY: 'octo/churn',
  GITHUB_RUN_ID: '7',
  GITHUB_JOB: 'deploy',
  RUNNER_TEMP: join(folder, 'temp'),
};

/** Until the first request arrives; without a bundle, until node has ended. */
const run = async ({ name, bundle, environment }: Subject): Promise<Run> => {
  const started = performance.now();
  const child = spawn(process.execPath, [bundle ?? join(folder, 'nothing.cjs')], {
    cwd: folder,
    env: { ...common, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let reported = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      reported += chunk;
    });
  const closed = new Promise<number>((resolve) => child.on('close', () => resolve(performance.now())));
  if (bundle === undefined) return { milliseconds: (await closed) - started, peakMegabytes: Number(reported) };
  const requested = new Promise<Run>((resolve) =>
    stub.once('request', () => {
      resolve({ milliseconds: performance.now() - started, peakMegabytes: peakOf(child.pid) });
    }),
  );
  const first = await Promise.race([requested, closed]);
  stub.removeAllListeners('request');
  if (typeof first === 'number') throw new Error(`${name} ended without a request to AWS:\n${reported}`);
  child.kill('SIGKILL');
  await closed;
  return first;
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
};

const { values: options, positionals: others } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '15' },
    actions: { type: 'string', default: join(root, 'actions') },
    input: { type: 'string', multiple: true, default: [] },
  },
});
const given = Object.fromEntries(
  options.input.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
);
const bare: Subject = { name: 'node alone', environment: {} };
const own = globSync(join(resolve(options.actions), '*/dist/index.cjs'))
  .sort()
  .map((bundle): Subject & { readonly bundle: string } => {
    const name = basename(dirname(dirname(bundle)));
    return { name, bundle, environment: inputs(inputsOf(name, folder)) };
  });
const foreign = others.map((path) => ({
  name: relative(process.cwd(), path),
  bundle: resolve(path),
  environment: inputs(given),
}));
const subjects: readonly Subject[] = [bare, ...own, ...foreign];
const rounds = Number(options.runs);

try {
  // The first start of each reads it from the disk.
  for (const subject of subjects) await run(subject);
  const measured = new Map<Subject, Run[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++)
    for (let place = 0; place < subjects.length; place++) {
      const subject = subjects[(round + place) % subjects.length] ?? bare;
      measured.get(subject)?.push(await run(subject));
    }
  const alone = measured.get(bare) ?? [];
  const rows = subjects.map((subject) => {
    const runs = measured.get(subject) ?? [];
    const bytes = subject.bundle === undefined ? undefined : readFileSync(subject.bundle);
    return {
      subject,
      bytes: bytes?.length.toLocaleString('en') ?? '',
      gzip: bytes === undefined ? '' : gzipSync(bytes).length.toLocaleString('en'),
      least: Math.min(...runs.map(({ milliseconds }) => milliseconds)),
      milliseconds: median(runs.map(({ milliseconds }) => milliseconds)),
      ratio: median(runs.map(({ milliseconds }, round) => milliseconds / (alone[round]?.milliseconds ?? Number.NaN))),
      megabytes: median(runs.map(({ peakMegabytes }) => peakMegabytes)),
    };
  });
  console.log(
    `Medians of ${rounds} rounds on Node ${process.version}: from starting the process to its first request at a loopback AWS; for node alone, to its end.\n`,
  );
  console.log('| bundle | bytes | gzip | ms | × node | least ms | × node | MB at most |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  const leastAlone = Math.min(...alone.map(({ milliseconds }) => milliseconds));
  for (const { subject, bytes, gzip, milliseconds, ratio, least, megabytes } of rows)
    console.log(
      `| ${subject.name} | ${bytes} | ${gzip} | ${milliseconds.toFixed(1)} | ${ratio.toFixed(2)} | ${least.toFixed(1)} | ${(least / leastAlone).toFixed(2)} | ${megabytes.toFixed(0)} |`,
    );
  const slow = rows.filter(
    ({ subject, ratio }) => own.some(({ name }) => name === subject.name) && ratio > mostTimesNode,
  );
  for (const { subject, ratio } of slow)
    console.error(`${subject.name} takes ${ratio.toFixed(2)} × node, more than ${mostTimesNode}`);
  process.exitCode = slow.length === 0 && own.length > 0 ? 0 : 1;
} finally {
  stub.close();
  rmSync(folder, { recursive: true, force: true });
}
