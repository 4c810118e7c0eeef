import { describe, expect, test } from '@jest/globals';
import { usualNames } from '../../src/manifest/versions.ts';
import { parseSemanticVersion, type SemanticVersion } from '../../src/registry/semantic-version.ts';
import { branchKind } from '../../src/versions/branch.ts';
import { bumpFor, type Change, raise } from '../../src/versions/bump.ts';
import { type Derived, type Facts, fits, nextVersion, openCandidates } from '../../src/versions/next-version.ts';
import { compareCores } from '../../src/versions/version.ts';
import { fc } from '../support/properties.ts';

const parse = (text: string): SemanticVersion => {
  const version = parseSemanticVersion(text);
  if (!version) throw new Error(`${text} is not a version`);
  return version;
};

const small = fc.nat(3);
const core = fc.record({ major: small, minor: small, patch: small });
const suffix = fc.oneof(
  fc.constant(''),
  fc.tuple(fc.constantFrom('rc', 'alpha', 'dev', 'beta'), fc.nat(12)).map(([label, n]) => `-${label}.${n}`),
  fc.constantFrom('-rc', '-rc.x', '-alpha.1.2', '-dev.0a1b2c3d4e5f'),
);
const registered = fc.array(
  fc.tuple(core, suffix).map(([{ major, minor, patch }, rest]) => parse(`${major}.${minor}.${patch}${rest}`)),
  { maxLength: 12 },
);
const branch = fc.oneof(
  fc.constantFrom('main', 'develop', 'feature/x', 'pull/7/merge', 'release/spring'),
  fc
    .tuple(fc.constantFrom('release/', 'hotfix/'), core)
    .map(([prefix, { major, minor, patch }]) => `${prefix}${major}.${minor}.${patch}`),
);
const changes = fc.array(fc.constantFrom<Change>('breaking', 'feature', 'other'), { maxLength: 5 });
/** 40 digits, also without a letter. */
const commit = fc.oneof(fc.stringMatching(/^[0-9a-f]{40}$/), fc.stringMatching(/^0[0-9]{39}$/));
const facts: fc.Arbitrary<Facts> = fc
  .record({ branch, registered, changes, commit, first: core, contains: fc.boolean(), paths: fc.constant([]) })
  .map(({ branch: name, contains, ...rest }) => {
    const [merged] = contains ? openCandidates(rest.registered) : [];
    return { ...rest, kind: branchKind(usualNames, name), ...(merged === undefined ? {} : { merged }) };
  });

const versionOf = (derived: Derived): SemanticVersion | undefined =>
  derived.is === 'version' ? parse(derived.version) : undefined;

describe('the next version, whatever is registered', () => {
  test('is a version that is free', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const next = versionOf(nextVersion(known));
        // A development version is that of its commit, which has one.
        if (known.kind.is === 'other' || next === undefined) return;
        expect(known.registered.map(String)).not.toContain(next.version);
      }),
    );
  });

  test('is of the form by which the same commit finds it again', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const next = versionOf(nextVersion(known));
        if (next) expect(fits(known.kind, known.commit, next)).toBe(true);
      }),
    );
  });

  test('does not depend on the order of the registry', () => {
    fc.assert(
      fc.property(facts, fc.infiniteStream(fc.nat()), (known, keys) => {
        const shuffled = known.registered
          .map((one) => ({ one, key: keys.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ one }) => one);
        expect(nextVersion({ ...known, registered: shuffled })).toEqual(nextVersion(known));
      }),
    );
  });

  test('rises with every registration of its branch', () => {
    fc.assert(
      fc.property(facts, fc.array(changes, { minLength: 1, maxLength: 4 }), (known, commits) => {
        let before: SemanticVersion | undefined;
        let { registered: all } = known;
        for (const [index, more] of commits.entries()) {
          const sha = `${index}${known.commit.slice(1)}`;
          const { merged: _once, ...rest } = known;
          const next = versionOf(
            nextVersion({ ...(index === 0 ? known : rest), commit: sha, changes: more, registered: all }),
          );
          if (next === undefined) return;
          if (before && known.kind.is !== 'other') expect(next.compare(before)).toBe(1);
          before = next;
          all = [...all, next];
        }
      }),
    );
  });

  test('of main is above every final one', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const next = versionOf(nextVersion({ ...known, kind: { is: 'main' } }));
        const finals = known.registered.filter(({ prerelease }) => prerelease.length === 0);
        for (const one of finals) expect(next && compareCores(next, one)).toBeGreaterThan(0);
      }),
    );
  });

  test('of a branch with a version in its name has the three numbers of that name', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const next = versionOf(nextVersion(known));
        if (next && 'core' in known.kind && known.kind.core) expect(compareCores(next, known.kind.core)).toBe(0);
      }),
    );
  });
});

describe('the rise', () => {
  test('is at least that of each of its commits, and one of them needs it', () => {
    fc.assert(
      fc.property(core, changes, (base, all) => {
        const risen = raise(base, bumpFor(base, all));
        const each = [...all, 'other' as const].map((one) => raise(base, bumpFor(base, [one])));
        expect(each.every((one) => compareCores(risen, one) >= 0)).toBe(true);
        expect(each.some((one) => compareCores(risen, one) === 0)).toBe(true);
      }),
    );
  });

  test('never leads from 0.y.z to 1.0.0', () => {
    fc.assert(
      fc.property(small, small, changes, (minor, patch, all) => {
        const base = { major: 0, minor, patch };
        expect(raise(base, bumpFor(base, all)).major).toBe(0);
      }),
    );
  });
});
