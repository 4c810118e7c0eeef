import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { historyAsText } from '../report/history.ts';
import { flag, type ValuesOf } from '../schema.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { openReadOnly } from './read-only-session.ts';

const historyInputs = { ...sharedInputs, json: flag({ description: 'Print JSON.', default: false }) };

export const history: Command = {
  does: 'Prints the configurations that served on an endpoint, and the end of each release.',
  options: historyInputs,
  examples: [
    { line: 'history --environment production', does: 'Prints it, newest first.' },
    { line: 'history --environment production --json', does: 'Prints the whole release record.' },
  ],
  exits: { 0: 'printed, also when there is no release', 1: 'AWS could not be read', 2: wrongRequest },
  run: (args, host) => runHistory(args, host()),
};

/** The release record, newest release first. Reads only. */
const runHistory = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'history',
    schema: historyInputs,
    answer: async ({ manifest, environment, json }: ValuesOf<typeof historyInputs>) => {
      const { store, world } = await openReadOnly(host, manifest, environment);
      const stored = await store.read();
      if (stored === undefined) await refuseOtherRecord(world, store, true);
      if (json) return jsonText(withoutSecrets(stored?.record ?? null), 2);
      return stored ? redacted(historyAsText(stored.record)) : `no release of ${store.endpoint} was recorded`;
    },
  };
  return printAnswer(question, args, host);
};
