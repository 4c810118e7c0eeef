import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const root = resolve(import.meta.dirname, '..');

/** The lines of each shell block below a heading, up to the next one of its rank. @throws without any */
export const blocksBelow = (page: string, heading: string): readonly (readonly string[])[] => {
  const [, , rest] = new RegExp(`(^|\n)${heading.replace(/[.]/g, '\\.')}[^\n]*\n([^]*)`).exec(page) ?? [];
  const rank = heading.split(' ', 1)[0] ?? '#';
  const text = rest?.split(new RegExp(`^${rank} `, 'm'))[0] ?? '';
  const found = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block.trimEnd().split('\n'));
  if (found.length === 0) throw new Error(`there is no shell block below ${heading}`);
  return found;
};

/** A folder with the command line, as `npm install` would leave it, and a simulator by hand: the commands of a page are played there. */
export interface Walk {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the simulator wrote to standard error. */
  readonly said: readonly string[];
  expect(what: string, met: boolean): void;
  /** After a failure nothing more is run: what follows it says nothing. @returns standard output */
  run(command: string): string;
  /** Ends the simulator and the process. @param last what is expected of all that the simulator said: it is read when the simulator has ended */
  end(last?: () => void): Promise<never>;
}

/** @param start the line that starts the simulator */
export const openWalk = async (start: string): Promise<Walk> => {
  const folder = mkdtempSync(join(tmpdir(), 'walk-'));
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'bin/model-delivery.mjs'), join(folder, 'node_modules/.bin/model-delivery'));

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
  const env = { ...Object.fromEntries(own), ...exported, AWS_PAGER: '' } as Record<string, string>;

  const failures: string[] = [];
  const expect: Walk['expect'] = (what, met) => {
    if (!met) failures.push(what);
    process.stdout.write(`${met ? 'ok      ' : 'FAILED  '}${what}\n`);
  };
  return {
    folder,
    env,
    said,
    expect,
    run: (command) => {
      if (failures.length > 0) return '';
      const { status, stdout, stderr } = spawnSync('bash', ['-ec', command], { cwd: folder, env, encoding: 'utf8' });
      const [first = '', ...more] = command.split('\n');
      const shown = more.length > 0 ? `${first} …` : first;
      expect(shown.length > 120 ? `${shown.slice(0, 119)}…` : shown, status === 0);
      if (status !== 0) process.stdout.write(`${stdout}${stderr}\n`);
      return stdout;
    },
    end: async (last = () => {}) => {
      simulator.kill('SIGINT');
      expect('Ctrl-C ends the simulator with 0', (await ended) === 0);
      expect(
        'it has no stack to show',
        said.every((line) => !/^\s+at /.test(line)),
      );
      last();
      rmSync(folder, { recursive: true, force: true });
      process.exit(failures.length === 0 ? 0 : 1);
    },
  };
};

export const readPage = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');
