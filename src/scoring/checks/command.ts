import { duration } from '../../clock.ts';
import { foremostCases } from '../../findings/foremost-cases.ts';
import type { Check, CheckCase, CheckTable } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import type { TestCommand } from '../../manifest/asking.ts';
import { shellWord, shortened } from '../../plain-text.ts';
import { InputError } from '../../schema.ts';
import { redacted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { ProgramEnd, Programs } from '../../world.ts';
import { candidateUp } from '../candidate-up.ts';
import type { Turn } from '../progress.ts';
import type { Endpoint } from '../site.ts';
import type { Standing } from '../standing.ts';

/** Of a report: one with more is cut, the cases that fail first. */
const mostCases = 500;
const mostCharacters = 500;

/** `command` of `regression:`: a test program of the user, with the candidate's address among its variables. */
export const command = {
  name: 'command',
  isDue: ({ regression }: Standing): boolean => regression.asking.command !== undefined,
  refuse: ({ world }: Standing): void => void programsOf(world),
  notes: async ({ regression }: Standing): Promise<readonly string[]> => {
    const { command } = regression.asking;
    return command === undefined
      ? []
      : [
          `then runs on this machine, for ${duration(command.timeoutSeconds * 1000)} at most: ${command.run.map(shellWord).join(' ')}`,
        ];
  },
  run: async (at: Standing): Promise<Check | Turn> => {
    const { command } = at.regression.asking;
    if (command === undefined) throw new Error('no command to run');
    const programs = programsOf(at.world);
    const site = await candidateUp(at);
    if (site.is === 'waiting' || site.is === 'done') return site;
    if (site.is !== 'endpoint') throw new Error('the command has no endpoint to ask');
    return ran(at, command, site, programs);
  },
} as const;

/** @throws {InputError} in a host that starts no program */
const programsOf = ({ programs }: Standing['world']): Programs => {
  if (programs !== undefined) return programs;
  throw new InputError(
    'regression.command: an action of CodePipeline runs no program: run `model-delivery regression-test` in a CodeBuild action instead (codebuild/buildspecs/regression-test.yml)',
  );
};

const ran = async (at: Standing, command: TestCommand, site: Endpoint, programs: Programs): Promise<Check | Turn> => {
  const { world, given, registered } = at;
  const { run, timeoutSeconds, junit, level } = command;
  const end = await programs.run({
    argv: run,
    timeoutSeconds,
    asks: { endpoint: site.endpoint, ...withoutUndefined({ elsewhere: site.elsewhere }) },
    variables: {
      MODEL_DELIVERY_ENDPOINT: site.endpoint,
      MODEL_DELIVERY_REGION: world.account.region,
      MODEL_DELIVERY_VERSION: registered.version,
      MODEL_DELIVERY_ENVIRONMENT: given.environment,
      ...withoutUndefined({ MODEL_DELIVERY_VARIANT: site.variant }),
    },
    ...withoutUndefined({ junit }),
  });
  // A cancelled run ends its program, which is no verdict about the model.
  world.signal.throwIfAborted();
  if (end.how.is === 'not-started') throw notStarted(command, end.how.code);
  return { name: 'command', level, ...resultOf(command, end) };
};

const notStarted = ({ run: [program = ''] }: TestCommand, code: string): InputError =>
  new InputError(
    code === 'ENOENT'
      ? `regression.command.run: there is no program ${JSON.stringify(program)} on this machine (ENOENT): install it in an earlier step, or give its path in the checkout, such as ./tests/run`
      : `regression.command.run: ${JSON.stringify(program)} cannot be started (${code})`,
  );

type Result = Pick<Check, 'verdict' | 'because' | 'cases' | 'table'>;

/** A program passes that ends with 0, and whose report has a case that passes and none that fails. */
export const resultOf = ({ junit, timeoutSeconds }: TestCommand, end: ProgramEnd): Result => {
  const { report } = end;
  const cases = report?.is === 'read' ? report.cases.map(plain) : [];
  const failed = cases.filter(({ verdict }) => verdict === 'fail').length;
  const passed = cases.filter(({ verdict }) => verdict === 'pass').length;
  const of = `${failed} of ${counted(cases.length, 'case')}`;
  const shown = { cases: foremostCases(cases, mostCases), ...withoutUndefined({ table: tableOf(cases) }) };
  const wrong = faultOf(end, timeoutSeconds);
  if (wrong !== undefined)
    return {
      ...shown,
      verdict: 'fail',
      because: [...(cases.length > 0 ? [`${of} failed`] : []), wrong].join('; '),
    };
  if (failed > 0)
    return { ...shown, verdict: 'fail', because: `${of} failed by ${junit}, although the program ended with 0` };
  if (report?.is === 'none')
    return { ...shown, verdict: 'inconclusive', because: `the program ended with 0, and ${clean(report.because)}` };
  if (junit !== undefined && passed === 0)
    return {
      ...shown,
      verdict: 'inconclusive',
      because: `the program ended with 0, and ${junit} has ${cases.length === 0 ? 'no case' : 'skipped cases alone'}`,
    };
  const skipped = cases.length - passed;
  return {
    ...shown,
    verdict: 'pass',
    because: [
      'the program ended with 0',
      ...(junit === undefined ? [] : [`${counted(passed, 'case')} passed`]),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ].join(', '),
  };
};

/** Undefined after an end with 0. */
const faultOf = ({ how, lastLine }: ProgramEnd, timeoutSeconds: number): string | undefined => {
  const said = lastLine === undefined ? '' : `: ${clean(lastLine)}`;
  switch (how.is) {
    case 'exited':
      return how.code === 0 ? undefined : `the program ended with ${how.code}${said}`;
    case 'killed':
      return `the program was ended by ${how.by}${said}`;
    case 'timed-out':
      return `the program did not end within ${duration(timeoutSeconds * 1000)}${said}`;
    case 'not-started':
      return `the program could not be started (${how.code})`;
  }
};

const plain = ({ name, verdict, because }: CheckCase): CheckCase => ({
  name: clean(name),
  verdict,
  ...(because === undefined ? {} : { because: clean(because) }),
});

/** A test program may print its own keys. */
const clean = (text: string): string => shortened(redacted(text), mostCharacters);

const words = { fail: 'failed', inconclusive: 'skipped', pass: 'passed' } as const;

const tableOf = (cases: readonly CheckCase[]): CheckTable | undefined =>
  cases.length === 0
    ? undefined
    : {
        heads: ['case', 'result', 'message'],
        rows: foremostCases(cases, mostCases).map(({ name, verdict, because = '' }) => [name, words[verdict], because]),
      };
