/**
 * Bundles each action on its own: `actions/<operation>/main.ts` → `actions/<operation>/dist/`, self-contained: `index.cjs`, the chunks that
 * it loads when it needs them (one for each `import()` in the sources, and those that they share), and the licences of everything in it.
 *
 *   node tools/bundle.ts              build all into dist/
 *   node tools/bundle.ts --if-stale   build only those with changed sources
 *   node tools/bundle.ts --list-stale list those, and build nothing
 *   node tools/bundle.ts --check      build into a temporary folder and compare with dist/, byte for byte, and file for file
 *   node tools/bundle.ts actions/rollback … these folders alone; also with the options
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build, type Metafile, type Plugin, transformSync } from 'esbuild';
import { nothingLeftToDo } from '../src/hosts/github-actions/step-state.ts';
import { licencesOf } from './licences.ts';

const root = resolve(import.meta.dirname, '..');
const ncc = join(root, 'node_modules/@vercel/ncc/dist/ncc/cli.js');
/** An action and a hook carry one operation; a worker carries all of them, and the clients of each. */
const budgetBytes = { action: 1_600_000, worker: 1_930_000 };

interface Bundle {
  readonly folder: string;
  /** File name → content of every file in `dist/`. */
  readonly files: ReadonlyMap<string, string>;
}
interface Shaken {
  /** File name → code; the entry is `index.js`. */
  readonly code: ReadonlyMap<string, string>;
  readonly metafile: Metafile;
  /** In the first line of the bundle: the hash of its sources, so that staleness shows without running ncc. */
  readonly sources: string;
}

/**
 * Saves 50 kB: the SDK's schemas name their members by constants (`{ [_hH]: … }`). A computed key may have side effects, so esbuild keeps
 * every schema of S3. With literal keys it keeps only the schemas of the used commands.
 */
const plainKeys: Plugin = {
  name: 'plain-keys',
  setup: ({ onLoad }) =>
    onLoad({ filter: /@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const texts = new Map(
        [...source.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, text]) => [name, text]),
      );
      return { contents: source.replace(/\[(_\w+)\](?=:)/g, (key, name: string) => texts.get(name) ?? key) };
    }),
};

/** Saves 70 kB: Octokit has a table of every endpoint of GitHub's; src/github uses a few. */
const usedEndpoints: Plugin = {
  name: 'used-endpoints',
  setup: ({ onLoad }) =>
    onLoad(
      { filter: /plugin-rest-endpoint-methods[\\/]dist-src[\\/]generated[\\/]endpoints\.js$/ },
      async ({ path }) => {
        const { default: all }: { readonly default: Readonly<Record<string, Readonly<Record<string, unknown>>>> } =
          await import(pathToFileURL(path).href);
        const kept: Record<string, Record<string, unknown>> = {};
        for (const file of globSync('src/github/*.ts', { cwd: root }).sort())
          for (const [, scope = '', name = ''] of readFileSync(join(root, file), 'utf8').matchAll(
            /octokit\.rest\.(\w+)\.(\w+)/g,
          ))
            kept[scope] = { ...kept[scope], [name]: all[scope]?.[name] };
        return { contents: `export default ${JSON.stringify(kept)};` };
      },
    ),
};

/**
 * Saves 25 kB: the descriptions of the manifest's keys are for `delivery.schema.json` and the documentation, and nothing reads them in a
 * bundle.
 */
const undescribed: Plugin = {
  name: 'undescribed',
  setup: ({ onLoad }) =>
    onLoad({ filter: /src[\\/]manifest[\\/][^\\/]+\.ts$/ }, ({ path }) => ({
      contents: withoutDescriptions(readFileSync(path, 'utf8')),
      loader: 'ts',
    })),
};

/** Without the checks `about('…')` whose description is one text. */
const withoutDescriptions = (source: string): string =>
  source
    .replace(/\babout\((?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\s)*,?\s*\)/g, "about('')")
    .replace(/\s*\.check\(\s*about\(''\),?\s*\)|,\s*about\(''\)|about\(''\),\s*/g, '');

/**
 * esbuild writes modules here, and in a module the `require` of a package that is CommonJS finds nothing. Node's own modules are also to
 * be had without it.
 */
const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'required-builtin' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'required-builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const isAction = (folder: string): boolean => folder.startsWith('actions/');

/**
 * Saves 60 ms: after a main step that ended by itself, the post step has nothing to do and returns before it loads the rest. A CommonJS
 * module is a function, so it may return.
 */
const earlyEnd = `if (${nothingLeftToDo.map((name) => `process.env.${name}`).join(' && ')}) return;\n`;

/** Rehearsals run the bundles on every Node that `engines` allows, and the first versions of a line lack the function (Node 20.16, 22.3). */
const olderNode = 'process.getBuiltinModule??=require;\n';

const openingOf = (folder: string): string => `${isAction(folder) ? earlyEnd : ''}${olderNode}`;

/** Tree-shaking before ncc: alone, ncc keeps every command of every AWS client. It also cuts the chunks, which ncc keeps. */
const shake = async (folder: string): Promise<Shaken> => {
  const { metafile, outputFiles } = await build({
    entryPoints: { index: join(folder, 'main.ts') },
    absWorkingDir: root,
    outdir: join('build/bundle', folder),
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Saves 450 kB and 45 ms: @actions/http-client and @actions/github load undici for the proxy of Octokit's fetch. Octokit has another
    // fetch here (src/github/fetch.ts), over the SDK's transport, which reaches a proxy through `hpagent`; the toolkit's own requests
    // reach one through `tunnel`.
    // Saves 34 kB: the SDK reads a browser's name with bowser, in a function that Node never calls.
    // Saves 19 kB: the same yaml as modules, of which only the parts in use are kept.
    alias: {
      undici: './tools/no-undici.ts',
      bowser: './tools/no-bowser.ts',
      yaml: './node_modules/yaml/browser/dist/index.js',
    },
    // Minified before ncc, whose own minifier cannot see unused names: a fifth fewer bytes than with ncc's alone.
    minify: true,
    plugins: [plainKeys, usedEndpoints, undescribed, requiredBuiltins],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const code = new Map(outputFiles.map(({ path, text }) => [relative(join(root, 'build/bundle', folder), path), text]));
  return { code, metafile, sources: digestOf([...code, ['', openingOf(folder)]]) };
};

const digestOf = (files: Iterable<readonly [name: string, content: string]>): string => {
  const hash = createHash('sha256');
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name}\0${content}\0`);
  return hash.digest('hex');
};

const pack = async (folder: string, { code, metafile, sources }: Shaken): Promise<Bundle> => {
  // webpack numbers modules by their path relative to the working folder: the same place in every checkout gives the same bytes.
  const shaken = join(root, 'build/bundle', folder);
  rmSync(shaken, { recursive: true, force: true });
  mkdirSync(shaken, { recursive: true });
  for (const [name, text] of code) writeFileSync(join(shaken, name), text);
  // ncc writes what the nearest package.json says. The project's says modules, and `"type": "commonjs"` would refuse esbuild's output.
  writeFileSync(join(shaken, 'package.json'), '{}');
  const out = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    const flags = ['--minify', '--no-cache', '--quiet', '--out', out];
    await promisify(execFile)(process.execPath, [ncc, 'build', join(shaken, 'index.js'), ...flags], { cwd: root });
    // ncc copies files that look like assets. An action is code alone, so any other file is a mistake in the sources.
    const names = readdirSync(out).sort();
    const extra = names.filter((name) => !/^(\d+\.)?index\.js$/.test(name));
    if (extra.length > 0) throw new Error(`${folder}: ncc emitted more than the bundle: ${extra.join(', ')}`);
    const files = new Map(
      names.map((name) => {
        const text = readFileSync(join(out, name), 'utf8');
        // Of the chunks ncc leaves webpack's remarks and long names.
        return [
          name.replace(/js$/, 'cjs'),
          name === 'index.js'
            ? text
            : transformSync(text, { minify: true, legalComments: 'none', target: 'node24' }).code,
        ] as const;
      }),
    );
    files.set('licenses.txt', licencesOf(metafile, root));
    const index = withChunks(folder, files);
    files.delete('index.cjs');
    const stamp = stampOf(sources, files);
    return {
      folder,
      files: new Map([['index.cjs', `${stamp}\n${openingOf(folder)}${index}`], ...files]),
    };
  } finally {
    rmSync(out, { recursive: true });
  }
};

/** The entry, which loads its chunks by their names here: Node reads `.cjs` as CommonJS, whatever the package.json above it says. */
const withChunks = (folder: string, files: ReadonlyMap<string, string>): string => {
  const index = files.get('index.cjs') ?? '';
  if (files.size === 2) return index;
  const [before = '', after, ...more] = index.split('".index.js"');
  if (after === undefined || more.length > 0)
    throw new Error(`${folder}: ncc names the chunks in another way than before`);
  return `${before}".index.cjs"${after}`;
};

/** First line of `index.cjs`: its sources, and the other files of its folder. */
const stampOf = (sources: string, others: Iterable<readonly [name: string, content: string]>): string =>
  `// sources sha256:${sources} others sha256:${digestOf(others)}`;

const dist = (folder: string): string => join(root, folder, 'dist');

const isStale = (folder: string, { sources }: Shaken): boolean => {
  const { 'index.cjs': index = '', ...others } = committedFiles(folder);
  return !index.startsWith(`${stampOf(sources, Object.entries(others))}\n`);
};

const committedFiles = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (existsSync(dist(folder)) ? readdirSync(dist(folder)) : []).map((name) => [
      name,
      readFileSync(join(dist(folder), name), 'utf8'),
    ]),
  );

const writeBundle = ({ folder, files }: Bundle): void => {
  rmSync(dist(folder), { recursive: true, force: true });
  mkdirSync(dist(folder));
  for (const [name, content] of files) writeFileSync(join(dist(folder), name), content);
};

/** Differences between the committed `dist/` and a new build of the sources, files without a counterpart too; empty when it is fresh. */
const differences = ({ folder, files }: Bundle): string[] => {
  const committed = committedFiles(folder);
  return [...new Set([...Object.keys(committed), ...files.keys()])]
    .filter((name) => committed[name] !== files.get(name))
    .map((name) => `${folder}/dist/${name} differs from a build of the sources: run \`npm run bundle\` and commit it`);
};

const oversize = ({ folder, files }: Bundle): string[] => {
  const code = [...files].filter(([name]) => name.endsWith('.cjs'));
  const bytes = code.reduce((sum, [, content]) => sum + Buffer.byteLength(content), 0);
  console.log(`${folder}/dist ${bytes.toLocaleString('en')} bytes of code in ${code.length} files`);
  const budget = budgetBytes[isAction(folder) || folder === 'codebuild/hook' ? 'action' : 'worker'];
  return bytes > budget ? [`${folder}: ${bytes} bytes is over the budget of ${budget}`] : [];
};

const { values: options, positionals: only } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, 'if-stale': { type: 'boolean' }, 'list-stale': { type: 'boolean' } },
});
const folders = globSync(['actions/*/main.ts', 'codebuild/*/main.ts'], { cwd: root }).map(dirname).sort();
const unknown = only.filter((folder) => !folders.includes(folder));
if (unknown.length > 0)
  throw new Error(`${unknown.join(', ')}: not a folder with a bundle; those are ${folders.join(', ')}`);
const waiting = folders.filter((folder) => only.length === 0 || only.includes(folder)).values();
const problems: string[] = [];

const bundleOne = async (folder: string): Promise<readonly string[]> => {
  const shaken = await shake(folder);
  if (options['list-stale']) {
    if (isStale(folder, shaken)) console.log(folder);
    return [];
  }
  if (options['if-stale'] && !isStale(folder, shaken)) return [];
  const bundle = await pack(folder, shaken);
  if (!options.check) writeBundle(bundle);
  return [...oversize(bundle), ...(options.check ? differences(bundle) : [])];
};
/** ncc has one thread. */
const bundleThoseThatWait = async (): Promise<void> => {
  for (const folder of waiting) problems.push(...(await bundleOne(folder)));
};
await Promise.all(Array.from({ length: availableParallelism() }, bundleThoseThatWait));
for (const problem of problems.sort()) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
