/**
 * How fast and how big each action's bundle is, beside bare `node` (which starts and ends) and other people's actions.
 *
 *   npm run bench:bundles [-- --runs 15] [--actions <folder>] [--peers peers.json] [--only deploy-endpoint …] [--check]
 *
 * All ask the same local AWS (the simulator, in this process), which answers as AWS would: the first request, the second, and the whole run
 * where that is short (the check of a gate, the dry run of a delivery, a post step that has nothing to do). `peers.json` is a list of
 * `{ name, bundle, inputs, environment, whole }`: `bundle` is a path from the list's folder, `whole` says that the run ends by itself here.
 * Variables `$KEY`, `$SECRET`, `$TOKEN` and `$URL` in their values stand for the local AWS's.
 *
 * Every round runs everything once, one after another, in an order that rotates; ratios are taken within a round, so that whatever
 * else the machine does weighs on both sides. Medians over the rounds. Milliseconds are for people: on a busy machine they fail nobody.
 * `--check` measures no time: it compares the bytes of code that each action of ours loads before its first request, and in all, with
 * the limits below, which the same bundle keeps everywhere or nowhere.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assumed, fixed } from '../../src/aws/credentials.ts';
import { wallClock } from '../../src/hosts/wall-clock.ts';
import { manifestText, rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import { openStage } from '../../src/rehearsal/stage.ts';
import { version } from '../../src/version.ts';
import { codeBefore, type Loaded } from './loaded-code.ts';

const root = resolve(import.meta.dirname, '../..');

interface Subject {
  readonly name: string;
  /** Absent: node alone. */
  readonly bundle?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The run ends by itself; all others are ended at their second request. */
  readonly whole: boolean;
}
interface Run {
  readonly firstMs: number;
  readonly secondMs: number;
  readonly wholeMs: number;
  /** Of all threads, as scheduled: until the first request, and to the end. */
  readonly firstProcessorMs: number;
  readonly processorMs: number;
  readonly megabytes: number;
  readonly requests: number;
}

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    actions: { type: 'string', default: join(root, 'actions') },
    peers: { type: 'string' },
    only: { type: 'string', multiple: true },
    check: { type: 'boolean' },
  },
});

/** Passes every request on to the local AWS, and tells of its arrival. */
const openGate = async (aws: string) => {
  let arrived: (at: number) => void = () => {};
  const server = createServer((incoming, outgoing) => {
    arrived(performance.now());
    const onward = request(
      `${aws}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onArrival: (listener: (at: number) => void) => {
      arrived = listener;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** Reports its own resources at its end: nobody can read them later. The same for every subject. */
const atExit = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  try { require('node:fs').writeSync(3, JSON.stringify({ processorMs: (user + system) / 1000, megabytes: process.resourceUsage().maxRSS / 1024 }) + '\\n'); } catch {}
});`;

/** Nanoseconds that a process's threads were scheduled (proc(5), schedstat); NaN where there is no /proc. */
const scheduledMs = (pid: number | undefined): number => {
  if (!existsSync(`/proc/${pid}/task`)) return Number.NaN;
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`))
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that has ended since.
    }
  return sum / 1e6;
};

const peakMegabytes = (pid: number | undefined): number =>
  existsSync(`/proc/${pid}/status`)
    ? Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
    : Number.NaN;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
};

const inputs = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );

const stage = await openStage();
const gate = await openGate(stage.simulator.url);
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const prepared = await stage.begin('bench', '1.0.0');
  await prepared.prepare();
  const plain = stage.simulator.environment(stage.simulator.register('bench'));
  const { accessKeyId, secretAccessKey, sessionToken } = await assumed({
    ...{ region: rehearsedTeam.region, endpointUrl: stage.simulator.url, version, clock: wallClock },
    ...{ role: 'model-deployer', account: rehearsedTeam.account, sessionName: 'bench' },
    source: {
      proof: 'credentials',
      credentials: fixed({
        accessKeyId: plain['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: plain['AWS_SECRET_ACCESS_KEY'] ?? '',
      }),
    },
  }).provide();
  mkdirSync(join(folder, 'temp'));
  // The credentials are the role's already, as after `configure-aws-credentials`.
  writeFileSync(join(folder, 'delivery.yml'), manifestText({}).replace(/^ +(rollback-)?role: .*\n/gm, ''));
  writeFileSync(join(folder, 'assuming.yml'), manifestText({}));
  writeFileSync(join(folder, 'evaluation.json'), '{"binary_classification_metrics":{"auc":{"value":0.9}}}');
  writeFileSync(join(folder, 'nothing.cjs'), '');
  writeFileSync(join(folder, 'at-exit.cjs'), atExit);
  const common = {
    AWS_ENDPOINT_URL: gate.url,
    AWS_REGION: rehearsedTeam.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken ?? '',
    HOME: folder,
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: 'acme/iris',
    GITHUB_RUN_ID: '7',
    GITHUB_JOB: 'deploy',
    GITHUB_SHA: '7'.repeat(40),
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'mina',
    GITHUB_WORKFLOW: 'deliver',
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: join(folder, 'temp'),
    ...Object.fromEntries(
      ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH'].map((name) => [`GITHUB_${name}`, join(folder, name)]),
    ),
  };
  const ownInputs = (operation: string): Readonly<Record<string, string>> => ({
    manifest: 'delivery.yml',
    environment: rehearsedTeam.environment,
    publish: 'none',
    ...(operation === 'rollback' ? {} : { version: '1.0.0' }),
    ...(operation === 'deploy-endpoint' ? { 'dry-run': 'true' } : {}),
    ...(operation === 'register-model'
      ? {
          image: rehearsedTeam.image,
          artifact: `s3://${rehearsedTeam.bucket}/training/a.tar.gz`,
          evaluation: 'evaluation.json',
        }
      : {}),
  });
  const short = ['approve-gate', 'deploy-endpoint'];
  const own = globSync(join(resolve(options.actions), '*/dist/index.cjs'))
    .sort()
    .flatMap((bundle): Subject[] => {
      const name = basename(dirname(dirname(bundle)));
      const whole = short.includes(name);
      const subject = { name, bundle, environment: inputs(ownInputs(name)), whole };
      return [
        subject,
        ...(whole
          ? [
              {
                ...subject,
                name: `${name}, a role in the manifest`,
                // Its end says nothing: the role's credentials end by the simulator's clock, and are renewed for every request.
                whole: false,
                environment: {
                  ...inputs({ ...ownInputs(name), manifest: 'assuming.yml' }),
                  AWS_ACCESS_KEY_ID: plain['AWS_ACCESS_KEY_ID'] ?? '',
                  AWS_SECRET_ACCESS_KEY: plain['AWS_SECRET_ACCESS_KEY'] ?? '',
                  AWS_SESSION_TOKEN: '',
                },
              },
            ]
          : []),
        ...(name === 'deploy-endpoint'
          ? [
              {
                ...subject,
                name: `${name}, post step with nothing to do`,
                environment: { ...subject.environment, STATE_started: 'yes', STATE_reported: 'yes' },
              },
            ]
          : []),
      ];
    });
  const filled = (values: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        value
          .replaceAll('$KEY', accessKeyId)
          .replaceAll('$SECRET', secretAccessKey)
          .replaceAll('$TOKEN', sessionToken ?? '')
          .replaceAll('$URL', gate.url),
      ]),
    );
  interface Peer {
    readonly name: string;
    readonly bundle: string;
    readonly inputs?: Readonly<Record<string, string>>;
    readonly environment?: Readonly<Record<string, string>>;
    readonly whole?: boolean;
  }
  const peers = options.peers === undefined ? [] : (JSON.parse(readFileSync(options.peers, 'utf8')) as readonly Peer[]);
  const foreign = peers.map(
    (peer): Subject => ({
      name: peer.name,
      bundle: resolve(dirname(options.peers ?? ''), peer.bundle),
      environment: { ...inputs(filled(peer.inputs)), ...filled(peer.environment) },
      whole: peer.whole ?? false,
    }),
  );
  const bare: Subject = { name: 'node alone', environment: {}, whole: true };
  const subjects: readonly Subject[] = [
    bare,
    ...[...own, ...foreign].filter(
      ({ name }) => options.only === undefined || options.only.some((part) => name.startsWith(part)),
    ),
  ];

  const start = (subject: Subject, preload: string) => {
    for (const name of ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH']) writeFileSync(join(folder, name), '');
    const child = spawn(
      process.execPath,
      ['--require', join(folder, preload), subject.bundle ?? join(folder, 'nothing.cjs')],
      {
        cwd: folder,
        env: { ...common, ...subject.environment },
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        timeout: 60_000,
      },
    );
    const texts = ['', '', '', ''];
    for (const [place, stream] of child.stdio.entries())
      stream?.on('data', (chunk: Buffer) => {
        texts[place] += chunk.toString();
      });
    return { child, texts, closed: new Promise<void>((done) => child.on('close', () => done())) };
  };

  const run = async (subject: Subject): Promise<Run> => {
    const started = performance.now();
    const { child, texts, closed } = start(subject, 'at-exit.cjs');
    const arrivals: number[] = [];
    let firstProcessorMs = Number.NaN;
    let megabytes = Number.NaN;
    gate.onArrival((at) => {
      arrivals.push(at - started);
      if (arrivals.length === 1) {
        firstProcessorMs = scheduledMs(child.pid);
        megabytes = peakMegabytes(child.pid);
      }
      if (arrivals.length === 2 && !subject.whole) child.kill('SIGKILL');
    });
    await closed;
    const wholeMs = subject.whole ? performance.now() - started : Number.NaN;
    if (subject.whole && child.exitCode !== 0)
      throw new Error(`${subject.name} ended with ${child.exitCode}:\n${texts.join('\n')}`);
    if (!subject.whole && arrivals.length === 0)
      throw new Error(`${subject.name} ended without a request:\n${texts.join('\n')}`);
    const own = subject.whole ? (JSON.parse(texts[3] || '{}') as Partial<Run>) : {};
    return {
      firstMs: arrivals[0] ?? Number.NaN,
      secondMs: arrivals[1] ?? Number.NaN,
      wholeMs,
      firstProcessorMs,
      processorMs: own.processorMs ?? Number.NaN,
      megabytes: own.megabytes ?? megabytes,
      requests: subject.whole ? arrivals.length : Number.NaN,
    };
  };

  const bytesOf = ({ bundle }: Subject): string =>
    bundle === undefined
      ? ''
      : readdirSync(dirname(bundle), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.c?js$/.test(name))
          .reduce((sum, name) => sum + statSync(join(dirname(bundle), name)).size, 0)
          .toLocaleString('en');

  if (options.check) {
    const problems: string[] = [];
    for (const subject of own.filter(({ name }) => !name.includes(','))) {
      const loaded = await codeBefore(subject.bundle ?? '', (preload) => {
        writeFileSync(join(folder, 'loads.cjs'), preload);
        const { child, texts, closed } = start(subject, 'loads.cjs');
        let count = 0;
        gate.onArrival(() => {
          if (++count === 2 && !subject.whole) child.kill('SIGTERM');
        });
        return closed.then(() => texts[3] ?? '');
      });
      console.log(
        `${subject.name} loads ${loaded.first.toLocaleString('en')} bytes of code before its first request, ${loaded.all.toLocaleString('en')} in all`,
      );
      problems.push(...tooMuch(subject.name, loaded));
    }
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } else {
    const rounds = Number(options.runs);
    // The first start of each reads it from the disk.
    for (const subject of subjects) await run(subject);
    const measured = new Map<Subject, Run[]>(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++)
      for (let place = 0; place < subjects.length; place++) {
        const subject = subjects[(round + place) % subjects.length] ?? bare;
        measured.get(subject)?.push(await run(subject));
      }
    const middle = (subject: Subject, of: keyof Run, digits = 0): string => {
      const value = median((measured.get(subject) ?? []).map((one) => one[of]));
      return Number.isNaN(value) ? '' : value.toFixed(digits);
    };
    /** Median of the ratios within rounds. */
    const beside = (subject: Subject, other: Subject | undefined, of: keyof Run): string => {
      const theirs = other === undefined ? [] : (measured.get(other) ?? []);
      const value = median(
        (measured.get(subject) ?? []).map((one, round) => one[of] / (theirs[round]?.[of] ?? Number.NaN)),
      );
      return Number.isNaN(value) ? '' : value.toFixed(2);
    };
    const isPeer = (subject: Subject): boolean => foreign.includes(subject);
    const fastest = (of: keyof Run): Subject | undefined =>
      subjects
        .filter(isPeer)
        .filter((subject) => middle(subject, of) !== '')
        .sort((a, b) => Number(middle(a, of, 3)) - Number(middle(b, of, 3)))[0];
    const [first, whole] = [fastest('firstMs'), fastest('wholeMs')];
    console.log(
      `Medians of ${rounds} rounds on Node ${process.version}, from starting the process. Ratios to the fastest peer (first request: ${first?.name ?? 'none given'}; whole run: ${whole?.name ?? 'none given'}), and of node alone, are medians of the ratios within a round.\n`,
    );
    console.log(
      '| bundle | bytes of code | first request, ms | × peer | its processor ms | second request, ms | whole run, ms | × peer | × node | its processor ms | requests | MB |',
    );
    console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
    for (const subject of subjects)
      console.log(
        `| ${[
          subject.name,
          bytesOf(subject),
          middle(subject, 'firstMs'),
          beside(subject, first, 'firstMs'),
          middle(subject, 'firstProcessorMs'),
          middle(subject, 'secondMs'),
          middle(subject, 'wholeMs'),
          beside(subject, whole, 'wholeMs'),
          beside(subject, bare, 'wholeMs'),
          middle(subject, 'processorMs'),
          middle(subject, 'requests'),
          middle(subject, 'megabytes'),
        ].join(' | ')} |`,
      );
  }
} finally {
  gate.close();
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
}

function tooMuch(name: string, loaded: Loaded): string[] {
  const limits = { first: 40_000, all: 1_400_000 };
  return (['first', 'all'] as const)
    .filter((part) => loaded[part] > limits[part])
    .map((part) => `${name}: more than ${limits[part]} bytes (${part})`);
}
