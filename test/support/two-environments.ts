import { manifestText } from '../../src/rehearsal/manifest.ts';

interface Lines {
  /** Lines of the environment, without indentation. */
  readonly staging?: string;
  readonly production?: string;
  /** Lines for all environments. */
  readonly top?: string;
}

/** The manifest of the rehearsals without account and region, and a staging beside its production. A written line replaces its key. */
export const twoEnvironments = ({ staging = '', production = '', top = '' }: Lines): string => {
  const [head = '', body = ''] = manifestText()
    .replace(/^ {4}(account|region): .*\n/gm, '')
    .split(/^ {2}production:\n/m);
  const withOwn = (lines: string): string => {
    const keys = lines.split('\n').map((line) => line.split(':')[0]);
    const rest = body.split('\n').filter((line) => !keys.some((key) => key !== '' && line.startsWith(`    ${key}:`)));
    return `${lines.replace(/^(?=.)/gm, '    ')}\n${rest.join('\n')}`.trim();
  };
  return [
    `${top}\n${head}`,
    `  staging:\n    ${withOwn(staging).replace(/name: iris\b/, 'name: iris-staging')}\n`,
    `  production:\n    ${withOwn(production)}\n`,
  ].join('');
};
