import { counted } from '../../judge/amounts.ts';
import { environmentOf } from '../../manifest/load.ts';
import type { Manifest } from '../../manifest/manifest.ts';
import type { RegressionSpec } from '../../manifest/regression.ts';
import { cannotLoad } from '../../manifest/regression-load.ts';
import { parseConstraints } from '../../registry/constraints-file.ts';
import { canFailAlone, limitOf } from '../../regression/alone.ts';
import { tooFewRequests } from '../../regression/load/judged.ts';
import { InputError } from '../../schema.ts';
import { checkGoldenSet } from '../../scoring/check-golden-set.ts';
import { mostReportBytes, tooLarge } from '../../scoring/registered-reports.ts';
import { readLocalRows } from '../../scoring/rows-file.ts';
import { quoted } from '../../secrets.ts';
import type { Workspace } from '../../world.ts';

/**
 * Checks `regression:` as far as it needs no AWS.
 * @returns warnings
 * @throws {InputError} one line for each mistake with which no version could be tested or delivered
 */
export const lintRegression = async (manifest: Manifest, workspace: Workspace): Promise<readonly string[]> => {
  const { regression } = manifest;
  if (regression === undefined) return [];
  const golden = await lintRows(regression, workspace);
  const problems = [
    ...golden.problems,
    ...placeProblems(manifest, regression),
    ...loadProblems(manifest, regression),
    ...(await contractProblems(regression, workspace)),
  ];
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  return [...golden.warnings, ...ruleWarnings(regression), ...loadWarnings(regression)];
};

interface Lint {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const lintRows = async (regression: RegressionSpec, workspace: Workspace): Promise<Lint> => {
  const { dataset, asking, minimumSupport } = regression;
  // A baseline that serves is asked with the rows, too.
  const isAsked = asking.candidate.is !== 'predictions' || asking.baseline.is !== 'predictions';
  const missing = [
    ...(dataset === undefined ? ['regression.dataset: is missing; models are asked with its rows'] : []),
    ...(asking.request === undefined
      ? ['regression.request: is missing; it says how a golden row becomes a request']
      : []),
  ];
  if (isAsked && missing.length > 0) return { problems: missing, warnings: [] };
  if (dataset === undefined) return { problems: [], warnings: [] };
  if (dataset.startsWith('s3://'))
    return { problems: [], warnings: [`regression.dataset: ${dataset} is in S3, so its rows are not checked here`] };
  try {
    const rows = await checkGoldenSet(regression, await readLocalRows(workspace, dataset, 'regression.dataset'));
    const few = rows < minimumSupport.rows;
    return {
      problems: [],
      warnings: few
        ? [
            `regression.dataset: ${dataset} has ${counted(rows, 'row')}, fewer than minimum-support (${minimumSupport.rows}): every verdict is inconclusive, so no version can be delivered`,
          ]
        : [],
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { problems: [error.message], warnings: [] };
  }
};

/** Constraints in the working folder. */
const contractProblems = async (
  { asking: { contract } }: RegressionSpec,
  workspace: Workspace,
): Promise<readonly string[]> => {
  if (contract === undefined || contract.constraints === 'registered' || contract.constraints.startsWith('s3://'))
    return [];
  try {
    const { name, size, read } = await readLocalRows(
      workspace,
      contract.constraints,
      'regression.contract.constraints',
    );
    if (size > mostReportBytes) throw new InputError(`regression.contract.constraints: ${tooLarge(name)}`);
    parseConstraints((await read(0, size)).toString('utf8'), `regression.contract.constraints: ${name}`);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [error.message];
  }
};

const loadProblems = ({ environments }: Manifest, { asking: { load } }: RegressionSpec): readonly string[] =>
  load === undefined ? [] : Object.values(environments).flatMap(({ endpoint }) => cannotLoad(endpoint) ?? []);

const loadWarnings = ({ asking: { load } }: RegressionSpec): readonly string[] => {
  if (load === undefined || load.by === 'factor') return [];
  const few = tooFewRequests(load.target, load);
  return few === undefined ? [] : [`regression.load: ${few}`];
};

/** Environments in which the candidate could never be found. */
const placeProblems = (
  { environments, ...manifest }: Manifest,
  { asking: { candidate } }: RegressionSpec,
): readonly string[] => {
  const all = Object.entries(environments);
  if (candidate.is === 'dark-variant')
    return all
      .filter(([, { rollout }]) => rollout.strategy !== 'steps')
      .map(
        ([name, { rollout }]) =>
          `regression.candidate: dark-variant needs strategy: steps, and ${name} has ${rollout.strategy}: no version could be delivered there`,
      );
  if (candidate.is !== 'environment') return [];
  let home: Manifest['environments'][string];
  try {
    home = environmentOf({ ...manifest, environments }, candidate.environment);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [`regression.candidate: ${error.message}`];
  }
  const place = `regression.candidate: environment ${quoted(candidate.environment)}`;
  return [
    ...(candidate.role === undefined ? [] : roleProblems(candidate.role, candidate.environment, home.account)),
    ...all.flatMap(([name, { account, region }]) => {
      if (differs(region, home.region))
        return `${place} is in another region than ${name}, where SageMaker makes no model of the same package: no version could be delivered there`;
      return candidate.role === undefined && differs(account, home.account)
        ? `${place} is in another account than ${name}, and names no role for its run to reach it: no version could be delivered there`
        : [];
    }),
  ];
};

const roleProblems = (role: string, environment: string, account: string | undefined): readonly string[] =>
  account === undefined && !role.startsWith('arn:')
    ? [
        `regression.candidate.role: ${role} is a name, and environment ${quoted(environment)} has no \`account\`: set it, or give the role's ARN`,
      ]
    : [];

/** Of values that may be left to the credentials. */
const differs = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other;

const ruleWarnings = (regression: RegressionSpec): readonly string[] => {
  if (regression.rules.every(({ level }) => level === 'warn'))
    return [
      'regression: every rule only warns, so the gate cannot fail: every verdict is inconclusive, and no version can be delivered',
    ];
  return [
    ...(canFailAlone(regression)
      ? []
      : [
          `regression: where nothing serves yet only a floor or a ceiling decides, and there is none: the first version of an endpoint cannot be tested; add one, e.g. ${limitOf[regression.task]}`,
        ]),
    ...(regression.asking.candidate.is === 'dark-variant'
      ? [
          'regression.candidate: the first version of an endpoint has no dark variant beside another one: use temporary for it',
        ]
      : []),
  ];
};
