/**
 * Runs the command line of the package, packed by npm and installed in an empty folder, on the lowest Node of each line that `engines` allows,
 * and on the one of this process. It runs every command's help; lint, plan, register-model, deploy-endpoint, rollback, judge and more against the simulator in virtual time; and a
 * rehearsal, with its bundles and simulator on the same Node.
 *
 *   node tools/lowest-node.ts
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { irisFixture } from '../simulator/fixtures/fixtures.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { minutes } from '../src/clock.ts';
import { commands } from '../src/commands/all.ts';
import { manifestText, rehearsedTeam } from '../src/rehearsal/manifest.ts';

const root = resolve(import.meta.dirname, '..');

/** `^20.12.1 || >=22` → 20.12.1 and 22.0.0. */
export const lowestOf = (engines: string): readonly string[] =>
  engines.split('||').map((part) => {
    const [, first, second = '0', third = '0'] = /^\s*(?:\^|>=)(\d+)(?:\.(\d+))?(?:\.(\d+))?\s*$/.exec(part) ?? [];
    if (first === undefined) throw new Error(`engines: ${part} is not understood here`);
    return `${first}.${second}.${third}`;
  });

/** From npm, into a folder of its own; the package of the platform needs no install script. */
const install = (version: string): string => {
  const folder = join(root, '.cache/nodes', version);
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules', platform, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const flags = ['--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  const { status } = spawnSync('npm', ['install', ...flags, `${platform}@${version}`], { stdio: 'inherit' });
  if (status !== 0 || !existsSync(binary)) throw new Error(`npm has no ${platform}@${version}`);
  return binary;
};

const npm = (args: readonly string[], cwd: string): void => {
  const { status } = spawnSync('npm', [...args, '--ignore-scripts', '--silent'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ${args[0]} failed in ${cwd}`);
};

/** @returns the package as a user has it, in a folder that has nothing else */
const installed = (folder: string): string => {
  npm(['pack', '--pack-destination', folder], root);
  const [packed = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  npm(['install', '--no-audit', '--no-fund', join(folder, packed)], folder);
  return join(folder, 'node_modules/model-delivery/bin/model-delivery.mjs');
};

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

const policy =
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\nburst-guard: off\n';
const buckets = [0, 60, 120]
  .flatMap((t) => [
    { t, arm: 'candidate', n: 300, err: 6 },
    { t, arm: 'baseline', n: 2700, err: 3 },
  ])
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

/** All checks on one Node. @returns the failed ones */
const play = async (node: string, launcher: string): Promise<readonly string[]> => {
  const faults: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'lowest-'));
  const simulator = await startSimulator();

  const start = (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const child = spawn(node, [launcher, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const closed = new Promise<Ended>((end) => child.once('close', (code) => end({ code, text })));
    return { child, closed, text: () => text };
  };
  const expect = (args: readonly string[], { code, text }: Ended, wanted: number, message: RegExp): void => {
    if (code === wanted && message.test(text)) return;
    faults.push(`model-delivery ${args.join(' ')}: exit code ${code}, expected ${wanted} and ${message}\n${text}`);
  };
  /** A command on the simulator's clock: time moves while it sleeps. */
  const run = async (args: readonly string[], wanted: number, message: RegExp): Promise<void> => {
    const participant = simulator.register(args[0] ?? '');
    const wake = new AbortController();
    const { closed } = start(args, simulator.environment(participant));
    void closed.then(() => wake.abort());
    await Promise.race([simulator.driver.sleepUntil(Number.POSITIVE_INFINITY, wake.signal), simulator.stuck]);
    simulator.remove(participant.id);
    expect(args, await closed, wanted, message);
  };
  const pass = (milliseconds: number) => simulator.driver.sleepUntil(simulator.clock.now() + milliseconds);

  const register = async (version: Parameters<typeof irisFixture>[0]): Promise<void> => {
    const { artifact, evaluation } = irisFixture(version);
    const key = `training/iris-${version}/model.tar.gz`;
    simulator.objects.put(rehearsedTeam.bucket, key, artifact);
    writeFileSync(join(folder, 'evaluation.json'), evaluation);
    const given = [
      '--image',
      rehearsedTeam.image,
      '--artifact',
      `s3://${rehearsedTeam.bucket}/${key}`,
      '--evaluation',
      'evaluation.json',
    ];
    const types = ['--content-types', 'text/csv', '--response-types', 'text/csv', '--approval-status', 'Approved'];
    await run(['register-model', ...where, '--version', version, ...given, ...types], 0, /succeeded\/registered/);
  };
  const where = ['--environment', rehearsedTeam.environment];

  try {
    simulator.images.tag(rehearsedTeam.image, rehearsedTeam.imageDigest);
    writeFileSync(join(folder, 'delivery.yml'), manifestText());
    writeFileSync(join(folder, 'judge.yml'), policy);
    writeFileSync(join(folder, 'buckets.jsonl'), buckets);

    for (const name of Object.keys(commands))
      expect([name, '--help'], await start([name, '--help'], {}).closed, 0, new RegExp(`^model-delivery ${name} `));
    await run(['lint'], 0, /the manifest is valid: iris/);
    await run(['lint', '--manifest', 'lost.yml'], 2, /cannot read "lost.yml"/);
    await run(['judge', '--policy', 'judge.yml', '--from', 'buckets.jsonl'], 0, /"decision":"rollback"/);
    await run(['backtest', '--policy', 'judge.yml', '--buckets', 'buckets.jsonl'], 0, /rollout: 3 buckets/);
    await run(['action-types', 'create'], 0, /md-deploy-endpoint\/1 {2}created/);
    await register('1.0.0');
    await run(['approve-gate', ...where, '--version', '1.0.0'], 0, /succeeded\/approved/);
    await run(['plan', ...where, '--version', '1.0.0'], 0, /succeeded\/planned/);
    await run(['deploy-endpoint', ...where, '--version', '1.0.0'], 0, /succeeded\/delivered/);
    simulator.traffic({
      endpoint: rehearsedTeam.endpoint,
      requestsPerSecond: rehearsedTeam.requestsPerSecond,
      seed: 20_260_105,
    });
    await pass(minutes(20));
    await register('1.1.0');
    await run(['lint', ...where, '--version', '1.1.0'], 0, /succeeded\/planned/);
    await run(['deploy-endpoint', ...where, '--version', '1.1.0'], 0, /succeeded\/delivered/);
    await register('1.4.0');
    await run(['deploy-endpoint', ...where, '--version', '1.4.0'], 1, /rolled-back\/alarm/);
    await run(['rollback', ...where, '--to', '1.0.0', '--because', 'to see that it works'], 0, /succeeded\/restored/);
    await run(['history', ...where], 0, /1\.0\.0/);
    await run(['status', ...where], 0, /1\.0\.0 serves 100 %/);

    for (const scenario of ['canary-errors-rolled-back', 'steps-errors', 'pipeline-canary-good']) {
      const args = ['rehearse', '--scenario', scenario, '--out', join(folder, 'rehearsal')];
      expect(args, await start(args, {}).closed, 0, /Everything ended as expected/);
    }
    const alone = start(['simulator', '--port', '0', '--speed', '60'], {});
    alone.child.stdout.on('data', () => {
      if (alone.text().includes('AWS_EC2_METADATA_DISABLED')) alone.child.kill('SIGTERM');
    });
    expect(['simulator'], await alone.closed, 0, /^http:\/\/127\.0\.0\.1:\d+\n(# .+\n)+export AWS_/);
  } finally {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return faults;
};

if (import.meta.main) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  const { status } = spawnSync(process.execPath, [join(root, 'tools/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  const folder = mkdtempSync(join(tmpdir(), 'installed-'));
  try {
    const launcher = installed(folder);
    const nodes = lowestOf(engines.node).map((version) => ({ version, node: install(version) }));
    for (const { version, node } of [...nodes, { version: process.versions.node, node: process.execPath }]) {
      const faults = await play(node, launcher);
      for (const fault of faults) console.error(`on Node ${version}: ${fault}`);
      console.log(`the command line on Node ${version}: ${faults.length === 0 ? 'runs' : `${faults.length} faults`}`);
      if (faults.length > 0) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
