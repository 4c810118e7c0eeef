import { callers } from './callers.ts';
import { readme, rolesFolder, setupFolder } from './readme.ts';
import { rolesOf } from './roles.ts';
import type { Setup, WrittenFile } from './setup.ts';

/**
 * Every file of a repository's delivery.
 * @param manifest the text of `delivery.yml`
 * @param example the text of an example of this package, by its name
 */
export const filesOf = (setup: Setup, manifest: string, example: (name: string) => string): readonly WrittenFile[] => [
  { path: 'delivery.yml', content: manifest },
  ...(setup.trainingJob === undefined ? [] : [{ path: 'training-job.txt', content: `${setup.trainingJob}\n` }]),
  ...callers(setup, example),
  { path: `${setupFolder}/README.md`, content: readme(setup) },
  ...rolesOf(setup).flatMap(({ name, trust, policies }) =>
    Object.entries({ trust, ...policies }).map(([file, document]) => ({
      path: `${rolesFolder}/${name}/${file}.json`,
      content: `${JSON.stringify(document, undefined, 2)}\n`,
    })),
  ),
];
