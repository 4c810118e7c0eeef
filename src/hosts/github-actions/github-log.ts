import * as core from '@actions/core';
import { beginning, oneLine, withoutCommands } from '../../plain-text.ts';
import { keepSecret, redacted, withoutKnownSecrets } from '../../secrets.ts';

/**
 * All printing of the GitHub host, and the one user of `@actions/core`. All text for the runner goes through here: standard output,
 * annotations and its files. Foreign text in it is never a command (DESIGN §7 rule 22), and it contains no secret (rule 16).
 */

/** GitHub cuts the message of an annotation at 4,096 characters. */
const longestMessage = 4096;

const plain = (text: string): string => withoutCommands(redacted(text));
const inOneLine = (text: string): string => oneLine(redacted(text));

export const print = (text: string): void => core.info(plain(text));

export const printGroup = (title: string, lines: readonly string[]): void => {
  core.startGroup(inOneLine(title));
  for (const line of lines) print(line);
  core.endGroup();
};

export const annotateError = (title: string, message: string): void =>
  core.error(beginning(plain(message), longestMessage), { title: inOneLine(title) });

export const annotateWarning = (message: string): void => core.warning(beginning(plain(message), longestMessage));

/** Shown only where the run was started with debug logging. */
export const printDebug = (text: string): void => core.debug(plain(text));

/** Masks the secrets in all later output of every step of the job. */
export const hide = (...secrets: readonly (string | undefined)[]): void => {
  keepSecret(...secrets);
  for (const secret of secrets) if (secret !== undefined && secret.trim() !== '') core.setSecret(secret);
};

/**
 * Sets an output between delimiters that foreign text cannot know: the toolkit draws them anew for every value. Machines read the output,
 * so the value is not changed here: it was made plain when it was composed.
 */
export const setOutput = (name: string, value: string | boolean): void =>
  core.setOutput(name, withoutKnownSecrets(String(value)));

export const saveState = (name: string, value: string): void => core.saveState(name, withoutKnownSecrets(value));

export const readState = (name: string): string => core.getState(name);

export const readInput = (name: string): string | undefined => core.getInput(name) || undefined;

/** The toolkit masks the token before it gives it away. */
export const identityToken = (audience: string): Promise<string> => core.getIDToken(audience);

/** @param markdown as `summaryOf` made it */
export const writeSummary = async (markdown: string): Promise<void> => {
  await core.summary.addRaw(withoutKnownSecrets(markdown)).write();
};
