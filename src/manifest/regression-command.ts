import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { CandidateSite, TestCommand } from './asking.ts';
import { checkLevel } from './check-level.ts';
import type { Refuse } from './refuse.ts';
import * as v from './values.ts';

/** `command` of `regression:`: a program of the user that tests the candidate. */

const about = z.describe;

const usualTimeout = 15 * 60;
/** The credentials of the program end after an hour. */
const longestTimeout = 3600;

/** A path in the checkout. */
const path = () =>
  v.words('a path').check(
    z.refine((text) => !/^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)/i.test(text), {
      error: 'must be a path in the checkout',
    }),
  );

export const commandKey = z.optional(
  v
    .mapping({
      run: v
        .listOf('a list of words', z.string({ error: 'a word; expected text' }).check(z.maxLength(4096)), 1, 200)
        .check(about('The program and its arguments, e.g. `[pytest, tests/model]`. No shell reads them.')),
      junit: z.optional(
        path().check(about('Path of the JUnit report that the program writes; its cases are taken over.')),
      ),
      timeout: z.optional(
        v
          .durationWithin(1, longestTimeout, '1s to 1h')
          .check(about('The program is ended after this time, and has failed. Default: `15m`.')),
      ),
      level: checkLevel(),
    })
    .check(
      about(
        "A test program of your own. It runs on the machine of the run when all rows are answered, while the candidate is up, with its address in `MODEL_DELIVERY_ENDPOINT`, and fails by its exit code. Not in CodePipeline's actions, which run no program.",
      ),
    ),
);

/** @param refuse is called for each problem */
export const commandOf = (
  written: z.output<typeof commandKey>,
  candidate: CandidateSite,
  refuse: Refuse,
): TestCommand | undefined => {
  if (written === undefined) return undefined;
  const { run, junit, timeout = usualTimeout, level = 'fail' } = written;
  if (run[0] === '') refuse('is no program', 'command', 'run', 0);
  if (run.some((word) => word.includes('\0')))
    refuse('has a NUL character, which no program can get', 'command', 'run');
  if (candidate.is === 'predictions' || candidate.is === 'transform')
    refuse(
      `needs an endpoint that it can ask, and the candidate is ${candidate.is}; expected candidate temporary, dark-variant or an environment`,
      'command',
    );
  return { run, timeoutSeconds: timeout, level, ...withoutUndefined({ junit }) };
};
