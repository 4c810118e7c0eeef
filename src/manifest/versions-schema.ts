import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import * as v from './values.ts';
import { usualNames, type VersionNames } from './versions.ts';

const about = z.describe;

/** Git allows more; these are the characters in use. */
const branch = () =>
  v.text('a branch name; expected 1 to 200 letters, digits and ./_-@#+, e.g. main or release/', /^[\w./@#+-]+$/, 200);

/** No pattern of several files and no way out of the repository: git takes each as it is written. */
const folder = () =>
  v.text(
    'a folder or a file; expected its path from the root of the repository without patterns, e.g. models/churn',
    /^(?:(?!\.{1,2}(?:\/|$))[^\s/\\*?[\]](?:[^/\\*?[\]\r\n\t]*[^\s/\\*?[\]])?(?:\/(?!\/)|$))+$/,
    200,
  );

export const versionsSchema = z.pipe(
  v
    .mapping({
      main: z.optional(
        branch().check(
          about(
            'Its commits get final versions: that of the release candidate that they contain, else one by conventional commits. Default: `main`.',
          ),
        ),
      ),
      develop: z.optional(
        branch().check(
          about('Its commits get `x.y.0-alpha.N` of the minor version after the newest one. Default: `develop`.'),
        ),
      ),
      release: z.optional(
        branch().check(
          about(
            'Beginning of the names of release branches: commits of `release/1.4.0` get `1.4.0-rc.N`. Default: `release/`.',
          ),
        ),
      ),
      hotfix: z.optional(
        branch().check(
          about(
            'Beginning of the names of hotfix branches: commits of `hotfix/1.4.1` get `1.4.1-rc.N`. Default: `hotfix/`.',
          ),
        ),
      ),
      first: z.optional(
        v
          .text(
            'a final version; expected three numbers, e.g. 1.0.0',
            /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/,
            30,
          )
          .check(about('Version of a model that has no final one yet. Default: `1.0.0`.')),
      ),
      paths: z.optional(
        v
          .listOf('a list of folders and files', folder(), 1, 50)
          .check(
            about(
              'Folders and files of the model, from the root of the repository: commits that change none of them do not count for its next version. Default: all commits count.',
            ),
          ),
      ),
    })
    .check(
      about(
        'Branches and commits of `version: next` (docs/versions.md). Branches without a name here are feature branches, and get `x.y.z-dev.<commit>`.',
      ),
      (checked) => {
        const names: VersionNames = { ...usualNames, ...given(checked.value) };
        const twin = (one: keyof VersionNames, other: keyof VersionNames, why: string) =>
          checked.issues.push({ code: 'custom', input: checked.value, path: [one], message: `${why} \`${other}\`` });
        if (names.main === names.develop) twin('develop', 'main', 'is the branch of');
        // A branch would be of two kinds.
        if (names.release.startsWith(names.hotfix)) twin('release', 'hotfix', 'begins like');
        else if (names.hotfix.startsWith(names.release)) twin('hotfix', 'release', 'begins like');
        for (const one of ['main', 'develop'] as const)
          for (const other of ['release', 'hotfix'] as const)
            if (names[one].startsWith(names[other])) twin(one, other, 'begins like');
      },
    ),
  z.transform((raw): VersionNames => ({ ...usualNames, ...given(raw) })),
);

type Given = { readonly [Name in keyof VersionNames]?: VersionNames[Name] | undefined };
const given = (raw: Given): Partial<VersionNames> => withoutUndefined(raw);
