import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lowestOf } from '../../tools/lowest-node.ts';

const { bin, engines, files } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly files: readonly string[];
};
const launcher = bin['model-delivery'] ?? '';

/** The launcher in a place of its own, as npm unpacks it. */
let place = '';
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'launcher-'));
  mkdirSync(join(place, 'bin'));
  cpSync(launcher, join(place, launcher));
  engine(engines.node);
});
afterEach(() => rmSync(place, { recursive: true }));

const engine = (node: string) =>
  writeFileSync(join(place, 'package.json'), JSON.stringify({ type: 'module', engines: { node } }));
const built = () => {
  mkdirSync(join(place, 'build/src'), { recursive: true });
  writeFileSync(join(place, 'build/src/main.js'), "console.log('started with', process.argv.slice(2).join(' '));\n");
};
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(place, launcher), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

describe('what npm links as model-delivery', () => {
  it('can be executed, and is packed with the build', () => {
    expect(statSync(launcher).mode & 0o111).toBe(0o111);
    expect(files).toEqual(expect.arrayContaining(['bin', 'build/src', 'build/simulator', 'actions', 'codebuild']));
  });

  it('starts the build with its arguments', () => {
    built();
    expect(run('plan', '--json')).toEqual({ status: 0, stdout: 'started with plan --json\n', stderr: '' });
  });

  it('says how to build it where it is not built', () => {
    const { status, stdout, stderr } = run('--help');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`is not built. Run \`npm run build\` in ${place}`);
    expect(stderr).toContain('--ignore-scripts');
  });

  it('warns in a clone whose sources are younger than the build', () => {
    built();
    mkdirSync(join(place, 'src/deep'), { recursive: true });
    writeFileSync(join(place, 'src/deep/x.ts'), '');
    utimesSync(join(place, 'src/deep/x.ts'), 1, 1);
    expect(run().stderr).toBe('');
    utimesSync(join(place, 'src/deep/x.ts'), 4e9, 4e9);
    expect(run()).toMatchObject({ status: 0, stderr: expect.stringContaining('the build is older than the sources') });
  });

  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  it.each([
    [`>=${major}`, true],
    [`>=${major}.${minor}.${patch}`, true],
    [`>=${major}.${minor}.${patch + 1}`, false],
    [`>=${major}.${minor + 1}`, false],
    [`>=${major - 2}.99.99`, true],
    [`^${major}.${minor}`, true],
    [`^${major - 1}.0.0`, false],
    [`^${major - 1}.0.0 || >=${major}`, true],
    [`^${major - 1}.0.0 || ^${major + 1}`, false],
    [engines.node, true],
  ])('on this Node, with engines %s: %s', (range, allowed) => {
    engine(range);
    built();
    const { status, stderr } = run();
    expect({ status, stderr: stderr.trim() }).toEqual(
      allowed
        ? { status: 0, stderr: '' }
        : {
            status: 1,
            stderr: `model-delivery: needs Node ${range}; this is ${process.version} (${process.execPath})`,
          },
    );
  });
});

describe('the Nodes that .ci/run tries', () => {
  it('are the lowest of each line that engines allows', () => {
    expect(lowestOf('^20.12.1 || >=22')).toEqual(['20.12.1', '22.0.0']);
    expect(() => lowestOf('20.x')).toThrow('not understood');
    expect(lowestOf(engines.node).length).toBeGreaterThan(0);
  });

  it('have no package in the lock file that wants a younger one', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      readonly packages: Readonly<
        Record<string, { readonly engines?: { readonly node?: string }; readonly cpu?: readonly string[] }>
      >;
    };
    const wanting = Object.entries(packages).filter(([path, { engines: wants, cpu }]) => {
      // A package for another processor is not installed, so npm does not warn of it: unrs-resolver's for WebAssembly.
      if (path === '' || cpu !== undefined || /@(napi-rs|emnapi|tybys)\//.test(path)) return false;
      return lowestOf(engines.node).some((version) => !satisfies(version, wants?.node ?? '*'));
    });
    expect(wanting.map(([path, { engines: wants }]) => `${path}: ${wants?.node}`)).toEqual([]);
  });
});

/** As much of npm's grammar as the lock file's engines use: `>=1 <2 || ^3 || 4.x || 5 || *`. */
const satisfies = (version: string, range: string): boolean =>
  range.split('||').some((part) =>
    part
      .trim()
      .replaceAll(/(>=|<=|[<>^~=])\s+/g, '$1')
      .split(/\s+/)
      .every((word) => meets(numbersOf(version), word)),
  );

const meets = (version: readonly number[], word: string): boolean => {
  if (word === '*' || word === '') return true;
  const [, sign = '', text = ''] = /^(>=|<=|[<>^~=])?v?([\d.]+)(?:\.[x*])?$/.exec(word) ?? [];
  if (text === '') throw new Error(`engines: ${word} is not understood here`);
  const wanted = numbersOf(text);
  const order =
    version.map((number, index) => number - (wanted[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
  switch (sign) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '^':
      return order >= 0 && version[0] === wanted[0];
    case '~':
      return order >= 0 && version[0] === wanted[0] && version[1] === wanted[1];
    default:
      return text.split('.').every((number, index) => Number(number) === version[index]);
  }
};
const numbersOf = (text: string): readonly number[] => [...text.split('.').map(Number), 0, 0].slice(0, 3);
