import { canonical, sha256 } from '../digest.ts';

const longest = 63;

/**
 * Content-addressed name `<base>-<version>-<hash8>`, at most 63 characters of `[a-zA-Z0-9-]` (AWS: EntityName). The same content
 * always has the same name, so a repeated run finds the first run's resources (rule 8). The attempt enters the hash from the second
 * on. A name that is too long loses the end of its base: people and programs look for version and hash.
 */
export const contentName = (base: string, version: string, content: object, attempt: number): string =>
  composed(base, version, hashOf(canonical(content), attempt));

/** The digest of `{ content }`, or of `{ attempt, content }`, of the content's canonical text. */
const hashOf = (content: string, attempt: number): string =>
  sha256(`{${attempt > 1 ? `"attempt":${attempt},` : ''}"content":${content}}`).slice(0, 8);

const composed = (base: string, version: string, hash: string): string => {
  const readable = version
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
    .slice(0, 30)
    .replace(/-+$/, '');
  const room = longest - readable.length - hash.length - 2;
  return `${base.slice(0, room).replace(/-+$/, '')}-${readable}-${hash}`;
};

/** Whether `contentName` could have made this name for the endpoint: the published policies' patterns match no other. */
export const isNamedFor = (endpoint: string, name: string): boolean =>
  name.toLowerCase().startsWith(`${endpoint.toLowerCase()}-`);
/** An upper bound on the attempts at one version; no team needs so many. */
const mostAttempts = 200;

/**
 * Whether a name belongs to one of these contents for that version, at any attempt. Without contents: whether it has the form of such
 * a name. Upper and lower case are equal, as in SageMaker's comparison of names.
 */
export const isContentName = (name: string, base: string, version: string, contents?: readonly object[]): boolean => {
  const hash = /-([0-9a-f]{8})$/i.exec(name)?.[1]?.toLowerCase();
  if (hash === undefined || name.toLowerCase() !== composed(base, version, hash).toLowerCase()) return false;
  if (contents === undefined) return true;
  // Nearly every name is of a first attempt, at the one or the other content.
  const texts = contents.map(canonical);
  return Array.from({ length: mostAttempts }, (_, index) => index + 1).some((attempt) =>
    texts.some((text) => hashOf(text, attempt) === hash),
  );
};
