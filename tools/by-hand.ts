/**
 * Plays both walks of docs/simulator.md, as they stand there, against `model-delivery simulator`: the AWS CLI makes an endpoint, and the
 * command line delivers to it. Then boto3 makes another one (tools/by-hand.py).
 *
 *   node tools/by-hand.ts       needs `aws` and python3 with boto3 (tools/install-verifiers.sh), and the built command line
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/simulator.md'), 'utf8');

/** The lines of the first shell block below a heading. */
const linesBelow = (heading: string): readonly string[] => {
  const [, block] = /^```sh\n(.*?)^```$/ms.exec(page.slice(page.indexOf(`\n${heading}\n`))) ?? [];
  if (!page.includes(`\n${heading}\n`) || block === undefined)
    throw new Error(`docs/simulator.md has no block below ${heading}`);
  return block.trimEnd().split('\n');
};

const folder = mkdtempSync(join(tmpdir(), 'by-hand-'));
// As `npm install` would leave it.
mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
symlinkSync(join(root, 'bin/model-delivery.mjs'), join(folder, 'node_modules/.bin/model-delivery'));

const [start = '', ...more] = linesBelow('## Run it by hand');
if (more.length > 0) throw new Error('the first block starts the simulator and nothing else');
const [, ...args] = start.replace(/^npx /, '').split(' ');
// Another simulator may have the usual port.
const simulator = spawn(process.execPath, [join(root, 'bin/model-delivery.mjs'), ...args, '--port', '0'], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
const ended = new Promise<number | null>((resolve) => simulator.once('exit', resolve));
const said: string[] = [];
createInterface({ input: simulator.stderr }).on('line', (line) => said.push(line));

const exported: Record<string, string> = {};
for await (const line of createInterface({ input: simulator.stdout })) {
  const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
  if (name !== undefined && value !== undefined) exported[name] = value;
  // The last one, which is printed only at another speed than that of the wall clock.
  if (name === 'MODEL_DELIVERY_CLOCK') break;
}
const own = Object.entries(process.env).filter(([name]) => !/^(AWS|GITHUB|MODEL_DELIVERY)_/.test(name));
const env = { ...Object.fromEntries(own), ...exported, AWS_PAGER: '' };

const failures: string[] = [];
const expect = (what: string, met: boolean): void => {
  if (!met) failures.push(what);
  process.stdout.write(`${met ? 'ok      ' : 'FAILED  '}${what}\n`);
};
const run = (line: string): string => {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: folder, env, encoding: 'utf8' });
  expect(line.length > 120 ? `${line.slice(0, 119)}…` : line, status === 0);
  if (status !== 0) process.stdout.write(`${stdout}${stderr}\n`);
  return stdout;
};

/** Without a failure: what follows a failed line says nothing. */
const walk = (heading: string): string => {
  const lines = linesBelow(heading);
  expect(`${heading}: ten lines`, lines.length === 10);
  let last = '';
  for (const line of lines) if (failures.length === 0) last = run(line);
  return last;
};

try {
  walk('### Ten lines to an endpoint');
  const made = run('aws sagemaker describe-endpoint --endpoint-name churn');
  expect('the endpoint is InService', /"EndpointStatus": "InService"/.test(made));
  const delivered = walk('### Ten lines to a delivery');
  const answer = join(folder, 'answer.csv');
  expect('the stand-in answers', existsSync(answer) && readFileSync(answer, 'utf8').trim() === 'setosa');
  expect('the delivery serves', /"EndpointConfigName": "churn-2-0-0-/.test(delivered) && /InService/.test(delivered));
  if (failures.length === 0) run(`python3 ${join(root, 'tools/by-hand.py')}`);
} finally {
  simulator.kill('SIGINT');
  expect('Ctrl-C ends the simulator with 0', (await ended) === 0);
  expect(
    'it said that a stand-in serves',
    said.some((line) => line.startsWith('a stand-in serves')),
  );
  expect(
    'it has no stack to show',
    said.every((line) => !/^\s+at /.test(line)),
  );
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failures.length === 0 ? 0 : 1);
