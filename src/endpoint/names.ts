import { digest } from '../digest.ts';

const longest = 63;

/**
 * Content-addressed name `<base>-<version>-<hash8>`, at most 63 characters of `[a-zA-Z0-9-]` (AWS: EntityName). The same content
 * always has the same name, so a repeated run finds what the first one made (rule 8). The attempt enters the hash from the
 * second on. When it does not fit, the base is cut: version and hash are what people and programs look for.
 */
export const contentName = (base: string, version: string, content: unknown, attempt: number): string => {
  const hash = digest(attempt > 1 ? { content, attempt } : { content }).slice(0, 8);
  const readable = version
    .replaceAll(/[^a-zA-Z0-9]+/g, '-')
    .slice(0, 30)
    .replace(/-+$/, '');
  const room = longest - readable.length - hash.length - 2;
  return `${base.slice(0, room).replace(/-+$/, '')}-${readable}-${hash}`;
};

/** Whether `contentName` could have made this name for the endpoint: what the published policies' patterns reach. */
export const isNamedFor = (endpoint: string, name: string): boolean =>
  name.toLowerCase().startsWith(`${endpoint.toLowerCase()}-`);
