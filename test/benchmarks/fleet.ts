/**
 * The cost of a fleet by its size: requests a second by API against the allowed rate, seconds from an event to the action,
 * processor time and memory of the one process that drives it.
 *
 *   npm run bench:fleet                          10, 100 and 1,000 endpoints
 *   npm run bench:fleet -- --sizes 10,10000      10,000 take most of an hour
 *
 * Every endpoint gets the same new version: first a pilot wave of five, whose requests give the pace of the others, then waves of at most a
 * thousand. Seconds are those of the simulator's clock; processor time and memory are of the product's process alone: the simulator runs in
 * this one.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import type { FleetReport } from '../../src/hosts/step-functions/fleet-store.ts';
import { percent } from '../../src/judge/amounts.ts';
import { rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openFleetStage } from '../support/fleet.ts';
import type { Measured } from './fleet-process.ts';

/** Of SageMaker's requests, in this account and region. */
const allowedPerSecond = 20;
const pilot = 5;
const mostInWave = 1000;
/** What one process may take for a thousand endpoints. */
const mostMegabytes = 300;
const leastUsed = 0.9;

interface Row extends Measured {
  readonly size: number;
  readonly delivered: number;
  readonly perSecond: ReadonlyMap<string, number>;
  readonly requests: number;
  /** Share of the allowed rate while endpoints of the waves after the pilot wait for their beginning. */
  readonly used: number;
  /** Seconds from the end of an endpoint's update to the next request about it, ascending. */
  readonly noticed: readonly number[];
  readonly hours: number;
}

const fleetText = (endpoints: readonly string[]): string => `\
version: 1
environment: production
places:
  - account: "${team.account}"
    region: ${team.region}
    requests-per-second: ${allowedPerSecond}
    max-concurrent: 120
    endpoints: [${endpoints.join(', ')}]
waves:
  - { name: pilot, count: ${pilot}, bake: 1m }
${Array.from({ length: Math.ceil((endpoints.length - pilot) / mostInWave) - 1 }, (_, at) => `  - { name: wave-${at + 1}, count: ${mostInWave}, bake: 1m }\n`).join('')}  - { name: rest }
`;

/** The process without types: to strip them takes more memory than a fleet does. */
const built = join(import.meta.dirname, '../../.cache/benchmarks/fleet-process.mjs');
await build({
  entryPoints: [join(import.meta.dirname, 'fleet-process.ts')],
  outfile: built,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  plugins: [
    {
      name: 'files-beside-sources',
      setup: ({ onLoad }) =>
        onLoad({ filter: /\.ts$/ }, ({ path }) => ({
          loader: 'ts',
          contents: readFileSync(path, 'utf8')
            .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
            .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
        })),
    },
  ],
});

const measure = async (size: number): Promise<Row> => {
  const endpoints = Array.from({ length: size }, (_, at) => `iris-${at}`);
  const stage = await openFleetStage(endpoints, rollouts.unguarded, {
    // Instances that start soon, so that requests and not minutes are what the fleet waits for.
    settings: { controlPlaneRate: allowedPerSecond, provisionMs: 20_000, containerStartMs: 5_000, terminateMs: 5_000 },
  });
  try {
    const { simulator } = stage.account;
    stage.write(fleetText(endpoints));
    const seen = stage.account.watch();
    const events = simulator.events.length;
    const { id, url } = simulator.register('fleet');
    const child = spawn(process.execPath, [built], {
      env: { ...process.env, ...stage.account.environment, ...simulator.environment({ url }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk;
    });
    const over = new AbortController();
    const exited = new Promise<void>((resolve) => child.on('close', () => resolve()));
    const began = simulator.clock.now();
    await Promise.race([exited, simulator.driver.sleepUntil(Number.POSITIVE_INFINITY, over.signal)]);
    over.abort();
    simulator.remove(id);
    if (printed === '') throw new Error('the process of the fleet ended without a result');
    const measured: Measured = JSON.parse(printed);

    const log = seen();
    const ofSagemaker = log.filter(({ service, error }) => service === 'sagemaker' && error !== 'ThrottlingException');
    const lastBegin = ofSagemaker.findLast(({ operation }) => operation === 'UpdateEndpoint')?.at ?? began;
    const secondsAll = (simulator.clock.now() - began) / 1000;
    const perSecond = new Map<string, number>();
    for (const { service, operation } of log) {
      const name = `${service} ${operation}`;
      perSecond.set(name, (perSecond.get(name) ?? 0) + 1 / secondsAll);
    }
    const report: FleetReport = JSON.parse(
      simulator.objects.get('fleet-files', 'fleets/fleet.yml.rolls/measured/report.json')?.body.toString() ??
        '{"waves":[]}',
    );
    const others = Date.parse(report.waves[1]?.began ?? '') || began;
    const inTime = ofSagemaker.filter(({ at }) => at >= others && at < lastBegin).length;
    const asked = new Map<string, number[]>();
    for (const { at, service, operation, resource } of log)
      if (service === 'sagemaker' && operation === 'DescribeEndpoint') {
        const name = resource.split('/').at(-1) ?? '';
        const known = asked.get(name);
        if (known === undefined) asked.set(name, [at]);
        else known.push(at);
      }
    const noticed = simulator.events.slice(events).flatMap(({ source, object, what, at }) => {
      if (source !== 'endpoint' || what !== 'in-service') return [];
      const next = asked.get(object)?.find((instant) => instant >= at);
      return next === undefined ? [] : [(next - at) / 1000];
    });
    return {
      ...measured,
      size,
      delivered: report.waves.flatMap((wave) => wave.endpoints).filter(({ reason }) => reason === 'delivered').length,
      perSecond,
      requests: log.length,
      used: lastBegin <= others ? 0 : inTime / ((lastBegin - others) / 1000) / allowedPerSecond,
      noticed: noticed.sort((a, b) => a - b),
      hours: secondsAll / 3600,
    };
  } finally {
    await stage.account.close();
  }
};

const at = (ascending: readonly number[], share: number): string =>
  (ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN).toFixed(0);

const { values: options } = parseArgs({ options: { sizes: { type: 'string', default: '10,100,1000' } } });
const sizes = options.sizes.split(',').map(Number);
if (sizes.some((size) => !(Number.isInteger(size) && size > pilot)))
  throw new Error(`--sizes ${options.sizes}: whole numbers above ${pilot}, joined by commas`);
const rows: Row[] = [];
for (const size of sizes) {
  rows.push(await measure(size));
  process.stderr.write(`${size} endpoints measured\n`);
}

console.log(`Node ${process.version}; SageMaker takes ${allowedPerSecond} requests a second.\n`);
console.log(
  '| endpoints | delivered | hours | turns | requests an endpoint | of the allowed rate | s late: p50, p99 | s until noticed: p50, p99 | processor ms an endpoint | MB at most |',
);
console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const row of rows) {
  const late = row.late.map((milliseconds) => milliseconds / 1000);
  console.log(
    `| ${row.size.toLocaleString('en')} | ${row.delivered.toLocaleString('en')} | ${row.hours.toFixed(2)} | ${row.turns.toLocaleString('en')} | ${(row.requests / row.size).toFixed(1)} | ${percent(row.used)} | ${at(late, 0.5)}, ${at(late, 0.99)} | ${at(row.noticed, 0.5)}, ${at(row.noticed, 0.99)} | ${((row.processorSeconds * 1000) / row.size).toFixed(0)} | ${row.peakMegabytes.toFixed(0)} |`,
  );
}
const names = [...new Set(rows.flatMap(({ perSecond }) => [...perSecond.keys()]))].sort();
console.log(
  `\nRequests a second, over the whole execution\n\n| API | ${sizes.map((size) => size.toLocaleString('en')).join(' | ')} |`,
);
console.log(`| --- | ${sizes.map(() => '---:').join(' | ')} |`);
for (const name of names)
  console.log(`| ${name} | ${rows.map(({ perSecond }) => (perSecond.get(name) ?? 0).toFixed(2)).join(' | ')} |`);

const problems = rows.flatMap(({ size, delivered, status, cause, peakMegabytes, used }) => [
  ...(delivered === size && status === 'SUCCEEDED'
    ? []
    : [`${size} endpoints: ${delivered} delivered, ${status} ${cause ?? ''}`]),
  ...(size === 1000 && peakMegabytes > mostMegabytes
    ? [`${size} endpoints take ${peakMegabytes.toFixed(0)} MB, more than ${mostMegabytes}`]
    : []),
  ...(size >= 1000 && used < leastUsed
    ? [`${size} endpoints use ${percent(used)} of the allowed rate, less than ${percent(leastUsed)}`]
    : []),
]);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
