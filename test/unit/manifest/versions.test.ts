import { describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import { usualNames } from '../../../src/manifest/versions.ts';
import { manifestText } from '../../../src/rehearsal/manifest.ts';

const versionsOf = (text: string) => loadManifest(`${manifestText()}versions: ${text}\n`, 'delivery.yml').versions;

describe('versions.paths', () => {
  test('are folders and files from the root of the repository', () => {
    const paths = ['models/churn', 'models/churn/', '.github/a b.yml', 'x', 'ä/..b/c..', 'a.b'];
    expect(versionsOf(JSON.stringify({ paths }))).toEqual({ ...usualNames, paths });
    expect(versionsOf('{ main: trunk }')).toEqual({ ...usualNames, main: 'trunk' });
  });

  test.each([
    '.',
    './models',
    '../other',
    'models/../fraud',
    'models/.',
    '/models',
    'models//churn',
    'models/*',
    'a?b',
    'a\\b',
    '',
    ' ',
    ' models',
  ])('%j is none', (path) => {
    expect(() => versionsOf(JSON.stringify({ paths: [path] }))).toThrow(
      'is not a folder or a file; expected its path from the root of the repository without patterns, e.g. models/churn',
    );
  });

  test('are a list of at least one', () => {
    expect(() => versionsOf('{ paths: [] }')).toThrow('versions.paths');
    expect(() => versionsOf('{ paths: models/churn }')).toThrow('is not a list of folders and files');
  });
});
