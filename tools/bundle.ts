/**
 * Bundles each action on its own: `actions/<operation>/main.ts` → `actions/<operation>/dist/index.cjs`, self-contained, with the
 * licences of everything in it beside it.
 *
 *   node tools/bundle.ts              build all into dist/
 *   node tools/bundle.ts --if-stale   build only those with changed sources
 *   node tools/bundle.ts --list-stale list those, and build nothing
 *   node tools/bundle.ts --check      build into a temporary folder and compare with dist/, byte for byte
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
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build, type Metafile, type Plugin } from 'esbuild';
import { nothingLeftToDo } from '../src/hosts/github-actions/step-state.ts';
import { licencesOf } from './licences.ts';

const root = resolve(import.meta.dirname, '..');
const ncc = join(root, 'node_modules/@vercel/ncc/dist/ncc/cli.js');
/** An action and a hook carry one operation; a worker carries all of them, and the clients of each. */
const budgetBytes = { action: 1_530_000, worker: 1_810_000 };

interface Bundle {
  readonly folder: string;
  /** File name → content of every file in `dist/`. */
  readonly files: ReadonlyMap<string, string>;
}
interface Shaken {
  readonly code: string;
  readonly metafile: Metafile;
  /** First line of the bundle: the hash of its sources, so that staleness shows without running ncc. */
  readonly stamp: string;
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

const isAction = (folder: string): boolean => folder.startsWith('actions/');

/**
 * Saves 60 ms: after a main step that ended by itself, the post step has nothing to do and returns before it loads the rest. A CommonJS
 * module is a function, so it may return.
 */
const earlyEnd = `if (${nothingLeftToDo.map((name) => `process.env.${name}`).join(' && ')}) return;\n`;

/** Tree-shaking before ncc: alone, ncc keeps every command of every AWS client. */
const shake = async (folder: string): Promise<Shaken> => {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(folder, 'main.ts')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Saves 450 kB and 45 ms: @actions/http-client and @actions/github load undici for the proxy of Octokit's fetch. Octokit has another
    // fetch here (src/github/fetch.ts), over the SDK's transport, which reaches a proxy through `hpagent`; the toolkit's own requests
    // reach one through `tunnel`.
    alias: { undici: './tools/no-undici.ts' },
    // Minified before ncc, whose own minifier cannot see unused names: a fifth fewer bytes than with ncc's alone.
    minify: true,
    plugins: [plainKeys, usedEndpoints, undescribed],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const code = outputFiles.map((file) => file.text).join('');
  const sources = createHash('sha256')
    .update(code)
    .update(isAction(folder) ? earlyEnd : '');
  return { code, metafile, stamp: `// sources sha256:${sources.digest('hex')}` };
};

const pack = async (folder: string, { code, metafile, stamp }: Shaken): Promise<Bundle> => {
  // webpack numbers modules by their path relative to the working folder: the same place in every checkout gives the same bytes.
  const shaken = join(root, 'build/bundle', folder, 'index.cjs');
  mkdirSync(dirname(shaken), { recursive: true });
  writeFileSync(shaken, code);
  const out = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    const flags = ['--minify', '--no-cache', '--quiet', '--out', out];
    await promisify(execFile)(process.execPath, [ncc, 'build', shaken, ...flags], { cwd: root });
    // ncc copies files that look like assets. An action is one file, so any other file is a mistake in the sources.
    const extra = readdirSync(out).filter((name) => name !== 'index.cjs');
    if (extra.length > 0) throw new Error(`${folder}: ncc emitted more than the bundle: ${extra.join(', ')}`);
    const bundled = `${stamp}\n${isAction(folder) ? earlyEnd : ''}${readFileSync(join(out, 'index.cjs'), 'utf8')}`;
    return {
      folder,
      files: new Map([
        ['index.cjs', bundled],
        ['licenses.txt', licencesOf(metafile, root)],
      ]),
    };
  } finally {
    rmSync(out, { recursive: true });
  }
};

const dist = (folder: string): string => join(root, folder, 'dist');

const isStale = (folder: string, { stamp }: Shaken): boolean => {
  const bundle = join(dist(folder), 'index.cjs');
  return !existsSync(bundle) || !readFileSync(bundle, 'utf8').startsWith(`${stamp}\n`);
};

const writeBundle = ({ folder, files }: Bundle): void => {
  rmSync(dist(folder), { recursive: true, force: true });
  mkdirSync(dist(folder));
  for (const [name, content] of files) writeFileSync(join(dist(folder), name), content);
};

/** Differences between the committed `dist/` and a new build of the sources; empty when it is fresh. */
const differences = ({ folder, files }: Bundle): string[] => {
  const committed = existsSync(dist(folder)) ? readdirSync(dist(folder)) : [];
  return [...new Set([...committed, ...files.keys()])]
    .filter((name) => {
      const path = join(dist(folder), name);
      return !existsSync(path) || readFileSync(path, 'utf8') !== files.get(name);
    })
    .map((name) => `${folder}/dist/${name} differs from a build of the sources: run \`npm run bundle\` and commit it`);
};

const oversize = ({ folder, files }: Bundle): string[] => {
  const bytes = Buffer.byteLength(files.get('index.cjs') ?? '');
  console.log(`${folder}/dist/index.cjs ${bytes.toLocaleString('en')} bytes`);
  const budget = budgetBytes[isAction(folder) || folder === 'codebuild/hook' ? 'action' : 'worker'];
  return bytes > budget ? [`${folder}: ${bytes} bytes is over the budget of ${budget}`] : [];
};

const { values: options } = parseArgs({
  options: { check: { type: 'boolean' }, 'if-stale': { type: 'boolean' }, 'list-stale': { type: 'boolean' } },
});
const problems: string[] = [];
for (const folder of globSync(['actions/*/main.ts', 'codebuild/*/main.ts'], { cwd: root }).map(dirname).sort()) {
  const shaken = await shake(folder);
  if (options['list-stale']) {
    if (isStale(folder, shaken)) console.log(folder);
    continue;
  }
  if (options['if-stale'] && !isStale(folder, shaken)) continue;
  const bundle = await pack(folder, shaken);
  problems.push(...oversize(bundle));
  if (options.check) problems.push(...differences(bundle));
  else writeBundle(bundle);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
