/**
 * Enforces the arrows of the architecture: the allowed imports of each room, and the files that may use an SDK, a clock or chance.
 *
 *   actions, codebuild → commands → rehearsal → hosts → session → inputs → probe → init → adopt → operations → approval → scoring → delivery → notification → mechanisms → metrics →
 *   endpoint → report → registry → release → rollout → versions → regression → judge → answers → the contract → manifest, GitHub, AWS → the ground
 */
import { globSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build, transformSync } from 'esbuild';

export interface SourceFile {
  /** Relative to the repository root. */
  readonly path: string;
  /** Imports for use at run time: repository paths, `node:fs`, or package names. */
  readonly imports: readonly string[];
  /** Imports of types only; gone at run time. */
  readonly typeImports: readonly string[];
  /** The code without comments and types. */
  readonly code: string;
}

/** The rooms, top to bottom; a file imports from its own room or one below, as type or value. First match wins. */
const layers: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['an entry point', /^(actions|codebuild)\/|^src\/main\.ts$/],
  ['a command', /^src\/commands\//],
  ['the rehearsal', /^src\/rehearsal\//],
  ['a host', /^src\/hosts\//],
  ['the session', /^src\/session\//],
  ['the inputs', /^src\/inputs\//],
  ['the probe', /^src\/probe\//],
  ['the beginning of a repository', /^src\/init\//],
  ['the adoption', /^src\/adopt\//],
  ['an operation', /^src\/operations\//],
  ['the approval', /^src\/approval\//],
  ['the scoring', /^src\/scoring\//],
  ['the delivery', /^src\/delivery\//],
  ['the notification', /^src\/notify\//],
  ['a mechanism', /^src\/mechanisms\//],
  ['the metrics', /^src\/metrics\//],
  ['the endpoint', /^src\/endpoint\//],
  ['the report', /^src\/report\//],
  ['the registry', /^src\/registry\//],
  ['the release record', /^src\/release\//],
  ['the rollout', /^src\/rollout\//],
  ['the versions', /^src\/versions\//],
  ['the regression test', /^src\/regression\//],
  ['the judge', /^src\/judge\//],
  ['the answers', /^src\/answers\//],
  ['the contract', /^src\/(operation|offers|world|whole-files|memory|permissions|policy-[a-z]+)\.ts$|^src\/findings\//],
  ['the manifest', /^src\/manifest\//],
  ['GitHub', /^src\/github\//],
  ['AWS', /^src\/aws\//],
  ['the ground', /^src\/[^/]+\.ts$/],
];
const sdk = /^(@aws-sdk|@smithy|@octokit|@actions)\//;
/** Files that may import an SDK; all others reach AWS and GitHub through World. */
const sdkHomes: readonly (readonly [home: RegExp, packages: RegExp])[] = [
  [/^src\/aws\//, /^(@aws-sdk|@smithy)\//],
  [/^src\/github\//, /^(@octokit|@actions)\//],
  [/^src\/hosts\/github-actions\/github-log\.ts$/, /^@actions\/core$/],
  [/^codebuild\//, sdk],
];
/** Deterministic by construction: no SDK, clock, random source or node: module, not even through a file they import. */
const pure = /^src\/(rollout\/|versions\/|judge\/|regression\/(?!scoring\/))/;
const mayReachSdk = /^(actions|codebuild|src\/(aws|github|commands|hosts|session|rehearsal))\/|^src\/main\.ts$/;

const clocksAndDice =
  /\b(AbortSignal\.timeout|setTimeout|setInterval|setImmediate|Date\.now|performance\.now|hrtime|Math\.random|randomUUID|randomBytes|timers\/promises)\b|\bnew Date\(\)/g;
interface Exception {
  readonly path: RegExp;
  readonly uses: RegExp;
  readonly because: string;
}
const exceptions: readonly Exception[] = [
  {
    path: /^src\/hosts\/wall-clock\.ts$/,
    uses: /./,
    because: 'the only place where production waits and reads the time',
  },
  {
    path: /^simulator\/wall-time\.ts$/,
    uses: /./,
    because: 'the watchdog over stuck participants, and time passing on its own',
  },
  {
    path: /^simulator\/containers\/command-worker\.ts$/,
    uses: /^(AbortSignal\.timeout|setTimeout|performance\.now)$/,
    because: "a server of the user's own runs in wall time",
  },
  {
    path: /^test\/(benchmarks|crash)\//,
    uses: /^performance\.now$/,
    because: 'it reports a measurement; no test passes or fails by it',
  },
  {
    path: /^(src\/rehearsal\/own-process|test\/unit\/rehearsal\/own-process\.test)\.ts$/,
    uses: /^(setTimeout|setInterval|setImmediate)$/,
    because: 'a script that runs in the process has its own timers there, which end with it',
  },
  { path: /^test\/contract\/dependencies\.test\.ts$/, uses: /./, because: 'plants forbidden calls, as text' },
];

/** All output goes through a room that makes foreign text plain and removes secrets (rules 16 and 22). */
const printing =
  /(?<![./\w])(?:globalThis\s*\.\s*)?console\b(?=\s*[.[])|\bprocess\s*\.\s*(?:stdout|stderr|emitWarning)\b|\bprocess\s*\[|\bwriteSync\s*\(\s*[12]\b/g;
const printingRoom = /^src\/hosts\/terminal\.ts$/;

export const violations = (files: readonly SourceFile[]): string[] => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return [...circles(byPath), ...eachFile(files, byPath)];
};

const eachFile = (files: readonly SourceFile[], byPath: ReadonlyMap<string, SourceFile>): string[] =>
  files.flatMap((file) => [
    ...layering(file),
    ...verifierUse(file),
    ...simulatorWall(file),
    ...sdkUse(file, byPath),
    ...purity(file, byPath),
    ...clockUse(file),
    ...printingUse(file),
  ]);

/** Files that import each other, as type or value, each circle once: none can be understood or tested without the others. */
const circles = (byPath: ReadonlyMap<string, SourceFile>): string[] => {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const from = trail.indexOf(path);
    if (from >= 0) found.push(`${[...trail.slice(from), path].join(' → ')}: these import each other in a circle`);
    const file = byPath.get(path);
    if (from >= 0 || file === undefined || done.has(path)) return;
    for (const target of [...file.imports, ...file.typeImports]) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  return found;
};

const layerOf = (path: string): number => layers.findIndex(([, pattern]) => pattern.test(path));
const layerName = (layer: number): string => layers[layer]?.[0] ?? 'outside the layers';

const layering = ({ path, imports, typeImports }: SourceFile): string[] => {
  const own = layerOf(path);
  if (own < 0) return [];
  return [...imports, ...typeImports].flatMap((target) => {
    const layer = layerOf(target);
    return layer >= 0 && layer < own
      ? [`${path} (${layerName(own)}) imports ${target} (${layerName(layer)}): arrows point downwards only`]
      : [];
  });
};

/** The simulator shares no line with the product, so that the two do not share an error. */
const simulatorWall = ({ path, imports, typeImports }: SourceFile): string[] =>
  [...imports, ...typeImports].flatMap((target) => {
    if (path.startsWith('simulator/') && target.startsWith('src/'))
      return [`${path} imports ${target}: the simulator imports nothing from src/`];
    if (!target.startsWith('simulator/') || !path.startsWith('src/')) return [];
    return /^src\/rehearsal\//.test(path)
      ? []
      : [`${path} imports ${target}: only the rehearsal may import the simulator`];
  });

/** Foreign verifiers are no dependency: their licences may bind, and the project must run without them. */
const verifierUse = ({ path, imports, typeImports }: SourceFile): string[] =>
  [...imports, ...typeImports]
    .filter((target) => /^@cloud-copilot\/|(^|\/)\.cache\//.test(target))
    .map((target) => `${path} imports ${target}: only tools/ may use what tools/install-verifiers.sh installs`);

/** A path of run-time imports from `start` to the first target that `matches`, or undefined. */
const pathTo = (
  start: string,
  byPath: ReadonlyMap<string, SourceFile>,
  matches: (target: string) => boolean,
): string[] | undefined => {
  const seen = new Set([start]);
  const queue: (readonly string[])[] = [[start]];
  for (const trail of queue) {
    for (const target of byPath.get(trail.at(-1) ?? '')?.imports ?? []) {
      if (matches(target)) return [...trail, target];
      if (!seen.has(target)) queue.push([...trail, target]);
      seen.add(target);
    }
  }
  return undefined;
};

const sdkUse = (file: SourceFile, byPath: ReadonlyMap<string, SourceFile>): string[] => {
  if (!/^(src|actions|codebuild)\//.test(file.path)) return [];
  const packages = sdkHomes.find(([home]) => home.test(file.path))?.[1];
  const direct = [...file.imports, ...file.typeImports]
    .filter((target) => sdk.test(target) && !packages?.test(target))
    .map(
      (target) =>
        `${file.path} imports ${target}: SDKs belong to src/aws and src/github, @actions/core to src/hosts/github-actions/github-log.ts`,
    );
  if (direct.length > 0 || mayReachSdk.test(file.path)) return direct;
  const trail = pathTo(file.path, byPath, (target) => sdk.test(target));
  // Every importer of this file reaches the SDK too; one line is enough.
  const through = trail?.[1];
  return trail && through && mayReachSdk.test(through)
    ? [`${trail.join(' → ')}: reaches an SDK at run time; take it from World`]
    : [];
};

const purity = ({ path, imports }: SourceFile, byPath: ReadonlyMap<string, SourceFile>): string[] => {
  if (!pure.test(path)) return [];
  const impure = (target: string): boolean => !byPath.has(target) && !target.endsWith('.json');
  if (imports.some(impure)) return [`${path} imports ${imports.filter(impure).join(', ')}: it must stay pure`];
  const trail = pathTo(path, byPath, impure);
  return trail && !pure.test(trail[1] ?? '') ? [`${trail.join(' → ')}: ${path} must stay pure`] : [];
};

const clockUse = ({ path, code }: SourceFile): string[] => {
  const used = [...new Set(code.match(clocksAndDice))].filter(
    (name) => !exceptions.some((exception) => exception.path.test(path) && exception.uses.test(name)),
  );
  return used.map(
    (name) => `${path} uses ${name}: time and chance come from World (or the simulator's clock and seed)`,
  );
};

const printingUse = ({ path, code }: SourceFile): string[] =>
  /^(src|actions|codebuild)\//.test(path) && !printingRoom.test(path)
    ? [...new Set(code.match(printing))].map(
        (name) =>
          `${path} uses ${name}: printing belongs to src/hosts/terminal.ts and src/hosts/github-actions/github-log.ts`,
      )
    : [];

const typeOnly = /^(?:import|export) type\b[^;]*?from '([^']+)';/gm;

/** Reads every source file's imports: values as esbuild sees them, types (which it drops) from the text. */
export const readSources = async (root: string): Promise<SourceFile[]> => {
  const pattern = '{src,simulator,actions,codebuild,test}/**/*.ts';
  const paths = globSync(pattern, { cwd: root, exclude: ['**/dist/**', '**/node_modules/**'] }).sort();
  const { metafile } = await build({
    entryPoints: paths,
    absWorkingDir: root,
    outdir: 'build',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    // Every import stays an import, under its path from the root: the check needs the list, not the bundle.
    plugins: [
      {
        name: 'list-imports',
        setup: ({ onResolve }) =>
          onResolve({ filter: /./ }, ({ kind, path, importer }) =>
            kind === 'entry-point' ? undefined : { path: fromRoot(relative(root, importer), path), external: true },
          ),
      },
    ],
  });
  return paths.map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return {
      path,
      imports: (metafile.inputs[path]?.imports ?? []).map((found) => found.path),
      typeImports: [...text.matchAll(typeOnly)].map(([, specifier = '']) => fromRoot(path, specifier)),
      code: transformSync(text, { loader: 'ts', legalComments: 'none' }).code,
    };
  });
};

const fromRoot = (importer: string, specifier: string): string =>
  specifier.startsWith('.') ? join(importer, '..', specifier) : specifier;

/** Licences that would bind the users of our bundles; tools with such licences are installed beside the project (install-verifiers.sh). */
const binding = /\b(A?GPL|SSPL|EUPL|BUSL)\b/;

/** @param lock the text of package-lock.json */
export const bindingPackages = (lock: string): string[] => {
  const { packages }: { readonly packages: Readonly<Record<string, { readonly license?: string }>> } = JSON.parse(lock);
  return Object.entries(packages).flatMap(([path, { license = '' }]) =>
    binding.test(license) ? [`package-lock.json has ${path} under ${license}: keep it out of the dependencies`] : [],
  );
};

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..');
  const found = [
    ...violations(await readSources(root)),
    ...bindingPackages(readFileSync(join(root, 'package-lock.json'), 'utf8')),
  ];
  for (const violation of found) console.error(violation);
  process.exitCode = found.length === 0 ? 0 : 1;
}
