/**
 * What supervision costs: plays a stepped rollout of some virtual hours, a canary of 22 minutes and a registration on the simulator in this
 * process, and prints their requests by operation, the requests that repeat a read at one instant, the bytes of the journal, and the time
 * and memory of a look against the number of looks.
 *
 *   npm run bench:supervise                       all
 *   npm run bench:supervise -- steps canary       these
 *   npm run bench:supervise -- steps --hours 12   a longer rollout
 *   npm run bench:supervise -- long               the judge and the journal alone, with 1,000, 3,000 and 10,000 minutes
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { isWrite } from '../../simulator/request-log.ts';
import { hours, minutes } from '../../src/clock.ts';
import { canonical } from '../../src/digest.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { manyVersions } from '../support/many-versions.ts';
import { longRollout } from './long-rollout.ts';

const {
  values: { hours: length },
  positionals: wanted,
} = parseArgs({ options: { hours: { type: 'string', default: '6' } }, allowPositionals: true });
const rolloutHours = Number(length);

/** Requests of the runs: those of the endpoint's own callers are no part of supervision. */
const ofRuns = (requests: readonly LoggedRequest[]): readonly LoggedRequest[] =>
  requests.filter(({ operation }) => operation !== 'InvokeEndpoint');

const nameOf = ({ service, operation, input }: LoggedRequest): string => {
  const key = service === 's3' ? String((input as { readonly Key?: string }).Key ?? '') : '';
  const what = /\/record\.json$/.test(key) ? ' record' : /journal/.test(key) ? ' journal' : '';
  return `${service}:${operation}${what}`;
};

const counts = (names: readonly string[]): readonly (readonly [string, number])[] => {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found].sort(([, one], [, other]) => other - one);
};

/** Reads whose answer this run had at the same instant, with no write of its own in between that could have changed it. */
const repeated = (requests: readonly LoggedRequest[]): readonly LoggedRequest[] => {
  const seen = new Set<string>();
  let at = Number.NaN;
  return requests.filter((one) => {
    if (one.at !== at) seen.clear();
    at = one.at;
    if (isWrite(one.operation)) {
      for (const key of seen) if (key.startsWith(`${one.service}:`)) seen.delete(key);
      return false;
    }
    const key = `${one.service}:${one.operation} ${canonical(one.input)}`;
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
};

const print = (title: string, requests: readonly LoggedRequest[], perHours = 1): void => {
  const own = ofRuns(requests);
  const writes = own.filter(({ operation }) => isWrite(operation)).length;
  const again = repeated(own);
  const rate = perHours === 1 ? '' : `, ${Math.round(own.length / perHours)} an hour`;
  console.log(
    `${title}: ${own.length} requests${rate}, of them ${writes} writes; ${again.length} repeat a read of the same instant`,
  );
  for (const [name, count] of counts(own.map(nameOf)))
    console.log(
      `  ${String(count).padStart(6)}  ${name}${perHours === 1 ? '' : `  (${(count / perHours).toFixed(1)} an hour)`}`,
    );
  for (const [name, count] of counts(again.map(nameOf))) console.log(`  repeated: ${count}  ${name}`);
};

const within = async <Answer>(play: (account: TestAccount) => Promise<Answer>): Promise<Answer> => {
  const account = await openAccount();
  try {
    return await play(account);
  } finally {
    await account.close();
  }
};

const judge =
  'judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 }, burst-guard: off }';

/** The bake is as long as the rollout is to be; `abort` ends it, so that the hours have looks alone. */
const steps = (account: TestAccount): Promise<void> =>
  play(account, `strategy: steps, steps: [50, 100], bake: ${rolloutHours}h, max-step: ${rolloutHours + 2}h, ${judge}`);

const play = async (account: TestAccount, rollout: string): Promise<void> => {
  await account.inProduction('1.0.0');
  await account.pass(hours(1));
  account.writeManifest(() => manifestText({ rollout }));
  await account.prepare('1.1.0');
  await account.run(deployEndpoint, { version: '1.1.0' });
  const seen = account.watch();
  const started = account.simulator.clock.now();
  const looks: {
    readonly at: number;
    readonly ms: number;
    readonly cpu: number;
    readonly heap: number;
    readonly bytes: number;
  }[] = [];
  const stop = new AbortController();
  let before = performance.now();
  let cpu = process.cpuUsage();
  let journalled = 0;
  const ended = account.run(
    shiftTraffic,
    { version: '1.1.0', timeout: `${rolloutHours + 4}h` },
    {
      signal: stop.signal,
      answered: (name, input) => {
        if (name === 's3.putObject' && /journal/.test(String((input as { Key?: string }).Key)))
          journalled += Buffer.byteLength(String((input as { Body?: string }).Body));
        if (name !== 'sagemaker.describeEndpoint') return;
        const used = process.cpuUsage(cpu);
        looks.push({
          at: account.simulator.clock.now(),
          ms: performance.now() - before,
          cpu: (used.user + used.system) / 1000,
          heap: process.memoryUsage().heapUsed,
          bytes: journalled,
        });
        before = performance.now();
        cpu = process.cpuUsage();
        if (account.simulator.clock.now() >= started + hours(rolloutHours)) stop.abort();
      },
    },
  );
  await ended;
  const inHours = seen().filter(({ at }) => at < started + hours(rolloutHours));
  print(`a stepped rollout of ${rolloutHours} hours`, inHours, rolloutHours);
  const parts = 6;
  for (let part = 0; part < parts; part++) {
    const some = looks.slice(
      Math.floor((looks.length * part) / parts),
      Math.floor((looks.length * (part + 1)) / parts),
    );
    const [first, last] = [some[0], some.at(-1)];
    if (first === undefined || last === undefined) continue;
    const cpuOfLook = some.map((look) => look.cpu).sort((one, other) => one - other)[Math.floor(some.length / 2)] ?? 0;
    console.log(
      `  looks ${looks.indexOf(first)} to ${looks.indexOf(last)}: ${cpuOfLook.toFixed(1)} ms of processor time each (median, with the simulator's), heap ${Math.round(last.heap / 1e6)} MB, journal ${Math.round((last.bytes - first.bytes) / 1000)} kB uploaded`,
    );
  }
  console.log(`  ${looks.length} looks, ${Math.round(journalled / 1000)} kB of journal uploaded`);
};

/** As `rehearse --scenario canary-good`: 22 minutes from its beginning to its verified end. */
const canary = async (account: TestAccount, judged: boolean): Promise<void> => {
  await account.inProduction('1.0.0');
  await account.pass(hours(1));
  account.writeManifest(() => manifestText({ rollout: judged ? `${rollouts.canary}, ${judge}` : rollouts.canary }));
  await account.prepare('1.1.0');
  const seen = account.watch();
  const started = account.simulator.clock.now();
  const report = await account.run(deployEndpoint, { version: '1.1.0' });
  const took = Math.round((account.simulator.clock.now() - started) / minutes(1));
  print(`a canary of ${took} minutes${judged ? ' under the judge' : ''} (${report?.result.reason})`, seen());
};

const register = async (account: TestAccount): Promise<void> => {
  await account.inProduction('1.0.0');
  const given = account.registration('1.1.0');
  const seen = account.watch();
  const report = await account.run(registerModel, given);
  print(`a registration (${report?.result.reason})`, seen());
};

/** The first one after an update of this suite reads all; from then on the newest packages tell of the others. */
const registerAmongMany = async (account: TestAccount): Promise<void> => {
  await account.simulator.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: rehearsedTeam.model });
  await manyVersions(account.simulator, rehearsedTeam.model, 5000);
  for (const version of ['1.0.0', '1.1.0'] as const) {
    const given = account.registration(version);
    const seen = account.watch();
    const report = await account.run(registerModel, given);
    print(`a registration of ${version} among 5,000 versions (${report?.result.reason})`, seen());
  }
};

const parts: Readonly<Record<string, (account: TestAccount) => Promise<void>>> = {
  steps,
  canary: (account) => canary(account, false),
  'judged-canary': (account) => canary(account, true),
  register,
  many: registerAmongMany,
};
if (wanted.length === 0 || wanted.includes('long')) {
  console.log('a rollout of a week: the judge and the journal alone');
  await longRollout([1000, 3000, 10_000]);
}
for (const [name, part] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(name)) await within(part);
