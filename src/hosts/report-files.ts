import { writeFileSync } from 'node:fs';
import type { Written } from '../inputs/read-inputs.ts';
import { junitOf } from '../report/junit.ts';
import type { Report } from '../report/result.ts';
import { runPage } from '../report/run-page.ts';
import type { Schema } from '../schema.ts';
import { withoutKnownSecrets } from '../secrets.ts';

const files = { junit: junitOf, html: runPage } as const;

/**
 * Writes the report to the files that the inputs name (`reportFileInputs`), also after a failure; and the operation's own files, as far as the run has
 * their content.
 * @returns why a file could not be written; that never fails a delivery (DESIGN §7 rule 13)
 */
export const writeReportFiles = (written: Written, report: Report, own: Schema<object> = {}): readonly string[] => [
  ...(['junit', 'html'] as const).flatMap(
    (name) => faultOf(written(name), () => withoutKnownSecrets(files[name](report))) ?? [],
  ),
  ...Object.keys(own).flatMap((name) => faultOf(written(name), () => ownFile(report, name)) ?? []),
];

/** @throws {Error} when there is none */
const ownFile = ({ files: own = {}, result }: Report, name: string): string => {
  const text = own[name];
  if (text === undefined) throw new Error(`the run ended ${result.outcome}/${result.reason}, which has no ${name}`);
  return withoutKnownSecrets(text);
};

/** @returns why the file could not be written; undefined also without a path */
export const faultOf = (path: string | undefined, content: () => string): string | undefined => {
  if (!path) return undefined;
  try {
    writeFileSync(path, content());
    return undefined;
  } catch (error) {
    return `${path} could not be written: ${error instanceof Error ? error.message : String(error)}`;
  }
};
